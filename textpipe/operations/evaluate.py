"""Scores of results against what people say is right, as records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypedDict

from textpipe.corpus.document import ReadLog
from textpipe.corpus.paths import STDIN
from textpipe.corpus.read import Errors, read
from textpipe.errors import InputError
from textpipe.files import require_regular
from textpipe.metrics.segmentation import score_segmentation
from textpipe.segment.tokenizer import Tokenizer


class SegmentationRecord(TypedDict):
    """How well a gold file's lines were cut. The three figures about a vocabulary are None without one, and a recall
    is None when there is no such word."""

    id: str
    precision: float | None
    recall: float | None
    f1: float | None
    oov_rate: float | None
    oov_recall: float | None
    iv_recall: float | None
    gold_words: int
    words: int
    correct: int
    lines: int


@dataclass(frozen=True)
class LineReader:
    """Reads files line by line in one encoding into one account."""

    log: ReadLog
    encoding: str = "auto"
    errors: Errors = "strict"

    def lines(self, path: str, *, what: str) -> Iterator[str]:
        """The lines of a file or of standard input; `what` names it in messages."""
        if path != STDIN:
            require_regular(path, what=what)  # a folder would be read as many files, and lines be counted on
        documents = read(path, log=self.log, input_format="txt", lines=True, encoding=self.encoding, errors=self.errors)
        return (document.text for document in documents)


def evaluate_segmentation(
    gold: str,
    *,
    tokenizer: Tokenizer | None = None,
    system: str | None = None,
    vocabulary: str | None = None,
    reader: LineReader | None = None,
) -> SegmentationRecord:
    """Score the tokenizer's words, or those of the file `system`, against the words of the file `gold`.

    Both files hold a sentence a line, words separated by white space; `vocabulary` a word of the training data a
    line. Raises InputError when a line of `system` has other characters than the gold line, when `gold` has no
    words, or when a line of `vocabulary` has several.
    """
    reader = reader if reader is not None else LineReader(ReadLog())
    known = None if vocabulary is None else _vocabulary(vocabulary, reader)
    gold_lines = map(str.split, reader.lines(gold, what="gold file"))
    if system is None:
        pairs = _cut(gold_lines, tokenizer if tokenizer is not None else Tokenizer())
    else:
        system_lines = map(str.split, reader.lines(system, what="segmented file"))
        pairs = zip_longest(gold_lines, system_lines, fillvalue=[])
    score = score_segmentation(pairs, vocabulary=known, where=gold if system is None else system)
    if not score.gold_words:
        raise InputError("no words", where=gold, hint="a line is a sentence, its words separated by spaces")
    return SegmentationRecord(
        id=gold,
        precision=score.precision,
        recall=score.recall,
        f1=score.f1,
        oov_rate=score.oov_rate,
        oov_recall=score.oov_recall,
        iv_recall=score.iv_recall,
        gold_words=score.gold_words,
        words=score.words,
        correct=score.correct,
        lines=score.lines,
    )


def _cut(gold_lines: Iterator[list[str]], tokenizer: Tokenizer) -> Iterator[tuple[list[str], list[str]]]:
    for words in gold_lines:
        yield words, tokenizer.tokenize("".join(words))


def _vocabulary(path: str, reader: LineReader) -> frozenset[str]:
    words = set()
    for number, line in enumerate(reader.lines(path, what="word list"), start=1):
        if len(line.split()) > 1:  # a segmented corpus or a dictionary: as a word list it would make all words unknown
            hint = f"of a segmented corpus, tr -s '[:space:]' '\\n' < {path} makes a word list"
            raise InputError("several words in a line of a word list", where=path, line=number, hint=hint)
        words.add(line.strip())
    return frozenset(words - {""})
