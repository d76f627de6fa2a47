"""What `similar` and `analogy` share: options, words from standard input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from textpipe.cli.console import debug_option
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import InputError, UsageError

FORMATS = ("table", "jsonl", "json", "csv", "tsv")
STDIN = "-"
_LONGEST_LINE = 1 << 20  # characters


takes_vectors_file = click.option(
    "--vectors",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="A file of vectors (word2vec-txt, word2vec-bin, glove), in place of those of the store.",
)


def finds_neighbours(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --model, --vectors, -k, --encoding, -q, --store and --debug."""
    options = (
        click.option(
            "-m",
            "--model",
            default="latest",
            show_default=True,
            metavar="NAME",
            shell_complete=complete_artifact,
            help="Word vectors of the store: of train-embeddings or import.",
        ),
        takes_vectors_file,
        click.option(
            "-k", "--top", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="How many."
        ),
        click.option(
            "--encoding",
            default="auto",
            show_default=True,
            metavar="NAME",
            help="Of words from standard input: auto, utf-8, gb18030, big5 …",
        ),
        click.option("-q", "--quiet", is_flag=True, help="No notes; errors only."),
        uses_store,
        debug_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def words_of(given: Sequence[str], *, encoding: str) -> tuple[list[str], bool]:
    """(the words, whether they came from standard input, a line each). Raises UsageError for `-` beside words."""
    if STDIN not in given:
        return list(given), False
    if len(given) > 1:
        raise UsageError("words or - for standard input, not both", hint="printf '%s\\n' WORD … | textpipe similar -")
    words = _lines(encoding)
    if not words:
        raise InputError("no words", where=STDIN, hint="a word a line")
    return words, True


def _lines(encoding: str) -> list[str]:
    from textpipe.corpus.document import ReadLog
    from textpipe.corpus.streams import open_bytes
    from textpipe.text import decode_stream, whole_lines

    def too_long(line: int) -> InputError:
        return InputError("a line without end", where=STDIN, line=line, hint="a word a line")

    with open_bytes(STDIN, ReadLog()) as (opened, _):
        blocks = decode_stream(opened, where=STDIN, encoding=encoding)
        lines = [line.strip() for _, line in whole_lines(blocks, limit=_LONGEST_LINE, too_long=too_long)]
    return [line for line in lines if line]


def check_options(context: click.Context, vectors: str | None) -> None:
    """Raise UsageError when an artifact and a file are both named on the command line."""
    from click.core import ParameterSource

    if vectors is not None and context.get_parameter_source("model") == ParameterSource.COMMANDLINE:
        raise UsageError("--model or --vectors, not both", hint="leave one of them out")
