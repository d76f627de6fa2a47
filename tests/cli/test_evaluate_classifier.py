"""`textpipe evaluate classifier`, as it is typed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sklearn import metrics as reference

import textpipe
from tests.conftest import DATA, Run
from tests.models import centroid

NEWS = DATA / "news.tsv"
LINES = NEWS.read_text("utf-8").splitlines(keepends=True)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    centroid.register(monkeypatch)


@pytest.fixture
def store(tmp_path: Path, run: Run) -> str:
    """A store with a classifier of the first 200 news."""
    (tmp_path / "train.tsv").write_text("".join(LINES[:201]), "utf-8")
    found = str(tmp_path / "store")
    arguments = ("--arch", "centroid", "--name", "news", "--store", found)
    assert run("train-classifier", tmp_path / "train.tsv", *arguments).code == 0
    return found


@pytest.fixture
def test_file(tmp_path: Path) -> Path:
    """52 news that it has not seen."""
    (tmp_path / "test.tsv").write_text("".join([LINES[0], *LINES[201:]]), "utf-8")
    return tmp_path / "test.tsv"


def test_scores_are_those_of_scikit_learn(store: str, test_file: Path, run: Run) -> None:
    outcome = run("evaluate", "classifier", "news", test_file, "--store", store)
    assert (outcome.code, outcome.err) == (0, "")
    record = json.loads(outcome.out)
    documents = list(textpipe.read(str(test_file)))
    gold = [document.label for document in documents]
    classifier = textpipe.load("news", store=store)
    guesses = classifier.predict([document.text for document in documents])
    assert (record["id"], record["texts"]) == (str(test_file), 52)
    assert record["scores"]["accuracy"] == pytest.approx(reference.accuracy_score(gold, guesses), abs=1e-6)
    assert record["scores"]["macro_f1"] == pytest.approx(reference.f1_score(gold, guesses, average="macro"), abs=1e-6)
    low, high = record["intervals"]["macro_f1"]
    assert low < record["scores"]["macro_f1"] < high
    matrix = reference.confusion_matrix(gold, guesses, labels=classifier.labels)
    for one in record["confusions"]:
        places = [classifier.labels.index(one[name]) for name in ("gold", "predicted")]
        assert one["texts"] == matrix[places[0], places[1]]
    assert sum(one["texts"] for one in record["confusions"]) == sum(g != p for g, p in zip(gold, guesses, strict=True))
    assert sum(one["texts"] for one in record["calibration"]) == 52
    errors = record["errors"]
    assert [one["score"] for one in errors] == sorted((one["score"] for one in errors), reverse=True)
    assert errors[0]["source"].startswith(f"{test_file}:")
    assert errors[0]["gold"] != errors[0]["label"]
    assert (record["seen"], record["unseen"]) == (0, None)


def test_texts_that_were_learned_from(store: str, test_file: Path, run: Run) -> None:
    outcome = run("evaluate", "classifier", "news", NEWS, "--store", store)
    record = json.loads(outcome.out)
    assert record["seen"] == 200
    assert record["unseen"]["texts"] == 52
    alone = json.loads(run("evaluate", "classifier", "news", test_file, "--store", store).out)
    assert record["unseen"]["scores"] == alone["scores"]
    assert "note: it has learned from 200 of the 252 texts; on the other 52: accuracy" in outcome.err


def test_under_the_bar(store: str, test_file: Path, run: Run) -> None:
    arguments = ("evaluate", "classifier", "news", test_file, "--store", store, "--fail-under")
    assert run(*arguments, "macro_f1=0.1", "--fail-under", "accuracy=0").code == 0
    outcome = run(*arguments, "macro_f1=0.999")
    assert outcome.code == 1
    score = json.loads(outcome.out)["scores"]["macro_f1"]
    assert f"failed: macro_f1 {score:.6g} is under 0.999, by {0.999 - score:.2g} (52 texts)" in outcome.err
    for wrong, said in (
        ("macro_f2=0.5", "did you mean 'macro_f1'"),
        ("macro_f1", "a number from 0 to 1"),
        ("macro_f1=x", "a number from 0 to 1"),
        ("macro_f1=90", "a number from 0 to 1"),
        ("ece=0.1", "no such measure"),
    ):
        outcome = run(*arguments, wrong)
        assert (outcome.code, said in outcome.err) == (2, True), wrong


def test_formats(store: str, test_file: Path, run: Run) -> None:
    arguments = ("evaluate", "classifier", "latest", test_file, "--store", store, "--format")
    rows = list(csv.DictReader(run(*arguments, "csv").out.splitlines()))
    assert [row["name"] for row in rows if row["kind"] == "measure"][:2] == ["accuracy", "macro_precision"]
    classes = {row["name"]: row for row in rows if row["kind"] == "class"}
    assert sum(int(row["support"]) for row in classes.values()) == 52
    assert len({len(row) for row in rows}) == 1
    table = run(*arguments, "table").out
    for part in ("52 texts", "macro_f1", "classes", "confusions", "calibration", "worst errors"):
        assert part in table
    (record,) = json.loads(run(*arguments, "json", "--errors-shown", "2").out)
    assert len(record["errors"]) == 2


def test_labels_that_it_does_not_know(store: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "other.tsv").write_text("".join([*LINES[:9], "x\tweather\t今天下雨\n", "y\t\t没有标签\n"]), "utf-8")
    outcome = run("evaluate", "classifier", "news", tmp_path / "other.tsv", "--store", store)
    record = json.loads(outcome.out)
    assert (record["texts"], record["unlabelled"], record["unknown"]) == (9, 1, {"weather": 1})
    assert "note: left out: 1 row without a label" in outcome.err
    assert "note: labels that the classifier does not know, each row an error: 'weather' (1)" in outcome.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text\tlabel\n茶\tweather\n", "knows none of the labels, as 'weather'"),
        ("text\tid\n茶\t1\n", "no row has a label"),
        ("", "empty"),
    ],
)
def test_nothing_to_be_judged_by(store: str, tmp_path: Path, run: Run, content: str, said: str) -> None:
    (tmp_path / "data.tsv").write_text(content, "utf-8")
    outcome = run("evaluate", "classifier", "news", tmp_path / "data.tsv", "--store", store)
    assert (outcome.code, outcome.out) == (3, "")
    assert said in outcome.err
    assert "hint: " in outcome.err


def test_folders_and_standard_input(store: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "data" / "sports").mkdir(parents=True)
    (tmp_path / "data" / "sports" / "a.txt").write_text("球队赢了决赛", "utf-8")
    folder = json.loads(run("evaluate", "classifier", "news", tmp_path / "data", "--store", store).out)
    marked = "__label__sports 球队赢了决赛\n".encode()
    lines = json.loads(run("evaluate", "classifier", "news", "-", "--store", store, stdin=marked).out)
    assert folder["classes"] == lines["classes"]
    assert lines["texts"] == 1


def test_names(store: str, run: Run) -> None:
    assert run("evaluate", "classifier", "nothing", NEWS, "--store", store).code == 4
    assert run("evaluate", "classifier", "corpus/latest", NEWS, "--store", store).code == 2
    assert run("evaluate", "classifier", "news", "--store", store).code == 2
    assert run("evaluate", "classifier", "--store", store).code == 2
