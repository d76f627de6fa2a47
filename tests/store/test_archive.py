"""Export and import: the same artifact elsewhere; hostile archives are refused before anything is written."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.store.making import snapshot, written
from textpipe.errors import ArtifactError, InputError, OutputError
from textpipe.store.archive import export, import_archive
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, addresses, read, remove, verified

IDENTITY = "0" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def artifact(store: Store) -> Artifact:
    return written(store, "after", written(store, "before"), name="name")


def test_there_and_back(store: Store, artifact: Artifact, tmp_path: Path) -> None:
    path = str(tmp_path / "a.tar")
    assert [one.address for one in export(store, artifact, path)] == sorted(
        addresses(store), key=lambda address: address == artifact.address
    )
    other = Store(tmp_path / "other")
    imported = import_archive(other, path)
    assert imported[-1].manifest == artifact.manifest
    assert snapshot(other.objects) == snapshot(store.objects)
    before = snapshot(other.path)
    assert import_archive(other, path) == imported
    assert snapshot(other.path) == before
    assert all(verified(read(other, address)) for address in addresses(other))


def test_the_same_artifact_gives_the_same_bytes(store: Store, artifact: Artifact, tmp_path: Path) -> None:
    export(store, artifact, str(tmp_path / "a.tar"))
    other = Store(tmp_path / "other")
    imported = import_archive(other, str(tmp_path / "a.tar"))
    export(other, imported[-1], str(tmp_path / "b.tar"))
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    with pytest.raises(OutputError, match="exists"):
        export(other, imported[-1], str(tmp_path / "b.tar"))


def test_damage_is_not_exported(store: Store, artifact: Artifact, tmp_path: Path) -> None:
    remove(store, str(artifact.manifest.inputs["before"].artifact))
    with pytest.raises(ArtifactError, match="no artifact"):
        export(store, artifact, str(tmp_path / "a.tar"))
    assert not (tmp_path / "a.tar").exists()


Change = Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]


def member(name: str, content: bytes = b"x", **attributes: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


def with_content(name: str, content: bytes) -> Change:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        for number, (info, _) in enumerate(members):
            if info.name.endswith(name):
                info.size = len(content)
                members[number] = info, content

    return change


HOSTILE: dict[str, Change] = {
    "above": lambda m: m.append(member("../../etc/passwd")),
    "absolute": lambda m: m.append(member(f"/written/{IDENTITY}")),
    "dots": lambda m: m.append(member(f"written/{IDENTITY}/..")),
    "dots in the middle": lambda m: m.append(member(f"written/../{IDENTITY}")),
    "other depth": lambda m: m.append(member(f"written/{IDENTITY}/a/b")),
    "no id": lambda m: m.append(member("written/name/a.txt")),
    "kind in capitals": lambda m: m.append(member(f"Written/{IDENTITY}/a.txt")),
    "hidden file": lambda m: m.append(member(f"written/{IDENTITY}/.ssh")),
    "symbolic link": lambda m: m.append(member(f"written/{IDENTITY}/a", b"", type=tarfile.SYMTYPE, linkname="/etc")),
    "hard link": lambda m: m.append(member(f"written/{IDENTITY}/a", b"", type=tarfile.LNKTYPE, linkname="../x")),
    "folder": lambda m: m.append(member(f"written/{IDENTITY}/a", b"", type=tarfile.DIRTYPE)),
    "device": lambda m: m.append(member(f"written/{IDENTITY}/a", b"", type=tarfile.CHRTYPE)),
    "pipe": lambda m: m.append(member(f"written/{IDENTITY}/a", b"", type=tarfile.FIFOTYPE)),
    "twice": lambda m: m.append(m[0]),
    "no manifest": lambda m: m.append(member(f"written/{IDENTITY}/a.txt")),
    "manifest of another": lambda m: m.append(member(f"written/{IDENTITY}/manifest.json", m[2][1])),
    "changed file": with_content("a.txt", b"evil"),
    "cut file": with_content("b.npy", b"\0"),
    "changed manifest": with_content("manifest.json", b"{}"),
    "missing file": lambda m: m.pop(0),
    "extra file": lambda m: m.append(member(m[0][0].name.replace("a.txt", "c.txt"))),
    "nothing": lambda m: m.clear(),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_archives(store: Store, artifact: Artifact, tmp_path: Path, change: Change, run: Run) -> None:
    export(store, artifact, str(tmp_path / "a.tar"))
    with tarfile.open(tmp_path / "a.tar") as tar:
        members = [(info, tar.extractfile(info).read()) for info in tar]  # type: ignore[union-attr]
    change(members)
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    other = Store(tmp_path / "other")
    outcome = run("store", "import", tmp_path / "b.tar", "--store", other.path)
    assert outcome.code == 3
    assert [line.split(":")[0] for line in outcome.err.splitlines()] == ["error", "hint"]
    assert list(addresses(other)) == [], "nothing is published before all is verified"
    assert not other.tmp.exists() or list(other.tmp.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) in (
        ["a.tar", "b.tar", "store"],
        ["a.tar", "b.tar", "other", "store"],
    )


@pytest.mark.parametrize("cut", [0, 1, 100, 511, 512, 600, 1024, 3000])
def test_cut_archives(store: Store, artifact: Artifact, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.tar"
    export(store, artifact, str(path))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError):
        import_archive(Store(tmp_path / "other"), str(path))


def test_a_size_that_is_a_lie(tmp_path: Path) -> None:
    info = tarfile.TarInfo(f"written/{IDENTITY}/a.txt")
    info.size = 1 << 39
    (tmp_path / "a.tar").write_bytes(info.tobuf() + b"x" * 1024)
    with pytest.raises(InputError):
        import_archive(Store(tmp_path / "other"), str(tmp_path / "a.tar"))
    assert not (tmp_path / "other").exists()


def test_commands(store: Store, artifact: Artifact, tmp_path: Path, run: Run) -> None:
    outcome = run("store", "export", "name", tmp_path / "words.tar", "--store", store.path)
    assert outcome.out.splitlines()[-1] == artifact.address
    other = tmp_path / "other"
    assert run("store", "import", tmp_path / "words.tar", "--store", other).out == outcome.out
    assert run("store", "show", "words", "--store", other).out.startswith(artifact.address)
    assert run("store", "import", tmp_path / "words.tar", "--store", other, "--name", "a b").code == 2
    (tmp_path / "no.tar").write_text("no archive")
    assert run("store", "import", tmp_path / "no.tar", "--store", other).code == 3
