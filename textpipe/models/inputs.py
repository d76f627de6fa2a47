"""Texts as ids of words or characters: what every network reads.

id 0 is padding, 1 whatever is not in the vocabulary; the vocabulary's own ids follow. Full-width letters are read as
ASCII, capitals as small letters, white space as one space; words are cut before letters become small.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from textpipe.errors import REMAKE, ArtifactError
from textpipe.models.prediction.encoding import Encoded, compiled_encoder, encode
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import SPACE_INSIDE, fold, one_word
from textpipe.vocabulary import Vocabulary, count_tokens, read_vocabulary

if TYPE_CHECKING:
    from textpipe.models.prediction._kernel import Encoder

Unit = Literal["word", "char", "both"]
Ids = npt.NDArray[np.int64]
PADDING, UNKNOWN, FIRST = 0, 1, 2
_FILES = {"char": "characters.txt", "word": "words.txt"}
_KINDS = {"char": ("char",), "word": ("word",), "both": ("char", "word")}
_CODES = 0x110000
_NO_CHARACTER = "\ufffd"  # for half a surrogate pair, which no file can hold


class Units(NamedTuple):
    """Texts as ids, one text after the other.

    channels: of each kind of unit int32[positions of all texts]; bounds: int64[texts + 1], where each text begins and
    the last one ends; cut: texts that were longer than they may be
    """

    channels: tuple[npt.NDArray[np.int32], ...]
    bounds: Ids
    cut: int

    @property
    def lengths(self) -> Ids:
        """int64[texts]: positions of each."""
        return np.diff(self.bounds)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """bool[texts]: whether anything of a text is in the vocabulary."""
        found = functools.reduce(np.logical_or, [channel > UNKNOWN for channel in self.channels])
        counts = np.concatenate([[0], np.cumsum(found)])
        return np.asarray(counts[self.bounds[1:]] > counts[self.bounds[:-1]])

    def part(self, texts: slice) -> Units:
        """Some texts, which follow each other."""
        bounds = self.bounds[texts.start : texts.stop + 1]
        channels = tuple(channel[bounds[0] : bounds[-1]] for channel in self.channels)
        return Units(channels, bounds - bounds[0], 0)

    def padded(self, texts: Ids, *, least: int = 1) -> tuple[list[Ids], Ids]:
        """(of each channel int64[texts, positions], int64[texts] lengths), positions those of the longest of these
        texts, `least` at least: shorter ones count as so long, and end in padding."""
        lengths = np.maximum(self.lengths[texts], least)
        longest = int(lengths.max(initial=least))
        places = np.arange(longest)
        own = places < self.lengths[texts][:, None]
        at = np.where(own, self.bounds[texts][:, None] + places, 0)
        rows = [
            np.where(own, channel[at] if len(channel) else 0, PADDING).astype(np.int64) for channel in self.channels
        ]
        return rows, lengths


@dataclass(frozen=True)
class Inputs:
    """How texts become ids.

    unit: `word`, `char`, or `both`: a sequence of characters, each also with the word that it lies in
    vocabularies: of each kind of unit, characters first; max_length: units of a text that are read, from its beginning
    """

    unit: Unit
    vocabularies: tuple[Vocabulary, ...]
    tokenizer: Tokenizer
    max_length: int

    @classmethod
    def learn(
        cls, texts: Sequence[str], *, unit: Unit, tokenizer: Tokenizer, min_count: int, max_size: int, max_length: int
    ) -> Inputs:
        """Those with the units of these texts that occur `min_count` times, the `max_size` most frequent ones at most.

        Raises InputError when there are none.
        """
        found = _units_of(texts, unit=unit, tokenizer=tokenizer, max_length=max_length)
        vocabularies = tuple(count_tokens(units, min_count=min_count, max_size=max_size) for units in found)
        return cls(unit, vocabularies, tokenizer, max_length)

    def sentences(self, texts: Sequence[str]) -> list[list[list[str]]]:
        """The units of each text, of each channel: words once, as they follow each other."""
        found = _units_of(texts, unit=self.unit, tokenizer=self.tokenizer, max_length=self.max_length)
        return [list(units) for units in found]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows that an embedding of each channel needs."""
        return tuple(len(vocabulary) + FIRST for vocabulary in self.vocabularies)

    def encode(self, texts: Sequence[str], *, threads: int = 1, compiled: bool | None = None) -> Units:
        """The ids of texts; a text without any unit has no positions.

        compiled: by the kernel (None: if it is there); without it Python gives the same, slower
        """
        if self._encoder is None or compiled is False:
            return self._encode(texts)
        found = encode(self._encoder, texts, threads=threads, others=self._encoded)
        return Units(found.channels, _bounds(found.lengths), found.cut)

    def _encoded(self, texts: Sequence[str]) -> Encoded:
        found = self._encode(texts)
        return Encoded(found.channels, found.lengths, found.cut)

    @functools.cached_property
    def _encoder(self) -> Encoder | None:
        """The kernel that reads texts, None where it cannot."""
        return compiled_encoder(
            self.unit,
            self.tokenizer,
            characters=None if self.unit == "word" else self._table,
            words=() if self.unit == "char" else self.vocabularies[-1].tokens,
            first=FIRST,
            most=self.max_length,
        )

    def _encode(self, texts: Sequence[str]) -> Units:
        kept = [_normal(text) for text in texts]
        if self.unit == "word":
            return self._of_words(kept)
        lengths = np.fromiter((len(text) for text in kept), np.int64, len(kept))
        cut = int((lengths > self.max_length).sum())
        short = [text[: self.max_length] for text in kept] if cut else kept
        codes = np.frombuffer("".join(short).encode("utf-32-le", "surrogatepass"), np.uint32)
        channels = [self._table[codes]]
        if self.unit == "both":
            channels.append(self._words_of_characters(kept))
        return Units(tuple(channels), _bounds(np.minimum(lengths, self.max_length)), cut)

    def _of_words(self, texts: Sequence[str]) -> Units:
        ids = self._word_ids
        cut, lengths, found = 0, [], []
        for text in texts:
            words = _words(self.tokenizer, text)
            cut += len(words) > self.max_length
            found += [ids.get(word, UNKNOWN) for word in words[: self.max_length]]
            lengths.append(min(len(words), self.max_length))
        return Units((np.array(found, np.int32),), _bounds(np.array(lengths, np.int64)), cut)

    def _words_of_characters(self, texts: Sequence[str]) -> npt.NDArray[np.int32]:
        """int32[characters of all texts]: the id of the word that each lies in; of overlapping ones the last."""
        ids = self._word_ids
        parts = []
        for text in texts:
            tokens = self.tokenizer.tokenize(text)
            words = np.array([ids.get(_key(token), UNKNOWN) for token in tokens], np.int32)
            if self.tokenizer.mode == "exact":
                row = np.repeat(words, np.array([len(token) for token in tokens], np.int64))
            else:
                row = np.full(len(text), UNKNOWN, np.int32)
                for word, (start, end) in zip(words.tolist(), self.tokenizer.spans(text).tolist(), strict=True):
                    row[start:end] = word
            parts.append(row[: self.max_length])
        return np.concatenate(parts) if parts else np.zeros(0, np.int32)

    @functools.cached_property
    def _word_ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.vocabularies[-1].tokens, start=FIRST)}

    @functools.cached_property
    def _table(self) -> npt.NDArray[np.int32]:
        """int32[code points]: the id of each character."""
        table = np.full(_CODES, UNKNOWN, np.int32)
        ids = {token: number for number, token in enumerate(self.vocabularies[0].tokens, start=FIRST)}
        for token, number in ids.items():
            table[ord(token)] = number
        for capital, small in _capitals().items():
            table[capital] = ids.get(small, UNKNOWN)
        table[ord(" ")] = ids.get(SPACE_INSIDE, UNKNOWN)
        table[0xD800:0xE000] = ids.get(_NO_CHARACTER, UNKNOWN)
        return table

    # ------------------------------------------------------------------------------------------ files

    def save(self, folder: Path, *, prefix: str = "") -> None:
        """{prefix}characters.txt, {prefix}words.txt: the vocabularies that there are."""
        for kind, vocabulary in zip(_KINDS[self.unit], self.vocabularies, strict=True):
            vocabulary.write(folder / f"{prefix}{_FILES[kind]}")

    @classmethod
    def load(cls, folder: Path, *, prefix: str, unit: Unit, tokenizer: Tokenizer, max_length: int) -> Inputs:
        """What `save` wrote. Raises ArtifactError for anything else."""
        vocabularies = []
        for kind in _KINDS[unit]:
            path = folder / f"{prefix}{_FILES[kind]}"
            if not path.is_file():
                raise ArtifactError(f"it has no file {path.name!r}", where=folder, hint=REMAKE)
            vocabulary = read_vocabulary(path)
            sound = len(vocabulary) == len(vocabulary.ids) > 0
            if not sound or (kind == "char" and any(len(token) != 1 for token in vocabulary.tokens)):
                raise ArtifactError("not a vocabulary of these units", where=path, hint=REMAKE)
            vocabularies.append(vocabulary)
        return cls(unit, tuple(vocabularies), tokenizer, max_length)


UNITS: tuple[Unit, ...] = get_args(Unit)
_LONG_SPACE = re.compile(r"[^\S ]|  ")


def _normal(text: str) -> str:
    """Folded, and every run of white space one space, none at the ends."""
    text = fold(text).strip()
    return " ".join(text.split()) if _LONG_SPACE.search(text) else text


def _units_of(texts: Sequence[str], *, unit: Unit, tokenizer: Tokenizer, max_length: int) -> list[Iterator[list[str]]]:
    """Of each channel the units of each text."""
    kept = [_normal(text) for text in texts]
    units = {
        "char": ([_small(character) for character in text[:max_length]] for text in kept),
        "word": (_words(tokenizer, text) for text in kept),
    }
    return [units[kind] for kind in _KINDS[unit]]


def _small(character: str) -> str:
    """A character in the vocabulary: a small letter, unless that were two of them."""
    if character == " ":
        return SPACE_INSIDE
    if "\ud800" <= character <= "\udfff":
        return _NO_CHARACTER
    small = character.lower()
    return small if len(small) == 1 else character


@functools.cache
def _capitals() -> dict[int, str]:
    """code → small letter, of all that have one of one character"""
    return {code: small for code in range(0xD800) if (small := _small(chr(code))) != chr(code) and chr(code) != " "}


def _words(tokenizer: Tokenizer, text: str) -> list[str]:
    """The words of a text, without white space, as files of tokens hold them."""
    return tokenizer.joined(text).decode().lower().split()


def _key(token: str) -> str:
    return one_word(token).lower()


def _bounds(lengths: Ids) -> Ids:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
