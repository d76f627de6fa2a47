"""Runs and dry runs: what is found, what is made, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.store.making import snapshot
from textpipe.errors import UsageError
from textpipe.pipeline.file import read_pipeline
from textpipe.pipeline.plan import plan_steps, run_steps
from textpipe.store.layout import Store
from textpipe.store.objects import remove
from textpipe.store.refs import resolve

PIPELINE = '[corpus]\nfiles = "a.txt"\nlines = true\n[tokens]\n[vocabulary]\n[idf]\n[keywords]\n'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "p.toml").write_text(PIPELINE)
    (tmp_path / "a.txt").write_text("北京大学的学生\n清华大学的学生\n")
    return Store(tmp_path / "store")


def ran(store: Store, *settings: str, only: tuple[str, ...] = (), force: tuple[str, ...] = ()) -> dict[str, str]:
    steps = read_pipeline(str(store.path.parent / "p.toml"), settings=settings)
    return {o.step.name: o.state for o in run_steps(steps, store, prefix="p", only=only, force=force)}


def planned(store: Store, *settings: str, only: tuple[str, ...] = (), force: tuple[str, ...] = ()) -> dict[str, str]:
    steps = read_pipeline(str(store.path.parent / "p.toml"), settings=settings)
    outcomes = plan_steps(steps, store, prefix="p", only=only, force=force)
    return {o.step.name: f"{o.state}: {o.why}" if o.why else o.state for o in outcomes}


def test_made_then_found(store: Store) -> None:
    assert set(planned(store).values()) == {"to make: never made before"} | {
        f"to make: its input {name} is to be made" for name in ("corpus", "tokens", "corpus, idf")
    }
    assert not store.path.exists()
    assert set(ran(store).values()) == {"made"}
    before = snapshot(store.path)
    assert set(ran(store).values()) == {"found"}
    assert set(planned(store).values()) == {"found"}
    assert snapshot(store.path) == before
    assert resolve(store, "p.keywords") == resolve(store, "keywords/latest")


def test_why(store: Store) -> None:
    ran(store)
    assert planned(store, "keywords.k=3")["keywords"] == "to make: k: 20 → 3"
    assert planned(store, "vocabulary.min_count=2", "vocabulary.max_size=9")["vocabulary"] == (
        "to make: max_size: none → 9; min_count: 1 → 2"
    )
    assert planned(store, "keywords.idf=false")["keywords"] == "to make: its input idf is gone"
    changed = planned(store, "tokens.hmm=false")
    assert changed["tokens"] == "to make: hmm: true → false"
    assert changed["keywords"] == "to make: its input idf is to be made"
    (store.path.parent / "a.txt").write_text("别的文字\n")
    assert planned(store)["corpus"] == "to make: its input files has changed"
    assert planned(store)["tokens"] == "to make: its input corpus is to be made"


def test_what_comes_out_the_same_spares_the_rest(store: Store) -> None:
    """A seed without a sample changes nothing: the corpus is made again, what follows is found."""
    ran(store)
    states = ran(store, "corpus.seed=3")
    assert states == {"corpus": "made", "tokens": "found", "vocabulary": "found", "idf": "found", "keywords": "found"}


def test_only_and_force(store: Store) -> None:
    assert ran(store, only=("vocabulary",)) == {"corpus": "made", "tokens": "made", "vocabulary": "made"}
    assert planned(store, only=("tokens",), force=("tokens",)) == {"corpus": "found", "tokens": "to make: forced"}
    assert ran(store, only=("tokens",), force=("tokens",)) == {"corpus": "found", "tokens": "made"}
    assert ran(store, only=("vocabulary",))["vocabulary"] == "found"
    for choice in ({"only": ("tokn",)}, {"force": ("tokn",)}):
        with pytest.raises(UsageError, match="no step 'tokn'; did you mean 'tokens'"):
            ran(store, **choice)
        with pytest.raises(UsageError, match="no step 'tokn'; did you mean 'tokens'"):
            planned(store, **choice)


def test_what_was_removed_is_made_again(store: Store) -> None:
    ran(store)
    remove(store, resolve(store, "idf/latest").address)
    assert planned(store)["idf"] == "to make: never made before", "its name leads nowhere"
    assert ran(store) == {
        "corpus": "found", "tokens": "found", "vocabulary": "found", "idf": "made", "keywords": "found",
    }  # fmt: skip


def test_command(store: Store, run: Run) -> None:
    command = ("run", store.path.parent / "p.toml", "--store", store.path)
    outcome = run(*command, "--dry-run", "--format", "jsonl")
    assert outcome.err == "note: a dry run: nothing was written\n"
    assert not store.path.exists()
    outcome = run(*command, "--set", "keywords.k=1")
    (record,) = map(json.loads, outcome.out.splitlines())
    assert [step["state"] for step in record["steps"]] == ["made"] * 5
    assert run(*command, "--set", "keywords.k=1", "--format", "csv").out.splitlines()[-1].count(",found,") == 1
    assert run(*command, "--only", "x").code == 2
    assert run("run", store.path.parent / "none.toml").code == 3
    (store.path.parent / "a.txt").unlink()
    assert run(*command).code == 3


def test_store_commands(store: Store, run: Run) -> None:
    ran(store)
    place = ("--store", store.path)
    rows = run("store", "ls", "--format", "csv", *place).out.splitlines()
    assert len(rows) == 6
    assert len(run("store", "ls", "idf", "--format", "jsonl", *place).out.splitlines()) == 1
    shown = run("store", "show", "p.keywords", *place).out
    kinds = [line.partition("/")[0] for line in shown.splitlines() if line and not line.startswith(" ")]
    assert kinds == ["keywords", "idf", "tokens", "corpus"], "the whole lineage"
    assert f"digest {resolve(store, 'corpus/latest').manifest.inputs['files'].digest}" in shown
    record = json.loads(run("store", "show", "p.keywords", "--format", "jsonl", *place).out)
    assert [one["kind"] for one in record["lineage"]] == ["corpus", "tokens", "idf"]
    ran(store, "keywords.k=3")
    one, other = resolve(store, "keywords/latest"), next(r for r in rows if ",keywords," in r).split(",")[2]
    different = json.loads(run("store", "diff", other, one.manifest.id, "--format", "jsonl", *place).out)["differences"]
    assert {"what": "params.k", "a": 20, "b": 3} in different
    assert all(row["what"].partition(".")[0] in ("params", "outputs", "metrics") for row in different)
    assert run("store", "verify", *place).out == "16 looked at, 0 damaged\n", "6 artifacts and 10 names"
    assert run("store", "verify", "p.idf", *place).out == "1 looked at, 0 damaged\n"
    for command in ("ls", "gc"):
        assert run("store", command, "--store", store.path.parent / "none").code == 0
    for line in ("show x", "diff x y", "verify", "export x x.tar", "rm x"):
        assert run("store", *line.split(), "--store", store.path.parent / "none").code == 4
