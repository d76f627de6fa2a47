"""`textpipe train-classifier`, as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import DATA, Run
from tests.models import centroid
from textpipe.pipeline.classifier_stages import seen_texts
from textpipe.store.layout import Store
from textpipe.store.refs import resolve

NEWS = DATA / "news.tsv"
ARCH = ("--arch", "centroid")


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    centroid.register(monkeypatch)


def test_from_a_table_to_labels(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    outcome = run("train-classifier", NEWS, *ARCH, "--name", "news", *store)
    assert outcome.code == 0
    assert outcome.out.startswith("classifier/")
    data, scores, classify, evaluate = outcome.err.splitlines()
    assert data == "note: classifier: 252 texts of 6 labels, 42 of each; 25 held back"
    assert scores.startswith("note: accuracy 0.600 (95% interval 0.407 to 0.766), macro F1 0.572 on 25 held-back texts")
    assert classify == f"note: next: textpipe classify PATHS --model news --store {tmp_path / 'store'}"
    assert evaluate.startswith("note: next: textpipe evaluate classifier news LABELLED")
    again = run("train-classifier", NEWS, *ARCH, *store)
    assert again.out == outcome.out
    assert again.err.splitlines()[0] == scores, "it is found, and says the same of itself"
    assert run("train-classifier", NEWS, *ARCH, "--quiet", *store).err == ""
    assert json.loads(run("classify", NEWS, "--limit", "1", *store).out)["id"] == "travel-01"


def test_settings_reach_the_artifact(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    options = ("--unit", "word", "--seed", "4", "--set", "sharpness=3", "--set", "widths=[2, 3]", "--workers", "2")
    assert run("train-classifier", NEWS, *ARCH, *options, "--device", "cpu", "--no-hmm", *store).code == 0
    params = resolve(Store(tmp_path / "store"), "classifier/latest").manifest.params
    settings = {"sharpness": 3.0, "unit": "word", "widths": [2, 3], "freeze": False, "seed": 4}
    assert params["settings"] == settings
    assert (params["seed"], params["workers"], params["device"], params["hmm"]) == (4, 2, "cpu", False)


def test_folders_and_marked_lines_are_the_same_data(tmp_path: Path, run: Run) -> None:
    """A folder for each class, GBK among them, and fastText's lines: the same texts, the same hashes."""
    store = ("--store", tmp_path / "store")
    rows = {"体育": ["今晚的球赛十分精彩", "球队又赢了一场比赛"], "财经": ["股市今天又涨了不少", "基金经理的一天"]}
    for label, texts in rows.items():
        (tmp_path / "train" / label).mkdir(parents=True)
        for number, text in enumerate(texts):
            encoding = "gb18030" if number else "utf-8"
            (tmp_path / "train" / label / f"{number}.txt").write_text(text, encoding)
    marked = "".join(f"__label__{label} {text}\n" for label, texts in rows.items() for text in texts)
    (tmp_path / "train.txt").write_text(marked, "gb18030")
    table = "".join(f"{text},{label}\n" for label, texts in rows.items() for text in texts)
    (tmp_path / "train.csv").write_text(f"text,label\n{table}", "utf-8")
    found = []
    for name in ("train", "train.txt", "train.csv"):
        outcome = run("train-classifier", tmp_path / name, *ARCH, *store)
        assert outcome.code == 0, outcome.err
        assert "4 texts of 2 labels, 2 of each" in outcome.err
        assert ("read as gb18030" in outcome.err) == (name != "train.csv")
        found.append(seen_texts(resolve(Store(tmp_path / "store"), "classifier/latest")).tolist())
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 4


def test_held_back_files_and_leaks(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    lines = NEWS.read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "valid.tsv").write_text("".join(lines[:31]), "utf-8")
    outcome = run("train-classifier", NEWS, "--valid", tmp_path / "valid.tsv", *ARCH, *store)
    assert "30 held-back rows whose text is in training too" in outcome.err
    assert "on 30 held-back texts\n" in outcome.err, "not learned from afterwards"
    outcome = run("train-classifier", NEWS, "--valid", tmp_path / "valid.tsv", "--drop-leaks", *ARCH, *store)
    assert "left out of training, being held back too: 30" in outcome.err
    assert "flatters" not in outcome.err
    outcome = run("train-classifier", NEWS, "--valid", "0", *ARCH, *store)
    assert "nothing was held back, so nothing says how good it is" in outcome.err


def test_what_is_odd_is_told(tmp_path: Path, run: Run) -> None:
    table = (
        "text\tlabel\n" + "".join(f"文本{n}\tsports\n" for n in range(40)) + "".join(f"茶{n}\t茶\n" for n in range(9))
    )
    table += "球\tsprots\n没有\t\n\tsports\n文本0\tsports\n多\t余\t格\n"
    (tmp_path / "odd.tsv").write_text(table, "utf-8")
    outcome = run("train-classifier", tmp_path / "odd.tsv", *ARCH, "--store", tmp_path / "store")
    assert outcome.code == 0
    for said in (
        "left out: 1 more cells than the first row (2)",
        "1 row without a label, left out (first: odd.tsv:52)",
        "1 text empty, left out (first: odd.tsv:53)",
        "1 row with a text that an earlier one has (first: odd.tsv:54)",
        "labels that may be typos: 'sprots' (1) of 'sports' (41)",
        "1 label has one text only: 'sprots' (first: odd.tsv:51)",
    ):
        assert said in outcome.err
    assert outcome.err.count("\n") == 10


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--arch", "liner"), 2, "did you mean 'linear'"),
        ((*ARCH, "--set", "nonsense=1"), 2, "hint: one of: sharpness, unit, widths"),
        ((*ARCH, "--set", "sharpnes=1"), 2, "did you mean 'sharpness'"),
        ((*ARCH, "--set", "sharpness=abc"), 2, "a number from 0 to 1000"),
        ((*ARCH, "--set", "sharpness"), 2, "not a setting"),
        ((*ARCH, "--set", "=1"), 2, "not a setting"),
        ((*ARCH, "--set", "unit=word", "--unit", "char"), 2, "say different things"),
        ((*ARCH, "--unit", "both"), 2, "one of: word, char"),
        ((*ARCH, "--freeze"), 2, "--freeze is about --embeddings"),
        ((*ARCH, "--embeddings", "nothing"), 4, "textpipe train-embeddings PATHS makes one"),
        ((*ARCH, "--valid", "1.5"), 2, "no share"),
        ((*ARCH, "--valid", "-0.1"), 2, "no share"),
        ((*ARCH, "--valid", "nan"), 2, "no share"),
        ((*ARCH, "--valid", "missing.tsv"), 3, "no such file"),
        ((*ARCH, "--device", "gpu"), 2, "no device"),
        ((*ARCH, "--seed", "-1"), 2, "--seed"),
        ((*ARCH, "--name", "latest"), 2, "not a name"),
        ((*ARCH, "--resume", "--restart"), 2, "not both"),
        ((*ARCH, "--label-col", "kind"), 3, "no column 'kind'"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, run: Run, options: tuple[str, ...], code: int, said: str) -> None:
    outcome = run("train-classifier", NEWS, *options, "--store", tmp_path / "store")
    assert outcome.code == code
    assert said in outcome.err
    assert "hint: " in outcome.err or "a number" in outcome.err or "one of" in outcome.err
    assert not (tmp_path / "store" / "objects" / "classifier").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"text\tlabel\n", "no text found"),
        (b"text\tlabel\nx\ta\n", "a single text"),
        (b"text\tlabel\nx\ta\ny\ta\n", "all 2 texts have the label 'a'"),
        (b"text\tid\nx\ta\ny\tb\n", "no row has a label"),
        (b"text\tlabel\n\ta\n \tb\n", "all 2 texts are empty"),
        (b"text\tlabel\nx\0y\ta\nz\tb\n", "binary"),
    ],
)
def test_nothing_to_learn_from(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.tsv").write_bytes(content)
    outcome = run("train-classifier", "train.tsv", *ARCH, "--store", tmp_path / "store")
    assert outcome.code == 3
    assert said in outcome.err
    assert "hint: " in outcome.err
    assert "(train.tsv)" in outcome.err, "at the file as it was named, not at an artifact, nor elsewhere on the machine"
    assert not (tmp_path / "store" / "objects" / "classifier").exists()


def test_odd_labels_come_back_as_they_are(tmp_path: Path, run: Run) -> None:
    labels = ["a, b", "tab\there", "😀 x", "换\n行", '"quoted"', "__label__y"]
    rows = [{"text": f"{number} {label[:1]}", "label": label} for label in labels for number in range(4)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    store = ("--store", tmp_path / "store")
    assert run("train-classifier", tmp_path / "train.jsonl", *ARCH, *store).code == 0
    (record,) = map(json.loads, run("classify", "-", "-k", "9", *store, stdin=b"x").out.splitlines())
    assert sorted(one["label"] for one in record["labels"]) == sorted(labels)


def test_a_thousand_labels(tmp_path: Path, run: Run) -> None:
    rows = "".join(f"文本{chr(0x4E00 + n)}{k},label {n}\n" for n in range(1000) for k in range(2))
    (tmp_path / "train.csv").write_text(f"text,label\n{rows}", "utf-8")
    store = ("--store", tmp_path / "store")
    outcome = run("train-classifier", tmp_path / "train.csv", *ARCH, *store)
    assert outcome.code == 0
    assert "2,000 texts of 1,000 labels, 2 of each; 200 held back" in outcome.err


def test_embeddings_are_begun_with(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    (tmp_path / "vectors.txt").write_text("2 3\n茶 0.5 -1 2\n山 1 0 1\n", "utf-8")
    run("import", tmp_path / "vectors.txt", "--name", "tea", *store)
    outcome = run("train-classifier", NEWS, *ARCH, "--embeddings", "tea", "--freeze", *store)
    assert outcome.code == 0
    (call,) = centroid.Centroid.calls
    assert call["vectors"].words == ["茶", "山"]
    refused = run("train-classifier", NEWS, "--arch", "linear", "--embeddings", "tea", *store)
    assert refused.code == 2
    assert "linear has no use for --embeddings" in refused.err


def test_killed_and_run_again(tmp_path: Path, run: Run) -> None:
    """SIGKILL in the middle of training leaves no artifact; the same command makes it, also with --restart."""
    code = (
        "import sys, time; from tests.models import centroid; from textpipe.models import CLASSIFIERS\n"
        "CLASSIFIERS['centroid'] = 'tests.models.centroid:Centroid'\n"
        "def learn(self, documents): open(sys.argv[-1] + '.begun', 'w').close(); time.sleep(60)\n"
        "centroid.Centroid._learn = learn\n"
        "from textpipe.__main__ import main; sys.argv[0] = 'textpipe'; main()"
    )
    store = tmp_path / "store"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "train-classifier", str(NEWS), *ARCH, "--store", str(store)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(DATA.parent)},
    )
    deadline = time.monotonic() + 60
    while not Path(f"{store}.begun").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert Path(f"{store}.begun").exists()
    assert not (store / "objects" / "classifier").exists()
    assert run("classify", NEWS, "--store", store).code == 4
    outcome = run("train-classifier", NEWS, *ARCH, "--restart", "--store", store)
    assert outcome.code == 0
    assert outcome.out == run("train-classifier", NEWS, *ARCH, "--store", tmp_path / "other").out
