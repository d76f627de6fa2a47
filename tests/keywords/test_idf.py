"""Word weights of one's own: jieba's formula as its table shows it, scikit-learn's as TfidfVectorizer computes it."""

from __future__ import annotations

import copy
import math
import os
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests import jieba_reference
from tests.conftest import DATA
from textpipe.errors import UsageError
from textpipe.keywords import extract as extract_module
from textpipe.keywords import frequencies
from textpipe.keywords.extract import KeywordSettings, keywords_of
from textpipe.keywords.frequencies import open_frequencies, write_frequencies
from textpipe.keywords.idf import DocumentFrequencies, document_frequencies
from textpipe.keywords.tfidf import tfidf
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import has_han

WORDS = ["模型", "训练", "数据", "文", "GPU", "gpu", "The", "the", "我们", "，", "speed", "Speed"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map("".join), min_size=1, max_size=8)
ENGLISH = st.lists(st.lists(st.sampled_from(["Model", "the", "data", "Data", "of", "x"]), max_size=8).map(" ".join))


def test_jieba_s_own_table_is_made_by_the_formula() -> None:
    """Every weight in it is ln(1,088,899 / n) for a whole number n of documents."""
    path = os.path.join(os.path.dirname(jieba_reference.jieba().__file__), "analyse", "idf.txt")
    with open(path, encoding="utf-8") as stream:
        weights = [float(line.split(" ")[1]) for line in stream]
    documents = math.exp(max(weights))
    assert documents == pytest.approx(1_088_899, rel=1e-9)
    found = [1_088_899 / math.exp(weight) for weight in weights]
    assert all(abs(number - round(number)) < 1e-9 * number + 1e-9 for number in found)
    assert min(map(round, found)) == 1


def counted(texts: list[str], tokenizer: Tokenizer, *, min_documents: int) -> DocumentFrequencies:
    return document_frequencies((row(text, tokenizer) for text in texts), min_documents=min_documents)


def row(text: str, tokenizer: Tokenizer, stopwords: frozenset[str] = frozenset()) -> list[str]:
    """The tokens that count, as the documentation tells it."""
    tokens = [t for t in tokenizer.tokenize(text) if len(t.strip()) > 1 and t.lower() not in stopwords]
    return tokens if has_han(text) else [token.lower() for token in tokens]


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("stopwords", [frozenset({"我们", "the"}), frozenset()])
@given(TEXTS | ENGLISH, TEXTS | ENGLISH, st.integers(1, 2))
@settings(max_examples=40, deadline=None)
def test_rows_are_those_of_scikit_learn(
    compiled: bool, stopwords: frozenset[str], fitted: list[str], others: list[str], least: int
) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    tokenizer = Tokenizer()
    found = counted(fitted, tokenizer, min_documents=least)
    if not found.frequencies:
        return
    vectorizer = TfidfVectorizer(analyzer=lambda text: row(text, tokenizer), min_df=least).fit(fitted)
    columns = vectorizer.get_feature_names_out()
    vectorizer.set_params(analyzer=lambda text: row(text, tokenizer, stopwords))
    matrix = vectorizer.transform([*fitted, *others]).toarray()
    idf = found.idf("sklearn", tokenizer=tokenizer)
    chosen = KeywordSettings(method="tfidf", k=None, idf=idf, stopwords=stopwords, only=True)
    with pytest.MonkeyPatch.context() as patch:
        if not compiled:
            patch.setattr(extract_module, "is_compiled", lambda: False)
        for text, expected in zip([*fitted, *others], matrix, strict=True):
            scores = {keyword.text: keyword.score for keyword in keywords_of([text], chosen)}
            wanted = {word: weight for word, weight in zip(columns, expected, strict=True) if weight}
            assert scores == pytest.approx(wanted, abs=1e-6)
            assert scores.keys() == wanted.keys()


def test_rows_of_real_documents_are_those_of_scikit_learn() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    tokenizer = Tokenizer()
    texts = [document.text for document in textpipe.read(str(DATA / "news.tsv"))]
    half = len(texts) // 2
    vectorizer = TfidfVectorizer(analyzer=lambda text: row(text, tokenizer), min_df=2).fit(texts[:half])
    idf = counted(texts[:half], tokenizer, min_documents=2).idf("sklearn")
    columns = vectorizer.get_feature_names_out()
    for text, expected in zip(texts, vectorizer.transform(texts).toarray(), strict=True):
        scores = {
            one.text: one.score for one in textpipe.keywords(text, method="tfidf", k=None, idf=idf, stopwords=["none"])
        }
        wanted = {word: weight for word, weight in zip(columns, expected, strict=True) if weight}
        assert scores == pytest.approx(wanted, abs=1e-9)


def test_scores_are_those_of_jieba_with_the_same_table(tmp_path: Path) -> None:
    """jieba.analyse reads a file of weights; it must weigh as we do, unknown words too."""
    tokenizer = Tokenizer()
    texts = [document.text for document in textpipe.read(str(DATA / "news.tsv"))]
    idf = counted(texts[:150], tokenizer, min_documents=1).idf()
    assert isinstance(idf.table, dict)
    path = tmp_path / "idf.txt"
    path.write_text("".join(f"{word} {weight!r}\n" for word, weight in idf.table.items()), "utf-8")
    theirs = copy.copy(jieba_reference.analyse().default_tfidf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # jieba leaves the file open
        theirs.idf_loader = type(theirs.idf_loader)(str(path))
        theirs.idf_freq, theirs.median_idf = theirs.idf_loader.get_idf()
    assert idf.median == pytest.approx(theirs.median_idf, abs=1e-12)
    for text in texts[140:]:
        expected = dict(theirs.extract_tags(text, topK=None, withWeight=True))
        found = {keyword.text: keyword.score for keyword in textpipe.keywords(text, method="tfidf", k=None, idf=idf)}
        assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("formula", ["jieba", "sklearn"])
def test_a_table_on_disk_weighs_alike(tmp_path: Path, formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [document.text for document in textpipe.read(str(DATA / "news.tsv"))]
    held = counted(texts[:150], Tokenizer(), min_documents=1)
    assert isinstance(held.frequencies, dict)
    rows = ((word.encode(), count) for word, count in sorted(held.frequencies.items()))
    write_frequencies(tmp_path / "t.tsv", rows, documents=held.documents)
    monkeypatch.setattr(frequencies, "IN_MEMORY", 0)
    monkeypatch.setattr("textpipe.keywords.idf._REMEMBERED", 3)
    documents, table = open_frequencies(tmp_path / "t.tsv")
    there = DocumentFrequencies(documents, table, held.total, held.median).idf(formula)  # type: ignore[arg-type]
    here = held.idf(formula)  # type: ignore[arg-type]
    assert there.median == here.median
    for text in texts[140:]:
        found = textpipe.keywords(text, method="tfidf", idf=there)
        assert found == textpipe.keywords(text, method="tfidf", idf=here)
        assert found == textpipe.keywords(text, method="tfidf", idf=copy.deepcopy(there))
        assert found == tfidf(Tokenizer().tokenize(text), idf=there)
        if formula == "jieba":
            assert textpipe.keywords(text, idf=there) == textpipe.keywords(text, idf=here)


def test_unknown_words() -> None:
    held = document_frequencies([["模型", "数据"], ["模型"], ["模型", "训练"]])
    jieba, sklearn = held.idf(), held.idf("sklearn")
    assert jieba.table.get("模型", -1.0) == 0.0
    assert jieba.median == pytest.approx(math.log(3))
    assert [k.text for k in textpipe.keywords("云鹊手表和数据", method="tfidf", idf=jieba)] == ["云鹊", "手表", "数据"]
    assert [(k.text, k.score) for k in textpipe.keywords("云鹊手表和数据", method="tfidf", idf=sklearn)] == [
        ("数据", 1.0)
    ]
    assert textpipe.keywords("云鹊手表", method="tfidf", idf=sklearn) == []
    assert document_frequencies([]).idf().median == 0.0


# ---------------------------------------------------------------------------------------------- another tokenizer


WORDS_OF_OURS = textpipe.Dictionary().add_word("云鹊手表", 5, "n")
OTHERS = [
    (Tokenizer(hmm=False), "hmm is on there and off here"),
    (Tokenizer(dictionary=WORDS_OF_OURS), r"user words are 0 there and 1 here \('云鹊手表' only here, or otherwise\)"),
    (Tokenizer(protect=("C++",)), r"protected terms are 0 there and 1 here \('C\+\+' only here, or otherwise\)"),
]


@pytest.mark.parametrize(("tokenizer", "reason"), OTHERS)
def test_another_tokenizer_is_refused(tokenizer: Tokenizer, reason: str) -> None:
    idf = document_frequencies([["模型"], []]).idf(tokenizer=Tokenizer())
    with pytest.raises(UsageError, match=f"the IDF was made with another tokenizer: {reason}"):
        textpipe.keywords("模型", method="tfidf", idf=idf, tokenizer=tokenizer)
    with pytest.raises(UsageError, match=reason):
        KeywordSettings(method="tfidf", idf=idf, tokenizer=tokenizer)
    with pytest.raises(UsageError, match="there and"):
        KeywordSettings(method="tfidf", idf=idf._replace(tokenizer=tokenizer))


def test_the_tokenizer_of_the_idf_is_taken_and_an_equal_one_may_be_given() -> None:
    idf = document_frequencies([["模型"], []]).idf(tokenizer=Tokenizer(dictionary=WORDS_OF_OURS))
    same = Tokenizer(dictionary=textpipe.Dictionary().add_word("云鹊手表", 5, "n"))
    for options in ({}, {"tokenizer": same}):
        assert [k.text for k in textpipe.keywords("云鹊手表", method="tfidf", idf=idf, **options)] == ["云鹊手表"]  # type: ignore[arg-type]
    assert textpipe.keywords("云鹊手表", method="tfidf", idf=idf._replace(tokenizer=None))[0].text == "云鹊"


def test_order_and_values_of_user_words() -> None:
    one, other = textpipe.Dictionary().add_word("甲乙", 5), textpipe.Dictionary().add_word("甲乙", 6)
    idf = document_frequencies([["模型"], []]).idf(tokenizer=Tokenizer(dictionary=one))
    with pytest.raises(UsageError, match=r"1 there and 1 here \('甲乙' only there, or otherwise\)"):
        textpipe.keywords("模型", method="tfidf", idf=idf, tokenizer=Tokenizer(dictionary=other))
    both, turned = one.add_word("丙丁", 5), textpipe.Dictionary().add_word("丙丁", 5).add_word("甲乙", 5)
    idf = idf._replace(tokenizer=Tokenizer(dictionary=both))
    with pytest.raises(UsageError, match=r"2 there and 2 here \(in another order\)"):
        textpipe.keywords("模型", method="tfidf", idf=idf, tokenizer=Tokenizer(dictionary=turned))
