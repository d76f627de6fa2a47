"""`textpipe evaluate keywords`"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import debug_option, note, show_account, with_progress
from textpipe.cli.keywords import make_settings
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import decodes
from textpipe.cli.resampling import draws_samples
from textpipe.cli.segmenting import cuts_text
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from textpipe.corpus.read import Errors
    from textpipe.keywords.extract import KeywordSettings
    from textpipe.operations.evaluate_keywords import Account, KeywordScoreRecord

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = (
    *("id", "method", "k", "documents", "gold", "in_text", "found", "correct"),
    *("precision_micro", "recall_micro", "recall_ceiling_micro", "f1_micro", "f1_micro_low", "f1_micro_high"),
    *("precision_macro", "recall_macro", "recall_ceiling_macro", "f1_macro", "f1_macro_low", "f1_macro_high"),
    *("map", "ndcg", "reference", "p_micro", "p_macro"),
)
_KEYS = {"id": "id", "method": "method", "k": "k"}
_AVERAGED = {  # header of a table: field, with micro or macro to be filled in
    "precision": "precision_{}",
    "recall": "recall_{}",
    "f1": "f1_{}",
    "low": "f1_{}_low",
    "high": "f1_{}_high",
    "p": "p_{}",
}
_RANKED = {"map": "map", "ndcg": "ndcg"}
_DIGITS = 9  # of a k: more would be no number of keywords


@click.command()
@click.argument("gold", type=click.Path(path_type=str, readable=False))
@click.option("--method", metavar="NAMES", help="Methods, separated by commas.  [default: all]")
@click.option("-k", "--top", default="5,10", show_default=True, metavar="NUMBERS", help="How many keywords count.")
@click.option(
    "--system",
    multiple=True,
    metavar="NAME=FILE",
    help="Another tool's keywords of the same documents, as JSON lines, scored beside ours; repeatable.",
)
@click.option("--stem", is_flag=True, help="English words match by their stems (Porter); needs snowballstemmer.")
@draws_samples
@click.option(
    "--pos",
    metavar="TAGS",
    help="Only these parts of speech, as of textpipe keywords.  [default: by the method]",
)
@click.option(
    "--stopwords",
    multiple=True,
    type=click.Path(path_type=str, readable=False),
    metavar="zh|en|FILE",
    help="Words that never count, as of textpipe keywords; repeatable.",
)
@click.option(
    "--idf",
    metavar="NAME",
    shell_complete=complete_artifact,
    help="Word weights of your own, as train-idf made them, for the methods that take them.",
)
@decodes
@cuts_text
@uses_store
@writes_records(*_FORMATS)
@click.option("-q", "--quiet", is_flag=True, help="No notes, no progress; errors only.")
@debug_option
def keywords(
    *,
    gold: str,
    method: str | None,
    top: str,
    system: tuple[str, ...],
    stem: bool,
    resamples: int,
    seed: int,
    encoding: str,
    errors: Errors,
    jobs: int | None,
    destination: Destination,
    quiet: bool,
    **options: Any,
) -> None:
    """Score keywords: precision, recall and F1 at k, MAP, nDCG, intervals, and whether methods differ.

    GOLD is JSON lines: {"text": "…", "keywords": ["…", "…"]}, with an "id" or without. The text is all that a method
    sees. The first method is the reference that the others are compared with.

    \b
    Examples:
      textpipe evaluate keywords gold.jsonl --method tfidf,textrank -k 5,10
      textpipe evaluate keywords gold.jsonl --stem --system yake=yake.jsonl --format csv
    """
    from textpipe.corpus.document import ReadLog
    from textpipe.corpus.paths import STDIN
    from textpipe.operations.evaluate import LineReader
    from textpipe.operations.evaluate_keywords import Account, judge_documents, keyword_scores
    from textpipe.operations.gold_keywords import read_gold, read_system

    ks = _numbers(top)
    ours = _settings(method, quiet=quiet, **options)
    files = _files(system, taken=list(ours))
    inputs = [gold, *files.values()]
    if inputs.count(STDIN) > 1:
        raise UsageError("standard input can be one of the files only", hint="name the others")
    kind = destination.format
    account, log, log_of_systems = Account(), ReadLog(), ReadLog()
    system_reader = LineReader(log_of_systems, encoding=encoding, errors=errors)
    others = [read_system(path, system_reader, gold=gold) for path in files.values()]
    with contextlib.ExitStack() as stack:
        write = stack.enter_context(destination.open(inputs))
        judged = judge_documents(
            read_gold(gold, LineReader(log, encoding=encoding, errors=errors)),
            methods=ours,
            systems=others,
            stem=stem,
            jobs=1 if jobs is None else jobs,
            account=account,
        )
        stack.enter_context(contextlib.closing(judged))  # workers end here, whatever happens
        shown = with_progress(judged, log, shown=not quiet)
        records = keyword_scores(shown, [*ours, *files], ks=ks, where=gold, resamples=resamples, seed=seed)
        if kind == "table":
            _write_tables(records, write)
        else:
            add = stack.enter_context(record_writer(kind, write, columns=_COLUMNS, rows=_row))
            for record in records:
                add(record)
    for one in (log, log_of_systems):
        show_account(one, quiet=quiet, verbose=False)
    if not quiet:
        _tell(account, records[0])


def _numbers(top: str) -> list[int]:
    """The ks, each once, ascending."""
    parts = [part.strip() for part in top.split(",")]
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= _DIGITS):
            raise UsageError(f"not a number of keywords: {part[:20]!r}", hint="-k 5,10")
    if 0 in map(int, parts):
        raise UsageError("k is 0, but at least one keyword must be asked for", hint="-k 5,10")
    return sorted(set(map(int, parts)))


def _settings(methods: str | None, *, idf: str | None, **options: Any) -> dict[str, KeywordSettings]:
    """The settings of each method, in the order in which they are named."""
    from dataclasses import replace

    from textpipe.keywords.extract import IDF_METHODS, METHODS

    known: list[str] = list(METHODS)
    names = known if methods is None else [name.strip() for name in methods.split(",")]
    for name in names:
        if name not in METHODS:
            raise UsageError(f"no method {name!r}{did_you_mean(name, known)}", hint=f"one of: {', '.join(known)}")
    chosen = [method for name in names for method in METHODS if method == name]
    takers = [method for method in chosen if method in IDF_METHODS]
    if idf is not None and not takers:
        hint = f"--method {','.join(method for method in METHODS if method in IDF_METHODS)}"
        raise UsageError("none of the methods takes --idf", hint=hint)
    base = make_settings(top=1, idf=idf, method=(takers or chosen)[0], **options)
    return {
        method: replace(base, method=method, k=None, idf=base.idf if method in IDF_METHODS else None)
        for method in chosen
    }


def _files(systems: tuple[str, ...], *, taken: list[str]) -> dict[str, str]:
    """name -> path of the other tools' keywords."""
    files: dict[str, str] = {}
    for given in systems:
        name, equals, path = given.partition("=")
        if not (name and equals and path):
            raise UsageError(f"--system {given!r} has no name", hint=f"--system NAME={given.strip('=') or 'FILE'}")
        if name in files or name in taken:
            raise UsageError(f"two results of one name, {name!r}", hint=f"--system {name}-2={path}")
        files[name] = path
    return files


def _row(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    yield ["" if record[column] is None else record[column] for column in _COLUMNS]


def _write_tables(records: Sequence[Mapping[str, Any]], write: Callable[[str], None]) -> None:
    """Three tables for people, all rows in each, narrow enough for any terminal: sums, means, and ranking."""
    first = records[0]
    tables = {"ranking": _RANKED}
    for average in ("macro", "micro"):
        title = f"{average}, recall at most {first[f'recall_ceiling_{average}']:.4f}"
        tables = {title: {header: field.format(average) for header, field in _AVERAGED.items()}, **tables}
    for title, fields in tables.items():
        shown = _KEYS | fields

        def rows(_: Mapping[str, Any], shown: Mapping[str, str] = shown) -> Iterator[Sequence[Cell]]:
            for record in records:
                yield ["" if record[field] is None else record[field] for field in shown.values()]

        with record_writer("table", write, columns=list(shown), rows=rows) as add:
            add({"id": f"{first['id']}: {title}"})


def _tell(account: Account, record: KeywordScoreRecord) -> None:
    if account.without_gold:
        total = account.documents + account.without_gold
        note(
            f"no gold keywords in {account.without_gold:,} of {total:,} documents, which are left out of all figures "
            f"(first: {account.first_without_gold})"
        )
    if account.without_text:
        note(
            f"no text in {account.without_text:,} of {account.documents:,} documents: our methods find nothing there "
            f"(first: {account.first_without_text})"
        )
    note(
        f"recall is {record['recall_ceiling_micro']:.4f} at most for keywords taken from the text: "
        f"{record['in_text']:,} of {record['gold']:,} gold keywords occur there"
    )
