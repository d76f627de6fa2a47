"""`textpipe evaluate embeddings`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import debug_option, note, show_account
from textpipe.cli.neighbours import takes_vectors_file
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import decodes
from textpipe.cli.resampling import draws_samples
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import EXIT_NEGATIVE, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from textpipe.corpus.read import Errors
    from textpipe.operations.evaluate_embeddings import WordScoreRecord
    from textpipe.operations.word_questions import WordQuestions
    from textpipe.store.layout import Store

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = (
    *("id", "measure", "section", "kind", "items", "known", "coverage"),
    *("correct", "value", "low", "high"),
)
_SHOWN = {  # fields that a table shows of each measure, under its headers
    "spearman": {
        "pairs": "items",
        "known": "known",
        "coverage": "coverage",
        "rho": "value",
        "low": "low",
        "high": "high",
    },
    "accuracy": {
        "section": "section",
        "questions": "items",
        "known": "known",
        "coverage": "coverage",
        "correct": "correct",
        "accuracy": "value",
    },
}


@click.command()
@click.argument("arguments", nargs=-1, metavar="NAME FILES...", shell_complete=complete_artifact)
@takes_vectors_file
@click.option(
    "--restrict", type=click.IntRange(min=1), metavar="N", help="Only the N most frequent words.  [default: all]"
)
@click.option("--fold", is_flag=True, help="Words are the same whatever their case, as gensim takes them.")
@draws_samples
@decodes
@uses_store
@writes_records(*_FORMATS)
@click.option("-q", "--quiet", is_flag=True, help="No notes; errors only.")
@debug_option
@click.pass_context
def embeddings(
    context: click.Context,
    /,
    *,
    arguments: tuple[str, ...],
    vectors: str | None,
    restrict: int | None,
    fold: bool,
    resamples: int,
    seed: int,
    encoding: str,
    errors: Errors,
    store: Store,
    destination: Destination,
    quiet: bool,
) -> None:
    """Score word vectors: rank correlation with people's similarities, and analogies.

    NAME is an artifact of embeddings. Of FILES, a line holds two words and how similar people say they are; or, for
    analogies, four words, under lines `: section`. Which of the two a file is, its first line says.

    \b
    Examples:
      textpipe evaluate embeddings news wordsim240.txt cwe_analogy.txt
      textpipe evaluate embeddings --vectors vectors.txt questions-words.txt --restrict 30000 --fold
    """
    from textpipe.corpus.document import ReadLog
    from textpipe.operations.evaluate import LineReader
    from textpipe.operations.evaluate_embeddings import EmbeddingScorer
    from textpipe.operations.open_vectors import open_vectors
    from textpipe.operations.word_questions import read_questions

    name, files = _name_and_files(arguments, vectors)
    kind = destination.format
    log = ReadLog()
    reader = LineReader(log, encoding=encoding, errors=errors)
    asked = [read_questions(file, reader) for file in files]
    found = open_vectors(store, name, file=vectors, counts=True)
    scorer = EmbeddingScorer(found, restrict=restrict, fold=fold, resamples=resamples, seed=seed)
    inputs = [*files, *([vectors] if vectors else [])]
    totals = []
    with destination.open(inputs) as write, record_writer(kind, write, columns=_COLUMNS, rows=_row) as add:
        for questions in asked:
            records = scorer.score(questions)
            totals.append(records[-1])
            if kind == "table":
                _write_table(records, write)
            else:
                for record in records:
                    add(record)
    show_account(log, quiet=quiet, verbose=False)
    if not quiet:
        for questions, total in zip(asked, totals, strict=True):
            _tell(questions, total)
    if not any(total["known"] for total in totals):
        if not quiet:
            note("no pair and no question can be answered: are the words cut, and written, as those of the vectors?")
        context.exit(EXIT_NEGATIVE)


def _name_and_files(arguments: tuple[str, ...], vectors: str | None) -> tuple[str | None, Sequence[str]]:
    from textpipe.corpus.paths import STDIN

    name, files = (arguments[0] if arguments else None, arguments[1:]) if vectors is None else (None, arguments)
    if not files:
        what = "the name of the embeddings and files" if name is None and vectors is None else "files"
        hint = f"textpipe evaluate embeddings {name or 'NAME'} wordsim240.txt"
        raise UsageError(f"{what} of word pairs or analogies are needed", hint=hint)
    if [*files, vectors].count(STDIN) > 1:
        raise UsageError("standard input can be one of the files only", hint="name the others")
    return name, files


def _row(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    yield ["" if record[column] is None else record[column] for column in _COLUMNS]


def _write_table(records: Sequence[WordScoreRecord], write: Callable[[str], None]) -> None:
    """A table of a file for people; what a measure has not is left out."""
    fields = _SHOWN[records[0]["measure"]]

    def rows(_: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
        for record in records:
            values: dict[str, Any] = {**record, "section": _section(record)}
            yield ["", *("" if values[field] is None else values[field] for field in fields.values())]

    with record_writer("table", write, columns=["id", *fields], rows=rows) as add:
        add({"id": records[0]["id"]})


def _section(record: WordScoreRecord) -> str:
    if record["section"] is not None:
        return record["section"]
    return "all" if record["kind"] is None else f"all {record['kind']}"


def _tell(questions: WordQuestions, total: WordScoreRecord) -> None:
    what = "pair" if questions.pairs else "question"
    if total["known"] < total["items"]:
        left = total["items"] - total["known"]
        note(f"{questions.path}: left out {left:,} of {total['items']:,} {what}s, of which a word has no vector")
    if questions.duplicates:
        note(
            f"{questions.path}: {questions.duplicates:,} {what}{'s' if questions.duplicates > 1 else ''} "
            f"more than once, each counted (first: line {questions.first_duplicate:,})"
        )
