"""Keywords of a collection: the statistic against an independent one, and what it is to do."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textpipe.keywords.corpus import (
    CorpusKeyword,
    CorpusTally,
    DictionaryBackground,
    DocumentsBackground,
    Facts,
    corpus_record,
    count_document,
    signed_g2,
)
from textpipe.keywords.idf import document_frequencies
from textpipe.segment.dictionary import Dictionary

Documents = list[dict[str, int]]
DOCUMENTS = st.lists(
    st.dictionaries(st.sampled_from(["模型", "训练", "数据", "云鹊", "gpu", "2025"]), st.integers(1, 20)), max_size=8
)


def best(documents: Documents, *, k: int | None = None, memory: int = 1 << 20, batch: int = 3) -> list[CorpusKeyword]:
    tally = CorpusTally(memory=memory)
    for start in range(0, len(documents), batch):
        facts: dict[str, Facts] = {}
        for number, counts in enumerate(documents[start : start + batch], start=start):
            count_document(facts, counts.items(), number=number, document=f"d{number}")
        tally.add(facts)
    return tally.best(DictionaryBackground(), k=k)


@given(st.integers(1, 60), st.integers(61, 500), st.integers(1, 90), st.integers(91, 900))
@settings(deadline=None)
def test_g2_is_the_likelihood_ratio_of_a_contingency_table(a: int, m: int, b: int, n: int) -> None:
    from scipy.stats import chi2_contingency

    expected = chi2_contingency([[a, m - a], [b, n - b]], correction=False, lambda_="log-likelihood").statistic
    found = signed_g2(a, m, b, n)
    assert abs(found) == pytest.approx(float(expected), abs=1e-8)
    assert (found > 0) == (a / m > b / n) or abs(found) < 1e-8


@given(DOCUMENTS, st.integers(1, 5), st.sampled_from([0, 1 << 20]))
@settings(deadline=None)
def test_as_the_documentation_says(documents: Documents, batch: int, memory: int) -> None:
    background, dictionary = DictionaryBackground(), Dictionary()
    voices: Counter[str] = Counter()
    having: Counter[str] = Counter()
    repeating: Counter[str] = Counter()
    for counts in documents:
        for word, count in counts.items():
            voices[word] += 1 + math.floor(math.log2(count))
            having[word] += 1
            repeating[word] += count > 1
    expected = {}
    for word in voices:
        there = max(dictionary.frequency(word), 2)
        score = signed_g2(voices[word], voices.total(), there, dictionary.total)
        average = repeating.total() / having.total()
        if average:
            score *= ((repeating[word] + 5) / (having[word] + 5 / average)) / average
        if score > 0 and word != "2025":
            expected[word] = score
    found = best(documents, memory=memory, batch=batch)
    assert {one.text: one.score for one in found} == pytest.approx(expected)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert one.count == sum(counts.get(one.text, 0) for counts in documents)
        assert one.documents == having[one.text]
        assert one.text in documents[int(one.document[1:])]
        assert not any(one.text in counts for counts in documents[: int(one.document[1:])])
    assert found[:2] == best(documents, k=2, memory=memory, batch=batch)
    assert background.total == dictionary.total


def test_one_long_document_does_not_dominate() -> None:
    documents = [{"书吧": 900}, *({"隧道": 2, f"甲{number}乙": 1} for number in range(30))]
    assert best(documents)[0].text == "隧道"


def test_a_letterhead_is_no_subject() -> None:
    """The same counts and background; one stands once in every document, the other is come back to in half of them."""
    documents = [{"云鹊社电": 1, f"甲{number}乙": 1, **({"云鹊手表": 2} if number % 2 else {})} for number in range(40)]
    found = [one.text for one in best(documents)]
    assert found.index("云鹊手表") < found.index("云鹊社电")


def test_against_documents_of_one_s_own() -> None:
    idf = document_frequencies([["模型", "数据"]] * 50 + [["网络", "数据"]] * 50).idf()
    background = DocumentsBackground(idf)
    assert (background.total, background.frequency("数据"), background.frequency("没有")) == (200, 100, 0)
    tally = CorpusTally()
    facts: dict[str, Facts] = {}
    for number in range(20):
        count_document(facts, {"数据": 1, "网络": 1}.items(), number=number, document="d")
    tally.add(facts)
    (found,) = tally.best(background, k=None)
    assert found.text == "网络"
    assert found.score == pytest.approx(signed_g2(20, 40, 50, 200))


def test_nothing() -> None:
    assert best([]) == best([{}]) == []
    assert corpus_record("x", [], documents=1) == {"id": "x", "documents": 1, "keywords": []}
