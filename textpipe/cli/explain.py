"""`textpipe explain`"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, cast

import click

from textpipe.cli.computing import takes_device
from textpipe.cli.console import note, one_line, say, show_account, with_progress
from textpipe.cli.output import Cell, Destination, print_styled, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.remote import client_of, fields_of
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import EXIT_NEGATIVE, InputError, UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from textpipe.corpus.document import Piece, ReadLog
    from textpipe.models.explanation import Explanation
    from textpipe.operations.explain_decisions import Explained
    from textpipe.store.layout import Store

_FORMATS = ("table", "html", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("id", "label", "token", "start", "end", "value", "score", "method", "check")
_SHOWN, _DIGITS = 10, 6  # tokens of a table; digits of a record
_LIKE_A_PATH = re.compile(r"(?=\S*[/\\*?]|\S*\.[A-Za-z]\w{0,7}$)[^\s，。！？；：、]{1,255}", re.ASCII)
_STYLES = {1: ("cyan", "bold cyan", "bold black on cyan"), -1: ("red", "bold red", "bold white on red")}
_WEAKEST = 0.05  # of the strongest token, what has a colour


@click.command()
@click.argument("name", shell_complete=complete_artifact)
@reads_paths
@click.option("--text", metavar="TEXT", help="A text to explain, whatever files there are.")
@click.option("--label", metavar="LABEL", help="What speaks for this label.  [default: the one that is predicted]")
@click.option("--against", metavar="LABEL", help="What speaks for the label rather than for this one.")
@click.option(
    "-k",
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="The N strongest tokens.  [default: all; in tables 10]",
)
@click.option(
    "--method",
    type=click.Choice(("auto", "exact", "gradients", "occlusion")),
    default="auto",
    show_default=True,
    help="auto: exact where the model is a sum, integrated gradients for networks, else occlusion.",
)
@click.option(
    "--unit",
    type=click.Choice(("word", "char")),
    default="word",
    show_default=True,
    help="Tokens: words as the classifier's tokenizer cuts, or characters.",
)
@takes_device
@uses_store
@writes_records(*_FORMATS)
@click.pass_context
def explain(
    context: click.Context,
    /,
    *,
    name: str,
    reading: Reading,
    text: str | None,
    label: str | None,
    against: str | None,
    device: str | None,
    store: Store,
    destination: Destination,
    **options: Any,
) -> None:
    """Show which words of a text carried its classification.

    NAME is a classifier of the store. PATHS are files, folders, patterns or - for standard input, as everywhere; what
    is no file is taken for the text itself. What all parts of a text sum to is held against the decision: where
    that fails, the exit code is 1.

    \b
    Examples:
      textpipe explain news 球队赢了决赛
      textpipe explain news letters/ -o letters.html
      textpipe explain news comments.csv --label sports --against finance --format csv
    """
    from textpipe.corpus.document import ReadLog

    if label is not None and label == against:
        raise UsageError(f"--against names the label itself, {label!r}", hint="another label, or leave it out")
    kind = destination.format
    if kind == "html":
        from textpipe.report.page import require_jinja2

        require_jinja2()
    log = ReadLog()
    pieces = _pieces(reading, text, log)
    client = client_of(context)
    if client is None:
        explained, address = _explained(pieces, store, name, device, label=label, against=against, **options)
    else:
        from textpipe.cli.remote_explanations import address_of, explanations_of

        fields = {**fields_of(context), "model": name}
        if kind in ("table", "html"):
            fields.pop("top", None)  # which leaves out here what is counted there
        address = address_of(client, name) if kind == "html" else ""
        explained = cast("Generator[Explained]", explanations_of(client, pieces, fields))
    failed: list[str] = []
    count = empty = 0
    progress = not reading.quiet and not destination.on_terminal
    writer = _page_writer if kind == "html" else _record_writer
    with (
        destination.open(log.paths) as write,
        closing(explained) as found,
        writer(write, destination, options["top"], address) as add,
    ):
        for one in with_progress(found, log, shown=progress):
            count += 1
            empty += not any(token.value for token in one.explanation.tokens)
            if not one.explanation.is_sound:
                failed.append(f"{one.document.source or one.document.id}, by {one.explanation.check:.2g}")
            add(one)
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    if empty and not reading.quiet:
        note(f"nothing carried {empty:,} of {count:,} decisions: no part of the text is known to the classifier")
    if failed:
        say(f"failed: parts do not sum to the decision in {len(failed):,} of {count:,} (first: {one_line(failed[0])})")
    if failed or empty == count:
        context.exit(EXIT_NEGATIVE)


def _explained(
    pieces: Iterator[Piece],
    store: Store,
    name: str,
    device: str | None,
    *,
    label: str | None,
    against: str | None,
    **options: Any,
) -> tuple[Generator[Explained], str]:
    """(what carried the decisions, the classifier's address). Raises before any work for what it lacks."""
    from textpipe.models.explanation import explain as explain_texts
    from textpipe.models.explanation import label_numbers
    from textpipe.operations.explain_decisions import ExplainSettings, explain_documents
    from textpipe.operations.open_classifier import open_classifier

    settings = ExplainSettings(label=label, against=against, **options)
    classifier, artifact = open_classifier(store, name, device=device)
    label_numbers([one for one in (label, against) if one is not None], classifier.labels)
    explain_texts(classifier, [""], label, method=settings.method)
    return explain_documents(pieces, classifier, settings), artifact.address


def _pieces(reading: Reading, text: str | None, log: ReadLog) -> Iterator[Piece]:
    """The documents: those of the paths, or the one text. Raises for what may be a path that is mistyped."""
    paths = reading.paths
    if text is None and len(paths) == 1 and not _is_there(paths[0]):
        if _LIKE_A_PATH.fullmatch(paths[0]):
            hint = f"if it is the text itself: --text {paths[0]!r}"
            raise InputError("no such file", where=paths[0], hint=hint)
        text, paths = paths[0], ()
    if text is None:
        missing = [path for path in paths if not _is_there(path) and not _LIKE_A_PATH.fullmatch(path)]
        if missing:
            hint = "a text of several words stands in quotation marks"
            raise InputError("no such file", where=missing[0], hint=hint)
        return reading.pieces(log)
    if paths:
        raise UsageError("--text is a text, and PATHS name others", hint="leave out one of them")
    return _single(text, log, folding=reading.options["fold"])


def _single(text: str, log: ReadLog, *, folding: bool) -> Iterator[Piece]:
    from textpipe.corpus.document import Document, Piece
    from textpipe.text import fold

    log.used += 1
    yield Piece(Document("text", fold(text) if folding else text))


def _is_there(path: str) -> bool:
    import glob

    return path == "-" or os.path.lexists(path) or (glob.has_magic(path) and bool(glob.glob(path, recursive=True)))


# ------------------------------------------------------------------------------------------------------ writing

_Add = Callable[["Explained"], None]


@contextmanager
def _page_writer(
    write: Callable[[str], None], _destination: Destination, top: int | None, model: str
) -> Iterator[_Add]:
    from textpipe.report.explanations import ShownExplanations, explanations_page

    shown = ShownExplanations(model=model, top=_SHOWN if top is None else top)
    yield lambda one: shown.add(one.document, _as_recorded(one.explanation))
    write(explanations_page(shown).decode())


@contextmanager
def _record_writer(
    write: Callable[[str], None], destination: Destination, top: int | None, _model: str
) -> Iterator[_Add]:
    kind = destination.format
    if kind == "table":
        yield lambda one: _write_table(one, write, destination, _SHOWN if top is None else top)
        return
    with record_writer(kind, write, columns=_COLUMNS, rows=_rows) as add:
        yield lambda one: add(one.record)


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for token in record["tokens"]:
        own = [record[name] for name in ("score", "method", "check")]
        yield [record["id"], record["label"], *(token[name] for name in ("text", "start", "end", "value")), *own]


def _write_table(one: Explained, write: Callable[[str], None], destination: Destination, top: int) -> None:
    """The decision, the text in colours, and the strongest tokens."""
    from textpipe.operations.explain_decisions import strongest

    found = _as_recorded(one.explanation)
    against = "" if found.against is None else f", against {found.against}"
    parts = found.decision - found.base
    write(
        f"{one_line(one.document.id)}: {one_line(found.label)} {found.probability:.4f}{one_line(against)}\n"
        f"decision {found.decision:.4f} = {found.base:.4f} for nothing {'+' if parts >= 0 else '-'} {abs(parts):.4f} "
        f"for the text ({found.method}{'' if found.is_sound else f', but the parts miss it by {found.check:.1g}'})\n"
    )
    print_styled(_coloured(one.document.text, found), write, coloured=destination.on_terminal)
    tokens = strongest(found.tokens, top)
    rows: list[Sequence[Cell]] = [["", token.text, token.start, token.end, token.value] for token in tokens]
    left = len(found.tokens) - len(rows)
    title = "strongest tokens" + (f", {left:,} more are weaker" if left else "")
    with record_writer("table", write, columns=("", *_COLUMNS[2:6]), rows=lambda _: iter(rows)) as add:
        add({"id": title})


def _as_recorded(found: Explanation) -> Explanation:
    """With the digits that records have, so that a service's records are shown as one's own."""
    numbers = {name: round(getattr(found, name), _DIGITS) for name in ("probability", "decision", "base", "check")}
    tokens = [token._replace(value=round(token.value, _DIGITS)) for token in found.tokens]
    return found._replace(tokens=tokens, **numbers)


def _coloured(document: str, found: Explanation) -> Text:
    from rich.text import Text

    text = Text()
    most = max((abs(token.value) for token in found.tokens), default=0.0)
    end = 0
    for token in found.tokens:
        text.append(one_line(document[end : token.start]))
        share = abs(token.value) / most if most else 0.0
        styles = _STYLES[1 if token.value > 0 else -1]
        style = "" if share < _WEAKEST else styles[min(2, int(share * 3))]
        text.append(one_line(token.text), style)
        end = token.end
    text.append(one_line(document[end:]))
    return text
