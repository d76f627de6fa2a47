"""`textpipe classify`, as it is typed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

import textpipe
from tests.conftest import DATA, Run
from tests.models import centroid

NEWS = DATA / "news.tsv"


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    centroid.register(monkeypatch)


@pytest.fixture
def store(tmp_path: Path, run: Run) -> str:
    """A store with a classifier of news."""
    found = str(tmp_path / "store")
    assert run("train-classifier", NEWS, "--arch", "centroid", "--name", "news", "--store", found).code == 0
    return found


def test_records(store: str, run: Run) -> None:
    outcome = run("classify", NEWS, "-k", "2", "--store", store)
    assert (outcome.code, outcome.err) == (0, "")
    records = [json.loads(line) for line in outcome.out.splitlines()]
    documents = list(textpipe.read(str(NEWS)))
    assert [record["id"] for record in records] == [document.id for document in documents]
    classifier = textpipe.load("news", store=store)
    texts = [document.text for document in documents]
    assert [record["label"] for record in records] == classifier.predict(texts)
    for record, row in zip(records, classifier.predict_proba(texts), strict=True):
        assert [one["score"] for one in record["labels"]] == pytest.approx(sorted(row.tolist())[:-3:-1], abs=1e-5)
        assert record["labels"][0] == {"label": record["label"], "score": record["score"]}


def test_standard_input_and_lines(store: str, run: Run) -> None:
    text = "球队赢了决赛\n股市今天大涨\n".encode()
    whole = run("classify", "-", "--store", store, stdin=text)
    assert [json.loads(line)["id"] for line in whole.out.splitlines()] == ["-"]
    lines = run("classify", "-", "--lines", "--model", "news", "--store", store, stdin=text)
    assert [json.loads(line)["id"] for line in lines.out.splitlines()] == ["-:1", "-:2"]
    gbk = run("classify", "-", "--lines", "--store", store, stdin=text.decode().encode("gb18030"))
    assert gbk.out == lines.out
    assert "read as gb18030" in gbk.err


def test_formats(store: str, run: Run, tmp_path: Path) -> None:
    arguments = ("classify", NEWS, "--limit", "3", "--store", store)
    rows = list(csv.reader(run(*arguments, "--format", "csv", "-k", "2").out.splitlines()))
    assert rows[0] == ["id", "label", "score", "label_2", "score_2"]
    assert [row[0] for row in rows[1:]] == ["travel-01", "technology-01", "health-01"]
    assert run(*arguments, "--format", "tsv").out.splitlines()[0] == "id\tlabel\tscore"
    table = run(*arguments, "--format", "table").out
    assert "travel-01" in table
    assert table.count("label") == 1, "one table for all"
    assert len(json.loads(run(*arguments, "--format", "json").out)) == 3
    assert run(*arguments, "-o", tmp_path / "labels.csv").code == 0
    assert (tmp_path / "labels.csv").read_text("utf-8").startswith("id,label,score\n")
    assert run(*arguments, "-o", tmp_path / "labels.csv").code == 5
    many = run("classify", NEWS, "-k", "99", "--limit", "1", "--format", "csv", "--store", store).out
    assert many.splitlines()[0].endswith("label_6,score_6"), "as many as there are"


def test_threshold(store: str, run: Run) -> None:
    outcome = run("classify", NEWS, "--threshold", "0.4", "--store", store)
    records = [json.loads(line) for line in outcome.out.splitlines()]
    without = [record for record in records if record["label"] is None]
    assert all((record["label"] is None) == (record["score"] < 0.4) for record in records)
    assert 0 < len(without) < len(records)
    assert f"note: no label for {len(without)} of 252 documents, below 0.4" in outcome.err
    assert outcome.code == 0
    nothing = run("classify", NEWS, "--threshold", "1", "--store", store)
    assert nothing.code == 1
    assert run("classify", NEWS, "--threshold", "1.5", "--store", store).code == 2
    row = run("classify", NEWS, "--threshold", "1", "--limit", "1", "--format", "tsv", "--store", store).out
    assert row.splitlines()[1].startswith("travel-01\t\t0.")


def test_without_a_classifier(tmp_path: Path, run: Run) -> None:
    nothing = run("classify", NEWS, "--store", tmp_path / "none")
    (tmp_path / "vectors.txt").write_text("1 1\n茶 1\n", "utf-8")
    run("import", tmp_path / "vectors.txt", "--name", "tea", "--store", tmp_path / "store")
    other = run("classify", NEWS, "--store", tmp_path / "store")
    for outcome in (nothing, other):
        assert outcome.code == 4
        assert "textpipe train-classifier LABELLED.tsv" in outcome.err
        assert "textpipe classify PATHS" in outcome.err
    wrong = run("classify", NEWS, "--model", "embeddings/tea", "--store", tmp_path / "store")
    assert (wrong.code, "is no classifier" in wrong.err) == (2, True)
    assert run("classify", NEWS, "--model", "tea", "--store", tmp_path / "store").code == 4


def test_what_was_read_before_an_error_comes_out(store: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text("text\n" + "茶\n" * 30 + '"never closed\n', "utf-8")
    outcome = run("classify", tmp_path / "long.csv", "--store", store)
    assert outcome.code == 3
    assert len(outcome.out.splitlines()) == 30
    table = run("classify", tmp_path / "long.csv", "--format", "table", "--store", store)
    assert table.out.count("long.csv:") == 30


def test_odd_texts(store: str, run: Run, tmp_path: Path) -> None:
    texts = ["", " ", "\u200b", "😀" * 1000, "x" * 200_000, "龘" * 3]
    (tmp_path / "odd.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    outcome = run("classify", tmp_path / "odd.jsonl", "--store", store)
    assert outcome.code == 0
    assert all(json.loads(line)["label"] for line in outcome.out.splitlines())
    (tmp_path / "long.txt").write_text("球队 " * 100_000, "utf-8")
    outcome = run("classify", tmp_path / "long.txt", "--store", store)
    assert len(outcome.out.splitlines()) == 1, "its pieces are one document"
    (tmp_path / "empty.txt").write_bytes(b"")
    assert run("classify", tmp_path / "empty.txt", "--store", store).code == 3
    assert run("classify", "--store", store).code == 2
    assert run("classify", NEWS, "--device", "tpu", "--store", store).code == 2


def test_a_tampered_classifier_is_refused(store: str, run: Run) -> None:
    (path,) = Path(store).glob("objects/classifier/*/centres.npy")
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    outcome = run("classify", NEWS, "--store", store)
    assert (outcome.code, outcome.out) == (4, "")
    assert "the content of centres.npy has changed" in outcome.err


def test_a_linear_classifier_predicts_without_what_it_was_trained_with(tmp_path: Path, run: Run) -> None:
    """The whole process, in a fresh interpreter."""
    store = str(tmp_path / "store")
    assert run("train-classifier", NEWS, "--arch", "linear", "--store", store).code == 0
    code = (
        "import sys; from textpipe.cli.process import run\n"
        f"code = run(['classify', '-', '--store', {store!r}])\n"
        "heavy = {'sklearn', 'scipy', 'torch', 'networkx', 'gensim', 'jieba', 'rich', 'pandas', 'charset_normalizer'}\n"
        "heavy |= {'importlib.metadata', 'multiprocessing'}\n"
        "sys.stderr.write(f'{code} {sorted(heavy & set(sys.modules))}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="球队赢了决赛".encode(), capture_output=True, check=True, timeout=120
    )
    assert json.loads(done.stdout)["label"] == "sports"
    assert done.stderr == b"0 []"
