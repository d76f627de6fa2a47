"""`textpipe train-idf`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from textpipe.cli.console import note, on_stop
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.segmenting import has_tokenizer
from textpipe.cli.storing import stage_logs, uses_store

if TYPE_CHECKING:
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
@has_tokenizer
@uses_store
@click.pass_context
def train_idf(
    context: click.Context,
    /,
    *,
    reading: Reading,
    name: str | None,
    min_documents: int,
    user_dict: tuple[str, ...],
    hmm: bool,
    store: Store,
) -> None:
    """Learn from documents of your own how much words weigh, for keywords --idf.

    Counts in how many documents each word occurs. The result, the tokens and the documents are kept in the store,
    with the settings of the tokenizer, so that keywords cuts texts alike. Prints the artifact's id.

    \b
    Examples:
      textpipe train-idf data/news.tsv --name news
      textpipe keywords article.txt --idf news
    """
    from textpipe.operations.train import train_idf as train

    paths = reading.required_paths()
    on_stop(context, "the same command goes on from what is done")
    with stage_logs(shown=not reading.quiet) as log_of:
        artifact = train(
            store,
            paths,
            reading=reading.options,
            dictionaries=user_dict,
            hmm=hmm,
            min_documents=min_documents,
            name=name,
            log_of=log_of,
        )
    if reading.verbose:
        metrics = artifact.manifest.metrics
        note(f"{metrics['words']:,} words of {metrics['documents']:,} documents")
    click.echo(artifact.address)
