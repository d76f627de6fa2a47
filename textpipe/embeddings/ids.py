"""The ids of a token file, a block at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

import numpy as np
import numpy.typing as npt

from textpipe.embeddings.tokens import TokenFile
from textpipe.errors import InputError
from textpipe.files import naming_errors

Ids = npt.NDArray[np.int32]
_BLOCK = 1 << 20
_SPACES = bytes.maketrans(b"\t\v\f\r", b"    ")  # white space that is not ASCII is part of words


def read_ids(tokens: TokenFile, *, encoder: Callable[[bytes], Ids] | None = None, size: int = _BLOCK) -> Iterator[Ids]:
    """The ids of a whole file, in blocks: int32, `len(vocabulary)` for the end of a document.

    Tokens that are no word of the vocabulary are left out. A document never ends without its mark, the last one either.
    encoder: what finds the ids of a block instead, faster; size: bytes of a block.
    Raises InputError, with the line, for what is no UTF-8.
    """
    line, ended = 1, True
    with naming_errors(str(tokens.path)), open(tokens.path, "rb") as stream:
        for block in _blocks(stream, size):
            if encoder is None:
                yield encode(block, tokens, line=line)
            else:
                _decoded(block, tokens, line=line)
                yield encoder(block)
            line += block.count(b"\n")
            ended = block.endswith(b"\n")
    if not ended:
        yield np.array([len(tokens.vocabulary)], dtype=np.int32)


def encode(block: bytes, tokens: TokenFile, *, line: int) -> Ids:
    """The ids of whole tokens and line ends; line: the number of the first line. Raises InputError likewise."""
    text = _decoded(block.translate(_SPACES), tokens, line=line)
    ids, end = tokens.vocabulary.ids, len(tokens.vocabulary)
    found = (end if token == "\n" else ids.get(token) for token in text.replace("\n", " \n ").split(" "))
    return np.fromiter((number for number in found if number is not None), dtype=np.int32)


def _decoded(block: bytes, tokens: TokenFile, *, line: int) -> str:
    try:
        return block.decode()
    except UnicodeDecodeError as error:
        at = line + block.count(b"\n", 0, error.start)
        raise InputError("not UTF-8", where=tokens.path, line=at, hint="tokenize the corpus again") from None


def _blocks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """About so many bytes at a time, cut after a space or a line's end."""
    rest = b""
    while read := stream.read(size):
        cut = max(read.rfind(b" "), read.rfind(b"\n")) + 1
        if cut:
            yield rest + read[:cut]
            rest = read[cut:]
        else:
            rest += read
    if rest:
        yield rest
