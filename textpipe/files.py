"""Files on disk: regular-file checks and atomic writes. Standard library only."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from textpipe.errors import InputError, OutputError, did_you_mean

_BLOCK = 1 << 20
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
    if path.endswith(os.sep) and not os.path.exists(target):
        raise OutputError("the name of a folder, not of a file", where=path, hint=f"-o {path}NAME")
    if os.path.lexists(target) or os.path.exists(path):  # /dev/stdout leads to what has no path
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            hint = f"-o {os.path.join(path, 'NAME')}" if stat.S_ISDIR(mode) else "use > instead of -o"
            raise OutputError(f"{kind_of(mode)} cannot be replaced by a file", where=path, hint=hint)
        if not force:
            raise OutputError("the file exists", where=path, hint="add --force to replace it")
    folder = os.path.dirname(target) or "."
    if not os.path.isdir(folder):
        raise OutputError("the folder does not exist", where=path, hint=f"mkdir -p {os.path.dirname(path)}")
    if not os.access(folder, os.W_OK):
        raise OutputError("the folder is not writable", where=path, hint=f"ls -ld {folder}")


def as_output_error(error: OSError, *, where: str | None = None) -> OutputError:
    """What the system says, in one line; `where` is used when the error itself names no file."""
    named = error.filename if isinstance(error.filename, str) else where
    if named is None and _working_directory_is_gone():
        named = "the working directory"
    return OutputError(error.strerror or str(error), where=named, hint="df -h shows free space, ls -l permissions")


def _working_directory_is_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


@contextlib.contextmanager
def naming_errors(path: str) -> Iterator[None]:
    """Errors of the system inside become OutputError, at `path` when they name no file themselves."""
    try:
        yield
    except BrokenPipeError:
        raise  # not of a file: whoever read what is printed meanwhile has left
    except OSError as error:
        raise as_output_error(error, where=path) from None


@contextlib.contextmanager
def atomic_writer(path: str, *, force: bool = False) -> Iterator[IO[bytes]]:
    """A binary stream that becomes `path` by one rename when the block ends well, and nothing otherwise.

    The bytes are on disk before the name is: file and directory are fsynced. Without `force`, an existing
    file raises OutputError and stays as it was; with it, the new file has the permissions of the old one.
    """
    check_writable(path, force=force)
    target = Path(os.path.realpath(path))
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    temporary = target.parent / f".textpipe-{os.urandom(8).hex()}.tmp"
    with naming_errors(path), contextlib.ExitStack() as stack:
        stack.callback(temporary.unlink, missing_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        _put_in_place(temporary, target, force=force)
        fsync(target.parent)


def _put_in_place(temporary: Path, target: Path, *, force: bool) -> None:
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


def fsync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(folder: Path) -> None:
    """Make a folder, and its parents, durably; no error when it is there."""
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_directory(folder.parent)
    folder.mkdir(exist_ok=True)
    fsync(folder.parent)


def digest_of(path: Path) -> tuple[int, str]:
    """(size, sha256 in hexadecimal) of a file's bytes."""
    import hashlib  # which loads OpenSSL

    size = 0
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            digest.update(block)
    return size, digest.hexdigest()
