"""Several labels a text on the command line: train-classifier, classify, evaluate classifier."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sklearn import metrics as reference
from sklearn.preprocessing import MultiLabelBinarizer

import textpipe
from tests.conftest import DATA, Run
from tests.models import centroid
from textpipe.operations.train_classifier import Source, train_classifier
from textpipe.store.layout import Store
from textpipe.store.refs import resolve

TOPICS = DATA / "topics.tsv"
LINES = TOPICS.read_text("utf-8").splitlines(keepends=True)
SETTINGS = {"label_sep": ","}
TRAIN = ("train-classifier", "--arch", "linear", "--multi-label")


@pytest.fixture(scope="module", name="folder")
def folder_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that has a classifier of the first 70 topics, and the other 30 in a file."""
    folder = tmp_path_factory.mktemp("topics")
    (folder / "train.tsv").write_text("".join(LINES[:71]), "utf-8")
    (folder / "test.tsv").write_text("".join([LINES[0], *LINES[71:]]), "utf-8")
    source = Source([str(folder / "train.tsv")])
    train_classifier(Store(folder / "store"), source, params={"arch": "linear", "settings": SETTINGS}, name="topics")
    return folder


def test_what_is_told_and_kept(tmp_path: Path, run: Run) -> None:
    outcome = run(*TRAIN, TOPICS, "--name", "topics", "--store", tmp_path / "store")
    assert outcome.code == 0
    data, scores, *_ = outcome.err.splitlines()
    assert data.startswith(
        "note: classifier: 100 texts of 6 labels, 1.42 a text (6 without any), 28 of 'economy' to 21"
    )
    assert scores.startswith("note: micro F1 0.")
    assert "all labels right" in scores
    assert "on 10 held-back texts, before it learned from these too" in scores
    manifest = resolve(Store(tmp_path / "store"), "classifier/topics").manifest
    assert manifest.params["settings"]["label_sep"] == ","
    assert manifest.metrics["calibration"].keys() == {"ece_before", "ece_after"}
    assert manifest.metrics["valid"].keys() >= {"subset_accuracy", "hamming_loss", "mean_average_precision", "ece"}
    assert manifest.metrics["data"]["labels"]["economy"] == 28
    assert manifest.metrics["data"]["judging"] == 10


def test_tables_marked_lines_and_lists_are_the_same_data(tmp_path: Path, run: Run) -> None:
    rows: list[tuple[str, tuple[str, ...]]] = [
        ("球队赢了比赛", ("a", "b")),
        ("股市今天上涨", ("c",)),
        ("今天天气晴朗", ()),
        ("球队股市", ("b", "c")),
        ("比赛上涨", ("a",)),
    ]
    table = "".join(f"{text},{' ; '.join(own)}\n" for text, own in rows)
    (tmp_path / "t.csv").write_text(f"text,label\n{table}", "utf-8")
    marked = (" ".join([*(f"__label__{one}" for one in own or ("",)), text]) for text, own in rows)
    (tmp_path / "t.txt").write_text("\n".join(marked), "utf-8")
    records = (json.dumps({"text": text, "label": list(own)}) + "\n" for text, own in rows)
    (tmp_path / "t.jsonl").write_text("".join(records), "utf-8")
    found = []
    for name in ("t.csv", "t.txt", "t.jsonl"):
        outcome = run(*TRAIN, tmp_path / name, "--label-sep", ";", "--store", tmp_path / "store")
        assert outcome.code == 0, outcome.err
        assert "5 texts of 3 labels, 1.20 a text (1 without any), 2 of each" in outcome.err
        artifact = resolve(Store(tmp_path / "store"), "classifier/latest")
        names = ("weights.npy", "classifier.json", "seen.npy")
        found.append({one: (artifact.folder / one).read_bytes() for one in names})
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--label-sep", ";"), 2, "--label-sep is about --multi-label"),
        (("--multi-label", "--label-sep", ""), 2, "nothing cannot stand between labels"),
        (("--multi-label", "--label-sep", "\n"), 2, "cannot stand between labels"),
        (("--multi-label", "--label-sep", "x" * 17), 2, f"label_sep: '{'x' * 17}' cannot stand between labels"),
        (("--multi-label", "--label-sep", "\udcff"), 2, "label_sep: '\\udcff' cannot stand between labels"),
        (("--multi-label", "--arch", "centroid"), 2, "the architecture centroid learns one label a text"),
        (("--multi-label", "--set", "model=logistic", "--set", "multiclass=softmax"), 2, "one label, not several"),
        (("--multi-label", "--set", "label_sep=|"), 2, "--label-sep and --set label_sep= say different things"),
    ],
)
def test_wrong_options(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int, said: str
) -> None:
    centroid.register(monkeypatch)
    outcome = run("train-classifier", TOPICS, "--arch", "linear", *options, "--store", tmp_path / "store")
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err
    assert "hint: " in outcome.err
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("球队\t\n股市\t\n", "the labels of all 2 texts are empty"),
        ("球队\t , \n股市\t,\n", "the labels of all 2 texts are empty"),
        ("球队\ta\n股市\t\n", "'a' is the only label"),
        ("球队\ta,a\n股市\ta\n", "'a' is the only label"),
        ("球队\n股市\n", "no row has a label"),
        ("\ta\n\tb\n", "all 2 texts are empty"),
        ("", "no text found"),
    ],
)
def test_what_nothing_can_be_learned_from(tmp_path: Path, run: Run, content: str, said: str) -> None:
    (tmp_path / "t.tsv").write_text(f"text\tlabel\n{content}", "utf-8")
    outcome = run(*TRAIN, tmp_path / "t.tsv", "--store", tmp_path / "store")
    assert (outcome.code, outcome.out) == (3, "")
    assert said in outcome.err
    assert "hint: " in outcome.err


def test_what_is_odd_is_told(tmp_path: Path, run: Run) -> None:
    rows = "球队赢了\ta, a,every\n股市涨了\t,b,every\n电影票房\t every , b\n缺标签\n球队赢了\tevery\n演员\tA,every\n"
    (tmp_path / "t.tsv").write_text(f"text\tlabel\n{rows}", "utf-8")
    (tmp_path / "v.tsv").write_text("text\tlabel\n新闻\tb,zz\n演员\tA\n没有\t\n", "utf-8")
    outcome = run(*TRAIN, tmp_path / "t.tsv", "--valid", tmp_path / "v.tsv", "--store", tmp_path / "store")
    assert outcome.code == 0, outcome.err
    for said in (
        "5 texts of 4 labels, 1.80 a text, 5 of 'every' to 1 of 'a'; 3 held back",
        "1 row without a label, left out (first: t.tsv:5)",
        "1 row with a text that an earlier one has (first: t.tsv:6)",
        "1 row with a text that an earlier one has under another label",
        "1 row with the same label twice, which counts once (first: t.tsv:2)",
        "1 row with a separator beside which a label is missing, passed over (first: t.tsv:3)",
        "on every text, so that nothing tells where it is not: 'every'",
        "labels that differ only in case, width or white space: 'A' (1) and 'a' (1)",
        "1 held-back row whose text is in training too",
        "1 held-back row whose text has another label in training",
        "1 held-back row has a label that training has not, which is passed over: 'zz' (first: v.tsv:2)",
        "on 3 held-back texts\n",
    ):
        assert said in outcome.err, outcome.err


def test_another_separator_is_guessed(tmp_path: Path, run: Run) -> None:
    (tmp_path / "t.tsv").write_text("text\tlabel\n球队\ta;b\n股市\tc;a\n", "utf-8")
    outcome = run(*TRAIN, tmp_path / "t.tsv", "--store", tmp_path / "store")
    assert "no text has two labels: is ',' what separates them; some have ';' in them?" in outcome.err


def test_folders_and_bad_lines(tmp_path: Path, run: Run) -> None:
    for name, text in {"a/1": "球队", "b/1": "股市", "a,b/1": "球队股市", "x": "没有"}.items():
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / f"{name}.txt").write_text(text, "utf-8")
    store = ("--store", tmp_path / "store")
    outcome = run(*TRAIN, tmp_path / "data", *store)
    assert outcome.code == 0
    assert "3 texts of 2 labels, 1.33 a text, 2 of each" in outcome.err
    assert "1 row without a label, left out (first: x.txt)" in outcome.err
    for content, said in (
        ("__label__a,b 球\n__label__c 股\n", "the label 'a,b' holds the separator ','"),
        ("__label__a 球 __label__b 队\n", "in the middle of a text"),
    ):
        (tmp_path / "t.txt").write_text(content, "utf-8")
        outcome = run(*TRAIN, tmp_path / "t.txt", *store)
        assert (outcome.code, said in outcome.err, "t.txt:1" in outcome.err) == (3, True, True)
    lists = {"球队": ["a", "b"], "股": ["a,b"], "股市": ["a"]}
    lines = (json.dumps({"text": text, "label": own}) + "\n" for text, own in lists.items())
    (tmp_path / "t.jsonl").write_text("".join(lines), "utf-8")
    outcome = run(*TRAIN, tmp_path / "t.jsonl", *store)
    assert "left out: 1 label that holds the separator" in outcome.err


def test_labels_over_their_thresholds(folder: Path, run: Run) -> None:
    store = ("--store", folder / "store")
    outcome = run("classify", folder / "test.tsv", *store)
    assert outcome.code == 0
    records = [json.loads(line) for line in outcome.out.splitlines()]
    model = textpipe.load("topics", store=str(folder / "store"))
    documents = list(textpipe.read(str(folder / "test.tsv")))
    found = model.predict_labels([one.text for one in documents])
    assert [tuple(one["label"] for one in record["labels"]) for record in records] == found
    assert {len(one) for one in found} >= {0, 1, 2}
    probabilities = model.predict_proba([one.text for one in documents])
    for record, row in zip(records, probabilities, strict=True):
        assert record["label"] == (record["labels"][0]["label"] if record["labels"] else None)
        best = max(row) if not record["labels"] else row[model.labels.index(record["label"])]
        assert record["score"] == pytest.approx(float(best), abs=1e-5)
    without = sum(not one for one in found)
    assert f"note: no label for {without} of 30 documents, below their thresholds" in outcome.err


def test_threshold_and_top(folder: Path, run: Run) -> None:
    arguments = ("classify", folder / "test.tsv", "--store", folder / "store")
    every = [json.loads(line) for line in run(*arguments, "--threshold", "0").out.splitlines()]
    assert {len(one["labels"]) for one in every} == {6}
    for record in every:
        scores = [one["score"] for one in record["labels"]]
        assert scores == sorted(scores, reverse=True)
    two = [json.loads(line) for line in run(*arguments, "--threshold", "0", "-k", "2").out.splitlines()]
    assert [one["labels"] for one in two] == [one["labels"][:2] for one in every]
    half = [json.loads(line) for line in run(*arguments, "--threshold", "0.5").out.splitlines()]
    assert [one["labels"] for one in half] == [[two for two in one["labels"] if two["score"] >= 0.5] for one in every]
    none = run(*arguments, "--threshold", "1")
    assert none.code == 1
    assert {json.loads(line)["label"] for line in none.out.splitlines()} == {None}
    nothing = run("classify", "-", "--store", folder / "store", stdin="呜呼".encode())
    assert (nothing.code, json.loads(nothing.out)["labels"]) == (0, []), "no label is an answer"


def test_formats(folder: Path, run: Run) -> None:
    arguments = ("classify", folder / "test.tsv", "--store", folder / "store", "--quiet")
    records = [json.loads(line) for line in run(*arguments).out.splitlines()]
    rows = list(csv.DictReader(run(*arguments, "--format", "csv").out.splitlines()))
    assert list(rows[0]) == ["id", "label", "score", "labels", "scores"]
    assert [row["labels"] for row in rows] == [",".join(one["label"] for one in record["labels"]) for record in records]
    assert [row["label"] for row in rows] == [record["label"] or "" for record in records]
    table = run(*arguments, "--format", "table").out
    assert "labels" in table
    assert rows[0]["labels"] in table


def test_scores_are_those_of_scikit_learn(folder: Path, run: Run) -> None:
    outcome = run("evaluate", "classifier", "topics", folder / "test.tsv", "--store", folder / "store")
    assert (outcome.code, outcome.err) == (0, "")
    record = json.loads(outcome.out)
    model = textpipe.load("topics", store=str(folder / "store"))
    documents = list(textpipe.read(str(folder / "test.tsv")))
    binary = MultiLabelBinarizer(classes=model.labels)
    gold = binary.fit_transform([[label for label in (one.label or "").split(",") if label] for one in documents])
    given = binary.transform(model.predict_labels([one.text for one in documents]))
    probabilities = model.predict_proba([one.text for one in documents])
    scores = record["scores"]
    assert (record["texts"], record["unlabelled"], record["seen"]) == (30, 0, 0)
    for average in ("micro", "macro", "weighted"):
        assert scores[f"{average}_f1"] == pytest.approx(reference.f1_score(gold, given, average=average), abs=1e-6)
    assert scores["subset_accuracy"] == pytest.approx(reference.accuracy_score(gold, given), abs=1e-6)
    assert scores["hamming_loss"] == pytest.approx(reference.hamming_loss(gold, given), abs=1e-6)
    ranked = reference.average_precision_score(gold, probabilities, average="macro")
    assert scores["mean_average_precision"] == pytest.approx(ranked, abs=1e-6)
    assert [one["label"] for one in record["classes"]] == list(model.labels)
    assert [one["threshold"] for one in record["classes"]] == pytest.approx(model.thresholds, abs=1e-6)
    assert record["confusions"] == []
    assert sum(one["texts"] for one in record["calibration"]) == 30 * 6
    for error in record["errors"]:
        assert (error["wrong"] in error["gold"].split(",")) != (error["wrong"] in error["label"].split(","))
    assert record["intervals"].keys() == {"subset_accuracy", "micro_f1", "macro_f1"}


def test_bars_seen_texts_and_unknown_labels(folder: Path, tmp_path: Path, run: Run) -> None:
    arguments = ("evaluate", "classifier", "topics", "--store", folder / "store")
    outcome = run(*arguments, folder / "test.tsv", "--fail-under", "micro_f1=0.99", "--fail-under", "subset_accuracy=0")
    assert outcome.code == 1
    assert "failed: micro_f1" in outcome.err
    for wrong, said in (("accuracy=0.5", "not of a classifier like this"), ("hamming_loss=0.5", "no such measure")):
        outcome = run(*arguments, folder / "test.tsv", "--fail-under", wrong)
        assert (outcome.code, said in outcome.err) == (2, True)
    outcome = run(*arguments, TOPICS, "--format", "table", "--errors-shown", "1")
    assert "it has learned from 70 of the 100 texts; on the other 30: micro F1" in outcome.err
    for part in ("average_precision", "threshold", "decisions", "wrong"):
        assert part in outcome.out
    (tmp_path / "t.tsv").write_text("text\tlabel\n公交线路\ttraffic,weather\n放风筝\t\n没有\n", "utf-8")
    outcome = run(*arguments, tmp_path / "t.tsv")
    record = json.loads(outcome.out)
    assert (record["texts"], record["unlabelled"], record["unknown"]) == (2, 1, {"weather": 1})
    assert "labels that the classifier does not know, each an error: 'weather' (1)" in outcome.err
    (tmp_path / "t.tsv").write_text("text\tlabel\n下雨\tweather\n", "utf-8")
    outcome = run(*arguments, tmp_path / "t.tsv")
    assert (outcome.code, "knows none of the labels, as 'weather'" in outcome.err) == (3, True)
    marked = run(*arguments, "-", stdin="__label__traffic __label__health 公交\n__label__ 风筝\n".encode())
    assert json.loads(marked.out)["texts"] == 2
