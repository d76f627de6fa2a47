"""Collection: what names lead to stays, the young are spared, the rest goes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.store.making import written
from textpipe.store.collect import collect, garbage
from textpipe.store.layout import Store
from textpipe.store.objects import addresses, aside, read, remove
from textpipe.store.refs import remove_ref


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def aged(path: Path, seconds: float = 30 * 86400) -> None:
    then = time.time() - seconds
    for one in (*path.rglob("*"), path):
        os.utime(one, (then, then))


def test_only_what_nobody_needs_goes(store: Store) -> None:
    kept = written(store, "kept", written(store, "before"), name="name")
    lost = written(store, "lost", written(store, "lost before"))
    for address in addresses(store):
        aged(store.objects / address)
    found = {one.name for one in garbage(store)}
    assert found == {lost.address, lost.manifest.inputs["before"].artifact}
    assert len(list(addresses(store))) == 4, "looking takes nothing away"
    assert {one.name for one in collect(store)} == found
    assert set(addresses(store)) == {kept.address, kept.manifest.inputs["before"].artifact}
    assert list(collect(store)) == []


def test_the_young_and_the_used_are_spared(store: Store) -> None:
    artifact = written(store, "x")
    assert list(garbage(store)) == []
    aged(artifact.folder)
    assert len(list(garbage(store))) == 1
    read(store, artifact.address)
    assert list(garbage(store)) == [], "reading is a use"
    assert [one.name for one in garbage(store, grace=0)] == [artifact.address]


def test_what_is_used_meanwhile_stays(store: Store) -> None:
    artifacts = [written(store, str(number)) for number in range(3)]
    for artifact in artifacts:
        aged(artifact.folder)
    collecting = collect(store)
    first = next(collecting).name
    others = [artifact.address for artifact in artifacts if artifact.address != first]
    read(store, others[0])
    assert [one.name for one in collecting] == [others[1]]
    assert list(addresses(store)) == [others[0]]


def test_left_overs(store: Store) -> None:
    written(store, "x", name="name")
    (store.tmp / "dead").mkdir()
    (store.tmp / "dead" / "half.txt").write_text("half")
    for half in (store.path, store.refs / "written"):
        (half / ".textpipe-0123.tmp").write_text("half")
    (store.work / ("0" * 32)).mkdir()
    (store.work / ("0" * 32) / "state.json").write_text("{}")
    assert list(garbage(store)) == [], "young ones may belong to somebody"
    aged(store.tmp)
    for half in (store.path, store.refs / "written"):
        aged(half / ".textpipe-0123.tmp")
    aged(store.work, 8 * 86400)
    aged(store.locks)
    assert sorted(one.what for one in garbage(store)) == ["lock", "tmp", "tmp", "tmp", "work"]
    assert len(list(collect(store))) == 5
    assert not list(store.path.rglob(".textpipe-*"))
    assert list(store.tmp.iterdir()) == list(store.work.iterdir()) == list(store.locks.iterdir()) == []


def test_a_builder_at_work_is_left_alone(store: Store) -> None:
    store.prepare()
    with aside(store) as folder:
        aged(folder)
        assert list(garbage(store)) == []
    assert not folder.exists()


def test_a_dead_builder_is_not(store: Store) -> None:
    store.prepare()
    code = f"""
import os, pathlib
from textpipe.store.layout import Store
from textpipe.store.objects import aside
with aside(Store(pathlib.Path({str(store.path)!r}))) as folder:
    (folder / "half.txt").write_text("half")
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == -9
    left = list(store.tmp.iterdir())
    assert len(left) == 1
    aged(left[0])
    assert [one.what for one in collect(store)] == ["tmp"]
    assert list(store.tmp.iterdir()) == []


def test_a_lost_name_frees_what_it_led_to(store: Store) -> None:
    artifact = written(store, "x", name="name")
    aged(artifact.folder)
    assert list(garbage(store)) == []
    remove_ref(store, "written", "name")
    remove_ref(store, "written", "latest")
    assert [one.name for one in garbage(store)] == [artifact.address]


def test_a_missing_input_does_not_stop_it(store: Store) -> None:
    before = written(store, "before")
    written(store, "after", before, name="name")
    remove(store, before.address)
    assert list(garbage(store)) == []


def test_command(store: Store, run: Run) -> None:
    artifact = written(store, "x")
    aged(artifact.folder)
    outcome = run("store", "gc", "--store", store.path, "--format", "csv")
    assert outcome.out.splitlines()[1].startswith(f"{store.path},artifact,{artifact.address},")
    assert outcome.err == "note: nothing was taken away: --delete does that\n"
    assert run("store", "gc", "--store", store.path, "--delete").code == 0
    assert list(addresses(store)) == []
    assert run("store", "gc", "--store", store.path / "none").code == 0
