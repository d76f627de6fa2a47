"""Why a document's keywords are its keywords: every signal of each, its rank by that signal, the sentences it is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple, TypedDict

from textpipe.keywords.candidates import Keyword, Sentence, Signal
from textpipe.keywords.extract import DocumentReading, KeywordSettings, for_either_script, read_document
from textpipe.keywords.phrase_signals import CLASSES, SIMILARITY, PhraseModel
from textpipe.keywords.phrases import WeighedPhrase, chosen
from textpipe.keywords.textrank import rank
from textpipe.keywords.tfidf import weigh
from textpipe.metrics.matching import folded, occurs
from textpipe.segment.idf import chinese_idf
from textpipe.segment.sentences import sentence_spans
from textpipe.text import PIECE, split_pieces


class ExplainedKeyword(TypedDict):
    """A keyword, its count (tf), the IDF of its most common word, its signals, and the sentences that hold it."""

    text: str
    score: float
    count: int
    first: int
    idf: float | None
    signals: dict[str, Signal]
    sentences: list[Sentence]


class _Candidate(NamedTuple):
    keyword: Keyword
    idf: float | None
    values: Mapping[str, float]


def explain_keywords(text: str, settings: KeywordSettings) -> list[ExplainedKeyword]:
    """The keywords of `text`, best first, as `extract` finds them, each with what speaks for it."""
    pieces = (text,) if len(text) <= PIECE else split_pieces(iter((text,)))
    candidates, best, weights = _found(read_document(pieces, settings), settings)
    ranks = {
        name: _ranks([one.values[name] for one in candidates], falling=weight is None or weight >= 0)
        for name, weight in weights.items()
    }
    means = {name: fmean(one.values[name] for one in candidates) for name in weights if candidates}
    sentences = [(folded(text[start:end]), start, end) for start, end in sentence_spans(text)]
    return [
        ExplainedKeyword(
            text=one.keyword.text,
            score=one.keyword.score,
            count=one.keyword.count,
            first=one.keyword.first,
            idf=one.idf,
            signals={
                name: Signal(
                    value=value,
                    rank=ranks[name][value],
                    weight=weights[name],
                    effect=_effect(value - means[name], weights[name]),
                )
                for name, value in one.values.items()
            },
            sentences=_holding(one.keyword.text, sentences, text),
        )
        for one in best
    ]


def reasons(signals: Mapping[str, Signal], *, most: int = 4) -> str:
    """What sets a keyword apart, in short: the largest effects, else the ranks."""
    effects = {name: signal["effect"] or 0.0 for name, signal in signals.items() if signal["weight"] is not None}
    if not effects:
        return ", ".join(f"{name} rank {signal['rank']}" for name, signal in signals.items())
    largest = sorted(effects, key=lambda name: -abs(effects[name]))[:most]
    shown = [name for name in largest if round(effects[name], 2)]
    return ", ".join(f"{name.replace('_', ' ')} {effects[name]:+.2f}" for name in shown)


def _effect(above: float, weight: float | None) -> float | None:
    return None if weight is None else weight * above


def _found(
    reading: DocumentReading, settings: KeywordSettings
) -> tuple[list[_Candidate], list[_Candidate], dict[str, float | None]]:
    """(all candidates, the keywords among them, the weight of each signal)."""
    idf = for_either_script(settings.idf) if settings.tokenizer.traditional else settings.idf
    if reading.phrases is not None:
        ranked = reading.phrases.ranked(idf, vectors=settings.vectors)
        known = reading.phrases.chinese or idf is not None
        everything = {id(one): _phrase(one, reading, known=known) for one in ranked}
        best = [everything[id(one)] for one in chosen(ranked, k=settings.k, mmr=settings.mmr)]
        return list(everything.values()), best, _weights(reading.phrases.model, settings)
    if reading.graph is not None:
        links: Counter[str] = Counter()
        for (left, right), weight in reading.graph.edges().items():
            links[left] += weight
            if right != left:
                links[right] += weight
        words = rank(reading.graph, k=None, converge=settings.converge)
        found = [_Candidate(one, None, {"tf": one.count, "links": links[one.text]}) for one in words]
        return found, found[: settings.k], {"tf": None, "links": None}
    weights = idf if idf is not None else chinese_idf()
    words = weigh(reading.words, k=None, idf=idf)
    values = {one.text: weights.table.get(one.text, weights.median) for one in words}
    found = [_Candidate(one, values[one.text], {"tf": one.count, "idf": values[one.text]}) for one in words]
    return found, found[: settings.k], {"tf": None, "idf": None}


def _weights(model: PhraseModel, settings: KeywordSettings) -> dict[str, float | None]:
    weights: dict[str, float | None] = {**model.weights, **dict.fromkeys(CLASSES, 1.0)}
    if settings.vectors is not None:
        weights[SIMILARITY] = model.similarity
    return weights


def _phrase(one: WeighedPhrase, reading: DocumentReading, *, known: bool) -> _Candidate:
    values = one.signals | reading.phrases.model.class_weights(one.candidate) if reading.phrases else one.signals
    return _Candidate(one.keyword(lowercase=reading.lowercase), one.signals["rarity"] if known else None, values)


def _ranks(values: Sequence[float], *, falling: bool) -> dict[float, int]:
    """The rank of every value: one more than how many are better."""
    ranks: dict[float, int] = {}
    for place, value in enumerate(sorted(values, reverse=falling), start=1):
        ranks.setdefault(value, place)
    return ranks


def _holding(keyword: str, sentences: Sequence[tuple[str, int, int]], text: str) -> list[Sentence]:
    """The sentences in which the keyword stands, whatever its case and width."""
    form = folded(keyword)
    return [
        Sentence(text=text[start:end], start=start, end=end) for held, start, end in sentences if occurs(form, held)
    ]
