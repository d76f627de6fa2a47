"""The exceptions of textpipe, and the exit code that each one ends a command with.

    TextpipeError            70  never raised itself
    ├── UsageError            2  the request makes no sense: options, configuration, arguments
    ├── InputError            3  the data cannot be used: missing, empty, binary, malformed
    │   ├── BinaryFileError   3  not text at all
    │   ├── EncodingError     3  bytes that are not text in the encoding
    │   └── DictionaryError   3  a user dictionary with an unusable line
    ├── ArtifactError         4  something made before is missing or damaged
    ├── OutputError           5  reading or writing failed: permissions, full disk, file exists
    └── ResourceError         6  memory or GPU

A finding that is merely negative (no keywords anywhere, a score under the bar) is no exception: exit code 1.
Interrupted is 130, terminated 143, a bug of ours 70.
"""

from __future__ import annotations

import os

EXIT_FINE = 0
EXIT_NEGATIVE = 1
EXIT_BUG = 70
EXIT_INTERRUPTED = 130
EXIT_SIGNALLED = 128  # and the signal's number: 130 interrupted, 143 terminated


REMAKE = "import it again, or textpipe store rm it and make it again"  # for artifacts that are no use


class TextpipeError(Exception):
    """An error that the user can understand and mend: what, where, and what to do.

    `where` is a file, `line` counts from 1, `hint` is an exact command or a next step.
    """

    exit_code = EXIT_BUG

    def __init__(
        self,
        message: str,
        *,
        where: str | os.PathLike[str] | None = None,
        line: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = None if where is None else os.fspath(where)
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        if self.where is None:
            return self.message
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return f"{self.message} ({place})"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.where, self.line, self.hint)


def _rebuild(
    kind: type[TextpipeError], message: str, where: str | None, line: int | None, hint: str | None
) -> TextpipeError:
    """Worker processes send their errors to the parent; keyword-only arguments need this help."""
    return kind(message, where=where, line=line, hint=hint)


class UsageError(TextpipeError):
    """The request makes no sense: options, configuration, arguments."""

    exit_code = 2


class InputError(TextpipeError):
    """The data cannot be used: missing, empty, binary, malformed."""

    exit_code = 3


class BinaryFileError(InputError):
    """A file that is not text at all."""


class EncodingError(InputError):
    """Bytes that are not text in the encoding that was given or found."""


class DictionaryError(InputError):
    """A user dictionary with an unusable line."""


class ArtifactError(TextpipeError):
    """Something made before is missing or damaged."""

    exit_code = 4


class OutputError(TextpipeError):
    """Reading or writing failed: permissions, full disk, a file that would be overwritten."""

    exit_code = 5


class ResourceError(TextpipeError):
    """Memory or GPU ran out."""

    exit_code = 6


def did_you_mean(name: str, known: list[str]) -> str:
    """`; did you mean 'x'?` for the nearest known name, else the empty string."""
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), [item.lower() for item in known], n=1, cutoff=0.6)
    for item in known:
        if near and item.lower() == near[0]:
            return f"; did you mean {item!r}?"
    return ""
