"""What the user named, as a list of files: files, folders, glob patterns, standard input."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from textpipe.corpus.document import ReadLog
from textpipe.errors import InputError, OutputError
from textpipe.files import kind_of, require_regular

STDIN = "-"


class Source(NamedTuple):
    """A file to read. `named`: by the user, so that a problem with it is an error and not a skip.

    folder: the name of the folder that it lies in or below, of those directly in the named one; None elsewhere
    """

    path: str
    named: bool
    size: int
    folder: str | None = None


def expand(paths: Iterable[str], log: ReadLog) -> list[Source]:
    """The files behind paths, folders (recursive, sorted) and patterns, each named file checked before any is read.

    Raises InputError for what is missing or not a regular file. In folders such things, and hidden files, are
    skipped and counted.
    """
    sources: list[Source] = []
    for path in paths:
        if path == STDIN:
            sources.append(Source(STDIN, True, 0))
        elif os.path.isdir(path):
            found = [one._replace(folder=folder_below(os.path.relpath(one.path, path))) for one in _walk(path, log)]
            if not found:
                raise InputError("a folder without files", where=path, hint=f"ls -R {path}")
            sources.extend(found)
        elif glob.has_magic(path) and not os.path.lexists(path):
            sources.extend(_match(path, log))
        else:
            sources.append(Source(path, True, require_regular(path).st_size))
    return sources


def folder_below(name: str) -> str | None:
    """The first folder of a file's name below what was named, as text whatever bytes it has; None without one."""
    folder, separator, _ = name.partition(os.sep)
    return os.fsencode(folder).decode("utf-8", "backslashreplace") if separator else None


def _match(pattern: str, log: ReadLog) -> Iterator[Source]:
    matches = sorted(glob.glob(pattern, recursive=True))
    if not matches:
        raise InputError("no file matches the pattern", where=pattern, hint=f"ls -d {pattern}")
    walked: tuple[str, ...] = ()
    for path in matches:
        if path.startswith(walked):  # `**` matches a folder and, after it, what is in it
            continue
        if os.path.isdir(path):
            walked += (os.path.join(path, ""),)
            yield from _walk(path, log)
        else:
            yield from _file(path, log)


def _walk(folder: str, log: ReadLog) -> Iterator[Source]:
    for root, folders, names in os.walk(folder, onerror=_unreadable):
        folders.sort()
        for name in [name for name in folders if name.startswith(".") or os.path.islink(os.path.join(root, name))]:
            folders.remove(name)
            log.skip("hidden or linked folder")
        for name in sorted(names):
            if name.startswith("."):
                log.skip("hidden file")
            else:
                yield from _file(os.path.join(root, name), log)


def _unreadable(error: OSError) -> None:
    raise OutputError("the folder cannot be read", where=error.filename, hint=f"ls -ld {error.filename}") from None


def _file(path: str, log: ReadLog) -> Iterator[Source]:
    if not os.path.exists(path):
        log.skip("link that points nowhere")
        return
    status = os.stat(path)
    if stat.S_ISREG(status.st_mode):
        yield Source(path, False, status.st_size)
    else:
        log.skip(kind_of(status.st_mode).split(" ", 1)[1])
