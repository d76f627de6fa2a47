"""Why keywords are keywords: the same keywords, true values, ranks among all candidates, sentences that hold them."""

from __future__ import annotations

import json
import math

import pytest

from tests.conftest import DATA, Run
from textpipe.keywords.explain import explain_keywords, reasons
from textpipe.keywords.extract import METHODS, KeywordSettings, extract, keyword_settings, read_document
from textpipe.keywords.phrase_signals import phrase_models
from textpipe.segment.idf import chinese_idf
from textpipe.text import has_han

ARTICLES = [path.read_text("utf-8") for path in sorted((DATA / "articles").glob("*.txt")) if "gb18030" not in path.name]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("text", [*ARTICLES, "", "。", "图书馆"])
def test_the_same_keywords(method: str, text: str) -> None:
    settings = KeywordSettings(method=method, k=12)  # type: ignore[arg-type]
    found = explain_keywords(text, settings)
    plain = extract(text, method=method, k=12)  # type: ignore[arg-type]
    assert [(one["text"], one["score"], one["count"], one["first"]) for one in found] == plain
    for one in found:
        for sentence in one["sentences"]:
            assert text[sentence["start"] : sentence["end"]] == sentence["text"]
        if has_han(text):
            holding = [s for s in one["sentences"] if one["text"].lower() in s["text"].lower()]
            assert holding == one["sentences"] != []


@pytest.mark.parametrize("text", ARTICLES)
def test_signals_add_up_to_the_score(text: str) -> None:
    model = phrase_models()[0 if has_han(text) else 1]
    settings = keyword_settings(k=None)
    reading = read_document((text,), settings)
    assert reading.phrases is not None
    candidates = {(one.candidate.text.lower(), one.candidate.first): one for one in reading.phrases.ranked()}
    found = explain_keywords(text, settings)
    assert len(found) == len(candidates) > 20
    for one in found:
        assert (one["text"].lower(), one["first"]) in candidates
        total = model.bias + sum(signal["value"] * (signal["weight"] or 0.0) for signal in one["signals"].values())
        assert one["score"] == pytest.approx(1 / (1 + math.exp(-total)))
        assert one["idf"] == (one["signals"]["rarity"]["value"] if has_han(text) else None)
    for signal in found[0]["signals"]:
        effects = [one["signals"][signal]["effect"] or 0.0 for one in found]
        assert sum(effects) == pytest.approx(0.0, abs=1e-6)  # above the mean of all


def test_ranks_are_among_all_candidates() -> None:
    found = explain_keywords(ARTICLES[0], keyword_settings(k=None))
    for name, signal in found[0]["signals"].items():
        falling = (signal["weight"] or 0.0) >= 0
        values = [one["signals"][name]["value"] for one in found]
        for one in found:
            value = one["signals"][name]["value"]
            better = sum(other > value if falling else other < value for other in values)
            assert one["signals"][name]["rank"] == better + 1


def test_words_of_jieba_have_count_and_idf() -> None:
    table, median = chinese_idf()[:2]
    for one in explain_keywords(ARTICLES[0], keyword_settings(method="tfidf", k=5)):
        assert one["signals"]["tf"]["value"] == one["count"]
        assert one["signals"]["idf"]["value"] == one["idf"] == table.get(one["text"], median)
    for one in explain_keywords(ARTICLES[0], keyword_settings(method="textrank", k=5)):
        assert one["signals"]["links"]["value"] > 0
        assert one["idf"] is None


def test_reasons_are_the_largest_effects() -> None:
    (one,) = explain_keywords(ARTICLES[0], keyword_settings(k=1))
    names = [part.rsplit(" ", 1)[0].replace(" ", "_") for part in reasons(one["signals"]).split(", ")]
    effects = {name: abs(signal["effect"] or 0.0) for name, signal in one["signals"].items()}
    assert names == sorted(effects, key=lambda name: -effects[name])[:4]
    (one,) = explain_keywords(ARTICLES[0], keyword_settings(k=1, method="tfidf"))
    assert one["signals"]["tf"]["effect"] is None
    assert reasons(one["signals"]).startswith("tf rank 1, idf rank ")


def test_with_mmr_the_chosen_ones() -> None:
    found = explain_keywords(ARTICLES[0], keyword_settings(k=8, mmr=0.5))
    assert [one["text"] for one in found] == [one.text for one in extract(ARTICLES[0], k=8, mmr=0.5)]


def test_on_the_command_line(run: Run) -> None:
    article = DATA / "articles" / "city-library.txt"
    record = json.loads(run("keywords", article, "-k", "3", "--explain").out)
    assert record["id"] == str(article)
    assert record["keywords"] == explain_keywords(article.read_text("utf-8"), keyword_settings(k=3))
    assert (
        run("keywords", DATA / "articles", "--explain", "--jobs", "2").out
        == run("keywords", DATA / "articles", "--explain").out
    )
    header, row, *_ = run("keywords", article, "-k", "1", "--explain", "--format", "tsv").out.splitlines()
    assert header.split("\t") == ["id", "text", "score", "count", "first", "idf", "why", "sentences"]
    assert "spread +" in row
    assert "阅览室" in run("keywords", article, "-k", "1", "--explain", "--format", "table").out
    for other in (["--corpus"], ["--graph", "x.graphml", "--method", "textrank"]):
        assert run("keywords", article, "--explain", *other).code == 2
