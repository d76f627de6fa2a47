"""The command line: the group of commands, each loaded when it is needed; `process.py` runs it."""

from __future__ import annotations

import os
from importlib import import_module

import click

from textpipe.cli.configuration import read_configuration
from textpipe.cli.remote import set_server
from textpipe.errors import UsageError, did_you_mean
from textpipe.version import __version__

# a command lives in textpipe/cli/NAME.py as the function NAME, with _ for -; some are words of Python's own
COMMANDS = (
    "keywords",
    "summarize",
    "newwords",
    "tokenize",
    "stats",
    "train-idf",
    "train-embeddings",
    "train-classifier",
    "classify",
    "explain",
    "compare",
    "similar",
    "analogy",
    "export",
    "import",
    "evaluate",
    "map",
    "run",
    "store",
    "dict",
    "serve",
    "doctor",
    "completion",
)
_SPELLED_OUT = {
    "dict": "dictionary.dictionary",
    "export": "exporting.export",
    "import": "importing.import_",
    "map": "word_map.word_map",
}


class _LateGroup(click.Group):
    """Imports a command's module when the command is named (or its help shown)."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module, _, function = _SPELLED_OUT.get(cmd_name, f"{name}.{name}").partition(".")
        command: click.Command = getattr(import_module(f"textpipe.cli.{module}"), function)
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
@click.option(
    "--server",
    metavar="URL",
    help="Ask a running service (textpipe serve), for tokenize, keywords, summarize, similar, classify and explain.  "
    "Also TEXTPIPE_SERVER; '' for none.",
)
@click.option(
    "--server-token", metavar="TOKEN", help="What the service wants to be shown.  Better TEXTPIPE_SERVER_TOKEN."
)
@click.pass_context
def cli(context: click.Context, /, *, server: str | None, server_token: str | None) -> None:
    """From raw Chinese (or English, or mixed) text to keywords.

    Results go to standard output, everything else to standard error. Options may also stand in textpipe.toml
    ([keywords] top = 5) or in the environment (TEXTPIPE_KEYWORDS_TOP=5).

    Exit codes: 0 fine, 1 nothing found, 2 usage, 3 input, 4 artifact, 5 reading or writing, 6 memory or GPU,
    70 a bug, 128 + n ended by signal n (130 interrupted, 143 terminated).
    """
    context.default_map = read_configuration("textpipe.toml", cli, context)
    set_server(context, server, server_token)
