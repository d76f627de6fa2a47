"""The options of every command that cuts text into tokens, declared once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note

if TYPE_CHECKING:
    from textpipe.segment.tokenizer import Mode, Tokenizer

_TOKENIZER = (
    click.option(
        "--user-dict",
        multiple=True,
        type=click.Path(path_type=str, readable=False),
        metavar="FILE",
        help="Words of your own, in jieba's format; repeatable.",
    ),
    click.option("--hmm/--no-hmm", default=True, show_default=True, help="Join unknown characters by jieba's model."),
)
_JOBS = click.option(
    "--jobs",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Processes to spread documents over; 0: all cores.",
)


def cuts_text(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --user-dict, --hmm and --jobs."""
    return has_tokenizer(_JOBS(command))


def has_tokenizer(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --user-dict and --hmm."""
    for option in reversed(_TOKENIZER):
        command = option(command)
    return command


def make_tokenizer(user_dict: tuple[str, ...], *, hmm: bool, mode: Mode = "exact", quiet: bool = False) -> Tokenizer:
    """The Tokenizer that the options describe; a bad dictionary line raises DictionaryError."""
    from textpipe.segment.dictionary import Dictionary
    from textpipe.segment.tokenizer import Tokenizer

    dictionary = Dictionary()
    for path in user_dict:
        added = Dictionary().with_file(path)
        if added.unmatchable and not quiet:
            note(
                f"{path} has words that are never found ({len(added.unmatchable)}, first: {added.unmatchable[0]!r}): "
                "a word holds letters, digits, Han characters and + # & . _ % - only"
            )
        dictionary = dictionary.with_entries(added.entries)
    return Tokenizer(mode=mode, hmm=hmm, dictionary=dictionary)
