"""Paths to documents: the format of each file, its reader, limits and samples, and the account of it all."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Literal, TypedDict, Unpack, get_args

from textpipe.corpus.columns import Wanted
from textpipe.corpus.delimited import csv_rows, tsv_rows
from textpipe.corpus.document import Document, Piece, ReadLog, whole_documents
from textpipe.corpus.fasttext import documents_of_marked_lines
from textpipe.corpus.formats import FORMATS, Format, by_content, by_suffix, head, if_marked
from textpipe.corpus.label_sets import check_separator
from textpipe.corpus.line_ends import noting
from textpipe.corpus.paths import STDIN, Source, expand
from textpipe.corpus.rows import documents_of_json_lines, documents_of_rows
from textpipe.corpus.streams import open_bytes, seekable
from textpipe.corpus.tables import table_rows
from textpipe.encoding import known_encoding
from textpipe.errors import BinaryFileError, EncodingError, InputError, UsageError
from textpipe.text import (
    PIECE,
    Decoding,
    decode_stream,
    fold,
    line_blocks,
    split_lines,
    split_pieces,
    whole_lines,
)

Errors = Literal["strict", "replace"]
_LINE_LIMIT = 1 << 26  # characters of one row or JSON line; a line of plain text has no limit


@dataclass(frozen=True)
class ReadOptions:
    """How files are read.

    input_format: one of FORMATS; None goes by the suffix, then by the content
    lines: plain text gives a document a line instead of one a file
    encoding: `auto` or the name of an encoding
    errors: `strict` stops at bytes that do not fit the encoding, `replace` reads on with U+FFFD
    text_col, label_col, id_col: columns by name or number from 1; None is the default
    sheet: of a workbook, by name or number from 1; None is the first that holds anything
    limit: at most so many documents; sample: so many by chance, in input order, drawn with seed
    fold: full-width letters, digits and space become ASCII; lengths and so offsets stay the same
    strict: a row that cannot be used is an error instead of being counted as rejected
    labels: texts are wanted for their labels: plain text that begins with `__label__` is fastText's, and what has no
        label takes the name of its folder directly below the folder that was named
    label_sep: what stands between several labels of a text, and joins those of a line of fastText or of a JSON list
    line_blocks: lines of plain text may come many in a piece, for work to which a document of its own is nothing;
        only where all are read
    """

    input_format: Format | None = None
    lines: bool = False
    encoding: str = "auto"
    errors: Errors = "strict"
    text_col: str | None = None
    label_col: str | None = None
    id_col: str | None = None
    sheet: str | None = None
    limit: int | None = None
    sample: int | None = None
    seed: int = 0
    fold: bool = False
    strict: bool = False
    labels: bool = False
    label_sep: str = ""
    line_blocks: bool = False

    def __post_init__(self) -> None:
        if self.encoding != "auto":
            known_encoding(self.encoding)
        if self.input_format is not None and self.input_format not in FORMATS:
            raise UsageError(f"unknown format {self.input_format!r}", hint=f"one of: {', '.join(FORMATS)}")
        if self.errors not in get_args(Errors):
            raise UsageError(f"unknown way with errors {self.errors!r}", hint=f"one of: {', '.join(get_args(Errors))}")
        check_separator(self.label_sep)
        for name, value in (("limit", self.limit), ("sample", self.sample)):
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}, but at least one document must be asked for")
        if self.limit is not None and self.sample is not None:
            raise UsageError("--limit and --sample exclude each other", hint="leave out one of them")

    @property
    def columns(self) -> Wanted:
        """The columns asked for."""
        return Wanted(self.text_col, self.label_col, self.id_col)


class ReadKeywords(TypedDict, total=False):
    """The keyword arguments of `read`: the fields of ReadOptions."""

    input_format: Format | None
    lines: bool
    encoding: str
    errors: Errors
    text_col: str | None
    label_col: str | None
    id_col: str | None
    sheet: str | None
    limit: int | None
    sample: int | None
    seed: int
    fold: bool
    strict: bool
    labels: bool
    label_sep: str


def read(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    log: ReadLog | None = None,
    **options: Unpack[ReadKeywords],
) -> Iterator[Document]:
    """The documents of files, folders, patterns or `-`, streamed in order.

    Options, as on the command line: input_format, lines, encoding, errors, text_col, label_col, id_col, sheet,
    limit, sample, seed, fold, strict, labels, label_sep; `ReadOptions` says what they mean. A `log` takes the account
    of it. Raises InputError (missing, empty, binary, malformed), EncodingError, UsageError (options) and OutputError
    (permissions).

    >>> for document in read("data/news.tsv", limit=1):
    ...     print(document.id)
    travel-01
    """
    named = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    yield from whole_documents(read_pieces([os.fspath(path) for path in named], ReadOptions(**options), log=log))


def read_pieces(paths: Iterable[str], options: ReadOptions, *, log: ReadLog | None = None) -> Iterator[Piece]:
    """As `read`, with long plain-text documents in pieces, so that memory does not grow with the input.

    The paths are checked at once, before the first piece is asked for.
    """
    log = log if log is not None else ReadLog()
    sources = expand(paths, log)
    log.paths += [source.path for source in sources]
    log.bytes_total = None if any(source.path == STDIN for source in sources) else sum(s.size for s in sources)
    pieces = _checked(sources, options, log)
    if options.sample is not None:
        return _sampled(pieces, options.sample, options.seed, log)
    return _limited(pieces, options.limit, log)


def _limited(pieces: Generator[Piece], limit: int | None, log: ReadLog) -> Iterator[Piece]:
    """The pieces of the first documents, and not a byte further than they need."""
    for piece in pieces:
        log.used += piece.documents if piece.last else 0
        yield piece
        if piece.last and log.used == limit:
            pieces.close()
            return


def _checked(sources: list[Source], options: ReadOptions, log: ReadLog) -> Generator[Piece]:
    """The pieces of all sources; an error at the end if there was nothing at all."""
    anything = False
    for source in sources:
        for piece in _source_pieces(source, options, log):
            anything = True
            if options.strict and log.rejected:
                break
            if options.labels and piece.document.label is None and source.folder is not None:
                piece = piece._replace(document=replace(piece.document, label=source.folder))
            yield replace_text(piece, fold) if options.fold else piece
        if options.strict and log.rejected:
            raise next(error for reason, error in log.examples.items() if reason in log.rejected)
    if not anything:
        raise _nothing(sources, log)


def replace_text(piece: Piece, change: Callable[[str], str]) -> Piece:
    """The piece with its text changed."""
    return piece._replace(document=replace(piece.document, text=change(piece.document.text)))


def _nothing(sources: list[Source], log: ReadLog) -> InputError:
    """Why there is no document: the first reason that was met."""
    for error in log.examples.values():
        return error
    where = sources[0].path if sources else None
    reasons = ", ".join(f"{reason} ({count})" for reason, count in log.skipped.items())
    return InputError(
        f"no text found{': ' + reasons if reasons else ''}", where=where, hint="ls -lR shows what is there"
    )


def _sampled(pieces: Iterator[Piece], size: int, seed: int, log: ReadLog) -> Iterator[Piece]:
    """Reservoir sampling (Vitter 1985, algorithm R) in one pass; only the sample is held."""
    import random

    generator = random.Random(seed)
    kept: list[tuple[int, list[Piece]]] = []
    group: list[Piece] = []
    count = 0
    slot = 0
    for piece in pieces:
        if piece.offset == 0:
            slot = count if count < size else generator.randrange(count + 1)
        if slot < size:
            group.append(piece)
        if piece.last:
            if slot < size and count < size:
                kept.append((count, group))
            elif slot < size:
                kept[slot] = (count, group)
            group = []
            count += 1
    log.used = len(kept)
    log.skip("not in the sample", count=count - len(kept))
    for _, chosen in sorted(kept, key=lambda item: item[0]):
        yield from chosen


def _source_pieces(source: Source, options: ReadOptions, log: ReadLog) -> Iterator[Piece]:
    """One file. A named file that cannot be read is an error; one in a folder is counted, and the others are read."""
    started = False
    try:
        for piece in _file_pieces(source, options, log):
            started = True
            yield piece
    except InputError as error:
        if source.named or started:  # what has been handed on cannot be taken back
            raise
        if isinstance(error, BinaryFileError):
            log.skip("binary file", error)
        else:
            broken = isinstance(error, EncodingError)
            log.reject(error, reason="file in a broken or unknown encoding" if broken else None)


def _file_pieces(source: Source, options: ReadOptions, log: ReadLog) -> Iterator[Piece]:
    path = source.path
    with open_bytes(path, log) as (stream, table):
        kind = options.input_format or by_suffix(path)
        if kind is None and table:
            kind = "xlsx" if table == ".xlsx" else "parquet"
        if kind in ("parquet", "xlsx"):
            with seekable(stream, path) as file:
                rows = table_rows(file, kind, wanted=options.columns, sheet=options.sheet, log=log, where=path)
                named = kind == "parquet"
                yield from map(Piece, documents_of_rows(rows, options.columns, log, where=path, named=named))
            return
        decoding = Decoding()
        decoded = decode_stream(stream, where=path, encoding=options.encoding, errors=options.errors, decoding=decoding)
        try:
            with closing(decoded):
                blocks = _noticed(decoded if log.line_ends is None else noting(decoded, log.line_ends), path, log)
                if options.labels and options.input_format is None and kind in (None, "txt"):
                    kind, blocks = if_marked(blocks, kind)
                if kind is None:
                    kind, blocks = by_content(blocks)
                yield from _text_pieces(kind, blocks, path, options, log)
        finally:  # also when a limit ends the reading early
            if decoding.encoding != "auto":
                log.encodings[decoding.encoding] += 1
                log.first_files.setdefault(decoding.encoding, path)
                log.marked += decoding.marked
            log.replaced += decoding.replaced


def _noticed(blocks: Iterator[str], path: str, log: ReadLog) -> Iterator[str]:
    """The blocks; a file without any is counted as empty."""
    empty = True
    for block in blocks:
        empty = False
        yield block
    if empty:
        hint = "nothing to read; is it the right file?"
        log.skip("empty file", InputError("the file is empty", where=path, hint=hint))


def _text_pieces(kind: Format, blocks: Iterator[str], path: str, options: ReadOptions, log: ReadLog) -> Iterator[Piece]:
    if kind != "txt" or options.lines:
        blocks = _with_line_feeds(blocks)
    if kind == "txt" and options.lines:
        in_blocks = options.line_blocks and options.limit is None and options.sample is None
        yield from _block_pieces(blocks, path) if in_blocks else _line_pieces(blocks, path)
    elif kind == "txt":
        yield from _whole_pieces(split_pieces(blocks), Document(id=path, text="", source=path))
    else:
        lines = whole_lines(blocks, limit=_LINE_LIMIT, too_long=lambda number: _too_long(path, number))
        if kind == "jsonl":
            documents = documents_of_json_lines(lines, options.columns, log, where=path, label_sep=options.label_sep)
        elif kind == "fasttext":
            documents = documents_of_marked_lines(lines, log, where=path, label_sep=options.label_sep)
        else:
            rows = csv_rows(lines, where=path) if kind == "csv" else tsv_rows(lines)
            documents = documents_of_rows(rows, options.columns, log, where=path)
        yield from map(Piece, documents)


def _with_line_feeds(blocks: Iterator[str]) -> Iterator[str]:
    """Text whose first lines end in CR alone, as old Macs and some exports write it, with LF in its place."""
    beginning, blocks = head(blocks)
    if "\r" in beginning.removesuffix("\r") and "\n" not in beginning:
        return (block.replace("\r", "\n") for block in blocks)
    return blocks


def _too_long(path: str, number: int) -> InputError:
    hint = "a row must fit in memory; plain text need not: --input-format txt --lines"
    return InputError(f"a row of more than {_LINE_LIMIT:,} characters", where=path, line=number, hint=hint)


def _whole_pieces(texts: Iterator[str], document: Document) -> Iterator[Piece]:
    """One document in pieces; its last piece is known when no other follows."""
    offset = 0
    previous = next(texts, None)
    if previous is None:
        return
    for text in texts:
        yield Piece(replace(document, text=previous), offset, last=False)
        offset += len(previous)
        previous = text
    yield Piece(replace(document, text=previous), offset, last=True)


def _line_pieces(blocks: Iterator[str], path: str) -> Iterator[Piece]:
    number, offset = 1, 0
    for text, ends in split_lines(blocks, limit=PIECE):
        place = f"{path}:{number}"
        yield Piece(Document(place, text.removesuffix("\r") if ends else text, None, place), offset, ends)
        offset += len(text)
        if ends:
            number, offset = number + 1, 0


def _block_pieces(blocks: Iterator[str], path: str) -> Iterator[Piece]:
    """Whole lines, as many as fit a piece, joined by line feeds; longer ones as `_line_pieces` has them."""
    number, offset = 1, 0
    for text, ends, lines in line_blocks(blocks, limit=PIECE):
        place = f"{path}:{number}"
        yield Piece(Document(place, text, None, place), offset, ends, lines, block=True)
        offset += len(text)
        if ends:
            number, offset = number + lines, 0
