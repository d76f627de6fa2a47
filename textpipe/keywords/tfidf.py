"""TF-IDF keywords with the weights of jieba.analyse.extract_tags, count x IDF / counted tokens, or of scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from textpipe.keywords.candidates import JIEBA_STOPWORDS, Keyword, WordCounts, WordFilter, ranked
from textpipe.segment.idf import InverseDocumentFrequencies, chinese_idf


def tfidf(
    tokens: Iterable[str],
    *,
    k: int | None = 20,
    stopwords: Collection[str] = JIEBA_STOPWORDS,
    lowercase: bool = False,
    idf: InverseDocumentFrequencies | None = None,
) -> list[Keyword]:
    """The k best words of one document, given all its tokens in order (an iterator will do).

    Words, weights and their order are jieba.analyse.extract_tags's; only exact ties may stand in another order.
    `idf=None` is the Chinese table of the installed jieba. A word outside the table gets the table's median; where
    the formula is scikit-learn's, it is none.
    """
    words = WordCounts()
    words.add(WordFilter(stopwords, lowercase).words(tokens))
    return weigh(words, k=k, idf=idf)


def tfidf_tagged(
    pairs: Iterable[tuple[str, str]],
    *,
    pos: Collection[str],
    k: int | None = 20,
    stopwords: Collection[str] = JIEBA_STOPWORDS,
    lowercase: bool = False,
    idf: InverseDocumentFrequencies | None = None,
) -> list[Keyword]:
    """As `tfidf`, over (token, part of speech) pairs and only with the parts of speech in `pos`.

    As in jieba, only the words that pass the filter count towards the total.
    """
    words = WordCounts()
    words.add(WordFilter(stopwords, lowercase, pos).tagged(pairs))
    return weigh(words, k=k, idf=idf)


def weigh(words: WordCounts, *, k: int | None = 20, idf: InverseDocumentFrequencies | None = None) -> list[Keyword]:
    """The k best of counted words, by the formula of the IDF.

    jieba: count x (IDF / all counted); sklearn: count x IDF over the Euclidean norm of them all, of known
    words only.
    """
    idf = idf or chinese_idf()
    if idf.formula == "sklearn":
        scores = _normalized({word: count * idf.table.get(word, 0.0) for word, count in words.counts.items()})
    else:
        total = sum(words.counts.values())
        scores = {word: count * (idf.table.get(word, idf.median) / total) for word, count in words.counts.items()}
    return ranked(scores, words.counts, words.firsts, k=k)


def _normalized(row: dict[str, float]) -> dict[str, float]:
    """The row without what weighs nothing, its squares summing to one."""
    squares = 0.0
    for weight in row.values():  # one by one, as the compiled kernel adds
        squares += weight * weight
    norm = math.sqrt(squares)
    return {word: weight / norm for word, weight in row.items() if weight}
