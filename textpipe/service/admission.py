"""Who may ask: hosts, origins, methods, paths, tokens, types of bodies. It reads headers, and nothing is done for them.

A browser on this machine can be made to send requests here by any page that it shows. Against that: an exact list of
`Host` (a name that was rebound to this address is none of them), `Origin` and `Sec-Fetch-Site` of this service alone,
JSON types only, which a form cannot send, and no CORS header ever.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_to_bytes

from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from textpipe.service.answers import Refused
from textpipe.service.settings import LOOPBACK, ServiceSettings

METHODS = ("GET", "HEAD", "POST")
TYPES = frozenset({b"application/json", b"application/jsonl", b"application/x-ndjson"})
OPEN = ("/", "/healthz", "/readyz")  # without a token, with all of the page: it holds nothing and asks for the token
OPEN_FOLDER = "/page/"

_LOOKED_AT = frozenset(
    b"host origin sec-fetch-site sec-fetch-mode sec-fetch-dest content-type content-encoding content-length "
    b"authorization x-request-id".split()
)
_DECIDING = tuple(_LOOKED_AT - {b"content-length", b"authorization", b"x-request-id"})
_REMEMBERED = 256
_PLAIN_PATH = re.compile(rb"(?:/[\w~-]+(?:\.[\w~-]+)*)+/?|/", re.ASCII)
_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\\\\%]")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_NOTHING: Mapping[bytes, bytes] = {}


class Admission:
    """Of one worker."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._hosts: dict[tuple[str, int], frozenset[bytes]] = {}  # by the address that was connected to
        self._key = os.urandom(32)
        self._token = None if settings.token is None else self._digest(settings.token.encode())
        self._first, self._count = os.urandom(4).hex(), 0
        self._usual: set[tuple[object, ...]] = set()

    def looked_at(self, scope: Scope) -> tuple[Mapping[bytes, bytes], Refused | None]:
        """The headers that matter here, and why the request is refused, if it is."""
        found: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in _LOOKED_AT:
                if name in found:
                    return _NOTHING, Refused(400, f"the header {name.decode()} occurs twice")
                found[name] = value
        return found, self._remembered_refusal(scope, found)

    def _remembered_refusal(self, scope: Scope, found: Mapping[bytes, bytes]) -> Refused | None:
        """What differs from a request that was let in by its token, length and name only needs a look at the token."""
        path = scope.get("raw_path") or scope["path"]
        like = *(scope["server"] or ()), scope["method"], path, *map(found.get, _DECIDING)
        if like in self._usual:
            return self._stranger(scope["path"], found)
        refusal = self._refusal(scope, found)
        if refusal is None:
            if len(self._usual) >= _REMEMBERED:
                self._usual.clear()
            self._usual.add(like)
        return refusal

    def _refusal(self, scope: Scope, found: Mapping[bytes, bytes]) -> Refused | None:
        host = found.get(b"host", b"").lower()
        if host not in self.hosts(scope["server"]):
            return Refused(421, "this service does not answer to that Host", hint="textpipe serve --allow-host NAME")
        if foreign(found, host, scope):
            return Refused(403, "requests of other sites are refused", hint="open the service's own page")
        method = scope["method"]
        if method not in METHODS:
            allowed = ", ".join(methods_of(scope))
            return Refused(405, "no such method here", hint=f"one of {allowed}", headers={"allow": allowed})
        if not usable_path(scope.get("raw_path") or scope["path"].encode()):
            return Refused(404, "no such path")
        if stranger := self._stranger(scope["path"], found):
            return stranger
        wrong = wrong_type(found) if method == "POST" else None
        return wrong if wrong is None or "POST" in methods_of(scope) else None  # else the route refuses the method

    def hosts(self, server: tuple[str, int] | None) -> frozenset[bytes]:
        """What `Host` may be, of connections to that address: it alone and the names of this machine for itself, with
        the port; and those of the settings, which a proxy may write without."""
        address, port = server or (self._settings.host, self._settings.port)
        known = self._hosts.get((address, port))
        if known is None:
            own = _hosts((*LOOPBACK, address, self._settings.host), port, bare=port == 80)
            known = frozenset([*own, *_hosts(self._settings.hosts, port, bare=True)])
            if len(self._hosts) < 64:
                self._hosts[address, port] = known
        return known

    def _stranger(self, path: str, found: Mapping[bytes, bytes]) -> Refused | None:
        if self._token is None or path in OPEN or path.startswith(OPEN_FOLDER):
            return None
        scheme, _, token = found.get(b"authorization", b"").partition(b" ")
        # digests, so that not even the length of the right one shows in the time that this takes
        if hmac.compare_digest(self._digest(token.strip()), self._token) and scheme.lower() == b"bearer":
            return None
        headers = {"www-authenticate": "Bearer"}
        return Refused(401, "a token is needed", hint="Authorization: Bearer TOKEN", headers=headers)

    def _digest(self, token: bytes) -> bytes:
        return hmac.digest(self._key, token, hashlib.sha256)

    def request_id(self, found: Mapping[bytes, bytes]) -> str:
        """What the request is called in the log and in its answer: the client's own name, where it is harmless, else
        one of ours."""
        self._count += 1
        given = found.get(b"x-request-id")
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode()
        return f"{self._first}-{self._count:x}"


def methods_of(scope: Scope) -> Sequence[str]:
    """Those that the path has; where there is no such path, all that there are."""
    routes: Sequence[BaseRoute] = scope["app"].routes if "app" in scope else ()
    own = {
        method
        for route in routes
        if isinstance(route, Route) and route.path_regex.match(scope["path"])
        for method in route.methods or ()
    }
    return sorted(own) or METHODS


def _hosts(names: tuple[str, ...], port: int, *, bare: bool) -> list[bytes]:
    """As they are written in `Host`. bare: without a port, too"""
    every = []
    for name in (one.lower().strip() for one in names):
        if _is_wildcard(name):
            continue  # listens everywhere, is called by another name
        if re.search(r"\]:\d+$|^[^:\[\]]+:\d+$", name):  # with a port of its own
            every.append(name)
            continue
        written = f"[{name}]" if ":" in name and not name.startswith("[") else name
        every += [f"{written}:{port}", *([written] if bare else [])]
    return [one.encode("idna" if not one.isascii() else "ascii") for one in every]


def _is_wildcard(name: str) -> bool:
    if name in ("", "*"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_unspecified
    except ValueError:
        return False


def foreign(found: Mapping[bytes, bytes], host: bytes, scope: Scope) -> bool:
    """Whether a browser says that another site is behind the request. Following a link to the page is allowed."""
    origin, site = found.get(b"origin"), found.get(b"sec-fetch-site")
    if origin is not None and origin.lower() not in (b"http://" + host, b"https://" + host):
        return True
    if site is None or site in (b"same-origin", b"none"):
        return False
    navigates = found.get(b"sec-fetch-mode") == b"navigate" and found.get(b"sec-fetch-dest") == b"document"
    return not (navigates and scope["method"] in ("GET", "HEAD") and scope["path"] == "/")


def wrong_type(found: Mapping[bytes, bytes]) -> Refused | None:
    """Refused (415) unless the body is JSON or JSON lines, in UTF-8, as it is."""
    kind, _, parameters = found.get(b"content-type", b"").partition(b";")
    if kind.strip().lower() not in TYPES:
        return Refused(415, "the body is not sent as JSON", hint="Content-Type: application/json")
    if parameters and parameters.replace(b'"', b"").replace(b" ", b"").lower() not in (b"charset=utf-8", b""):
        return Refused(415, "JSON is UTF-8", hint="Content-Type: application/json")
    if found.get(b"content-encoding", b"identity").lower() != b"identity":
        return Refused(415, "bodies are taken as they are, not compressed", hint="no Content-Encoding")
    return None


def usable_path(raw: bytes) -> bool:
    """Whether a path means the same to everybody: UTF-8, encoded once, no way up, no separator in disguise."""
    if _PLAIN_PATH.fullmatch(raw):
        return True
    if not raw.startswith(b"/") or re.search(rb"%(?![0-9A-Fa-f]{2})|%2[Ff]|%5[Cc]", raw):
        return False
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return False
    parts = path.split("/")[1:]
    return _UNUSABLE.search(path) is None and not any(part in ("", ".", "..") for part in parts)


def body_length(found: Mapping[bytes, bytes]) -> int:
    """Bytes of the body as its header tells it, 0 where it does not."""
    header = found.get(b"content-length")
    return int(header) if header is not None and header.isdigit() and len(header) < 20 else 0
