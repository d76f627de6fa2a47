"""`textpipe train-embeddings`, as it is typed."""

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
from textpipe.embeddings.files import read_vectors
from textpipe.store.layout import Store
from textpipe.store.refs import resolve

NEWS = DATA / "news.tsv"
SMALL = ("--dim", "16", "--min-count", "2", "--epochs", "2", "--workers", "1")


def test_from_files_to_neighbours(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    outcome = run("train-embeddings", NEWS, DATA / "articles", "--name", "all", *SMALL, *store)
    assert outcome.code == 0
    assert outcome.out.startswith("embeddings/")
    first, last = outcome.err.splitlines()
    assert first.startswith("note: embeddings: 1,220 words, 10,146 tokens; engine native")
    assert last.startswith("note: embeddings: epoch 2 of 2: loss ")
    again = run("train-embeddings", NEWS, DATA / "articles", *SMALL, *store)
    assert (again.out, again.err) == (outcome.out, ""), "it is found"
    similar = json.loads(run("similar", "比赛", "--model", "all", "-k", "3", *store).out)
    assert similar["word"] == "比赛"
    assert len(similar["neighbours"]) == 3
    assert run("train-embeddings", NEWS, *SMALL, "--quiet", *store).err == ""


def test_settings_reach_the_artifact(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    options = ("--arch", "cbow", "--window", "3", "--negative", "7", "--sample", "0.01", "--lr", "0.1", "--seed", "4")
    rarer = ("--set", "negatives=pair", "--set", "power=0.5", "--set", "final_lr=0")
    assert run("train-embeddings", NEWS, *SMALL, *options, *rarer, *store).code == 0
    params = resolve(Store(tmp_path / "store"), "embeddings/latest").manifest.params
    expected = {"arch": "cbow", "dim": 16, "window": 3, "negative": 7, "sample": 0.01, "lr": 0.1, "seed": 4}
    expected |= {"negatives": "pair", "power": 0.5, "final_lr": 0.0, "min_count": 2, "epochs": 2, "workers": 1}
    assert expected.items() <= params.items()


def test_going_on_keeps_settings(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    run("train-embeddings", NEWS, "--name", "news", *SMALL, *store)
    assert run("train-embeddings", DATA / "articles", "--from", "news", "--epochs", "1", *store).code == 0
    artifact = resolve(Store(tmp_path / "store"), "embeddings/latest")
    assert artifact.manifest.params["dim"] == 16
    assert artifact.manifest.params["epochs"] == 1
    assert artifact.manifest.inputs["base"].artifact == resolve(Store(tmp_path / "store"), "news").address
    missing = run("train-embeddings", NEWS, "--from", "nothing", *store)
    assert missing.code == 4
    other = run("train-embeddings", NEWS, "--from", "news", "--dim", "8", *store)
    assert other.code == 2
    assert "--dim 16" in other.err


def test_a_tokens_artifact(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    first = run("train-embeddings", NEWS, *SMALL, *store).out
    assert run("train-embeddings", "--tokens", "tokens/latest", *SMALL, *store).out == first
    assert run("train-embeddings", NEWS, "--tokens", "tokens/latest", *SMALL, *store).code == 2
    assert run("train-embeddings", *SMALL, *store).code == 2


def test_a_dry_run_writes_nothing(tmp_path: Path, run: Run) -> None:
    store = tmp_path / "store"
    outcome = run("train-embeddings", NEWS, *SMALL, "--dry-run", "--store", store, "--format", "json")
    assert outcome.code == 0
    (plan,) = json.loads(outcome.out)
    assert not store.exists()
    assert (plan["tokens"], plan["words"], plan["engine"], plan["workers"]) == (6329, 738, "native", 1)
    assert 0.5 < plan["coverage"] < 0.7
    assert plan["memory"] > plan["disk"] > 738 * 16 * 4 * 2
    assert plan["seconds"] > 0
    assert "note: a dry run: nothing was written" in outcome.err
    run("train-embeddings", NEWS, *SMALL, "--store", store)
    artifact = resolve(Store(store), "embeddings/latest")
    size = sum(output.size for output in artifact.manifest.outputs.values())
    assert plan["disk"] == pytest.approx(size, rel=0.05)
    again = run(
        "train-embeddings", "--tokens", "tokens/latest", *SMALL, "--dry-run", "--store", store, "--format", "json"
    )
    assert json.loads(again.out)[0]["words"] == 738


def test_memory_bounds_the_words(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    assert run("train-embeddings", NEWS, *SMALL, "--max-memory", "65600K", *store).code == 0
    artifact = resolve(Store(tmp_path / "store"), "embeddings/latest")
    assert len(read_vectors(artifact).words) == artifact.manifest.params["max_words"] < 738
    for wrong in ("much", "1K", "-5M", "1e9"):
        assert run("train-embeddings", NEWS, *SMALL, "--max-memory", wrong, *store).code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--dim", "0"), "dim: a whole number from 1"),
        (("--sample", "nan"), "sample"),
        (("--epochs", "-1"), "epochs"),
        (("--set", "negative=3"), "not a setting"),
        (("--set", "power"), "not a setting"),
        (("--set", "negatives=none"), "negatives"),
        (("--set", "min_n=9"), "min_n"),
        (("--resume", "--restart"), "not both"),
        (("--loss", "hierarchical", "--engine", "native"), "hierarchical"),
        (("--engine", "native", "--device", "cuda"), "device"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, run: Run, options: tuple[str, ...], said: str) -> None:
    outcome = run("train-embeddings", NEWS, *options, "--store", tmp_path / "store")
    assert outcome.code == 2
    assert said in outcome.err


def test_nothing_to_learn_from(tmp_path: Path, run: Run) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "one.txt").write_text("茶 " * 100, "utf-8")
    (tmp_path / "rare.txt").write_text("天地玄黄", "utf-8")
    for name in ("empty", "one", "rare"):
        outcome = run("train-embeddings", tmp_path / f"{name}.txt", "--store", tmp_path / "store")
        assert outcome.code == 3, name
        assert "hint: " in outcome.err


def test_killed_and_gone_on(tmp_path: Path, run: Run) -> None:
    """SIGKILL in the middle; the same command ends with the bits of a run that nobody stopped."""
    text = tmp_path / "long.txt"
    text.write_text(NEWS.read_text("utf-8") * 20, "utf-8")
    arguments = ["train-embeddings", str(text), "--epochs", "12", "--dim", "64", "--workers", "1", "--min-count", "2"]
    code = (
        "import sys; from textpipe.store import checkpoint; from textpipe.__main__ import main; "
        "checkpoint._SAVE_EVERY = 0.0; sys.argv[0] = 'textpipe'; main()"
    )
    store = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--store", str(store)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not list(store.glob("work/*/*/state.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert list(store.glob("work/*/*/state.safetensors"))
    outcome = run(*arguments, "--resume", "--store", store)
    assert outcome.code == 0
    assert "goes on in epoch" in outcome.err
    assert run(*arguments, "--store", tmp_path / "other").out == outcome.out
    digests = {resolve(Store(folder), "embeddings/latest").manifest.digest for folder in (store, tmp_path / "other")}
    assert len(digests) == 1
