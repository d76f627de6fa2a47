"""Templates to pages: everything escaped, scripts and styles inline and vouched for by their digests."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from textpipe.errors import UsageError
from textpipe.report.characters import displayed
from textpipe.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = "templates"
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&'"}


def require_jinja2() -> None:
    """Raises UsageError when Jinja2 is not installed."""
    if find_spec("jinja2") is None:
        raise UsageError("HTML reports need Jinja2", hint="pip install 'textpipe-zh[report]'")


def make_page(
    template: str,
    *,
    scripts: Sequence[str] = ("report.js",),
    styles: Sequence[str] = ("report.css",),
    **values: Any,
) -> bytes:
    """The page of a template, UTF-8. The same values give the same bytes.

    Every value is escaped, characters that a page cannot hold are replaced by signs, and the page's policy lets
    nothing run or load but our own script and style, which are part of it: the files `scripts` and `styles` beside
    the template.
    """
    script, style = ("".join(map(_resource, names)) for names in (scripts, styles))
    policy = f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; base-uri 'none'"
    found = _environment().get_template(template)
    text = found.render(
        policy=f"{policy}; form-action 'none'", script=_safe(script), style=_safe(style), version=__version__, **values
    )
    return text.encode()


def json_island(value: Any) -> str:
    """A value as JSON that can stand in a script element of any page: ASCII, and nothing that could end it."""
    return _safe(json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_ESCAPED))


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _safe(text: str) -> str:
    from markupsafe import Markup

    return Markup(text)


@functools.cache
def _resource(name: str) -> str:
    return files("textpipe.report").joinpath(f"{_FOLDER}/{name}").read_text("utf-8")


@functools.cache
def _environment() -> Environment:
    require_jinja2()
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": _count, "score": _score, "raw_text": _raw_text}
    return environment


def _finalized(value: Any) -> Any:
    """What a template prints: plain strings without characters that no page can hold."""
    return displayed(value) if type(value) is str else value


def _raw_text(text: str) -> str:
    """A text to be shown as it is; a parser would take a bare carriage return for a line feed."""
    from markupsafe import escape

    return _safe(str(escape(displayed(text))).replace("\r", "&#13;"))


def _count(number: int) -> str:
    return f"{number:,}"


def _score(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:.4f}"
