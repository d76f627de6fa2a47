"""`textpipe export --format onnx`, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DATA, ROOT, Run

pytest.importorskip("onnx", reason="needs onnx: pip install 'textpipe-zh[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install 'textpipe-zh[onnx]'")

NEWS = DATA / "news.tsv"
LINEAR = ("--arch", "linear", "--set", "C=1.0", "--valid", "0", "--quiet")


@pytest.fixture(scope="module", name="kept")
def kept_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a classifier and with word vectors."""
    from textpipe.cli.process import run as run_line

    store = tmp_path_factory.mktemp("stores") / "store"
    assert run_line(["train-classifier", str(NEWS), *LINEAR, "--name", "news", "--store", str(store)]) == 0
    assert run_line(["import", str(DATA / "word-vectors.txt"), "--name", "words", "--store", str(store)]) == 0
    return store


def about(path: Path) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found: dict[str, Any] = json.loads(session.get_modelmeta().custom_metadata_map["textpipe"])
    return found


def test_a_file_and_what_is_told_of_it(kept: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "news.onnx"
    outcome = run("export", "news", "--format", "onnx", "-o", file, "--store", kept)
    assert (outcome.code, outcome.out) == (0, "")
    size, compared, speed = outcome.err.splitlines()
    assert size == f"note: {file.stat().st_size / 1e6:.2f} MB"
    assert compared.startswith("note: compared on 428 texts: probabilities differ by ")
    assert compared.endswith("at most, all labels are the same")
    assert speed.startswith("note: onnxruntime ")
    found = about(file)
    assert found["labels"] == ["education", "finance", "health", "sports", "technology", "travel"]
    assert found["check"]["texts"] == 428
    assert found["check"]["largest_difference"] < 1e-6
    assert found["artifact"].startswith("classifier/")


def test_standard_output_has_the_same_bytes(kept: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "textpipe", "export", "news", "--format", "onnx", "-q", "--store", str(kept)]
    written = subprocess.run([*arguments, "-o", "-"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run([*arguments, "-o", str(tmp_path / "a.onnx")], cwd=ROOT, check=True)
    assert (tmp_path / "a.onnx").read_bytes() == written
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*arguments, "-o", "-"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 5
    assert b"No space left on device" in done.stderr


def test_texts_of_ones_own_and_int8(kept: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "news.onnx"
    arguments = ("export", "news", "--format", "onnx", "--int8", "--check", NEWS, "-o", file, "--store", kept)
    outcome = run(*arguments)
    assert outcome.code == 0
    assert " MB without int8" in outcome.err
    assert "note: compared on 252 texts: " in outcome.err
    assert about(file)["int8"] is True
    before = file.read_bytes()
    outcome = run(*arguments)
    assert (outcome.code, outcome.err.splitlines()[1]) == (5, "hint: add --force to replace it")
    assert file.read_bytes() == before
    assert run(*arguments, "--force", "-q").code == 0


def test_what_is_not_the_classifier_is_not_kept(
    kept: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textpipe.models.onnx import check

    monkeypatch.setattr(check, "NEAR", -1.0)
    outcome = run("export", "news", "--format", "onnx", "-o", tmp_path / "news.onnx", "--store", kept)
    assert outcome.code == 2
    assert outcome.err.startswith("error: the graph is not the classifier: probabilities differ by ")
    assert not list(tmp_path.iterdir())


def test_bad_requests(kept: Path, run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    file = tmp_path / "x"
    cases: list[tuple[tuple[object, ...], int, str]] = [
        (("news", "--format", "glove", "-o", file), 2, "error: 'news' is a classifier, which glove is no format of"),
        (("words", "--format", "onnx", "-o", file), 2, "error: 'words' is word vectors, which onnx is no format of"),
        (("embeddings/words", "--format", "onnx", "-o", file), 2, "error: 'embeddings/words' is word vectors"),
        (("nothing", "--format", "onnx", "-o", file), 4, "error: no classifier artifact 'nothing'"),
        (("news", "--format", "tflite", "-o", file), 2, "error: Invalid value for '--format': 'tflite'"),
        (("news", "--format", "onnx", "-o", tmp_path), 5, "error: a directory cannot be replaced by a file"),
        (("news", "--format", "onnx", "-o", tmp_path / "no" / "x"), 5, "error: the folder does not exist"),
        (("news", "--format", "onnx", "-o", "/dev/full"), 5, "error: a character device cannot be replaced"),
        (("news", "--format", "onnx", "-o", "x.gz"), 2, "error: files are written as they are"),
        (("news", "--format", "onnx", "--check", "nix", "-o", file), 3, "error: no such file"),
        (("news", "--format", "onnx", "--check", empty, "-o", file), 3, "error: the file is empty"),
        (("words", "--format", "glove", "--int8", "-o", file), 2, "error: --int8 is about classifiers"),
        (("words", "--format", "glove", "--check", NEWS, "-o", file), 2, "error: --check is about classifiers"),
    ]
    for arguments, code, error in cases:
        outcome = run("export", *arguments, "--store", kept)
        assert (outcome.code, outcome.out) == (code, ""), arguments
        assert outcome.err.startswith(error), outcome.err
        assert not file.exists()
    outcome = run("export", "news", "--format", "onnx", "-o", file, "--store", tmp_path / "none")
    assert (outcome.code, outcome.err.splitlines()[0]) == (4, f"error: there is no store ({tmp_path / 'none'})")


def test_without_the_extra(kept: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from textpipe.models import onnx

    monkeypatch.setattr(onnx, "find_spec", lambda _name: None)
    outcome = run("export", "news", "--format", "onnx", "-o", tmp_path / "x", "--store", kept)
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        "error: --format onnx needs onnx and onnxruntime, which are not installed",
        "hint: pip install 'textpipe-zh[onnx]'",
    ]
    assert not list(tmp_path.iterdir())


def test_a_damaged_artifact(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert run("train-classifier", NEWS, *LINEAR, "--name", "news", "--store", store).code == 0
    weights = next(store.rglob("weights.npy"))
    weights.chmod(0o644)
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    outcome = run("export", "news", "--format", "onnx", "-o", tmp_path / "x", "--store", store)
    assert outcome.code == 4
    assert not (tmp_path / "x").exists()
