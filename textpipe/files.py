"""Files on disk: regular-file checks and atomic writes. Standard library only."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from textpipe.errors import InputError, OutputError, did_you_mean

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)


def kind_of(mode: int) -> str:
    """The name of what a `st_mode` describes, as it reads in a message."""
    for test, name in _KINDS:
        if test(mode):
            return name
    return "a regular file"


def require_regular(path: str, *, what: str = "file") -> os.stat_result:
    """Raise InputError unless `path` is a regular file that exists; a pipe or device could hang for ever."""
    if not os.path.exists(path):
        hint = "the link points nowhere" if os.path.islink(path) else f"ls {os.path.dirname(path) or '.'}"
        raise InputError(f"no such {what}{_near(path)}", where=path, hint=hint)
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        hint = f"cat {path} | textpipe … -" if not stat.S_ISDIR(status.st_mode) else f"ls {path}"
        raise InputError(f"{kind_of(status.st_mode)}, not a regular file", where=path, hint=hint)
    return status


def _near(path: str) -> str:
    """A file of a similar name in the same folder, as it reads in a message."""
    folder = os.path.dirname(path) or "."
    return did_you_mean(os.path.basename(path), os.listdir(folder)) if os.path.isdir(folder) else ""


def check_writable(path: str, *, force: bool) -> None:
    """Raise OutputError early, before any work, when `path` could not be written at the end."""
    target = os.path.realpath(path)
    if os.path.lexists(target):
        mode = os.stat(target).st_mode
        if not stat.S_ISREG(mode):
            raise OutputError(f"{kind_of(mode)} cannot be replaced by a file", where=path, hint="use > instead of -o")
        if not force:
            raise OutputError("the file exists", where=path, hint="add --force to replace it")
    folder = os.path.dirname(target) or "."
    if not os.path.isdir(folder):
        raise OutputError("the folder does not exist", where=path, hint=f"mkdir -p {os.path.dirname(path)}")
    if not os.access(folder, os.W_OK):
        raise OutputError("the folder is not writable", where=path, hint=f"ls -ld {folder}")


@contextlib.contextmanager
def atomic_writer(path: str, *, force: bool = False) -> Iterator[IO[bytes]]:
    """A binary stream that becomes `path` by one rename when the block ends well, and nothing otherwise.

    The bytes are on disk before the name is: file and directory are fsynced. Without `force`, an existing
    file raises OutputError and stays as it was.
    """
    check_writable(path, force=force)
    target = Path(os.path.realpath(path))
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".textpipe-", suffix=".tmp")
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror}", where=path, hint=f"ls -ld {target.parent}") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), 0o666 & ~_umask())
            os.fsync(stream.fileno())
        _put_in_place(temporary, target, force=force)
        _fsync_directory(target.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _put_in_place(temporary: str, target: Path, *, force: bool) -> None:
    """One rename; without `force` a link, which unlike a rename fails when the name is taken by now."""
    if force:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError:
        hint = "add --force to replace it"
        raise OutputError("the file appeared while it was being written", where=target, hint=hint) from None
    except OSError:  # a file system without hard links
        os.replace(temporary, target)
    else:
        os.unlink(temporary)


def _umask() -> int:
    """The process's umask; Linux tells it without changing it, elsewhere 0o022 is assumed."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0o022


def _fsync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
