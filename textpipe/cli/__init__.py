"""The command line: the group of commands, loaded when needed, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click

from textpipe.cli.configuration import read_configuration
from textpipe.cli.console import one_line, show_error
from textpipe.errors import (
    EXIT_BUG,
    EXIT_FINE,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    OutputError,
    ResourceError,
    TextpipeError,
    UsageError,
    did_you_mean,
)
from textpipe.version import __version__

# a command lives in textpipe/cli/NAME.py as the function NAME
COMMANDS = ("keywords", "tokenize", "doctor", "completion")


class _LateGroup(click.Group):
    """Imports a command's module when the command is named (or its help shown)."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"textpipe.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            guess = did_you_mean(args[0], list(COMMANDS))
            hint = f"textpipe keywords {args[0]}" if os.path.exists(args[0]) else "textpipe --help"
            raise UsageError(f"no command {args[0]!r}{guess}", hint=hint)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_LateGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "TEXTPIPE",
        "max_content_width": 100,
    },
)
@click.version_option(__version__, prog_name="textpipe")
@click.pass_context
def cli(context: click.Context) -> None:
    """From raw Chinese (or English, or mixed) text to keywords.

    Results go to standard output, everything else to standard error. Options may also stand in textpipe.toml
    ([keywords] top = 5) or in the environment (TEXTPIPE_KEYWORDS_TOP=5).

    Exit codes: 0 fine, 1 nothing found, 2 usage, 3 input, 4 artifact, 5 reading or writing, 6 memory or GPU,
    70 a bug, 130 interrupted, 143 terminated.
    """
    context.default_map = read_configuration("textpipe.toml", cli, context)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command line and leave with its exit code: what the console script calls."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.stdout is None or sys.stderr is None:  # closed by the caller
        if sys.stderr is not None:
            sys.stderr.write("error: standard output is closed\nhint: use -o FILE, or > /dev/null\n")
        sys.exit(OutputError.exit_code)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if "_TEXTPIPE_COMPLETE" in os.environ:
        cli.main(prog_name="textpipe")  # click answers the shell and leaves
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(_run(arguments, debug="--debug" in arguments or bool(os.environ.get("TEXTPIPE_DEBUG"))))


def _run(arguments: list[str], *, debug: bool) -> int:
    try:
        with cli.make_context("textpipe", list(arguments)) as context:
            cli.invoke(context)
        sys.stdout.flush()
        return EXIT_FINE
    except click.exceptions.Exit as leaving:
        sys.stdout.flush()
        return leaving.exit_code
    except click.ClickException as error:
        return _shown(_from_click(error), debug=debug)
    except TextpipeError as error:
        return _shown(error, debug=debug)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except _Terminated:
        click.echo("terminated", err=True)
        return EXIT_TERMINATED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader had enough, as `head` does
        return EXIT_FINE
    except MemoryError:
        hint = "plain text streams: --input-format txt --lines"
        return _shown(ResourceError("memory ran out", hint=hint), debug=debug)
    except OSError as error:
        hint = "df -h shows free space, ls -l permissions"
        shown = OutputError(error.strerror or str(error), where=error.filename or "standard output", hint=hint)
        exit_code = _shown(shown, debug=debug)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to lose at exit
        return exit_code
    except Exception as error:
        if debug:
            raise
        click.echo(f"error: a bug in textpipe: {type(error).__name__}: {one_line(str(error))}", err=True)
        click.echo("hint: run it again with --debug and report what it prints", err=True)
        return EXIT_BUG


def _shown(error: TextpipeError, *, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    show_error(error)
    return error.exit_code


def _from_click(error: click.ClickException) -> TextpipeError:
    """click's own complaints in the form of ours."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "textpipe"
    return UsageError(" ".join(error.format_message().split()).rstrip("."), hint=f"{command} --help")


class _Terminated(BaseException):
    """SIGTERM arrived. As an exception it leaves through all `finally` blocks, so that nothing half-written stays."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated
