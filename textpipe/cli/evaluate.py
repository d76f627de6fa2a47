"""`textpipe evaluate`: segmentation here, keywords, embeddings and classifiers in files of their own"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import debug_option, note, show_account
from textpipe.cli.evaluate_classifier import classifier
from textpipe.cli.evaluate_embeddings import embeddings
from textpipe.cli.evaluate_keywords import keywords
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import decodes
from textpipe.cli.segmenting import has_tokenizer, make_tokenizer
from textpipe.errors import UsageError

if TYPE_CHECKING:
    from textpipe.corpus.read import Errors

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_SEGMENTATION = (
    "id",
    "precision",
    "recall",
    "f1",
    "oov_rate",
    "oov_recall",
    "iv_recall",
    "gold_words",
    "words",
    "correct",
    "lines",
)


@click.group()
def evaluate() -> None:
    """Score results against what people say is right.

    \b
    Examples:
      textpipe evaluate segmentation gold.txt
      textpipe evaluate segmentation gold.txt --system other-tool.txt --vocabulary training-words.txt
      textpipe evaluate keywords gold.jsonl --method tfidf,textrank -k 5,10
      textpipe evaluate embeddings news wordsim240.txt cwe_analogy.txt
      textpipe evaluate classifier news test.tsv
    """


evaluate.add_command(keywords)
evaluate.add_command(embeddings)
evaluate.add_command(classifier)


@evaluate.command("segmentation")
@click.argument("gold", type=click.Path(path_type=str, readable=False))
@click.option(
    "--vocabulary",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="The words of the training data, one a line: for the figures about out-of-vocabulary words.",
)
@click.option(
    "--system",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="Score this segmentation of the same lines, another tool's for example, in place of textpipe's.",
)
@decodes
@has_tokenizer
@writes_records(*_FORMATS)
@click.option("-q", "--quiet", is_flag=True, help="No notes; errors only.")
@debug_option
def segmentation(
    *,
    gold: str,
    vocabulary: str | None,
    system: str | None,
    encoding: str,
    errors: Errors,
    user_dict: tuple[str, ...],
    hmm: bool,
    destination: Destination,
    quiet: bool,
) -> None:
    """Score a segmentation: precision, recall and F1 of words, as the SIGHAN bakeoffs count them.

    GOLD is plain text, a sentence a line, its words separated by white space. The spaces are taken out, the text is
    cut, and a word is correct when GOLD has it at the same place.

    \b
    Examples:
      textpipe evaluate segmentation gold.txt --vocabulary training-words.txt
      textpipe evaluate segmentation gold.txt --system other-tool.txt --format json
    """
    from textpipe.corpus.document import ReadLog
    from textpipe.corpus.paths import STDIN
    from textpipe.operations.evaluate import LineReader, evaluate_segmentation

    inputs = [path for path in (gold, vocabulary, system) if path is not None]
    if inputs.count(STDIN) > 1:
        raise UsageError("standard input can be one of the files only", hint="name the others")
    if system is not None and (user_dict or not hmm):
        raise UsageError("--system is cut already", hint="leave out --user-dict and --no-hmm")
    kind = destination.format
    log = ReadLog()
    tokenizer = make_tokenizer(user_dict, hmm=hmm, quiet=quiet)
    columns, rows = (("id", "measure", "value"), _measures) if kind == "table" else (_SEGMENTATION, _row)
    reader = LineReader(log, encoding=encoding, errors=errors)
    with destination.open(inputs) as write, record_writer(kind, write, columns=columns, rows=rows) as add:
        add(evaluate_segmentation(gold, tokenizer=tokenizer, system=system, vocabulary=vocabulary, reader=reader))
    show_account(log, quiet=quiet, verbose=False)
    if vocabulary is None and not quiet:
        note("nothing about out-of-vocabulary words: --vocabulary FILE names the words of the training data")


def _row(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    """One row for all, so that those of several runs make a table."""
    yield ["" if record[column] is None else record[column] for column in _SEGMENTATION]


def _measures(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    """A row a measure, for people; what there is not is left out."""
    for column in _SEGMENTATION[1:]:
        if record[column] is not None:
            yield record["id"], column, record[column]
