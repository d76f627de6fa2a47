"""What a request may be on the wire: framing, sizes, time, connections; by bytes sent to a worker of its own."""

from __future__ import annotations

import contextlib
import json
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.one_worker import Worker, everything, get, one_worker, post

TEXT = '{"text": "我来到北京清华大学"}'.encode()
ANSWER = '{"id":"text","tokens":["我","来到","北京","清华大学"]}'.encode()
MAX_BODY = 100_000


@pytest.fixture(name="worker", scope="module")
def worker_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with one_worker(tmp_path_factory.mktemp("worker"), max_body=MAX_BODY) as worker:
        yield worker


@pytest.fixture(name="hasty", scope="module")
def hasty_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """With short deadlines and few connections."""
    folder = tmp_path_factory.mktemp("hasty")
    with one_worker(folder, header_seconds=0.4, body_seconds=0.8, max_connections=8) as worker:
        yield worker


def statuses(answer: bytes) -> list[int]:
    """Of the answers that came back, each of which is whole."""
    found = []
    while answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if status >= 200:
            found.append(status)
            length = int(headers[b"content-length"])
            assert len(rest) >= length
            answer = rest[length:]
        else:
            answer = rest
    return found


def chunked(*pieces: bytes, port: int, more: bytes = b"", close: bool = True) -> bytes:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return (
        b"POST /v1/tokenize HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n%b"
        b"Transfer-Encoding: chunked\r\n%b\r\n%b0\r\n\r\n"
    ) % (port, b"Connection: close\r\n" if close else b"", more, chunks)


# requests as they should be


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [(b"/", b"", 200), (b"/none", b"", 404), (b"/v1/keywords", b"", 405), (b"/healthz", b"Bad\r\n", 400)],
)
def test_every_answer_has_the_headers_of_security(worker: Worker, path: bytes, more: bytes, status: int) -> None:
    answer = worker.ask(get(path, port=worker.port, more=more))
    assert statuses(answer) == [status]
    lines = answer.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")[1:]
    headers = dict(line.split(b": ", 1) for line in lines)
    assert len(headers) == len(lines)  # none twice
    directives = dict(one.strip().split(b" ", 1) for one in headers[b"content-security-policy"].split(b";"))
    assert directives == {
        b"default-src": b"'none'",
        b"script-src": b"'self'",
        b"style-src": b"'self'",
        b"connect-src": b"'self'",
        b"img-src": b"'self' data:",
        b"base-uri": b"'none'",
        b"form-action": b"'none'",
        b"frame-ancestors": b"'none'",
    }
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"x-frame-options"] == b"deny"
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"cross-origin-resource-policy"] == b"same-origin"
    assert headers[b"date"]


def test_a_request(worker: Worker) -> None:
    answer = worker.ask(post(TEXT, port=worker.port))
    assert statuses(answer) == [200]
    assert answer.endswith(ANSWER)


def test_many_on_one_connection(worker: Worker) -> None:
    with worker.connect() as line:
        for _ in range(50):
            line.sendall(post(TEXT, port=worker.port, close=False))
            assert statuses(line.recv(65536)) == [200]


def test_pipelined_ones_are_answered_in_order(worker: Worker) -> None:
    bodies = [json.dumps({"text": f"第{number}个"}).encode() for number in range(200)]
    requests = [post(body, port=worker.port, close=number == 199) for number, body in enumerate(bodies)]
    answer = worker.ask(b"".join(requests))
    assert statuses(answer) == [200] * 200
    places = [answer.index(f'"{number}"'.encode()) for number in range(200)]
    assert places == sorted(places)


def test_byte_by_byte(worker: Worker) -> None:
    with worker.connect() as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post(TEXT, port=worker.port):
            line.sendall(bytes([byte]))
        assert statuses(everything(line)) == [200]


def test_chunks(worker: Worker) -> None:
    assert worker.ask(chunked(TEXT[:10], TEXT[10:], port=worker.port)).endswith(ANSWER)
    assert worker.ask(chunked(*(TEXT[i : i + 1] for i in range(len(TEXT))), port=worker.port)).endswith(ANSWER)


def test_the_client_has_said_all(worker: Worker) -> None:
    with worker.connect() as line:
        line.sendall(post(TEXT, port=worker.port, close=False))
        line.shutdown(socket.SHUT_WR)
        assert everything(line).endswith(ANSWER)


def test_an_older_version_ends_after_its_answer(worker: Worker) -> None:
    request = post(TEXT, port=worker.port, close=False).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert worker.ask(request).endswith(ANSWER)


def test_a_client_that_asks_before_it_sends(worker: Worker) -> None:
    head, _, body = post(TEXT, port=worker.port, more=b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
    with worker.connect() as line:
        line.sendall(head + b"\r\n\r\n")
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        assert statuses(everything(line)) == [200]


def test_one_that_asks_in_vain(worker: Worker) -> None:
    head = post(b"", port=worker.port, more=b"Expect: 100-continue\r\n").replace(b"Length: 0", b"Length: 100001")
    assert statuses(worker.ask(head)) == [413]


def test_a_head_has_no_body(worker: Worker) -> None:
    answer = worker.ask(get(b"/healthz", port=worker.port).replace(b"GET", b"HEAD"))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


def test_another_protocol_is_not_spoken(worker: Worker) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
    assert statuses(worker.ask(get(b"/healthz", port=worker.port, close=False, more=upgrade))) == [200]
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAA\r\n"
    assert statuses(worker.ask(post(TEXT, port=worker.port, close=False, more=upgrade))) == [400]


# requests that are none, or mean two things

HEAD = b"POST /v1/tokenize HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n"
BAD = {
    "nonsense": b"nonsense\r\n\r\n",
    "binary": bytes(range(256)),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /healthz\r\n\r\n",
    "version 0.9": b"GET /healthz HTTP/0.9\r\n\r\n",
    "version 2.0": b"GET /healthz HTTP/2.0\r\n\r\n",
    "version 1.2": b"GET /healthz HTTP/1.2\r\n\r\n",
    "absolute": b"GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "authority": b"CONNECT evil.example:80 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "fragment": b"GET /healthz#x HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "high bytes": b"GET /\xe4\xb8\xad HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "control in path": b"GET /a\x01b HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "space in path": b"GET /a b HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "folded header": b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nA: b\r\n c\r\n\r\n",
    "space before colon": b"GET /healthz HTTP/1.1\r\nHost : HOST\r\n\r\n",
    "no colon": b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nA\r\n\r\n",
    "nul in header": b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nA: b\x00c\r\n\r\n",
    "bare return": b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nA: b\rc: d\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "different lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "hexadecimal length": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "huge length": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "empty length": HEAD + b"Content-Length:\r\n\r\n{}",
    "word as length": HEAD + b"Content-Length: two\r\n\r\n{}",
    "spaced length": HEAD + b"Content-Length: 1 2\r\n\r\n{}",
    "length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "other encoding": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "encoding last": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "twice chunked": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "identity": HEAD + b"Transfer-Encoding: identity\r\n\r\n{}",
    "odd chunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "tabbed chunked": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunk that is no number": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "negative chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "huge chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "chunk too short": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "chunk with 0x": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "second host": b"GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: HOST\r\nHost: evil.example\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_request(worker: Worker, name: str) -> None:
    answer = worker.ask(BAD[name].replace(b"HOST", b"127.0.0.1:%d" % worker.port))
    assert statuses(answer) == [400]
    assert b"nosniff" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"]


def test_a_request_before_a_bad_one_is_answered(worker: Worker) -> None:
    answer = worker.ask(post(TEXT, port=worker.port, close=False) + b"nonsense\r\n\r\n")
    assert statuses(answer) == [200, 400]
    assert ANSWER in answer


def test_what_follows_the_last_request_does_not_matter(worker: Worker) -> None:
    for rest in (b"\r\n", b"nonsense\r\n\r\n", post(TEXT, port=worker.port), b"\x00" * 100):
        assert statuses(worker.ask(post(TEXT, port=worker.port) + rest)) == [200]


@pytest.mark.parametrize(
    "smuggled", [b"Host: evil.example\r\n", b"Authorization: Bearer x\r\n", b"Content-Length: 5\r\n"]
)
def test_a_trailer_is_no_header_of_the_next_request(worker: Worker, smuggled: bytes) -> None:
    first = chunked(TEXT, port=worker.port, close=False)[:-2] + smuggled + b"\r\n"
    found = statuses(worker.ask(first + get(b"/healthz", port=worker.port)))
    assert found in ([200], [400])


def test_the_next_request_is_not_part_of_a_body(worker: Worker) -> None:
    hidden = get(b"/metrics", port=worker.port)
    answer = worker.ask(post(b'{"text": ""}' + hidden, port=worker.port))
    assert statuses(answer) == [400]


# sizes


def test_a_body_may_be_so_large(worker: Worker) -> None:
    body = b'{"text": "a"' + b" " * (MAX_BODY - 13) + b"}"
    assert len(body) == MAX_BODY
    assert statuses(worker.ask(post(body, port=worker.port))) == [200]
    assert statuses(worker.ask(chunked(body[:50_000], body[50_000:], port=worker.port))) == [200]
    assert statuses(worker.ask(post(body + b" ", port=worker.port))) == [413]
    assert statuses(worker.ask(chunked(body, b" ", port=worker.port))) == [413]


def test_a_body_that_does_not_end(worker: Worker) -> None:
    before = worker.memory()
    for head in (post(b"", port=worker.port).replace(b"Length: 0", b"Length: 1000000000"), None):
        with worker.connect() as line:
            line.sendall(head or chunked(port=worker.port)[:-5])
            piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
            with contextlib.suppress(ConnectionError):
                for _ in range(10_000):  # 650 MB, were they taken
                    line.sendall(piece)
            assert statuses(everything(line)) in ([413], [])  # [] where we sent on and on, and were cut off
    assert worker.memory() < before + 20_000


def test_chunks_of_nothing_are_counted(worker: Worker) -> None:
    extension = b"1;" + b"a" * 200_000 + b"\r\n \r\n"
    assert statuses(worker.ask(chunked(port=worker.port)[:-5] + extension * 3)) == [413]


@pytest.mark.parametrize("size", [100, 8_000, 16_000])
def test_headers_may_be_so_large(worker: Worker, size: int) -> None:
    assert statuses(worker.ask(get(b"/healthz", port=worker.port, more=b"A: %b\r\n" % (b"b" * size)))) == [200]


@pytest.mark.parametrize(
    "more",
    [b"A: " + b"b" * 17_000 + b"\r\n", b"A" * 17_000 + b": b\r\n", b"A: b\r\n" * 3_000, b"A: b\r\n" * 101],
    ids=["value", "name", "many", "count"],
)
def test_headers_that_are_too_large(worker: Worker, more: bytes) -> None:
    assert statuses(worker.ask(get(b"/healthz", port=worker.port, more=more))) == [431]


def test_headers_that_do_not_end(worker: Worker) -> None:
    before = worker.memory()
    for endless in (b"GET /" + b"a" * 1_000_000, b"GET / HTTP/1.1\r\nA: " + b"b" * 1_000_000, b"\r\n" * 500_000):
        assert statuses(worker.ask(endless)) == [431]
    assert worker.memory() < before + 20_000


def test_an_address_that_is_too_long(worker: Worker) -> None:
    assert statuses(worker.ask(get(b"/healthz?" + b"a" * 17_000, port=worker.port))) == [431]


# time: no test here asserts that something was fast, only that it ended


def test_headers_that_come_too_slowly(hasty: Worker) -> None:
    assert statuses(hasty.ask(b"GET / HT")) == [408]
    with hasty.connect() as line, contextlib.suppress(ConnectionError):
        for byte in b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 1_000:
            line.sendall(bytes([byte]))
            time.sleep(0.02)
        raise AssertionError("two minutes for headers")


def test_bodies_that_come_too_slowly(hasty: Worker) -> None:
    assert statuses(hasty.ask(post(TEXT, port=hasty.port)[:-1])) == [408]
    assert statuses(hasty.ask(chunked(TEXT, port=hasty.port)[:-5])) == [408]


def test_an_idle_connection_ends(tmp_path: Path) -> None:
    with one_worker(tmp_path, idle_seconds=0.2) as worker:
        assert statuses(worker.ask(get(b"/healthz", port=worker.port, close=False))) == [200]


def test_saying_nothing(hasty: Worker) -> None:
    assert hasty.ask(b"") == b""
    assert hasty.ask(b"\r\n") == b""


def test_a_slow_request_behind_a_quick_one(hasty: Worker) -> None:
    assert statuses(hasty.ask(post(TEXT, port=hasty.port, close=False) + b"GET / HT")) == [200, 408]


def test_an_early_answer_does_not_stop_the_clock(hasty: Worker) -> None:
    refused = post(TEXT, port=hasty.port, close=False).replace(b"127.0.0.1", b"evil.test")[:-1]
    with hasty.connect() as line:
        line.sendall(refused)
        found = everything(line)
    assert statuses(found)[0] == 421


def test_what_came_in_time_may_take_its_time(hasty: Worker) -> None:
    with hasty.connect() as line:
        line.sendall(post(TEXT, port=hasty.port, close=False))
        assert statuses(line.recv(65536)) == [200]
        time.sleep(1.0)  # longer than headers and bodies may take
        line.sendall(post(TEXT, port=hasty.port, close=False))
        assert statuses(line.recv(65536)) == [200]


# connections


def test_slow_ones_make_room(tmp_path: Path) -> None:
    with one_worker(tmp_path, max_connections=8) as worker, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(worker.connect()) for _ in range(8)]
        for line in slow:
            line.sendall(b"GET / HT")
        time.sleep(0.3)  # then they are old enough
        for number in range(8):
            assert statuses(worker.ask(get(b"/healthz", port=worker.port))) == [200], number
        gone, _, _ = select.select(slow, [], [], 5)
        assert [statuses(everything(line)) for line in gone] == [[408]]


def test_idle_ones_make_room(tmp_path: Path) -> None:
    with one_worker(tmp_path, max_connections=4) as worker, contextlib.ExitStack() as stack:
        idle = [stack.enter_context(worker.connect()) for _ in range(4)]
        for line in idle:
            line.sendall(get(b"/healthz", port=worker.port, close=False))
            assert statuses(line.recv(65536)) == [200]
        time.sleep(1.3)
        assert statuses(worker.ask(get(b"/healthz", port=worker.port))) == [200]
        gone, _, _ = select.select(idle, [], [], 5)
        assert [everything(line) for line in gone] == [b""]


def test_young_ones_do_not(tmp_path: Path) -> None:
    with one_worker(tmp_path, max_connections=4) as worker, contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(worker.connect())
        with worker.connect() as line:
            answer = everything(line)
        assert statuses(answer) in ([503], [])
        assert b"retry-after: 1" in answer or not answer


def test_a_client_that_does_not_read(tmp_path: Path) -> None:
    """Neither memory nor the others wait for it."""
    body = json.dumps({"documents": [{"text": "北京清华大学" * 3_000}] * 30, "spans": True}).encode()  # 5 MB of tokens
    assert len(body) < 1 << 23
    with contextlib.ExitStack() as stack:
        worker = stack.enter_context(one_worker(tmp_path, body_seconds=1.0, max_body=1 << 23))
        deaf = [stack.enter_context(socket.socket()) for _ in range(1)]
        for line in deaf:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", worker.port))
            line.settimeout(10)
            line.sendall(post(body, port=worker.port, close=False))
        assert statuses(worker.ask(get(b"/healthz", port=worker.port))) == [200]
        end = time.monotonic() + 20
        while time.monotonic() < end and len(worker.lines()) < 2:
            time.sleep(0.05)
        time.sleep(2)  # the second they have, and that of the watch
        for line in deaf:
            assert not everything(line).endswith(b"]}]}")


# the end


def test_what_was_asked_is_answered_at_the_end(tmp_path: Path) -> None:
    with one_worker(tmp_path) as worker, contextlib.ExitStack() as stack:
        idle = stack.enter_context(worker.connect())
        idle.sendall(get(b"/healthz", port=worker.port, close=False))
        assert statuses(idle.recv(65536)) == [200]
        half = stack.enter_context(worker.connect())
        half.sendall(post(TEXT, port=worker.port, close=False)[:-1])
        assert statuses(worker.ask(get(b"/healthz", port=worker.port))) == [200]  # so that the half one is known
        worker.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        idle.sendall(get(b"/healthz", port=worker.port, close=False))  # on its way as the service ended
        answer = everything(idle)
        assert statuses(answer) == [200]
        assert b"connection: close" in answer
        half.sendall(TEXT[-1:])
        assert statuses(everything(half)) == [200]
        worker.process.wait(10)
