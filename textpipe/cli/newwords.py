"""`textpipe newwords`"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note, say, show_account, with_progress
from textpipe.cli.memory import bytes_of
from textpipe.cli.output import Cell, Destination, check_apart, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.reporting import HtmlReport, writes_html
from textpipe.cli.segmenting import make_tokenizer
from textpipe.errors import EXIT_NEGATIVE, UsageError
from textpipe.files import atomic_writer, check_writable

if TYPE_CHECKING:
    from textpipe.discover.newwords import Found
    from textpipe.discover.newwords_columns import Room
    from textpipe.operations.newwords import Read
    from textpipe.segment.dictionary import Dictionary

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = (
    "text", "count", "documents", "pmi", "left_entropy", "right_entropy", "hold", "agreement", "score",
)  # fmt: skip
_HEADINGS = ("text", "count", "docs", "pmi", "left", "right", "hold", "agree", "score")  # for 80 columns
_BESIDE_KEYS = 256 << 20  # bytes: the interpreter, numpy, the dictionary, a block of text
_SHOWN = 3
_PER_KEY = 40  # bytes: while keys are sorted and merged


@click.command()
@reads_paths
@click.option("-k", "--top", type=click.IntRange(min=1), default=200, show_default=True, metavar="N", help="How many.")
@click.option(
    "--min-count",
    type=click.IntRange(min=1),
    metavar="N",
    help="Leave out what occurs less often.  [default: one in a million characters, and at least 5]",
)
@click.option(
    "--max-length",
    type=click.IntRange(min=2, max=20),
    default=8,
    show_default=True,
    metavar="N",
    help="Characters of a word; letters and digits together count as one.",
)
@click.option(
    "--min-pmi", type=float, default=5.0, show_default=True, metavar="BITS", help="Least mutual information of parts."
)
@click.option(
    "--min-entropy",
    type=float,
    default=1.5,
    show_default=True,
    metavar="BITS",
    help="Least entropy of the neighbours, on either side.",
)
@click.option(
    "--min-hold",
    type=float,
    default=0.5,
    show_default=True,
    metavar="SHARE",
    help="Of known words together: least share of the occurrences of the rarer part.",
)
@click.option(
    "--user-dict",
    multiple=True,
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="Words of your own, in jieba's format, which are known too; repeatable.",
)
@click.option(
    "--to-dict",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="Write the words as a user dictionary, for --user-dict.",
)
@click.option(
    "--max-memory",
    default="1G",
    show_default=True,
    metavar="SIZE",
    help="About how much memory to use, 512M or 2G; the rest lies in temporary files.",
)
@click.option(
    "--jobs", type=int, default=0, show_default=True, metavar="N", help="Threads that cut the text; 0: all cores."
)
@writes_html
@writes_records(*_FORMATS)
@click.pass_context
def newwords(
    context: click.Context,
    /,
    *,
    reading: Reading,
    top: int,
    user_dict: tuple[str, ...],
    to_dict: str | None,
    max_memory: str,
    jobs: int,
    html: HtmlReport,
    destination: Destination,
    **thresholds: Any,
) -> None:
    """Find words that no dictionary has: names, terms and fixed phrases of a collection of Chinese text.

    A new word holds together (pointwise mutual information), stands in changing company (entropy of the neighbours),
    is not in jieba's dictionary or a --user-dict, and is made like a word. Best first.

    \b
    Examples:
      textpipe newwords news/ -k 50
      textpipe newwords reviews.csv --text-col comment --min-count 10 -o words.csv
      textpipe newwords news/ --to-dict new.txt -q && textpipe tokenize article.txt --user-dict new.txt
    """
    from textpipe.corpus.document import ReadLog
    from textpipe.discover.newwords import NewWordSettings
    from textpipe.operations.newwords import Read, discover_new_words

    kind = destination.format
    room = _room(max_memory)
    dictionary = make_tokenizer(user_dict, hmm=False, quiet=reading.quiet).dictionary
    settings = NewWordSettings(k=top, dictionary=dictionary, room=room, **thresholds)
    log, read = ReadLog(), Read()
    pieces = reading.pieces(log)
    if to_dict is not None:
        check_writable(to_dict, force=destination.force)
        for others, what in ((log.paths, "input"), (user_dict, "user dictionary"), ([destination.path], "words")):
            check_apart(to_dict, others, what=what)
    html.check(destination, log.paths, others=[to_dict])
    with html.open(destination), destination.open(log.paths) as write:
        with _phases(shown=not reading.quiet) as phase:
            shown = with_progress(pieces, log, shown=not reading.quiet)
            found = discover_new_words(shown, settings, jobs=jobs, read=read, phase=phase)
        columns, rows = (("id", *_HEADINGS), _table_rows) if kind == "table" else (_COLUMNS, _rows)
        with record_writer(kind, write, columns=columns, rows=rows) as add:
            if kind == "table":
                add({"id": _title(found, read), "words": found.words})
            else:
                for word in found.words:
                    add(word)
        if html.wanted:
            from textpipe.report.newwords import newwords_page

            html.write(newwords_page(found.words, title=_title(found, read)))
        if to_dict is not None and found.words:
            _write_dictionary(to_dict, found, dictionary, force=destination.force, quiet=reading.quiet)
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    _show_findings(found, read, quiet=reading.quiet, verbose=reading.verbose, to_dict=to_dict)
    if not found.words:
        context.exit(EXIT_NEGATIVE)


def _room(size: str) -> Room:
    """How much to hold at a time within a size of memory. Raises UsageError for what is no size, or too small."""
    from textpipe.discover.newwords_columns import Room

    given = bytes_of(size)
    if given < 2 * _BESIDE_KEYS:
        raise UsageError(f"--max-memory {size}: too little to work with", hint="--max-memory 512M is the least")
    return Room(keys=(given - _BESIDE_KEYS) // _PER_KEY)


@contextlib.contextmanager
def _phases(*, shown: bool) -> Iterator[Callable[[str], object]]:
    """A function that shows on a terminal what is being done; its first call begins the display."""
    if not shown or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with contextlib.ExitStack() as stack:
        status = Console(stderr=True).status("")
        begin = stack.enter_context

        def phase(name: str) -> None:
            nonlocal begin
            begin(status)
            begin = lambda _: None  # type: ignore[assignment,return-value]  # noqa: E731
            status.update(f"counting {name}")

        yield phase


def _write_dictionary(path: str, found: Found, dictionary: Dictionary, *, force: bool, quiet: bool) -> None:
    from textpipe.operations.newwords import dictionary_entries, dictionary_text

    words = [word["text"] for word in found.words]
    entries = dictionary_entries(words, dictionary)
    with atomic_writer(path, force=force) as stream:
        stream.write(dictionary_text(entries).encode("utf-8"))
    if len(entries) < len(words) and not quiet:
        note(f"{len(words) - len(entries)} words are not in {path}: segmentation never joins their characters")


def _title(found: Found, read: Read) -> str:
    return f"{len(found.words)} new words in {read.documents} {'document' if read.documents == 1 else 'documents'}"


def _table_rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for word in record["words"]:
        cells = (word[column] for column in _COLUMNS)
        yield record["id"], *(f"{cell:5.2f}" if isinstance(cell, float) else cell for cell in cells)


def _rows(word: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    yield [word[column] for column in _COLUMNS]


def _show_findings(found: Found, read: Read, *, quiet: bool, verbose: bool, to_dict: str | None) -> None:
    if quiet:
        return
    if read.without_han:
        note(f"{read.without_han} of {read.documents} documents have no Chinese character: nothing was sought there")
    if found.letterheads:
        shown = ", ".join(found.letterheads[:_SHOWN])
        note(f"left out, since nearly every document has it once ({len(found.letterheads)}, first: {shown})")
    if verbose:
        note(
            f"{found.candidates} strings occur {found.min_count} times or more and pass the thresholds; "
            f"{found.known} of them are known words, {found.plausible} may be new ones"
        )
    if not found.words:
        written = "" if to_dict is None else f", and {to_dict} was not written"
        note(f"no new words: nothing unknown occurs {found.min_count} times, firm inside and free outside{written}")
        say("hint: more text, or lower --min-count, --min-pmi, --min-entropy")
