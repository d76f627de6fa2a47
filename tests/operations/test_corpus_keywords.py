"""Documents to one record: jobs and pieces change nothing, what makes no sense is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import textpipe
from tests.conftest import DATA
from textpipe.corpus.document import Document, Piece
from textpipe.corpus.read import ReadOptions, read_pieces
from textpipe.keywords.candidates import shipped_stopwords
from textpipe.keywords.extract import KeywordSettings
from textpipe.keywords.idf import document_frequencies
from textpipe.operations.corpus_keywords import extract_corpus_keywords


def record(paths: list[str], settings: KeywordSettings | None = None, **options: int) -> dict[str, object]:
    pieces = read_pieces(paths, ReadOptions())
    return dict(extract_corpus_keywords(pieces, settings or KeywordSettings(), identity="x", **options))


def test_jobs_and_long_documents_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("北京的模型训练需要数据。" * 20_000)
    paths = [str(DATA / "articles"), str(tmp_path / "long.txt"), str(DATA / "news.tsv")]
    one = record(paths)
    assert one["documents"] == 6 + 1 + 252
    assert record(paths, jobs=2) == one


def test_counts_are_those_of_the_documents() -> None:
    found = record([str(DATA / "news.tsv")], KeywordSettings(k=None))
    words = {one["text"]: one for one in found["keywords"]}  # type: ignore[attr-defined]
    texts = {document.id: document.text for document in textpipe.read(str(DATA / "news.tsv"))}
    tokens = {name: textpipe.Tokenizer().tokenize(text) for name, text in texts.items()}
    for word in ("手语", "利率"):
        having = [name for name, found in tokens.items() if word in found]
        assert words[word]["documents"] == len(having)
        assert words[word]["count"] == sum(tokens[name].count(word) for name in having)
        assert words[word]["document"] == having[0]
    assert not words.keys() & shipped_stopwords("zh")


def test_settings_count() -> None:
    pieces = [Piece(Document("a", "我们的云鹊手表，我们的云鹊手表 2025"))]
    words = textpipe.Dictionary().add_word("云鹊手表", 5, "n")

    def found(**options: object) -> set[str]:
        settings = KeywordSettings(**options)  # type: ignore[arg-type]
        return {one["text"] for one in extract_corpus_keywords(iter(pieces), settings, identity="x")["keywords"]}

    assert found() == {"云鹊", "手表"}
    assert found(only=True) == {"云鹊", "手表", "我们"}
    assert found(tokenizer=textpipe.Tokenizer(dictionary=words)) == {"云鹊手表"}
    assert found(pos=("n",)) == {"手表"}
    assert found(stopwords=frozenset({"手表"})) == {"云鹊"}


def test_a_protected_term_may_hold_anything() -> None:
    terms = textpipe.Tokenizer(protect=("云鹊\t手表", "云鹊\x0b\x00表"))
    pieces = [Piece(Document("a", "云鹊\t手表，云鹊\x0b\x00表，云鹊\t手表"))]
    found = extract_corpus_keywords(iter(pieces), KeywordSettings(tokenizer=terms), identity="x")["keywords"]
    assert {one["text"]: one["count"] for one in found} == {"云鹊\t手表": 2, "云鹊\x0b\x00表": 1}


def test_what_makes_no_sense() -> None:
    with pytest.raises(textpipe.UsageError, match="--corpus does not go with textrank"):
        record([str(DATA / "news.tsv")], KeywordSettings(method="textrank"))
    idf = document_frequencies([["模型"]]).idf()._replace(counts=None)
    with pytest.raises(textpipe.UsageError, match="needs an IDF with its document frequencies"):
        record([str(DATA / "news.tsv")], KeywordSettings(idf=idf))
