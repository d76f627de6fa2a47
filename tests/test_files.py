"""Atomic writes: all or nothing, whatever happens in between."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from textpipe.errors import InputError, OutputError
from textpipe.files import atomic_writer, check_writable, require_regular


def test_writes_once_and_never_over(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with atomic_writer(str(target)) as stream:
        stream.write(b"one")
    assert target.read_bytes() == b"one"
    with pytest.raises(OutputError, match="exists") as raised, atomic_writer(str(target)):
        raise AssertionError("not reached")
    assert raised.value.hint == "add --force to replace it"
    with atomic_writer(str(target), force=True) as stream:
        stream.write(b"two")
    assert target.read_bytes() == b"two"


def test_a_name_taken_in_the_meantime(tmp_path: Path) -> None:
    def late() -> None:
        with atomic_writer(str(tmp_path / "a.txt")) as stream:
            stream.write(b"ours")
            (tmp_path / "a.txt").write_bytes(b"theirs")

    with pytest.raises(OutputError, match="appeared"):
        late()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.txt", b"theirs")]


def test_long_names(tmp_path: Path) -> None:
    name = "长" * 80 + ".jsonl"
    with atomic_writer(str(tmp_path / name)) as stream:
        stream.write(b"x")
    assert (tmp_path / name).read_bytes() == b"x"


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failing_system_call_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    target = tmp_path / "a.txt"
    target.write_bytes(b"before")

    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OutputError, match=os.strerror(number)) as raised, atomic_writer(str(target), force=True) as out:
        out.write(b"after")
    assert raised.value.where == str(target)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_bytes() == b"before"


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with atomic_writer(str(tmp_path / "a.txt")) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_mode_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_writer(str(tmp_path / "a.txt")) as stream:
            stream.write(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with atomic_writer(str(tmp_path / "link"), force=True) as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_devices_are_not_replaced() -> None:
    with pytest.raises(OutputError, match="a character device") as device:
        check_writable("/dev/null", force=True)
    assert device.value.hint == "use > instead of -o"
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="a directory cannot be replaced by a file") as folder:
        check_writable(str(tmp_path), force=True)
    assert folder.value.hint == f"-o {tmp_path}/NAME"


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="a named pipe"):
        require_regular(str(tmp_path / "pipe"))
    with pytest.raises(InputError, match="no such file"):
        require_regular(str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="a character device"):
        require_regular("/dev/zero")
