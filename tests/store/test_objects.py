"""Publishing, finding, naming, removing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.store.making import WRITE, snapshot, written
from textpipe.errors import ArtifactError, OutputError, UsageError
from textpipe.pipeline.stage import realize
from textpipe.store.layout import Store
from textpipe.store.objects import addresses, find, read, remove, verified
from textpipe.store.refs import address_of, check_name, resolve, set_ref


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_made_once_then_found(store: Store) -> None:
    params = WRITE.complete({"text": "好"})
    first, new = realize(store, WRITE, params, {})
    assert new
    assert first.file("a.txt").read_text() == "好"
    before = snapshot(store.path)
    again, new = realize(store, WRITE, params, {})
    assert not new
    assert again == first
    assert snapshot(store.path) == before
    other, new = realize(store, WRITE, {**params, "times": 2}, {})
    assert new
    assert other.manifest.id != first.manifest.id


def test_looking_makes_no_store(store: Store) -> None:
    assert find(store, WRITE.recipe(WRITE.complete({}), {})) is None
    assert list(addresses(store)) == []
    with pytest.raises(ArtifactError, match="there is no store"):
        resolve(store, "latest")
    assert not store.path.exists()


def test_equal_content_is_an_equal_input(store: Store) -> None:
    """What was made in two ways and came out the same is one input: what follows is found."""
    one, other = written(store, "aa"), written(store, "a", times=2)
    assert one.manifest.id != other.manifest.id
    assert one.manifest.digest == other.manifest.digest
    assert written(store, "x", one).address == written(store, "x", other).address


def test_contents_are_read_only(store: Store) -> None:
    artifact = written(store, "x")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in artifact.folder.iterdir()}
    assert modes == {"a.txt": 0o444, "b.npy": 0o444, "manifest.json": 0o444}
    assert stat.S_IMODE(artifact.folder.stat().st_mode) == 0o555


def test_a_failing_stage_leaves_nothing(store: Store) -> None:
    written(store, "x")
    before = snapshot(store.path)

    def fail(folder: Path, *_rest: object) -> dict[str, object]:
        (folder / "half.txt").write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        realize(store, WRITE.__class__("fail", 1, "written", fail), {}, {})
    after = snapshot(store.path)
    assert {path for path in after if not path.startswith("locks/")} == {
        p for p in before if not p.startswith("locks/")
    }


@pytest.mark.parametrize("make", ["folder", "link", "name", "manifest"])
def test_only_plain_files_are_published(store: Store, make: str) -> None:
    def wrong(folder: Path, *_rest: object) -> dict[str, object]:
        if make == "folder":
            (folder / "inner").mkdir()
        elif make == "link":
            (folder / "link").symlink_to("/etc/passwd")
        else:
            (folder / ("manifest.json" if make == "manifest" else "ä b")).write_text("x")
        return {}

    with pytest.raises(OutputError, match="plain files only"):
        realize(store, WRITE.__class__("wrong", 1, "written", wrong), {}, {})
    assert list(addresses(store)) == []


def test_forced_again(store: Store) -> None:
    """What comes out the same stays where it is, and is there all the time; what is damaged or differs is replaced."""
    params = WRITE.complete({})
    first, _ = realize(store, WRITE, params, {})
    inode = first.folder.stat().st_ino
    again, new = realize(store, WRITE, params, {}, force=True)
    assert new
    assert again == first
    assert again.folder.stat().st_ino == inode
    first.file("a.txt").unlink()
    with pytest.raises(ArtifactError, match="damaged"):
        realize(store, WRITE, params, {})
    mended, new = realize(store, WRITE, params, {}, force=True)
    assert new
    assert verified(mended).manifest.digest == first.manifest.digest

    def otherwise(folder: Path, *_rest: object) -> dict[str, object]:
        (folder / "a.txt").write_text("other")
        return {}

    changed = WRITE.__class__("write", 1, "written", otherwise, WRITE.params)
    other, new = realize(store, changed, params, {}, force=True)
    assert other.address == first.address
    assert verified(other).file("a.txt").read_text() == "other"
    assert list(store.tmp.iterdir()) == []


def test_names(store: Store) -> None:
    one, other = written(store, "one", name="first"), written(store, "other")
    assert resolve(store, "first") == resolve(store, "written/first") == resolve(store, "latest") == one
    set_ref(store, other.address, "first")
    assert resolve(store, "first") == other
    for text in (one.manifest.id, one.manifest.id[:8], one.address, f"written/{one.manifest.id[:6]}"):
        assert resolve(store, text) == one
    assert resolve(store, "first", kind="written") == other
    with pytest.raises(ArtifactError, match="no artifact 'frist'; did you mean 'first'"):
        resolve(store, "frist")
    with pytest.raises(ArtifactError, match="no tokens artifact 'first'"):
        resolve(store, "first", kind="tokens")
    with pytest.raises(UsageError, match="is no tokens"):
        resolve(store, "written/first", kind="tokens")
    with pytest.raises(ArtifactError, match="no artifact"):
        resolve(store, one.manifest.id[:3])


def test_ambiguous_names(store: Store) -> None:
    artifacts = [written(store, str(number)) for number in range(60)]
    ids = sorted(artifact.manifest.id for artifact in artifacts)
    assert all(resolve(store, identity[:12]).manifest.id == identity for identity in ids)
    other = WRITE.__class__("write", 1, "other", WRITE.make, WRITE.params)
    made, _ = realize(store, other, other.complete({"text": "0"}), {})
    assert made.manifest.id in ids, "the same recipe of another kind"
    with pytest.raises(UsageError, match="may mean 2 artifacts"):
        resolve(store, made.manifest.id)
    set_ref(store, made.address, "name")
    set_ref(store, artifacts[0].address, "name")
    with pytest.raises(UsageError, match="may mean 2 artifacts"):
        resolve(store, "name")
    assert resolve(store, "other/name") == made


@pytest.mark.parametrize("name", ["", "latest", "0" * 32, ".x", "-x", "a/b", "a b", "x" * 201, "长" * 67, "a\n", ".."])
def test_impossible_names(name: str) -> None:
    with pytest.raises(UsageError, match="not a name for an artifact"):
        check_name(name)


@pytest.mark.parametrize("name", ["news", "新闻", "a.b-c_1", "x" * 200, "长" * 66])
def test_possible_names(store: Store, name: str) -> None:
    artifact = written(store, "x")
    set_ref(store, artifact.address, check_name(name))
    assert resolve(store, name) == artifact


def test_removed(store: Store) -> None:
    artifact = written(store, "x", name="name")
    remove(store, artifact.address)
    assert list(addresses(store)) == []
    assert list(store.tmp.iterdir()) == []
    with pytest.raises(ArtifactError, match="means an artifact that is not there"):
        address_of(store, "written", "name")
    with pytest.raises(ArtifactError, match="no artifact"):
        read(store, artifact.address)


def test_somebody_else_was_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without locks two may make the same: the second finds its place taken, and takes what is there."""
    rename = os.rename
    raced: list[object] = []

    def late(source: Path, target: Path) -> None:
        if not raced:
            raced.append(source)
            monkeypatch.setattr("fcntl.flock", lambda *_: None)
            raced.append(written(store, "x"))
        rename(source, target)

    monkeypatch.setattr(os, "rename", late)
    mine = written(store, "x")
    assert mine == raced[1]
    assert list(store.tmp.iterdir()) == []


def test_other_folders_are_no_store(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(ArtifactError, match="no store of textpipe"):
        written(Store(tmp_path), "x")
    (tmp_path / "format").write_text("99\n")
    with pytest.raises(ArtifactError, match="newer textpipe"):
        written(Store(tmp_path), "x")
    (tmp_path / "format").write_text("what?\n")
    with pytest.raises(ArtifactError, match="format file is damaged"):
        written(Store(tmp_path), "x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArtifactError, match="a store is a folder, and this is none"):
        written(Store(tmp_path / "file"), "x")


def test_a_moved_store_is_the_same(store: Store, tmp_path: Path) -> None:
    artifact = written(store, "x", written(store, "before"), name="name")
    os.rename(store.path, tmp_path / "moved")
    moved = resolve(Store(tmp_path / "moved"), "name")
    assert moved.manifest == artifact.manifest
    assert verified(moved)
    assert realize(Store(tmp_path / "moved"), WRITE, WRITE.complete({"text": "before"}), {})[1] is False


@pytest.mark.parametrize("name", ["../x", "/x", ".x", "a/b", "", "a\nb", "0" * 32])
def test_no_name_leads_out_of_the_store(store: Store, name: str) -> None:
    artifact = written(store, "x")
    with pytest.raises(UsageError, match="not a name for an artifact"):
        set_ref(store, artifact.address, name)
