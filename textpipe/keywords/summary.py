"""Text to key sentences: `textpipe.summarize(text)`. Extractive: every sentence stands in the text as it is given."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypedDict, Unpack, cast, get_args

from textpipe.errors import UsageError, did_you_mean
from textpipe.keywords.candidates import JIEBA_STOPWORDS, WordFilter, chosen_stopwords, shipped_stopwords
from textpipe.segment.idf import chinese_idf
from textpipe.segment.sentences import sentence_spans
from textpipe.segment.tokenizer import Tokenizer
from textpipe.segment.traditional import EitherScript, simplify
from textpipe.text import has_han

SummaryMethod = Literal["combined", "textrank", "mmr", "lead"]
SUMMARY_METHODS: tuple[SummaryMethod, ...] = get_args(SummaryMethod)
DEFAULT_SENTENCES = 3
_DIGITS = 12  # of scores: beyond these, equal sentences differ by how a machine adds
_WORD = re.compile(r"[^\W_]")


class KeySentence(NamedTuple):
    """A sentence of a document.

    text: as it stands there, line ends included: `document[start:end]`
    score: larger is better; comparable within one document and method
    start, end: code-point offsets into the document as given
    position: the how manieth sentence of the document it is, from 1
    """

    text: str
    score: float
    start: int
    end: int
    position: int


class SentenceRow(TypedDict):
    """A key sentence as it stands in the document: text[start:end] in code points; its number in it, from 1."""

    text: str
    score: float
    start: int
    end: int
    position: int


class SummaryRecord(TypedDict):
    """A document's key sentences: one JSON line."""

    id: str
    sentences: list[SentenceRow]


def summary_record(identity: str, found: Iterable[KeySentence]) -> SummaryRecord:
    """What is printed of a document."""
    return {"id": identity, "sentences": [cast(SentenceRow, one._asdict()) for one in found]}


@dataclass(frozen=True)
class SummarySettings:
    """How key sentences are found.

    method: `combined`, `textrank`, `mmr` or `lead`; docs/summarize.md tells what they do
    sentences: how many; None: DEFAULT_SENTENCES, where `ratio` is None too
    ratio: how many, as a share of the document's sentences, above 0 and up to 1; one at least
    by_score: best first instead of in the order of the document
    stopwords: words that make no sentences alike, in lower case, besides jieba's few English ones (textpipe's
        English list in a document without Han characters)
    only: these stop words alone, without those of the language
    tokenizer: its mode must be exact
    """

    method: SummaryMethod = "combined"
    sentences: int | None = None
    ratio: float | None = None
    by_score: bool = False
    stopwords: frozenset[str] = frozenset()
    only: bool = False
    tokenizer: Tokenizer = field(default_factory=Tokenizer)

    def __post_init__(self) -> None:
        if self.method not in SUMMARY_METHODS:
            raise UsageError(f"unknown method {self.method!r}", hint=f"one of: {', '.join(SUMMARY_METHODS)}")
        if self.tokenizer.mode != "exact":
            raise UsageError("key sentences need a tokenizer in exact mode", hint="Tokenizer(mode='exact')")
        if self.sentences is not None and self.ratio is not None:
            raise UsageError("both a number of sentences and a ratio", hint="one of --sentences and --ratio")
        if self.sentences is not None and self.sentences < 1:
            message = f"sentences is {self.sentences}, but at least one must be asked for"
            raise UsageError(message, hint="a whole number from 1")
        if self.ratio is not None and not 0 < self.ratio <= 1:
            raise UsageError(f"ratio is {self.ratio}, not above 0 and up to 1", hint="--ratio 0.2 for a fifth")

    def wanted(self, count: int) -> int:
        """How many of so many sentences."""
        if self.ratio is None:
            return min(count, self.sentences or DEFAULT_SENTENCES)
        return min(count, max(1, math.floor(self.ratio * count + 0.5)))

    def stopwords_for(self, *, chinese: bool) -> Collection[str]:
        """The words that do not count, by the document's language."""
        words = self.stopwords
        if not self.only:
            words |= JIEBA_STOPWORDS if chinese else shipped_stopwords("en")
        return EitherScript(words) if self.tokenizer.traditional else words


class SummaryOptions(TypedDict, total=False):
    """The options of `summarize`, with `SummarySettings`'s defaults.

    stopwords: names of lists (`zh`, `en`, a file; `none` for not even the usual ones), or a set of words
    method, sentences, ratio, by_score, tokenizer: as in `SummarySettings`
    """

    method: SummaryMethod
    sentences: int | None
    ratio: float | None
    by_score: bool
    stopwords: str | Iterable[str]
    tokenizer: Tokenizer


def summary_settings(**options: Unpack[SummaryOptions]) -> SummarySettings:
    """The settings that options describe, lists of stop words read.

    Raises UsageError for settings that make no sense, InputError for a list that is missing.
    """
    known = list(SummaryOptions.__annotations__)
    unknown = sorted(set(options) - set(known))
    if unknown:
        guess = did_you_mean(unknown[0], known)
        raise UsageError(f"no option {unknown[0]!r}{guess}", hint=f"one of: {', '.join(known)}")
    words, only = chosen_stopwords(options.get("stopwords", ()))
    return SummarySettings(
        method=options.get("method", "combined"),
        sentences=options.get("sentences"),
        ratio=options.get("ratio"),
        by_score=options.get("by_score", False),
        stopwords=words,
        only=only,
        tokenizer=options.get("tokenizer") or Tokenizer(),
    )


def summarize(text: str, **options: Unpack[SummaryOptions]) -> list[KeySentence]:
    """The key sentences of one text, in its order.

    Options: method (`combined`, `textrank`, `mmr` or `lead`), sentences (3) or ratio, by_score, stopwords, tokenizer;
    `SummaryOptions` and `SummarySettings` say what they mean.
    Raises UsageError for settings that make no sense, InputError for a list of stop words that is missing.

    >>> [found.text for found in summarize("大桥今天通车。天气很好。大桥全长三公里，大桥连接两岸。", sentences=1)]
    ['大桥今天通车。']
    """
    if not isinstance(text, str):
        raise UsageError(f"a text is needed, not {type(text).__name__}", hint="call it once for each text")
    return key_sentences(text, summary_settings(**options))


def key_sentences(text: str, settings: SummarySettings) -> list[KeySentence]:
    """The key sentences of one document. A sentence holds a letter, a digit or a character: a row of marks is none."""
    spans = [span for span in sentence_spans(text) if _WORD.search(text, *span)]
    if not spans:
        return []
    chosen = _chosen(text, spans, settings)
    order = sorted(chosen, key=lambda number: (-chosen[number], number)) if settings.by_score else sorted(chosen)
    return [KeySentence(text[slice(*spans[n])], chosen[n], *spans[n], n + 1) for n in order]


def _chosen(text: str, spans: Sequence[tuple[int, int]], settings: SummarySettings) -> dict[int, float]:
    """Number and score of the sentences that a method chooses."""
    wanted = settings.wanted(len(spans))
    if settings.method == "lead":
        return {number: round(1 / (number + 1), _DIGITS) for number in range(wanted)}
    words = _words(text, spans, settings)
    if settings.method == "textrank":
        from textpipe.keywords.sentence_graph import textrank

        return _best(textrank(words), wanted)
    vectors = _vectors(words, traditional=settings.tokenizer.traditional)
    relevance = _relevance(vectors)
    if settings.method == "mmr":
        from textpipe.keywords.sentence_graph import maximal_marginal_relevance

        picked = maximal_marginal_relevance(vectors, relevance, k=wanted)
        return {number: round(score, _DIGITS) for number, score in picked}
    mean = sum(end - start for start, end in spans) / len(spans)
    scores = [
        relevance[number] * math.sqrt(mean / (end - start)) / (number + 1) for number, (start, end) in enumerate(spans)
    ]
    return _best(scores, wanted)


def _best(scores: Iterable[float], wanted: int) -> dict[int, float]:
    """The best, of equal ones the earlier."""
    rounded = [round(score, _DIGITS) for score in scores]
    best = sorted(range(len(rounded)), key=lambda number: (-rounded[number], number))[:wanted]
    return {number: rounded[number] for number in best}


def _words(text: str, spans: Sequence[tuple[int, int]], settings: SummarySettings) -> list[list[str]]:
    """The words of every sentence that count, in lower case."""
    keep = WordFilter(settings.stopwords_for(chinese=has_han(text)), lowercase=True)
    cut = settings.tokenizer.tokenize
    return [[occurrence.word for occurrence in keep.words(cut(text[start:end]))] for start, end in spans]


Vector = dict[str, float]


def _vectors(words: Sequence[Sequence[str]], *, traditional: bool) -> list[Vector]:
    """TF-IDF of every sentence: counts times jieba's IDF, the median for words that its table lacks."""
    table, median = chinese_idf()[:2]

    @functools.cache
    def idf(word: str) -> float:
        return table.get(word, table.get(simplify(word), median) if traditional else median)

    return [{word: count * idf(word) for word, count in Counter(sentence).items()} for sentence in words]


def _relevance(vectors: Sequence[Vector]) -> list[float]:
    """The cosine of every sentence with the sum of all; 0 where it has no words."""
    centre: Vector = {}
    for vector in vectors:
        for word, weight in vector.items():
            centre[word] = centre.get(word, 0.0) + weight
    whole = length(centre)
    return [
        sum(weight * centre[word] for word, weight in vector.items()) / (length(vector) * whole) if vector else 0.0
        for vector in vectors
    ]


def length(vector: Vector) -> float:
    """The Euclidean norm."""
    return math.sqrt(sum(weight * weight for weight in vector.values()))
