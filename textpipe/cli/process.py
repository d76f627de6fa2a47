"""A command line as a process: standard streams, signals, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from textpipe.cli import cli
from textpipe.cli.console import debugging, on_stop, one_line, say, show_error, visible
from textpipe.errors import (
    EXIT_BUG,
    EXIT_FINE,
    EXIT_INTERRUPTED,
    EXIT_SIGNALLED,
    ArtifactError,
    OutputError,
    ResourceError,
    TextpipeError,
    UsageError,
)
from textpipe.files import as_output_error

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ENDINGS: dict[int, str] = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))
_TRUE = ("1", "true", "t", "yes", "y", "on")  # as click reads flags from the environment
_COMPLETE = "_TEXTPIPE_COMPLETE"
_ASKING = "textpipe.client.client"  # is loaded where a service did the work


def main() -> NoReturn:
    """Run this process's command line and leave with its exit code."""
    output = _standard_streams()
    instruction = os.environ.get(_COMPLETE, "")
    if instruction.endswith("_source") or ("COMP_WORDS" in os.environ and instruction):
        code = _completed(instruction)
        output.give_up_unwritten()
        sys.exit(code)
    arguments = sys.argv[1:]
    with _signals_heard():
        try:
            debug = "--debug" in arguments or os.environ.get("TEXTPIPE_DEBUG", "").lower() in _TRUE
            code = run(arguments, debug=debug)
        except _Stopped as stopped:
            say(_ENDINGS.get(stopped.number, "stopped"))
            if stopped.hint is not None:
                say(f"hint: {one_line(stopped.hint)}")
            output.give_up_unwritten()
            os._exit(EXIT_SIGNALLED + stopped.number)  # see `_stop`
    output.give_up_unwritten()
    if _ASKING in sys.modules:
        os._exit(code)  # all is written, nothing here has an end of its own: the interpreter's would take a fifth again
    sys.exit(code)


def _completed(instruction: str) -> int:
    """Answer a shell; to half a command line that makes no sense, with nothing."""
    from click.shell_completion import shell_complete

    try:
        return shell_complete(cli, {}, "textpipe", _COMPLETE, instruction)
    except OutputError as error:
        return _shown(error, debug=False)
    except (TextpipeError, click.ClickException, ValueError, OSError):
        return UsageError.exit_code


def run(arguments: list[str], *, debug: bool = False) -> int:
    """Run a command line; its exit code, every error shown on standard error. `debug` adds the traceback."""
    try:
        with cli.make_context("textpipe", list(arguments)) as context:
            debugging(context, debug)
            try:
                cli.invoke(context)
            except _Stopped as stopped:
                stopped.hint = on_stop(context)
                raise
            finally:
                debug = debugging(context)
        sys.stdout.flush()
        return EXIT_FINE
    except click.exceptions.Exit as leaving:
        sys.stdout.flush()
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return UsageError.exit_code
    except click.ClickException as error:
        return _shown(_from_click(error), debug=debug)
    except TextpipeError as error:
        return _shown(error, debug=debug)
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_FINE  # the reader had enough, as `head` does
    except MemoryError:
        hint = "plain text streams: --input-format txt --lines"
        return _shown(ResourceError("memory ran out", hint=hint), debug=debug)
    except OSError as error:
        return _shown(as_output_error(error), debug=debug)
    except Exception as error:
        return _unexpected(error, debug=debug)


def _unexpected(error: Exception, *, debug: bool) -> int:
    if isinstance(error, ImportError) and not (error.name or "").startswith("textpipe"):
        return _shown(_broken_package(error), debug=debug)
    if debug:
        _show_traceback(error)
    say(f"error: a bug in textpipe: {type(error).__name__}: {one_line(str(error))}")
    say("hint: run it again with --debug and report what it prints")
    return EXIT_BUG


def _broken_package(error: ImportError) -> ArtifactError:
    """A package that is there and cannot be loaded: half installed, or built for another system."""
    again = f"pip install --force-reinstall {error.name.partition('.')[0]}; " if error.name else ""
    return ArtifactError(
        f"a package cannot be loaded: {error}", hint=f"{again}textpipe doctor lists packages, --debug says which it was"
    )


def _shown(error: TextpipeError, *, debug: bool) -> int:
    if debug:
        _show_traceback(error)
    show_error(error)
    return error.exit_code


def _show_traceback(error: Exception) -> None:
    import traceback

    say(visible("".join(traceback.format_exception(error)).rstrip()))


def _from_click(error: click.ClickException) -> TextpipeError:
    """click's own complaints in the form of ours."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "textpipe"
    return UsageError(" ".join(error.format_message().split()).rstrip("."), hint=f"{command} --help")


# ---------------------------------------------------------------------------------------------- standard streams


class _StandardOutput(io.FileIO):
    """Standard output whose errors say that they are its own; when the caller `closed` it, writing is an error."""

    def __init__(self, *, closed: bool) -> None:
        super().__init__(1, "wb", closefd=False)
        self._closed = closed

    def write(self, data: ReadableBuffer, /) -> int:
        if self._closed:
            raise OutputError("standard output is closed", hint="use -o FILE, or > /dev/null")
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise as_output_error(error, where="standard output") from None

    def give_up_unwritten(self) -> None:
        """Let go what could not be written and has been said to be lost, or the interpreter will try once more."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, OutputError):
                self._closed = False
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _standard_streams() -> _StandardOutput:
    """Set up sys.stdout and sys.stderr; a file opened later must not get the number of one that is closed."""
    number = 0
    while number <= 2:
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)
    raw = _StandardOutput(closed=sys.stdout is None)
    eager = raw.isatty() or getattr(sys.stdout, "write_through", False)  # python -u
    buffered = io.BufferedWriter(raw)
    sys.stdout = io.TextIOWrapper(buffered, encoding="utf-8", errors="backslashreplace", line_buffering=eager)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # open to the end
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    return raw


# ---------------------------------------------------------------------------------------------- signals


class _Stopped(BaseException):
    """A signal asked for the end; as an exception it passes all `finally` blocks: nothing half-written stays."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.hint: str | None = None


@contextlib.contextmanager
def _signals_heard() -> Iterator[None]:
    """Take the signals that ask for the end, but for those that the caller ignores (nohup, a shell's background).

    Before and after, when there is nothing to tidy up, they end the process at once and without a word.
    """
    heard = [number for number in _STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, _stop)
    yield
    for number in heard:
        signal.signal(number, signal.SIG_DFL)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """All is tidied up on the way out of the exception. The interpreter's own end is left out: it gives signals their
    default back while threads are still ending, one of which may take a second signal, and the exit code would be its.
    """
    for other in _STOPPING:
        signal.signal(other, _ignore)  # a second one must not break into the tidying up
    raise _Stopped(number)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Not SIG_IGN: Python complains of signals that it took note of before and finds ignored now."""
