"""Who may ask: hosts, origins, methods, types, tokens, paths; what every answer carries."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from textpipe.service.admission import Admission, foreign, usable_path
from textpipe.service.guard import Guard, completed
from textpipe.service.logs import Answered, RequestLog
from textpipe.service.settings import ServiceSettings

Headers = dict[str, str]
JSON = {"content-type": "application/json"}
HOST = {"host": "127.0.0.1:8000"}


class Found:
    """An answer, and the line of the log."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.whole = False
        self.logged: list[Answered] = []

    def header(self, name: bytes) -> bytes | None:
        values = [value for key, value in self.headers if key == name]
        assert len(values) < 2, f"{name!r} twice"
        return values[0] if values else None


async def echo(request: Request) -> Response:
    await request.body()
    return PlainTextResponse("reached")


async def stored(_request: Request) -> Response:
    return PlainTextResponse("reached", headers={"cache-control": "no-cache"})


async def broken(_request: Request) -> Response:
    raise ZeroDivisionError("a secret text")


async def exhausted(_request: Request) -> Response:
    raise MemoryError


async def broken_late(_request: Request) -> Response:
    async def pieces() -> Any:
        yield b"half"
        raise ZeroDivisionError

    return StreamingResponse(pieces())


ROUTES = [
    Route("/", stored),
    Route("/page/{file}", stored),
    Route("/healthz", echo),
    Route("/metrics", echo),
    Route("/v1/keywords", echo, methods=["GET", "POST"]),
    Route("/v1/artifacts/{name}", echo),
    Route("/broken", broken),
    Route("/exhausted", exhausted),
    Route("/late", broken_late),
]


def ask(
    path: str = "/v1/keywords",
    *,
    method: str = "POST",
    headers: Headers | list[tuple[bytes, bytes]] | None = None,
    settings: ServiceSettings | None = None,
    server: tuple[str, int] = ("127.0.0.1", 8000),
) -> Found:
    """What the guard and the routes behind it answer."""
    found = Found()
    log = RequestLog()
    app = Starlette(routes=ROUTES)
    chosen = settings or ServiceSettings()
    app.add_middleware(Guard, admission=Admission(chosen), log=log, texts=chosen.log_texts)
    given = headers if isinstance(headers, list) else pairs({**HOST, **JSON, **(headers or {})})
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": server,
        "client": ("127.0.0.1", 50_000),
        "headers": given,
    }

    received: list[bytes] = []

    async def receive() -> Any:
        if received:
            await asyncio.Event().wait()  # the client stays
        received.append(b"{}")
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.status, found.headers = message["status"], list(message["headers"])
        else:
            found.body += message.get("body", b"")
            found.whole = not message.get("more_body", False)

    async def call() -> None:
        await app(scope, receive, send)

    asyncio.run(call())
    told = log._told
    found.logged += [one for _, one in told if isinstance(one, Answered)]
    told.clear()  # nothing of this on standard error
    assert len(found.logged) == 1
    return found


def pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("utf-8")) for name, value in headers.items() if value != "-"]


def test_what_is_allowed_is_answered() -> None:
    found = ask()
    assert (found.status, found.body) == (200, b"reached")
    assert found.logged[0].route == "/v1/keywords"
    assert found.logged[0].sent == len(b"reached")


# hosts

MINE = ("127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LOCALHOST:8000", "LocalHost:8000")
OTHERS = (
    "-", "", "evil.example", "evil.example:8000", "127.0.0.1", "localhost", "127.0.0.1:80", "127.0.0.1:8001", "[::1]",
    "::1:8000", "127.0.0.1.evil.example:8000", "localhost.evil.example:8000", "evil.example#localhost:8000",
    "localhost:8000@evil.example", "evil@localhost:8000", "localhost.:8000", "localhost:8000.", "localhost:08000",
    "127.0.0.2:8000", "127.1:8000", "2130706433:8000", "0.0.0.0:8000", "0:8000", "[::ffff:127.0.0.1]:8000",
    "localhost:8000,evil.example", "localhost:8000 evil.example", "localhost：8000", "127。0。0。1:8000", "*", "*:8000",
    "xlocalhost:8000", "localhostx:8000", "localhost:8000/", "http://localhost:8000",
)  # fmt: skip


@pytest.mark.parametrize("host", MINE)
def test_its_own_hosts(host: str) -> None:
    assert ask(headers={"host": host}).status == 200


@pytest.mark.parametrize("host", OTHERS)
@pytest.mark.parametrize("path", ["/v1/keywords", "/", "/healthz"])
def test_other_hosts(host: str, path: str) -> None:
    found = ask(path, headers={"host": host})
    assert found.status == 421
    assert b"reached" not in found.body


def test_hosts_that_are_allowed_besides() -> None:
    settings = ServiceSettings(hosts=("Text.Example", "other.example:9000", "10.1.2.3", "fe80::1"), token="t")
    bearer = {"authorization": "Bearer t"}
    for host in ("text.example:8000", "text.example", "other.example:9000", "10.1.2.3:8000", "[fe80::1]:8000", *MINE):
        assert ask(headers={"host": host, **bearer}, settings=settings).status == 200
    for host in ("text.example:443", "other.example", "other.example:8000", "x.text.example:8000", "10.1.2.3:9000"):
        assert ask(headers={"host": host, **bearer}, settings=settings).status == 421


def test_the_default_port_is_not_written() -> None:
    assert ask(headers={"host": "localhost"}, server=("127.0.0.1", 80)).status == 200
    assert ask(headers={"host": "localhost:80"}, server=("127.0.0.1", 80)).status == 200


def test_the_address_that_was_connected_to() -> None:
    settings = ServiceSettings(host="0.0.0.0", token="t")
    bearer = {"authorization": "Bearer t"}
    assert ask(headers={"host": "10.0.0.7:8000", **bearer}, settings=settings, server=("10.0.0.7", 8000)).status == 200
    assert ask(headers={"host": "10.0.0.8:8000", **bearer}, settings=settings, server=("10.0.0.7", 8000)).status == 421
    assert ask(headers={"host": "0.0.0.0:8000", **bearer}, settings=settings, server=("10.0.0.7", 8000)).status == 421


@pytest.mark.parametrize(
    "name", ["host", "origin", "content-type", "authorization", "content-length", "sec-fetch-site"]
)
def test_headers_that_count_occur_once(name: str) -> None:
    given = [*pairs({**HOST, **JSON}), (name.encode(), b"127.0.0.1:8000"), (name.encode(), b"application/json")]
    assert ask(headers=given).status == 400


# origins

FOREIGN = ("null", "http://evil.example", "https://evil.example:8000", "http://localhost:3000", "http://127.0.0.1",
           "http://127.0.0.1:8000.evil.example", "http://127.0.0.1:8000/", "http://localhost:8000", "file://", "",
           "chrome-extension://abc", "http://127.0.0.1:8000, http://evil.example", "HTTP://evil.example")  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", ["/v1/keywords", "/", "/healthz", "/metrics"])
def test_other_origins(origin: str, path: str) -> None:
    """`localhost` is another origin than `127.0.0.1`, as it is for browsers."""
    for method in ("GET", "POST", "HEAD", "OPTIONS", "DELETE"):
        found = ask(path, method=method, headers={"origin": origin})
        assert found.status == 403
        assert b"reached" not in found.body


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "https://127.0.0.1:8000"])
def test_its_own_origin(origin: str) -> None:
    found = ask(headers={"origin": origin})
    assert found.status == 200
    assert not [name for name, _ in found.headers if name.startswith(b"access-control-")]


def test_what_browsers_say_of_a_request() -> None:
    def refused(site: str, mode: str, destination: str, *, method: str = "GET", path: str = "/") -> bool:
        found = {b"sec-fetch-site": site, b"sec-fetch-mode": mode, b"sec-fetch-dest": destination}
        encoded = {name: value.encode() for name, value in found.items()}
        return foreign(encoded, b"127.0.0.1:8000", {"method": method, "path": path})

    sites = ("same-origin", "none", "same-site", "cross-site", "", "SAME-ORIGIN", "evil")
    modes = ("navigate", "cors", "no-cors", "same-origin", "websocket", "")
    destinations = ("document", "iframe", "frame", "embed", "object", "script", "image", "style", "empty", "")
    checked = 0
    for site, mode, destination, method, path in itertools.product(
        sites, modes, destinations, ("GET", "HEAD", "POST"), ("/", "/v1/keywords", "/v1/artifacts", "/page/app.js")
    ):
        follows_a_link = (mode, destination, path) == ("navigate", "document", "/") and method != "POST"
        allowed = site in ("same-origin", "none") or follows_a_link
        assert refused(site, mode, destination, method=method, path=path) is not allowed
        checked += 1
    assert checked == 5_040


# the whole matrix at once: nothing of another site is answered, whatever the rest says


def test_no_combination_lets_another_site_in() -> None:
    hosts = (*MINE[:3], "evil.example", "127.0.0.1:9")
    origins = ("-", "http://127.0.0.1:8000", "null", "http://evil.example")
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
    types = (
        "-",
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    )
    reached = 0
    for host, origin, method, kind in itertools.product(hosts, origins, methods, types):
        found = ask(method=method, headers={"host": host, "origin": origin, "content-type": kind})
        mine = host in MINE and (origin == "-" or origin == f"http://{host}")
        posts_json = method == "POST" and kind == "application/json"
        may = mine and (posts_json or method in ("GET", "HEAD"))
        assert (found.body == b"reached") is may, (host, origin, method, kind)
        assert found.status in (200, 403, 405, 415, 421)
        reached += may
    assert reached == 44


# methods and types


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X"])
def test_other_methods(method: str) -> None:
    found = ask(method=method)
    assert found.status == 405
    assert found.header(b"allow") == b"GET, HEAD, POST"
    assert found.logged[0].method == "other"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/jsonl",
        "application/x-ndjson",
        "application/json;",
    ],
)
def test_types_that_are_json(kind: str) -> None:
    assert ask(headers={"content-type": kind}).status == 200


@pytest.mark.parametrize(
    "kind",
    [
        "-",
        "",
        "text/plain",
        "text/plain; x=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json, text/plain",
        "application/jsonx",
        "application/json; charset=gbk",
        "application/json; charset=utf-16",
        "text/json",
        "*/*",
        "application/json charset=utf-8",
        "application/json; charset=utf-8; charset=gbk",
    ],
)
def test_types_that_are_not(kind: str) -> None:
    assert ask(headers={"content-type": kind}).status == 415
    assert ask(method="GET", headers={"content-type": kind}).status == 200


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip", "x"])
def test_nothing_is_unpacked(coding: str) -> None:
    assert ask(headers={"content-encoding": coding}).status == 415


# tokens

SECRET = ServiceSettings(token="0123456789abcdef0123456789abcdef")


@pytest.mark.parametrize(
    "header", ["Bearer 0123456789abcdef0123456789abcdef", "bearer  0123456789abcdef0123456789abcdef "]
)
def test_the_token(header: str) -> None:
    assert ask(headers={"authorization": header}, settings=SECRET).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "-",
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer 0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdef",
        "Bearer 0123456789abcdef0123456789abcdef0",
        "Basic 0123456789abcdef0123456789abcdef",
        "Bearer é",
        "Bearer 0123456789ABCDEF0123456789ABCDEF",
        "Bearer\t0123456789abcdef0123456789abcdef",
    ],
)
@pytest.mark.parametrize("path", ["/v1/keywords", "/metrics", "/v1/artifacts/a", "/none"])
def test_no_token(header: str, path: str) -> None:
    found = ask(path, method="GET", headers={"authorization": header}, settings=SECRET)
    assert found.status == 401
    assert found.header(b"www-authenticate") == b"Bearer"


def test_the_token_is_no_part_of_an_address() -> None:
    assert ask("/v1/keywords?token=" + str(SECRET.token), settings=SECRET).status in (401, 404)


@pytest.mark.parametrize("path", ["/", "/healthz", "/page/app.js"])
def test_the_page_and_its_health_need_none(path: str) -> None:
    assert ask(path, method="GET", settings=SECRET).status == 200


def test_the_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        seen.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr("textpipe.service.admission.hmac.compare_digest", compare)
    for token in ("", "x", "x" * 10_000, str(SECRET.token)):
        ask(headers={"authorization": f"Bearer {token}"}, settings=SECRET)
    assert seen == [(32, 32)] * 4


# paths


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1/keywords",
        "/v1/keywords/",
        "/page/app.min.js",
        "/v1/artifacts/a-b_c.1",
        "/v1/artifacts/%E4%B8%AD%E6%96%87",
        "/v1/artifacts/a%20b",
        "/~a",
    ],
)
def test_paths_that_mean_one_thing(path: str) -> None:
    assert usable_path(path.encode())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "*",
        "v1",
        "//",
        "//evil.example/",
        "/v1//keywords",
        "/..",
        "/v1/..",
        "/v1/../x",
        "/v1/./x",
        "/%2e%2e/x",
        "/.%2e/x",
        "/v1/%2E%2E%2Fx",
        "/v1/a%2fb",
        "/v1/a%5Cb",
        "/v1/a\\b",
        "/v1/%252e%252e",
        "/v1/a%00",
        "/v1/a%0d%0a",
        "/v1/%ff",
        "/v1/%c0%ae",
        "/v1/%ed%a0%80",
        "/v1/%",
        "/v1/%4",
        "/v1/%zz",
        "/v1/%u002e",
        "/v1/a%7f",
        "/v1/%c2%85",
    ],
)
def test_paths_that_may_mean_something_else(path: str) -> None:
    assert not usable_path(path.encode())
    assert ask(path or "/x//", method="GET").status == 404


# what answers carry


@pytest.mark.parametrize(("path", "status"), [("/v1/keywords", 200), ("/none", 404), ("/broken", 500), ("/v1//x", 404)])
def test_nothing_is_stored_or_shared(path: str, status: int) -> None:
    found = ask(path, method="GET")
    assert found.status == status
    assert found.header(b"cache-control") == b"no-store"
    assert not [name for name, _ in found.headers if name.startswith(b"access-control-") or name == b"server"]


def test_files_of_the_page_say_how_they_are_stored() -> None:
    assert ask("/", method="GET").header(b"cache-control") == b"no-cache"
    assert completed([], "POST", "r")[-1] == (b"cache-control", b"no-store")


def test_a_request_has_a_name() -> None:
    found = ask(headers={"x-request-id": "mine-1"})
    assert found.header(b"x-request-id") == b"mine-1"
    assert found.logged[0].request == "mine-1"
    for bad in ("", "a b", "a\r\nb", "x" * 65, '"', "名"):
        name = ask(headers={"x-request-id": bad}).header(b"x-request-id")
        assert name is not None
        assert name != bad.encode()
        assert name.endswith(b"-1")


# bugs


def test_a_bug_is_answered_and_kept_to_ourselves() -> None:
    found = ask("/broken", method="GET")
    assert found.status == 500
    assert found.whole
    assert b"secret" not in found.body
    assert b"ZeroDivision" not in found.body
    [line] = found.logged
    assert (line.status, line.route) == (500, "/broken")
    assert line.error is not None
    assert line.error.startswith("ZeroDivisionError at test_guard.py:")
    assert "secret" not in line.error


def test_memory_that_ran_out_is_no_bug() -> None:
    found = ask("/exhausted", method="GET")
    assert found.status == 503
    assert found.header(b"retry-after") == b"1"


def test_a_bug_in_the_middle_ends_the_answer() -> None:
    found = ask("/late", method="GET")
    assert found.body == b"half"
    assert not found.whole
    assert found.logged[0].error is not None


def test_no_websockets() -> None:
    sent: list[Any] = []

    async def call() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        guard = Guard(Starlette(routes=ROUTES), admission=Admission(ServiceSettings()), log=RequestLog())
        await guard({"type": "websocket", "path": "/", "headers": []}, receive, send)

    asyncio.run(call())
    assert sent == [{"type": "websocket.close", "code": 1008}]
