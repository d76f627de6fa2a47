"""`textpipe serve`"""

from __future__ import annotations

import click

from textpipe.cli.storing import uses_store
from textpipe.errors import UsageError
from textpipe.store.layout import Store


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="0: any free one.")
@uses_store
def serve(*, host: str, port: int, store: Store) -> None:
    """Answer over HTTP what the other commands answer here, with a page to try it.

    \b
    Examples:
      textpipe serve
      curl -d '{"text": "我来到北京清华大学"}' -H 'Content-Type: application/json' localhost:8000/v1/tokenize
    """
    from importlib.util import find_spec

    if find_spec("uvicorn") is None or find_spec("starlette") is None:
        raise UsageError("the service needs Starlette and uvicorn", hint="pip install 'textpipe-zh[serve]'")
    from textpipe.service.settings import ServiceSettings
    from textpipe.service.supervisor import serve as run

    run(ServiceSettings(store=store.path, host=host, port=port))
