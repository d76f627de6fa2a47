"""`textpipe store ls|show|diff|verify|gc|export|import|rm`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import debug_option, note, one_line, say
from textpipe.cli.output import Cell, Destination, json_line, record_writer, writes_records
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import ArtifactError

if TYPE_CHECKING:
    from textpipe.store.layout import Store

_SHORT = 12  # digits of an id that are shown in a table

_NAME = click.argument("name", type=str, shell_complete=complete_artifact)
_TABLES = ("table", "jsonl", "json", "csv", "tsv")


@click.group()
def store() -> None:
    """Look at the artifacts of a store: what there is, how it was made, whether it is whole.

    An artifact is named by a name (news), by kind and name (idf/news), or by an id or its beginning; latest is
    the last one of its kind that was made or found.

    \b
    Examples:
      textpipe store ls
      textpipe store show keywords/latest
      textpipe store export idf/latest idf.tar
    """


@store.command("ls")
@click.argument("kind", required=False)
@uses_store
@writes_records(*_TABLES)
@debug_option
def list_command(*, kind: str | None, store: Store, destination: Destination) -> None:
    """List artifacts, of one KIND or of all."""
    from textpipe.operations.store import list_artifacts

    found = list(list_artifacts(store, kind=kind))
    columns = ("id", "kind", "artifact", "names", "created", "bytes", "metrics")
    with (
        destination.open() as write,
        record_writer(destination.format, write, columns=columns, rows=_listed) as add,
    ):
        if destination.format == "table":
            add({"id": str(store.path), "artifacts": found})
        else:
            for record in found:
                add(record)


def _listed(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record.get("artifacts", [record]):
        metrics = ", ".join(f"{key} {value}" for key, value in one["metrics"].items() if isinstance(value, int | float))
        state = one["damage"] or metrics
        identity = one["id"][:_SHORT] if "artifacts" in record else one["id"]
        yield record["id"], one["kind"], identity, " ".join(one["names"]), one["created"], one["bytes"], state


@store.command("show")
@_NAME
@uses_store
@writes_records("text", "jsonl", "json")
@debug_option
def show(*, name: str, store: Store, destination: Destination) -> None:
    """Show how an artifact was made: its recipe, its files, and all that it was made from."""
    from textpipe.operations.store import show_artifact
    from textpipe.store.refs import resolve

    record = show_artifact(store, resolve(store, name))
    with destination.open() as write:
        if destination.format == "text":
            write(_as_text(record))
        else:
            with record_writer(destination.format, write, columns=(), rows=_listed) as add:
                add(record)


def _as_text(record: Mapping[str, Any]) -> str:
    """The artifact, then what it was made from, each as a short paragraph; raw files by their digest."""
    paragraphs = [_paragraph(one) for one in (record, *reversed(record["lineage"]))]
    return "\n".join(paragraphs)


def _paragraph(record: Mapping[str, Any]) -> str:
    lines = [f"{record['kind']}/{record['id']}"]
    if record.get("names"):
        lines.append(f"  names    {' '.join(record['names'])}")
    lines.append(f"  made by  {record['stage']} {record['version']}, {record['created']}")
    lines += [f"  param    {key} = {json_line(value)}" for key, value in record["params"].items()]
    for role, given in record["inputs"].items():
        if "artifact" in given:
            lines.append(f"  input    {role} = {given['artifact']}")
        else:
            count = f"{given['files']} {'files' if given['files'] > 1 else 'file'}, {given.get('bytes', 0):,} bytes"
            lines.append(f"  input    {role} = {count}, digest {given['digest']}")
    lines += [f"  metric   {key} = {json_line(value)}" for key, value in record["metrics"].items()]
    lines += [f"  file     {name}, {one['size']:,} bytes" for name, one in record["outputs"].items()]
    lines.append(f"  content  {record['digest']}")
    lines.append(f"  with     {', '.join(f'{key} {value}' for key, value in record['environment'].items())}")
    return "".join(f"{one_line(line)}\n" for line in lines)


@store.command("diff")
@click.argument("a", shell_complete=complete_artifact)
@click.argument("b", shell_complete=complete_artifact)
@uses_store
@writes_records(*_TABLES)
@debug_option
def diff(*, a: str, b: str, store: Store, destination: Destination) -> None:
    """Print what two artifacts differ in: stage, parameters, inputs, files, metrics, environment."""
    from textpipe.operations.store import differences
    from textpipe.store.refs import resolve

    one, other = resolve(store, a), resolve(store, b)
    found = list(differences(one, other))
    with (
        destination.open() as write,
        record_writer(destination.format, write, columns=("id", "what", "a", "b"), rows=_different) as add,
    ):
        add({"id": f"{one.address} {other.address}", "differences": found})


def _different(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record["differences"]:
        yield record["id"], one["what"], json_line(one["a"]), json_line(one["b"])


@store.command("verify")
@click.argument("name", required=False, shell_complete=complete_artifact)
@uses_store
@debug_option
@click.pass_context
def verify(context: click.Context, /, *, name: str | None, store: Store) -> None:
    """Read every byte of every artifact, or of one, and say what is damaged; ends with 4 if anything is."""
    from textpipe.store.refs import resolved_address
    from textpipe.store.verify import verify as check

    if not store.exists:
        raise ArtifactError("there is no store", where=store.path, hint="--store FOLDER names another")
    only = None if name is None else resolved_address(store, name)
    count = damaged = 0
    for _address, error in check(store, only=only):
        count += 1
        if error is not None:
            damaged += 1
            say(f"damaged: {one_line(str(error))}")
            say(f"hint: {one_line(error.hint or 'textpipe store ls')}")
    click.echo(f"{count} looked at, {damaged} damaged")
    if damaged:
        context.exit(ArtifactError.exit_code)


@store.command("gc")
@click.option("--delete", is_flag=True, help="Take it away; without this it is only listed.")
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    default=3600,
    show_default=True,
    metavar="SECONDS",
    help="Spare what was used later than this.",
)
@uses_store
@writes_records(*_TABLES)
@debug_option
def gc(*, delete: bool, grace: int, store: Store, destination: Destination) -> None:
    """Find artifacts that no name leads to, and what killed processes left behind.

    Unfinished work is kept for seven days, so that a pipeline that was stopped can go on.
    """
    from textpipe.store.collect import collect, garbage

    found = (collect if delete else garbage)(store, grace=grace)
    rows = [{"what": one.what, "name": one.name, "bytes": one.bytes} for one in found]
    with (
        destination.open() as write,
        record_writer(destination.format, write, columns=("id", "what", "name", "bytes"), rows=_collected) as add,
    ):
        add({"id": str(store.path), "deleted": delete, "garbage": rows})
    if rows and not delete:
        note("nothing was taken away: --delete does that")


def _collected(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record["garbage"]:
        yield record["id"], one["what"], one["name"], one["bytes"]


@store.command("export")
@_NAME
@click.argument("file", type=click.Path(path_type=str, readable=False))
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@uses_store
@debug_option
def export_command(*, name: str, file: str, force: bool, store: Store) -> None:
    """Write an artifact and all that it was made from to one .tar FILE."""
    from textpipe.store.archive import export
    from textpipe.store.refs import resolve

    for artifact in export(store, resolve(store, name), file, force=force):
        click.echo(artifact.address)


@store.command("import")
@click.argument("file", type=click.Path(path_type=str, readable=False))
@click.option("--name", metavar="NAME", help="What to call it.  [default: the file's name without its suffix]")
@uses_store
@debug_option
def import_command(*, file: str, name: str | None, store: Store) -> None:
    """Take the artifacts of a .tar FILE into the store; everything is checked before anything is written."""
    from textpipe.store.archive import import_archive
    from textpipe.store.refs import check_name, set_ref

    called = check_name(PurePath(file).name.split(".")[0] if name is None else name)
    imported = import_archive(store, file)
    set_ref(store, imported[-1].address, called)
    for artifact in imported:
        click.echo(artifact.address)


@store.command("rm")
@_NAME
@click.option("--force", is_flag=True, help="Also when other artifacts were made from it.")
@uses_store
@debug_option
def rm(*, name: str, force: bool, store: Store) -> None:
    """Remove an artifact, damaged or not, and every name that means it; or a name that means nothing."""
    from textpipe.operations.store import remove_named

    click.echo(remove_named(store, name, force=force))
