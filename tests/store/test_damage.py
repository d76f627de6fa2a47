"""Damage of every kind is noticed before use, named in one line, and spares the other artifacts."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.store.making import written
from textpipe.errors import ArtifactError
from textpipe.store.keys import digest
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, read, verified
from textpipe.store.refs import resolve
from textpipe.store.verify import verify

Damage = Callable[[Artifact], None]


def replaced(path: Path, content: bytes) -> None:
    path.parent.chmod(0o755)
    if path.is_symlink() or path.exists():
        path.unlink()
    path.write_bytes(content)


def flipped(name: str, place: float, bit: int) -> Damage:
    def damage(artifact: Artifact) -> None:
        content = bytearray((artifact.folder / name).read_bytes())
        content[int(place * (len(content) - 1))] ^= 1 << bit
        replaced(artifact.folder / name, bytes(content))

    return damage


def cut(name: str, size: int) -> Damage:
    return lambda artifact: replaced(artifact.folder / name, (artifact.folder / name).read_bytes()[:size])


def becomes(name: str, content: bytes) -> Damage:
    return lambda artifact: replaced(artifact.folder / name, content)


def make_room(artifact: Artifact) -> Artifact:
    artifact.folder.chmod(0o755)
    (artifact.folder / "inner").mkdir()
    return artifact


def gone(name: str) -> Damage:
    def damage(artifact: Artifact) -> None:
        artifact.folder.chmod(0o755)
        (artifact.folder / name).unlink()

    return damage


def linked(name: str) -> Damage:
    """The same bytes, but by a link out of the store."""

    def damage(artifact: Artifact) -> None:
        outside = artifact.folder.parents[3] / "outside"
        shutil.copy(artifact.folder / name, outside)
        gone(name)(artifact)
        (artifact.folder / name).symlink_to(outside)

    return damage


def rewritten(change: Callable[[dict[str, Any]], object], *, honest: bool = False) -> Damage:
    """The manifest, changed; `honest` with the checksum that belongs to it."""

    def damage(artifact: Artifact) -> None:
        path = artifact.folder / "manifest.json"
        record = json.loads(path.read_text())
        change(record)
        if honest:
            record.pop("checksum", None)
            record["checksum"] = digest("manifest", record)
        replaced(path, (json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode())

    return damage


def special(name: str) -> Damage:
    def damage(artifact: Artifact) -> None:
        gone(name)(artifact)
        os.mkfifo(artifact.folder / name)

    return damage


def as_file(artifact: Artifact) -> None:
    artifact.folder.chmod(0o755)
    shutil.rmtree(artifact.folder)
    artifact.folder.write_text("x")


def as_link(artifact: Artifact) -> None:
    outside = artifact.folder.parents[3] / "outside"
    shutil.copytree(artifact.folder, outside)
    shutil.rmtree(artifact.folder)
    artifact.folder.symlink_to(outside)


def swapped(artifact: Artifact) -> None:
    """Another artifact's folder in its place."""
    store = Store(artifact.folder.parents[2])
    other = written(store, "other")
    shutil.rmtree(artifact.folder)
    shutil.copytree(other.folder, artifact.folder)


OUTPUT = {"size": 1, "sha256": "0" * 64}
CASES: dict[str, Damage] = {
    "first bit of a file": flipped("a.txt", 0, 0),
    "last bit of a file": flipped("a.txt", 1, 7),
    "bit in the middle of a table": flipped("b.npy", 0.5, 3),
    "bit in the manifest's middle": flipped("manifest.json", 0.5, 0),
    "first byte of the manifest": flipped("manifest.json", 0, 1),
    "last byte of the manifest": flipped("manifest.json", 1, 0),
    "case of a digit in the manifest": flipped("manifest.json", 0.3, 5),
    "file cut to nothing": cut("a.txt", 0),
    "file cut by one byte": cut("b.npy", 255),
    "page of zeros": becomes("b.npy", bytes(256)),
    "file longer": becomes("a.txt", b"text and more"),
    "file missing": gone("a.txt"),
    "both files missing": lambda artifact: (gone("a.txt")(artifact), gone("b.npy")(artifact))[0],
    "manifest missing": gone("manifest.json"),
    "extra file": becomes("extra.txt", b"x"),
    "extra hidden file": becomes(".extra", b""),
    "extra folder": lambda artifact: becomes("inner/x", b"x")(make_room(artifact)),
    "file is a link": linked("a.txt"),
    "manifest is a link": linked("manifest.json"),
    "file is a pipe": special("a.txt"),
    "manifest is a pipe": special("manifest.json"),
    "object is a file": as_file,
    "object is a link": as_link,
    "another artifact in its place": swapped,
    "manifest empty": becomes("manifest.json", b""),
    "manifest cut": cut("manifest.json", 100),
    "manifest of 100 MB": becomes("manifest.json", b'{"a": "' + b"x" * 100_000_000 + b'"}'),
    "manifest not UTF-8": becomes("manifest.json", b'{"a": "\xff"}'),
    "manifest a list": becomes("manifest.json", b"[]\n"),
    "manifest a number": becomes("manifest.json", b"1\n"),
    "manifest nested deeply": becomes("manifest.json", b"[" * 100_000),
    "manifest without fields": rewritten(lambda r: [r.pop(k) for k in list(r)], honest=True),
    "manifest without outputs": rewritten(lambda r: r.pop("outputs"), honest=True),
    "manifest with a text for outputs": rewritten(lambda r: r.update(outputs="x"), honest=True),
    "manifest with spaces": lambda a: replaced(
        a.folder / "manifest.json", (a.folder / "manifest.json").read_bytes().replace(b": ", b":  ", 1)
    ),
    "metric changed": rewritten(lambda r: r["metrics"].update(length=99)),
    "parameter changed": rewritten(lambda r: r["params"].update(times=2)),
    "parameter changed honestly": rewritten(lambda r: r["params"].update(times=2), honest=True),
    "version changed honestly": rewritten(lambda r: r.update(version=2), honest=True),
    "id changed honestly": rewritten(lambda r: r.update(id="0" * 32), honest=True),
    "output above the store": rewritten(lambda r: r["outputs"].update({"../../x": OUTPUT}), honest=True),
    "output with an absolute path": rewritten(lambda r: r["outputs"].update({"/etc/passwd": OUTPUT}), honest=True),
    "output of negative size": rewritten(lambda r: r["outputs"]["a.txt"].update(size=-1), honest=True),
    "output with a text for a size": rewritten(lambda r: r["outputs"]["a.txt"].update(size="4"), honest=True),
    "output without a digest": rewritten(lambda r: r["outputs"]["a.txt"].pop("sha256"), honest=True),
    "input from nowhere": rewritten(lambda r: r["inputs"].update(x={"digest": "0"}), honest=True),
    "input above the store": rewritten(
        lambda r: r["inputs"].update(x={"digest": "0" * 64, "artifact": "../.."}), honest=True
    ),
    "newer format": rewritten(lambda r: r.update(format=2), honest=True),
}


def test_there_are_kinds() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("damage", CASES.values(), ids=CASES.keys())
def test_damage(tmp_path: Path, damage: Damage, run: Run) -> None:
    store = Store(tmp_path / "store")
    spared = written(store, "spared", name="spared")
    artifact = written(store, "text", name="name")
    damage(artifact)
    with pytest.raises(ArtifactError) as raised:
        verified(resolve(store, "name"))
    assert raised.value.hint
    assert "\n" not in str(raised.value)
    problems = {address: error for address, error in verify(store) if error is not None}
    assert list(problems) == [artifact.address]
    outcome = run("store", "verify", "--store", store.path)
    assert (outcome.code, len(outcome.err.splitlines())) == (4, 2)
    assert verified(read(store, spared.address)) == spared
    if "newer" not in raised.value.message:
        assert run("store", "rm", artifact.address, "--store", store.path).code == 0
        assert run("store", "verify", "--store", store.path).code == 0


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"x" * 32 + b"\n", b"0" * 31 + b"\n", b"0" * 1000, b"\xff" * 32, b"0" * 32 + b"\n"]
)
def test_damaged_names(tmp_path: Path, content: bytes, run: Run) -> None:
    store = Store(tmp_path / "store")
    spared = written(store, "spared", name="spared")
    (store.refs / "written" / "bad").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"the name written/bad (is damaged|means an artifact that is not there)"):
        resolve(store, "bad")
    assert resolve(store, "spared") == spared
    assert [address for address, error in verify(store) if error] == ["written/bad"]
    outcome = run("store", "gc", "--store", store.path)
    assert outcome.code == 4, "what a damaged name led to may not be collected"
    assert run("store", "rm", "written/bad", "--store", store.path).code == 0
    assert run("store", "verify", "--store", store.path).code == 0


def test_a_name_that_is_a_link(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    written(store, "x", name="name")
    (store.refs / "written" / "bad").symlink_to("name")
    with pytest.raises(ArtifactError, match="is damaged"):
        resolve(store, "written/bad")


def test_strangers(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    artifact = written(store, "x")
    (store.objects / "written" / "notes.txt").write_text("x")
    (store.objects / "Some Kind").mkdir()
    assert [place for place, error in verify(store) if error] == ["Some Kind", "written/notes.txt"]
    assert verified(read(store, artifact.address))


def test_a_missing_input_is_told(tmp_path: Path, run: Run) -> None:
    store = Store(tmp_path / "store")
    before = written(store, "before")
    after = written(store, "after", before, name="after")
    outcome = run("store", "rm", before.address, "--store", store.path)
    assert (outcome.code, "were made from" in outcome.err) == (2, True)
    assert run("store", "rm", before.address, "--force", "--store", store.path).code == 0
    assert [place for place, error in verify(store) if error] == [after.address]
    assert verified(resolve(store, "after")), "it can still be used"


def test_damaged_inputs_are_not_used(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    before = written(store, "before")
    flipped("a.txt", 0, 0)(before)
    with pytest.raises(ArtifactError, match=r"the content of a\.txt has changed"):
        written(store, "after", before)
