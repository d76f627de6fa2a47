"""`textpipe train-classifier`"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.computing import takes_device
from textpipe.cli.console import note, on_stop
from textpipe.cli.reading import Reading, reads_all_of_paths
from textpipe.cli.segmenting import has_tokenizer
from textpipe.cli.storing import DEFAULT_STORE, complete_artifact, keeps_training, stage_logs, uses_store
from textpipe.errors import UsageError
from textpipe.store.refs import LATEST
from textpipe.toml import toml_value

if TYPE_CHECKING:
    from textpipe.store.layout import Store


@click.command("train-classifier")
@reads_all_of_paths
@click.option(
    "--valid",
    default="0.1",
    show_default=True,
    metavar="SHARE|FILE",
    help="What to judge by: a share of the texts, held back and learned from in the end, or a file of others.",
)
@click.option(
    "--arch",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="The architecture: auto, linear, mlp, textcnn, recurrent.",
)
@click.option("--multi-label", is_flag=True, help="A text may have several labels, or none: an empty cell.")
@click.option("--label-sep", metavar="TEXT", help="What stands between the labels of a text.  [default: ,]")
@click.option("--unit", type=click.Choice(("word", "char", "both")), help="What a text is made of.  [default: its own]")
@click.option(
    "--embeddings",
    metavar="NAME",
    shell_complete=complete_artifact,
    help="Begin with the vectors of this artifact, as train-embeddings or import made it.",
)
@click.option("--freeze", is_flag=True, help="Leave these vectors as they are.")
@click.option("--set", multiple=True, metavar="NAME=VALUE", help="A setting of the architecture; repeatable.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Where chance begins."
)
@click.option("--drop-leaks", is_flag=True, help="Leave out of training the texts that the file of --valid has too.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Threads; 0 takes all cores.",
)
@takes_device
@keeps_training
@has_tokenizer
@uses_store
@click.pass_context
def train_classifier(
    context: click.Context,
    /,
    *,
    reading: Reading,
    valid: str,
    arch: str,
    multi_label: bool,
    label_sep: str | None,
    unit: str | None,
    embeddings: str | None,
    freeze: bool,
    seed: int,
    drop_leaks: bool,
    workers: int,
    device: str | None,
    name: str | None,
    restart: bool,
    user_dict: tuple[str, ...],
    hmm: bool,
    store: Store,
    **options: Any,
) -> None:
    """Learn to classify texts from labelled ones.

    PATHS are tables with a column of labels, a directory with a folder for each class, or files of lines that begin
    with __label__NAME. What is odd about the data is told on standard error, and how good the classifier is on texts
    that were held back. Prints the artifact's id.

    \b
    Examples:
      textpipe train-classifier reviews.tsv --label-col stars --name reviews
      textpipe train-classifier news/ --valid held-back/
      textpipe train-classifier papers.csv --label-col topics --multi-label --label-sep ";"
      textpipe train-classifier train.txt --arch textcnn --unit char --set epochs=5
    """
    from textpipe.operations.train_classifier import Source, held_back, held_back_line
    from textpipe.operations.train_classifier import train_classifier as train

    params = {
        "arch": arch,
        "settings": _settings(  # `set` is a word of Python's own
            arch, options["set"], unit=unit, freeze=freeze or None, label_sep=_separator(label_sep, several=multi_label)
        ),
        "drop_leaks": drop_leaks,
        "hmm": hmm,
        "seed": seed,
        "workers": workers,
        "device": device,
    }
    if freeze and embeddings is None:
        raise UsageError("--freeze is about --embeddings", hint="textpipe store ls embeddings shows which there are")
    held = held_back(valid)
    if isinstance(held, float):
        params["valid_share"] = held
    files = (held,) if isinstance(held, str) else ()
    source = Source(reading.required_paths(), files, reading.options, user_dict)
    with stage_logs(shown=not reading.quiet) as log_of:
        on_stop(context, "the same command again goes on from there")
        artifact = train(store, source, params=params, embeddings=embeddings, name=name, restart=restart, log_of=log_of)
    if not reading.quiet:
        note(held_back_line(artifact.manifest))
        note(f"next: {_next('classify PATHS', store, model=name)}")
        note(f"next: {_next(f'evaluate classifier {name or LATEST} LABELLED', store)}")
    click.echo(artifact.address)


def _separator(given: str | None, *, several: bool) -> str | None:
    """What stands between labels, None where a text has one."""
    from textpipe.corpus.label_sets import COMMA

    if given is not None and not several:
        raise UsageError("--label-sep is about --multi-label", hint="--multi-label: a text may have several labels")
    if given == "":
        raise UsageError("--label-sep: nothing cannot stand between labels", hint='--label-sep ";"')
    return (COMMA if given is None else given) if several else None


def _settings(arch: str, given: Sequence[str], **options: Any) -> Mapping[str, Any]:
    """What --set and the options of settings say. Raises UsageError for what the architecture does not have."""
    from textpipe.models.settings import setting_names

    found: dict[str, Any] = {}
    for setting in given:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {setting}: not a setting", hint=f"--set {key or 'lr'}=VALUE")
        found[key] = toml_value(text)
    names = setting_names(arch)
    for name, value in options.items():
        if value is None:
            continue
        if name not in names and name == "label_sep":
            raise UsageError(
                f"the architecture {arch} learns one label a text", hint="--arch auto or linear for several"
            )
        if name not in names:
            raise UsageError(f"the architecture {arch} has no --{name}", hint=f"its settings: {', '.join(names)}")
        if found.setdefault(name, value) != value:
            option = "--" + name.replace("_", "-")
            raise UsageError(f"{option} and --set {name}= say different things", hint="leave out one of them")
    return found


def _next(command: str, store: Store, *, model: str | None = None) -> str:
    where = "" if str(store.path) == DEFAULT_STORE else f" --store {store.path}"
    return f"textpipe {command}{f' --model {model}' if model else ''}{where}"
