"""`textpipe train-embeddings`"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note, on_stop
from textpipe.cli.memory import bytes_of
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_all_of_paths
from textpipe.cli.segmenting import has_tokenizer
from textpipe.cli.storing import complete_artifact, keeps_training, stage_logs, uses_store
from textpipe.errors import UsageError, did_you_mean
from textpipe.toml import toml_value

if TYPE_CHECKING:
    from textpipe.operations.train_embeddings import Source
    from textpipe.store.layout import Store

_Command = Callable[..., Any]
_BY_SET = ("negatives", "power", "final_lr", "min_n", "max_n", "buckets")  # right as they are for nearly everybody
_FORMATS = ("table", "jsonl", "json")


def _setting(option: str, type_: Any, metavar: str, help_: str) -> Callable[[_Command], _Command]:
    """An option that stands for a parameter of the stage; not given, the stage's default holds, or that of --from."""
    return click.option(option, type=type_, metavar=metavar, help=help_)


@click.command("train-embeddings")
@reads_all_of_paths
@click.option(
    "--arch",
    type=click.Choice(("skipgram", "cbow")),
    help="Predict the words around a word, or it from them.  [default: skipgram]",
)
@_setting("--dim", int, "N", "Length of the vectors.  [default: 100]")
@_setting("--window", int, "N", "Words to each side, at most.  [default: 5]")
@click.option(
    "--loss",
    type=click.Choice(("negative", "hierarchical")),
    help="Negative sampling, or hierarchical softmax (engine gensim).  [default: negative]",
)
@_setting("--negative", int, "N", "Words drawn against each pair.  [default: 5]")
@_setting("--min-count", int, "N", "Leave out words that occur less often.  [default: 5]")
@_setting(
    "--sample", float, "SHARE", "Pass over words with a larger share of all now and then; 0 never.  [default: 0.001]"
)
@_setting("--epochs", int, "N", "Times over the text.  [default: 5]")
@_setting("--lr", float, "RATE", "Learning rate at the start.  [default: 0.05]")
@click.option(
    "--subword/--no-subword",
    default=None,
    help="Vectors of character n-grams too, for words never seen.  [default: no-subword]",
)
@click.option("--set", multiple=True, metavar="NAME=VALUE", help=f"A rarer setting: {', '.join(_BY_SET)}; repeatable.")
@_setting("--seed", int, "N", "Where chance begins.  [default: 0]")
@_setting(
    "--workers",
    click.IntRange(min=0),
    "N",
    "Threads; 1 gives the same vectors every time, 0 takes all cores.  [default: 0]",
)
@click.option(
    "--engine", type=click.Choice(("auto", "native", "gensim", "torch")), help="What trains.  [default: auto]"
)
@click.option(
    "--device", type=click.Choice(("cpu", "cuda")), help="Of the engine torch.  [default: a GPU where there is one]"
)
@click.option("--max-memory", metavar="SIZE", help="Keep as many of the most frequent words as fit, as 512M or 2G.")
@click.option(
    "--from",
    metavar="NAME",
    shell_complete=complete_artifact,
    help="Go on with these vectors: words are added, settings kept.",
)
@click.option(
    "--tokens", metavar="NAME", shell_complete=complete_artifact, help="Train on a tokens artifact instead of PATHS."
)
@keeps_training
@click.option("--dry-run", is_flag=True, help="Print vocabulary, memory and time that it would take; write nothing.")
@writes_records(*_FORMATS, to_file=False)
@has_tokenizer
@uses_store
@click.pass_context
def train_embeddings(
    context: click.Context,
    /,
    *,
    reading: Reading,
    user_dict: tuple[str, ...],
    hmm: bool,
    max_memory: str | None,
    tokens: str | None,
    name: str | None,
    restart: bool,
    dry_run: bool,
    destination: Destination,
    store: Store,
    **options: Any,
) -> None:
    """Learn word vectors from documents: word2vec's skip-gram or CBOW.

    Cuts documents into words, counts them and trains; documents, tokens and vectors are kept in the store, so that
    nothing is done twice. An interrupted training goes on where it was, with one worker to the same bits.
    Prints the artifact's id.

    \b
    Examples:
      textpipe train-embeddings news/ --name news
      textpipe train-embeddings news/ --arch cbow --dim 200 --dry-run
      textpipe similar 经济 --model news
    """
    from textpipe.operations.train_embeddings import plan_embeddings
    from textpipe.operations.train_embeddings import train_embeddings as train

    base: str | None = options.pop("from")  # both are words of Python's own
    params = _params(options, options.pop("set"))
    if max_memory is not None:
        params["max_words"] = _most_words(max_memory, params)
    source = _source(reading, tokens, user_dict, hmm=hmm)
    shown = not reading.quiet
    with stage_logs(shown=shown) as log_of:
        if dry_run:
            plan = plan_embeddings(store, source, params=params, base=base, log=log_of("reading").progress)
        else:
            on_stop(context, "the same command again goes on from there")
            artifact = train(store, source, params=params, base=base, name=name, restart=restart, log_of=log_of)
    if not dry_run:
        click.echo(artifact.address)
        return
    with (
        destination.open() as write,
        record_writer(destination.format, write, columns=("id", "what", "value"), rows=_rows) as add,
    ):
        add({"id": "train-embeddings", **plan})
    if shown:
        note("a dry run: nothing was written")


def _source(reading: Reading, tokens: str | None, dictionaries: tuple[str, ...], *, hmm: bool) -> Source:
    from textpipe.operations.train_embeddings import Source

    if tokens is None:
        return Source(None, reading.required_paths(), reading.options, dictionaries, hmm)
    if reading.paths or dictionaries:
        raise UsageError("--tokens takes the place of PATHS and --user-dict", hint="leave out one of them")
    return Source(tokens)


def _params(options: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    params = {key: value for key, value in options.items() if value is not None}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or key not in _BY_SET:
            guess = did_you_mean(key, list(_BY_SET))
            raise UsageError(
                f"--set {setting}: not a setting{guess}", hint=f"one of {', '.join(_BY_SET)}, as power=0.75"
            )
        params[key] = toml_value(text)
    return params


def _most_words(size: str, params: Mapping[str, Any]) -> int:
    from textpipe.embeddings.memory import words_within
    from textpipe.pipeline.embedding_stages import EMBEDDINGS, config_of

    return words_within(bytes_of(size), config_of(EMBEDDINGS.complete(params)))


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    texts = {
        "coverage": f"{record['coverage']:.1%} of the tokens",
        "memory": f"{record['memory'] / 2**20:,.0f} MiB at most",
        "disk": f"{record['disk'] / 2**20:,.0f} MiB",
        "seconds": f"{record['seconds']:,.1f} of training",
    }
    for what, value in record.items():
        if what != "id":
            yield record["id"], what, texts.get(what, f"{value:,}" if isinstance(value, int) else value)
