"""`textpipe compare`, as it is typed."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import textpipe
from tests.conftest import DATA, Run
from textpipe.corpus.document import Document
from textpipe.errors import InputError, UsageError
from textpipe.operations.compare_classifiers import Comparison, Contender

LINES = (DATA / "news.tsv").read_text("utf-8").splitlines(keepends=True)


@pytest.fixture(scope="module", name="folder")
def folder_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store has two classifiers of the first 180 news: one of characters and one, worse, of words."""
    from textpipe.cli.process import run as run_line

    folder = tmp_path_factory.mktemp("compare")
    (folder / "train.tsv").write_text("".join(LINES[:181]), "utf-8")
    (folder / "few.tsv").write_text("".join(line for line in LINES[:181] if "\ttravel\t" not in line), "utf-8")
    (folder / "test.tsv").write_text("".join([LINES[0], *LINES[181:]]), "utf-8")
    for name, data, unit in (("a", "train", "char"), ("b", "train", "word"), ("few", "few", "char")):
        arguments = ["--arch", "linear", "--set", "C=1", "--set", f"unit={unit}", "--quiet", "--name", name]
        line = ["train-classifier", str(folder / f"{data}.tsv"), *arguments, "--store", str(folder / ".textpipe")]
        assert run_line(line) == 0
    return folder


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_a_record(run: Run, folder: Path) -> None:
    outcome = run("compare", "a", "b", "test.tsv", "--disagreements", "3")
    assert (outcome.code, outcome.err) == (0, "")
    record = json.loads(outcome.out)
    documents = list(textpipe.read(str(folder / "test.tsv")))
    texts = [document.text for document in documents]
    given = [textpipe.load(name, store=folder / ".textpipe").predict(texts) for name in ("a", "b")]
    right = [[one == document.label for one, document in zip(each, documents, strict=True)] for each in given]
    assert record["scores"]["accuracy"] == [round(sum(each) / 72, 6) for each in right]
    assert record["differences"]["accuracy"]["value"] == pytest.approx((sum(right[1]) - sum(right[0])) / 72, abs=1e-6)
    assert record["mcnemar"]["only_a"] == sum(x and not y for x, y in zip(*right, strict=True))
    apart = [place for place in range(72) if given[0][place] != given[1][place]]
    assert record["disagreements"] == len(apart)
    assert [one["id"] for one in record["shown"]] == [documents[place].id for place in apart[:3]]
    first = record["shown"][0]
    assert (first["a"], first["b"], first["gold"]) == (
        given[0][apart[0]],
        given[1][apart[0]],
        documents[apart[0]].label,
    )
    assert first["right"] == ("a" if right[0][apart[0]] else "b" if right[1][apart[0]] else "neither")
    assert (record["texts"], record["unlabelled"], record["seen"], record["identical"]) == (72, 0, [0, 0], False)


def test_all_disagreements_go_to_a_file(run: Run, folder: Path) -> None:
    total = json.loads(run("compare", "a", "b", "test.tsv").out)
    assert len(total["shown"]) == 10 < total["disagreements"]
    for name in ("all.csv", "all.json"):
        outcome = run("compare", "a", "b", "test.tsv", "-o", name, "--force")
        assert outcome.code == 0
        assert "note: 72 texts: accuracy " in outcome.err
    rows = list(csv.reader((folder / "all.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["id", "gold", "a", "score_a", "b", "score_b", "right", "text"]
    assert len(rows) == total["disagreements"] + 1
    assert len(json.loads((folder / "all.json").read_text("utf-8"))[0]["shown"]) == total["disagreements"]
    assert run("compare", "a", "b", "test.tsv", "-o", "all.csv").code == 5
    assert run("compare", "a", "b", "test.tsv", "-o", "test.tsv", "--force").code == 2


def test_tables(run: Run) -> None:
    table = run("compare", "a", "b", "test.tsv", "--format", "table").out
    for word in ("macro_f1", "B - A", "only A", "labels that differ", "disagreements, 10 of"):
        assert word in table


def test_failing_when_worse(run: Run) -> None:
    worse = run("compare", "a", "b", "test.tsv", "--fail-if-worse", "accuracy", "--fail-if-worse", "macro_f1")
    assert worse.code == 1
    assert "failed: accuracy of B is lower by " in worse.err
    assert "failed: macro_f1 of B is lower by " in worse.err
    assert len(worse.out.splitlines()) == 1, "the record is there all the same"
    assert run("compare", "b", "a", "test.tsv", "--fail-if-worse", "accuracy").code == 0
    assert run("compare", "a", "b", "test.tsv", "--fail-if-worse", "loss").code == 2


def test_the_same_classifier_twice(run: Run) -> None:
    outcome = run("compare", "a", "a", "test.tsv", "--fail-if-worse", "accuracy")
    record = json.loads(outcome.out)
    assert (outcome.code, record["identical"], record["disagreements"], record["mcnemar"]["p"]) == (0, True, 0, 1.0)
    assert "A and B are the same classifier" in outcome.err
    assert record["differences"]["macro_f1"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_labels_that_one_does_not_know(run: Run) -> None:
    outcome = run("compare", "few", "a", "test.tsv")
    record = json.loads(outcome.out)
    assert record["unknown"] == [{"travel": 12}, {}]
    assert "note: labels that A does not know, each row an error: 'travel' (12)" in outcome.err
    (travel,) = [one for one in record["labels"] if one["label"] == "travel"]
    assert (travel["f1_a"], travel["only_a"]) == (0.0, 0)


def test_what_was_learned_from_is_told(run: Run) -> None:
    outcome = run("compare", "a", "few", DATA / "news.tsv")
    assert json.loads(outcome.out)["seen"] == [180, 150]
    assert "note: A has learned from 180 of the 252 texts" in outcome.err
    assert run("compare", "a", "few", DATA / "news.tsv", "-q").err == ""


def test_data_that_is_of_no_use(run: Run, folder: Path) -> None:
    (folder / "odd.tsv").write_text("text\tlabel\n球队\tsports\n股市\t\n", "utf-8")
    one = run("compare", "a", "b", "odd.tsv")
    record = json.loads(one.out)
    assert (one.code, record["texts"], record["unlabelled"]) == (0, 1, 1)
    assert record["differences"]["accuracy"]["low"] is None
    assert "left out: 1 without a label" in one.err
    (folder / "none.tsv").write_text("text\tlabel\n股市\t\n", "utf-8")
    assert "no row has a label" in run("compare", "a", "b", "none.tsv").err
    (folder / "other.tsv").write_text("text\tlabel\n股市\tx\n", "utf-8")
    other = run("compare", "a", "b", "other.tsv")
    assert (other.code, other.out) == (3, "")
    assert "neither classifier knows any of the labels, as 'x'" in other.err
    assert run("compare", "a", "b").code == 2
    assert run("compare", "a").code == 2
    assert run("compare", "a", "nothing", "test.tsv").code == 4
    assert run("compare", "a", "b", "missing.tsv").code == 3


class Told:
    """A classifier of several labels a text that says what it is told to."""

    labels = ("finance", "sports", "travel")

    def __init__(self, answers: dict[str, tuple[str, ...]], label_sep: str = ";") -> None:
        self.config: Any = type("Config", (), {"label_sep": label_sep})()
        self.answers = answers

    def predict_labels(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        return [self.answers[text] for text in texts]

    def predict_proba(self, texts: Sequence[str]) -> Any:
        return np.array([[0.8 if label in self.answers[text] else 0.3 for label in self.labels] for text in texts])


def test_several_labels_a_text() -> None:
    """Labels are sets: all of them right, or the text is wrong."""
    documents = [Document("1", "球队", "travel;sports"), Document("2", "股市", "finance"), Document("3", "茶", "")]
    a: Any = Told({"球队": ("sports", "travel"), "股市": ("finance",), "茶": ()})
    b: Any = Told({"球队": ("sports",), "股市": (), "茶": ()})
    comparison = Comparison(Contender("a", a), Contender("b", b))
    assert list(comparison.add(documents)) == [3]
    record = comparison.record(identity="data")
    assert record["scores"]["accuracy"] == [1.0, round(1 / 3, 6)]
    assert [(one["a"], one["score_a"], one["b"], one["score_b"], one["right"]) for one in record["shown"]] == [
        ("sports;travel", 0.8, "sports", 0.8, "a"),
        ("finance", 0.8, "", 0.3, "a"),
    ]
    unknown = Comparison(Contender("a", a), Contender("b", b))
    list(unknown.add([Document("1", "茶", ""), Document("2", "股市", "zz;yy")]))
    with pytest.raises(InputError, match="neither classifier knows any of the labels, as 'yy'"):
        unknown.record(identity="data")
    other: Any = Told({}, ",")
    with pytest.raises(UsageError, match="different separators"):
        Comparison(Contender("a", a), Contender("b", other))
