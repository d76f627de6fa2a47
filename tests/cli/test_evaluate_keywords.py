"""`textpipe evaluate keywords`: our methods and others' lists against gold keywords, by hand and on CSL."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import textpipe
from tests.conftest import DATA, Outcome, Run
from textpipe.keywords.extract import METHODS
from textpipe.metrics.keywords import score_keywords

GOLD = DATA / "keywords-gold.jsonl"
RECORDS = [json.loads(line) for line in GOLD.read_text("utf-8").splitlines()]
ENGLISH = ("gliders", "subtitles", "orchards", "violins")


def records_of(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


def write(path: Path, records: Iterable[object], encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records).encode(encoding))
    return path


def test_another_tools_keywords_by_hand(run: Run, tmp_path: Path) -> None:
    gold = write(
        tmp_path / "gold.jsonl",
        [
            {"text": "Green tea and black tea.", "keywords": ["Green tea", "green  TEA", "black tea", "rooibos"]},
            {"text": "水", "keywords": [" ", "井"]},
            {"text": "nothing", "keywords": []},
        ],
    )
    lists = [["ｔｅａ", "Tea", {"text": "green tea", "score": 3}, "x"], [], ["井"]]
    system = write(tmp_path / "system.jsonl", [{"keywords": one} for one in lists])
    outcome = run("evaluate", "keywords", gold, "--method", "textrank", "--system", f"other={system}", "-k", "2,1")
    assert outcome.err.splitlines() == [
        f"note: no gold keywords in 1 of 3 documents, which are left out of all figures (first: {gold}:3)",
        "note: recall is 0.5000 at most for keywords taken from the text: 2 of 4 gold keywords occur there",
    ]
    records = records_of(outcome)
    assert [(one["k"], one["method"]) for one in records] == [
        (1, "textrank"),
        (1, "other"),
        (2, "textrank"),
        (2, "other"),
    ]
    assert records[3] == {
        "id": str(gold),
        "method": "other",
        "k": 2,
        "documents": 2,
        "gold": 4,
        "in_text": 2,
        "found": 2,
        "correct": 1,
        "precision_micro": 1 / 2,
        "recall_micro": 1 / 4,
        "recall_ceiling_micro": 2 / 4,
        "f1_micro": pytest.approx(2 / 6),
        "f1_micro_low": 0.0,
        "f1_micro_high": pytest.approx(2 / 5),
        "precision_macro": 1 / 4,
        "recall_macro": pytest.approx(1 / 6),
        "recall_ceiling_macro": pytest.approx(1 / 3),
        "f1_macro": pytest.approx(1 / 5),
        "f1_macro_low": 0.0,
        "f1_macro_high": pytest.approx(2 / 5),
        "map": pytest.approx(1 / 12),
        "ndcg": pytest.approx(0.6309297535714575 / 1.6309297535714575 / 2),
        "reference": "textrank",
        "p_micro": 1.0,
        "p_macro": 1.0,
    }
    assert records[1]["correct"] == 0
    assert records[2]["p_micro"] is None


def test_all_methods_by_default(run: Run) -> None:
    """Each is what `textpipe.keywords` finds with its defaults."""
    records = records_of(run("evaluate", "keywords", GOLD))
    assert [(one["k"], one["method"]) for one in records] == [(k, name) for k in (5, 10) for name in METHODS]
    for record in records:
        found = [
            [keyword.text for keyword in textpipe.keywords(one["text"], method=record["method"], k=None)]
            for one in RECORDS
        ]
        score = score_keywords([one["keywords"] for one in RECORDS], found, k=record["k"])
        assert {name: record[name] for name in score._fields} == score._asdict()
        assert record["f1_micro_low"] <= record["f1_micro"] <= record["f1_micro_high"]


def test_what_the_keywords_command_writes_is_a_system(run: Run, tmp_path: Path) -> None:
    lines = tmp_path / "ours.jsonl"
    run("keywords", GOLD, "--stopwords", "zh", "--method", "textrank", "-k", "50", "-o", lines)
    shuffled = write(
        tmp_path / "shuffled.jsonl", [json.loads(line) for line in lines.read_text("utf-8").splitlines()[::-1]]
    )
    command = ("evaluate", "keywords", GOLD, "--stopwords", "zh", "--method", "textrank", "-k", 5)
    ours, theirs = records_of(run(*command, "--system", f"file={shuffled}"))
    assert theirs == {**ours, "method": "file", "p_micro": 1.0, "p_macro": 1.0}


def test_options_of_the_methods_count(run: Run, tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.jsonl", [{"text": "石墨烯做成电极，然后测试。", "keywords": ["石墨烯"]}])
    words = tmp_path / "words.txt"
    words.write_text("石墨烯\n", "utf-8")
    stop = tmp_path / "stop.txt"
    stop.write_text("电极\n做成\n然后\n测试\n", "utf-8")
    command = ("evaluate", "keywords", gold, "--method", "tfidf", "-k", 1)
    assert records_of(run(*command, "--no-hmm"))[0]["correct"] == 0
    assert records_of(run(*command, "--user-dict", words, "--stopwords", stop))[0]["correct"] == 1
    assert records_of(run(*command, "--user-dict", words, "--stopwords", stop, "--pos", "v"))[0]["found"] == 0


def test_word_weights_of_ones_own(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert run("train-idf", DATA / "news.tsv", "--store", store, "--name", "news").code == 0
    options = ("--store", store, "-k", 10, "--idf", "news")
    plain, other, weighed, same = (
        *records_of(run("evaluate", "keywords", GOLD, "-k", 10, "--method", "tfidf,textrank")),
        *records_of(run("evaluate", "keywords", GOLD, *options, "--method", "tfidf,textrank")),
    )
    assert weighed["map"] != plain["map"]
    assert same == other | {name: same[name] for name in ("p_micro", "p_macro")}


def test_stems(run: Run, tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.jsonl", [one for one in RECORDS if one["id"] in ENGLISH])
    exact = records_of(run("evaluate", "keywords", gold, "--method", "tfidf"))
    stemmed = records_of(run("evaluate", "keywords", gold, "--method", "tfidf", "--stem"))
    assert stemmed[0]["in_text"] > exact[0]["in_text"]
    assert all(one["f1_micro"] >= other["f1_micro"] for one, other in zip(stemmed, exact, strict=True))


def test_a_missing_stemmer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from textpipe.metrics import matching

    matching._stem.cache_clear()
    matching._stemmer.cache_clear()
    monkeypatch.setattr(matching, "find_spec", lambda _name: None)
    outcome = run("evaluate", "keywords", GOLD, "--stem")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines() == [
        "error: stemming needs snowballstemmer",
        "hint: pip install snowballstemmer, or match exactly",
    ]


def test_jobs_encodings_and_standard_input(run: Run, tmp_path: Path) -> None:
    expected = run("evaluate", "keywords", GOLD, "--quiet")
    assert expected.err == ""
    assert run("evaluate", "keywords", GOLD, "--quiet", "--jobs", 2).out == expected.out
    from_pipe = records_of(run("evaluate", "keywords", "-", stdin=GOLD.read_bytes()))
    assert [one | {"id": str(GOLD)} for one in from_pipe] == records_of(expected)
    gold = write(tmp_path / "gold.jsonl", RECORDS, "gb18030")
    outcome = run("evaluate", "keywords", gold)
    assert [one | {"id": str(GOLD)} for one in records_of(outcome)] == records_of(expected)
    assert "note: read as gb18030 (1 file)" in outcome.err


def test_texts_that_are_empty_long_or_odd(run: Run, tmp_path: Path) -> None:
    long = "石墨烯电池，" * 200_000
    texts = ["", " \n", "水", "😀\x00电极", "\ud800电极", long]
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps({"text": text, "keywords": ["电极"]}) + "\n\n" for text in texts))
    outcome = run("evaluate", "keywords", path, "-k", 3, "--method", "tfidf")
    (record,) = records_of(outcome)
    assert (record["documents"], record["in_text"], record["correct"]) == (6, 2, 2)
    assert f"note: no text in 2 of 6 documents: our methods find nothing there (first: {path}:1)" in outcome.err
    assert "6 skipped" not in outcome.err


def test_the_seed_and_the_number_of_draws(run: Run) -> None:
    first, again, other, more = (
        records_of(run("evaluate", "keywords", GOLD, "-k", 5, *options))
        for options in ((), ("--seed", 0), ("--seed", 1), ("--resamples", 20))
    )
    assert first == again
    assert other != first != more
    assert {one["f1_micro"] for one in first} == {one["f1_micro"] for one in other}
    assert more[1]["p_micro"] * 21 == pytest.approx(round(more[1]["p_micro"] * 21))


def test_formats(run: Run, tmp_path: Path) -> None:
    command = ("evaluate", "keywords", GOLD, "--method", "tfidf,textrank")
    records = records_of(run(*command))
    assert json.loads(run(*command, "--format", "json").out) == records
    tsv = tmp_path / "out.tsv"
    assert run(*command, "-o", tsv).out == ""
    header, *rows = (line.split("\t") for line in tsv.read_text("utf-8").splitlines())
    assert header == list(records[0])
    assert [row[:3] for row in rows] == [[one["id"], one["method"], str(one["k"])] for one in records]
    table = run(*command, "--format", "table").out
    assert table.count("│ textrank │ 10 │") == 3
    unbroken = "".join(table.split())
    assert "keywords-gold.jsonl:micro,recallatmost0." in unbroken
    assert "keywords-gold.jsonl:ranking" in unbroken
    assert "┃    map ┃   ndcg ┃" in table
    assert max(len(line) for line in table.splitlines() if line[0] in "┃│") < 80


def test_an_output_replaces_no_input(run: Run, tmp_path: Path) -> None:
    system = write(tmp_path / "system.jsonl", [{"id": one["id"], "keywords": []} for one in RECORDS])
    before = system.read_bytes()
    outcome = run("evaluate", "keywords", GOLD, "--system", f"none={system}", "-o", system, "--force")
    assert (outcome.code, system.read_bytes()) == (2, before)


def test_the_sample_is_in_order() -> None:
    """The shipped file is what its README says."""
    assert len(RECORDS) == 10
    assert len({one["id"] for one in RECORDS}) == 10
    assert all(list(one) == ["id", "text", "keywords"] for one in RECORDS)
    assert sum(len(one["keywords"]) for one in RECORDS) == 49
    assert [one["id"] for one in RECORDS if one["text"].isascii()] == list(ENGLISH)


def test_jieba_on_csl(run: Run, evaluation: Path) -> None:
    """What jieba.analyse's own lists score here: 14.04 and 10.58 percent."""
    gold = evaluation / "keywords" / "csl" / "dev.jsonl"
    tfidf, textrank = records_of(run("evaluate", "keywords", gold, "--method", "tfidf,textrank", "-k", 5))
    assert (tfidf["documents"], tfidf["gold"], tfidf["in_text"]) == (1000, 5212, 4458)
    assert tfidf["f1_micro"] == pytest.approx(0.1404, abs=5e-5)
    assert textrank["f1_micro"] == pytest.approx(0.1058, abs=5e-4)
    assert textrank["p_micro"] < 0.01
