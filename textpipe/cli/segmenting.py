"""The options of every command that cuts text into tokens, declared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note

if TYPE_CHECKING:
    from textpipe.segment.tokenizer import Mode, Tokenizer

_Command = Callable[..., Any]
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
_PREPARATION = (
    click.option(
        "--protect",
        multiple=True,
        type=click.Path(path_type=str, readable=False),
        metavar="FILE",
        help="Terms that come out whole, one a line, with spaces and punctuation; repeatable.",
    ),
    click.option(
        "--traditional", is_flag=True, help="Read traditional characters as simplified ones; tokens stay as they are."
    ),
)
_JOBS = click.option(
    "--jobs",
    type=int,
    metavar="N",
    help="Processes to spread documents over; 0: all cores.  [default: 1; plain text of tokenize: a thread a core]",
)


def cuts_text(command: _Command) -> _Command:
    """Give a command --user-dict, --hmm, --protect, --traditional and --jobs."""
    return has_tokenizer(_with(_PREPARATION, _JOBS(command)))


def has_tokenizer(command: _Command) -> _Command:
    """Give a command --user-dict and --hmm: the settings that artifacts carry."""
    return _with(_TOKENIZER, command)


def _with(options: Sequence[Callable[[_Command], _Command]], command: _Command) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def make_tokenizer(
    user_dict: tuple[str, ...],
    *,
    hmm: bool,
    protect: tuple[str, ...] = (),
    traditional: bool = False,
    mode: Mode = "exact",
    quiet: bool = False,
) -> Tokenizer:
    """The Tokenizer that the options describe; a bad line of a file raises DictionaryError."""
    from textpipe.segment.dictionary import Dictionary
    from textpipe.segment.protect import read_terms
    from textpipe.segment.tokenizer import Tokenizer

    dictionary = Dictionary()
    for path in user_dict:
        added = Dictionary().with_file(path)
        if added.unmatchable and not quiet:
            note(
                f"{path} has words that are never found ({len(added.unmatchable)}, first: {added.unmatchable[0]!r}): "
                "a word holds letters, digits, Han characters and + # & . _ % - only; "
                "for others use --protect FILE"
            )
        dictionary = dictionary.with_entries(added.entries)
    terms = tuple(term for path in protect for term in read_terms(path))
    return Tokenizer(mode=mode, hmm=hmm, dictionary=dictionary, protect=terms, traditional=traditional)
