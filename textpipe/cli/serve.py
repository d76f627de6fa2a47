"""`textpipe serve`"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from textpipe.cli.console import debug_option, note
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.device import checked_device
from textpipe.errors import ArtifactError, InputError, UsageError
from textpipe.files import naming_errors
from textpipe.store.layout import Store

if TYPE_CHECKING:
    from textpipe.service.settings import ServiceSettings

_PACKAGES = ("httptools", "orjson", "prometheus_client", "starlette", "uvicorn", "uvloop")
_LONGEST_TOKEN = 4096
_COUNT = click.IntRange(1)
_SECONDS = click.FloatRange(0.1, 3600)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="0: any free one.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A further name that requests may call it by.")
@click.option("--token", metavar="TEXT", help="What requests must show; better in TEXTPIPE_SERVE_TOKEN or a file.")
@click.option("--token-file", type=click.Path(path_type=Path), metavar="FILE", help="The token is its first line.")
@uses_store
@click.option(
    "--artifact",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_artifact,
    help="Load it before /readyz says yes; others are loaded when they are asked for.",
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option("--threads", type=_COUNT, default=2, show_default=True, help="Of a worker, for long texts.")
@click.option("--device", metavar="NAME", help="Of classifiers: cpu, cuda, cuda:N.  [default: the best]")
@click.option(
    "--max-artifacts", type=_COUNT, default=8, show_default=True, help="In a worker's memory, beside --artifact."
)
@click.option("--max-body", type=_COUNT, default=1 << 20, show_default=True, metavar="BYTES", help="Of a request.")
@click.option("--max-text", type=_COUNT, default=20_000, show_default=True, metavar="CHARACTERS", help="Of a text.")
@click.option("--max-texts", type=_COUNT, default=256, show_default=True, help="Of a request.")
@click.option(
    "--inline",
    type=click.IntRange(0),
    default=4_000,
    show_default=True,
    metavar="CHARACTERS",
    help="Up to which a request is worked on at once; longer ones go to threads.",
)
@click.option(
    "--max-batch", type=_COUNT, default=64, show_default=True, help="Texts that a network classifies at once."
)
@click.option(
    "--max-wait-ms",
    type=click.FloatRange(0, 1000),
    default=2.0,
    show_default=True,
    help="For which a batch waits for more.",
)
@click.option(
    "--max-queue-ms",
    type=click.FloatRange(1, 600_000),
    default=200.0,
    show_default=True,
    help="Estimated waiting time, from which on requests are refused (503); a quarter of it where it stays so long.",
)
@click.option("--max-connections", type=_COUNT, default=512, show_default=True, help="Of a worker.")
@click.option(
    "--header-seconds", type=_SECONDS, default=10.0, show_default=True, help="For a request's headers to come."
)
@click.option("--body-seconds", type=_SECONDS, default=20.0, show_default=True, help="For a whole request to come.")
@click.option(
    "--drain-seconds",
    type=_SECONDS,
    default=8.0,
    show_default=True,
    help="For open requests to be answered at the end.",
)
@click.option("--log-texts", is_flag=True, help="Write texts into the log too.")
@debug_option
@click.pass_context
def serve(context: click.Context, /, *, store: Store, **options: Any) -> None:
    """Answer over HTTP what the other commands answer here, with a page to try it.

    Its address goes to standard output once requests are accepted; what happens goes to standard error, a line of
    JSON each. SIGTERM and Ctrl-C stop it once all that came is answered; SIGHUP reloads. The store may be empty or
    missing: what is trained later is found. Any --host but this machine itself needs a token.

    \b
    Examples:
      textpipe serve
      textpipe serve --port 8080 --workers 4 --artifact classifier/latest
      textpipe serve --host 0.0.0.0 --allow-host texts.example.org --token-file token
      curl -d '{"text": "我来到北京清华大学"}' -H 'Content-Type: application/json' localhost:8000/v1/tokenize
    """
    from importlib.util import find_spec

    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise UsageError(f"the service needs {', '.join(missing)}", hint="pip install 'textpipe-zh[serve]'")
    from textpipe.service.supervisor import serve as run

    if options["device"] is not None:
        options["device"] = checked_device(options["device"])
    token_file = _token_file(context, options.pop("token_file"))
    options["artifacts"], options["hosts"] = options.pop("artifact"), options.pop("allow_host")
    _look_for(store, options["artifacts"])
    run(lambda: _settings(store, options, token_file), announce=_announce)


def _settings(store: Store, options: dict[str, Any], token_file: Path | None) -> ServiceSettings:
    from textpipe.service.settings import ServiceSettings

    token = options["token"] if token_file is None else _read_token(token_file)
    if token == "":
        raise UsageError(
            "the token is empty", hint='python -c "import secrets; print(secrets.token_urlsafe())" makes one'
        )
    if token is not None and (not token.isascii() or not token.isprintable() or " " in token):
        raise UsageError("a token is made of ASCII characters without spaces", hint="letters, digits, - and _ will do")
    return ServiceSettings(store=store.path.absolute(), **options | {"token": token})


def _token_file(context: click.Context, given: Path | None) -> Path | None:
    """The file, where it is what counts: an option beats the environment."""
    if given is None or context.params.get("token") is None:
        return given
    sources = [context.get_parameter_source(name) for name in ("token", "token_file")]
    if sources[0] == sources[1]:
        raise UsageError("--token or --token-file, not both", hint="leave out one of them")
    return given if sources[1] is ParameterSource.COMMANDLINE else None


def _read_token(path: Path) -> str:
    with naming_errors(str(path)):
        if not path.exists():
            raise InputError("no such file", where=path, hint="a file whose first line is the token")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LONGEST_TOKEN:
            raise InputError("no file with a token", where=path, hint="a file whose first line is the token")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            note(f"others on this machine can read {path}: chmod 600 {path}")
        first, _, _ = path.read_bytes().decode("utf-8", "replace").partition("\n")
    return first.strip()


def _look_for(store: Store, artifacts: tuple[str, ...]) -> None:
    """Say at once which artifacts are not there; they may come.

    Raises UsageError for a name that may mean several, ArtifactError for a folder that is no store.
    """
    from textpipe.service.settings import SERVED_KINDS
    from textpipe.store.refs import resolved_address

    there_is_one = store.exists
    for name in artifacts:
        try:
            if not there_is_one:
                note(f"no store {store.path} yet: not ready until there is one with {name}")
                continue
            kind = resolved_address(store, name).partition("/")[0]
            if kind not in SERVED_KINDS:
                hint = f"one of: {', '.join(SERVED_KINDS)}; textpipe store ls"
                raise UsageError(f"--artifact {name}: nothing is asked of a {kind}", hint=hint)
        except ArtifactError as error:
            note(f"not ready until it is there: {error}")


def _announce(address: str) -> None:
    """Whoever reads standard output knows where to ask; where nobody can, the service goes on."""
    with contextlib.suppress(OSError):
        os.write(1, f"{address}\n".encode())
