"""`textpipe train-idf`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from textpipe.cli.console import note
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.segmenting import has_tokenizer
from textpipe.cli.storing import stage_logs, uses_store

if TYPE_CHECKING:
    from textpipe.segment.idf import Formula
    from textpipe.store.layout import Store


@click.command("train-idf")
@reads_paths
@click.option("--name", metavar="NAME", help="What to call it, for keywords --idf NAME; latest means it anyway.")
@click.option(
    "--min-documents",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Leave out words that fewer documents have.",
)
@click.option(
    "--formula",
    type=click.Choice(("jieba", "sklearn")),
    default="jieba",
    show_default=True,
    help="How words are weighed, here and by keywords --idf: as jieba's own table was made, or as scikit-learn's "
    "TfidfVectorizer does.",
)
@has_tokenizer
@uses_store
def train_idf(
    *,
    reading: Reading,
    name: str | None,
    min_documents: int,
    formula: Formula,
    user_dict: tuple[str, ...],
    hmm: bool,
    store: Store,
) -> None:
    """Learn from documents of your own how much words weigh, for keywords --idf.

    Counts in how many documents each word occurs, in one pass over any amount of text and in bounded memory. The
    counts are kept in the store with the settings of the tokenizer, so that keywords cuts texts alike; documents and
    tokens are not. Prints the artifact's id.

    \b
    Examples:
      textpipe train-idf data/news.tsv --name news
      textpipe keywords article.txt --idf news
    """
    from textpipe.operations.train_idf import train_idf as train

    paths = reading.required_paths()
    with stage_logs(shown=not reading.quiet) as log_of:
        artifact = train(
            store,
            paths,
            reading=reading.options,
            dictionaries=user_dict,
            hmm=hmm,
            min_documents=min_documents,
            formula=formula,
            name=name,
            log_of=log_of,
        )
    metrics = artifact.manifest.metrics
    left_out = {**metrics["skipped"], **metrics["rejected"]}
    if not reading.quiet and left_out:
        note(f"left out: {', '.join(f'{count:,} {reason}' for reason, count in left_out.items())}")
    if reading.verbose:
        note(f"{metrics['words']:,} words of {metrics['documents']:,} documents")
    click.echo(artifact.address)
