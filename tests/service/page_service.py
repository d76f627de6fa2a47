"""A service for the tests of the page, in a thread of this process, and a browser."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from textpipe.service.app import build_app
from textpipe.service.connections import uvicorn_options
from textpipe.service.settings import ServiceSettings

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--no-first-run",
]
_SECONDS = 20


@contextmanager
def serving(store: Path, **settings: Any) -> Iterator[str]:
    """The address of a service of this store, which is gone after the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        given = ServiceSettings(store=store, port=port, **settings)
        app = build_app(given)
        server = uvicorn.Server(uvicorn.Config(app, **uvicorn_options(given, app.state.log)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            until = time.monotonic() + _SECONDS
            while not server.started and thread.is_alive() and time.monotonic() < until:
                time.sleep(0.01)
            assert server.started, "the service did not start"
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.should_exit = True
            thread.join(_SECONDS)


XSS_FORMS = (
    "<script>{run}</script>",
    "<ScRiPt>{run}</sCrIpT>",
    "<img src=x onerror={run}>",
    '"><img src=x onerror="{run}">',
    "'><svg onload={run}>",
    "<svg><script>{run}</script></svg>",
    "<svg><animate onbegin={run} attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror={run}>",
    "<iframe srcdoc='<script>parent.{run}</script>'>",
    "<body onload={run}>",
    "<details open ontoggle={run}>x",
    "<input autofocus onfocus={run}>",
    '<a href="javascript:{run}">x</a>',
    "javascript:{run}",
    "<template><script>{run}</script></template>",
    "</textarea><script>{run}</script>",
    "</title><script>{run}</script>",
    "<!--><img src=x onerror={run}>-->",
    "]]><script>{run}</script>",
    "${{{run}}}",
    "{{{{constructor.constructor('{run}')()}}}}",
    "\\u003cscript\\u003e{run}\\u003c/script\\u003e",
    "&lt;script&gt;{run}&lt;/script&gt;",
    "&#60;img src=x onerror={run}&#62;",
    "<style>@import 'javascript:{run}';</style>",
    '<div style="background:url(javascript:{run})">',
    "<link rel=stylesheet href=data:,*{{x:expression({run})}}>",
    "<object data='data:text/html,<script>{run}</script>'>",
    "<marquee onstart={run}>",
    "<video><source onerror={run}>",
)
XSS_AROUND = ("{0}", "好{0}的", "\u202e{0}", "{0}\n", " {0} ", "a\u200b{0}", "\ufeff{0}", "{0}😀", "<b>{0}", "\\'{0}//")


def xss_strings() -> list[str]:
    """300 strings that would set `window.ran` where one of them were made into HTML."""
    return [around.format(form.format(run="window.ran=1")) for form in XSS_FORMS for around in XSS_AROUND]


def serving_address() -> str:
    """What a client in this process calls the service, by its default settings."""
    settings = ServiceSettings()
    return f"http://{settings.host}:{settings.port}"


def until(page: Page, expression: str, *, arg: object = None) -> None:
    """Wait until it is true in the page, whose policy forbids playwright's own way of waiting, by `eval`."""
    last = time.monotonic() + _SECONDS
    while not page.evaluate(expression, arg):
        assert time.monotonic() < last, f"never true: {expression}"
        page.wait_for_timeout(20)
