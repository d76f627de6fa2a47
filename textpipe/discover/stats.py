"""What a collection of documents holds: lengths, characters, words, labels, duplicates, in one pass and one record."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple, TypedDict

import numpy as np

from textpipe.corpus.document import ReadLog
from textpipe.discover.blocks import BlockCounts
from textpipe.discover.characters import KindRecord, kind_records
from textpipe.discover.duplicates import DIGEST, DuplicateFinder, Duplicates, DuplicatesRecord
from textpipe.discover.lengths import Bin, LengthRecord, histogram, length_record
from textpipe.discover.near_duplicates import HashValues, NearSettings
from textpipe.discover.tally import WordsOfOneDocument
from textpipe.discover.words import TermRecord, VocabularyRecord, WordStatistics

_LABELS = 100_000  # different ones that are counted; more are no classes


class DocumentsRecord(TypedDict):
    """documents: all that were read; files and bytes: of the input; skipped, rejected: what was not read, by reason."""

    documents: int
    empty: int
    with_han: int
    files: int
    bytes: int
    skipped: dict[str, int]
    rejected: dict[str, int]


class LengthsRecord(TypedDict):
    """Of all documents, in characters and in tokens that are not white space."""

    characters: LengthRecord
    tokens: LengthRecord
    histogram: dict[str, list[Bin]]


class EncodingRecord(TypedDict):
    """Files in one encoding, and the first of them."""

    encoding: str
    files: int
    first: str


class EncodingsRecord(TypedDict):
    """Of files of text; line_ends: files by how their lines end; replaced: characters that became U+FFFD."""

    files: list[EncodingRecord]
    byte_order_marks: int
    line_ends: dict[str, int]
    replaced: int


class CharactersRecord(TypedDict):
    """All characters of all documents."""

    total: int
    distinct: int
    kinds: list[KindRecord]


class LabelRecord(TypedDict):
    """A label, how many documents have it, and their share of those with any."""

    label: str
    documents: int
    share: float


class LabelsRecord(TypedDict):
    """documents: those with a label; distinct: None when there are too many to count."""

    documents: int
    distinct: int | None
    labels: list[LabelRecord]


class StatisticsRecord(TypedDict):
    """Everything: one JSON line for the whole input."""

    paths: list[str]
    documents: DocumentsRecord
    lengths: LengthsRecord
    encodings: EncodingsRecord
    characters: CharactersRecord
    labels: LabelsRecord
    duplicates: DuplicatesRecord
    vocabulary: VocabularyRecord
    terms: list[TermRecord]
    characteristic: list[TermRecord]


class Key(NamedTuple):
    """Whose part of a block it is; `last` closes the document."""

    id: str
    label: str | None
    last: bool = True


class Statistics:
    """Adds up the counts of blocks, in the order of the input."""

    def __init__(self, *, near: NearSettings | None = None) -> None:
        self._characters: Counter[int] = Counter()  # documents by length
        self._tokens: Counter[int] = Counter()
        self._points: Counter[int] = Counter()
        self._labels: Counter[str] = Counter()
        self._labelled = self._empty = self._with_han = 0
        self._words = WordStatistics()
        self._finder = DuplicateFinder(near)
        self._open: _OpenDocument | None = None

    def add(self, keys: Sequence[Key], texts: Sequence[str], block: BlockCounts) -> None:
        """The counts of some documents, or of one piece of a document, with the texts that were counted."""
        self._words.add(block)
        self._points.update(dict(zip(block.points.tolist(), block.characters.tolist(), strict=True)))
        if self._open is not None or not keys[0].last:
            self._add_piece(keys[0], texts[0], block)
            return
        for number, (key, text) in enumerate(zip(keys, texts, strict=True)):
            signature = None if block.signatures is None else block.signatures[number]
            self._add_document(
                key,
                characters=len(text),
                tokens=int(block.tokens[number]),
                han=block.han[number],
                digest=None if block.empty[number] else block.digests[number],
                signature=signature,
            )

    def _add_piece(self, key: Key, text: str, block: BlockCounts) -> None:
        if self._open is None:
            self._open = _OpenDocument()
        self._open.add(text, block)
        if key.last:
            whole, self._open = self._open, None
            self._words.add_document(whole.words)
            self._add_document(
                key,
                characters=whole.characters,
                tokens=whole.tokens,
                han=whole.han,
                digest=None if whole.empty else whole.digest.digest(),
                signature=whole.signature,
            )

    def _add_document(
        self,
        key: Key,
        *,
        characters: int,
        tokens: int,
        han: bool,
        digest: bytes | None,
        signature: HashValues | None,
    ) -> None:
        """One document; it is empty when it has no digest."""
        self._characters[characters] += 1
        self._tokens[tokens] += 1
        self._with_han += han
        if key.label is not None:
            self._labelled += 1
            if key.label in self._labels or len(self._labels) < _LABELS:
                self._labels[key.label] += 1
        if digest is None:
            self._empty += 1
        else:
            self._finder.add(key.id, key.label, digest, signature)

    def duplicates(self) -> Duplicates:
        """What is there more than once; nothing can be added any more."""
        return self._finder.find()

    def record(
        self, paths: Sequence[str], log: ReadLog, duplicates: Duplicates, *, top: int, stopwords: Collection[str]
    ) -> StatisticsRecord:
        """The record of everything that was added; lists of labels, groups and terms hold `top` at most."""
        characters = {chr(point): count for point, count in self._points.items()}
        terms, characteristic = self._words.terms(top=top, stopwords=stopwords)
        return StatisticsRecord(
            paths=list(paths),
            documents=DocumentsRecord(
                documents=self._characters.total(),
                empty=self._empty,
                with_han=self._with_han,
                files=len(log.paths),
                bytes=log.bytes_read,
                skipped=dict(log.skipped),
                rejected=dict(log.rejected),
            ),
            lengths=LengthsRecord(
                characters=length_record(self._characters),
                tokens=length_record(self._tokens),
                histogram={"characters": histogram(self._characters), "tokens": histogram(self._tokens)},
            ),
            encodings=_encodings(log),
            characters=CharactersRecord(
                total=sum(characters.values()), distinct=len(characters), kinds=kind_records(characters)
            ),
            labels=self._label_record(top),
            duplicates=duplicates.record(top=top),
            vocabulary=self._words.record(),
            terms=terms,
            characteristic=characteristic,
        )

    def _label_record(self, top: int) -> LabelsRecord:
        found = sorted(self._labels.items(), key=lambda item: (-item[1], item[0]))[:top]
        return LabelsRecord(
            documents=self._labelled,
            distinct=len(self._labels) if self._labels.total() == self._labelled else None,
            labels=[LabelRecord(label=label, documents=count, share=count / self._labelled) for label, count in found],
        )


class _OpenDocument:
    """A document that comes in pieces, until its last."""

    def __init__(self) -> None:
        self.characters = self.tokens = 0
        self.han = False
        self.empty = True
        self.words = WordsOfOneDocument()
        self.digest = hashlib.blake2b(digest_size=DIGEST)  # as blocks.digest, of the text put together
        self.signature: HashValues | None = None

    def add(self, text: str, block: BlockCounts) -> None:
        self.characters += len(text)
        self.tokens += int(block.tokens[0])
        self.han |= block.han[0]
        self.empty &= block.empty[0]
        self.words.add(block.words)
        self.digest.update(text.encode("utf-8", "surrogatepass"))
        if block.signatures is not None:
            row = block.signatures[0]
            self.signature = row if self.signature is None else np.minimum(self.signature, row)


def _encodings(log: ReadLog) -> EncodingsRecord:
    found = sorted(log.encodings.items(), key=lambda item: (-item[1], item[0]))
    return EncodingsRecord(
        files=[
            EncodingRecord(encoding=encoding, files=count, first=log.first_files[encoding]) for encoding, count in found
        ],
        byte_order_marks=log.marked,
        line_ends=dict(log.line_ends or {}),
        replaced=log.replaced,
    )
