"""The service's life: begun, stopped, reloaded, its workers killed; with real processes."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.service.processes import Service, load, runs, until
from textpipe.service.listening import turn_away

TEXT = "我来到北京清华大学"


@pytest.fixture(name="store")
def store_(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture(name="service")
def service_(store: Path) -> Iterator[Service]:
    with Service("--workers", 2, "--store", store) as service:
        until(lambda: len(service.workers()) == 2)
        yield service


def test_sigterm_answers_all_that_came(service: Service) -> None:
    with load(service, text=TEXT) as done:
        until(lambda: done.counts["200"] > 200)
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    assert done.counts["200"] > 200
    assert done.counts["unanswered"] == done.counts["wrong"] == 0
    assert {*done.counts} <= {"200", "refused", "unanswered", "wrong"}
    assert [event["event"] for event in service.events()] == ["started", "stopping", "stopped"]


@pytest.mark.long
def test_a_hundred_sigterms_under_load(store: Path) -> None:
    total = 0
    for _ in range(100):
        with Service("--workers", 2, "--store", store) as service, load(service, text=TEXT) as done:
            until(lambda: done.counts["200"] > 20)
            time.sleep(random.random() * 0.3)
            service.signal(random.choice((signal.SIGTERM, signal.SIGINT)))
            began = time.monotonic()
            assert service.wait() == 0
            assert time.monotonic() - began < 10
        assert done.counts["unanswered"] == done.counts["wrong"] == 0
        total += done.counts["200"]
    assert total > 2000


def test_killed_workers_are_replaced(service: Service) -> None:
    with load(service, text=TEXT) as done:
        for _ in range(3):
            until(lambda: len(service.workers()) == 2)
            killed = service.workers()[0]
            os.kill(killed, signal.SIGKILL)
            until(lambda killed=killed: killed not in service.workers())  # type: ignore[misc]
        until(lambda: len(service.workers()) == 2)
        before = done.counts["200"]
        until(lambda: done.counts["200"] > before + 200)
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    assert done.counts["wrong"] == 0
    assert [event["exit_code"] for event in service.events("worker-died")] == [-signal.SIGKILL] * 3


@pytest.mark.long
def test_fifty_killed_workers(store: Path) -> None:
    """No answer is wrong, the service stays up; what a killed worker was working on is lost, and nothing else."""
    with Service("--workers", 2, "--store", store) as service, load(service, text=TEXT) as done:
        for number in range(50):
            until(lambda: len(service.workers()) == 2)
            before = done.counts["200"]
            os.kill(random.choice(service.workers()), signal.SIGKILL)
            until(lambda number=number: len(service.events("worker-died")) == number + 1)  # type: ignore[misc]
            until(lambda before=before: done.counts["200"] > before + 20, seconds=10)  # type: ignore[misc]
            assert service.ask("/healthz").status == 200, number
        assert done.counts["refused"] == 0
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    assert done.counts["wrong"] == 0
    assert done.counts["unanswered"] <= 50 * 8


def test_the_only_worker_killed_loses_no_waiting_connection(store: Path) -> None:
    with Service("--store", store) as service:
        os.kill(service.workers()[0], signal.SIGKILL)
        assert service.ask("/v1/tokenize", {"text": TEXT}).status == 200


def test_a_worker_that_hangs_does_not_hold_up_the_end(store: Path) -> None:
    """A stopped process answers nothing; after the time to drain it is killed."""
    with Service("--store", store, "--drain-seconds", 0.5) as service:
        os.kill(service.workers()[0], signal.SIGSTOP)
        service.signal(signal.SIGTERM)
        assert service.wait() == 0


def test_reload(service: Service) -> None:
    before = service.workers()
    with load(service, text=TEXT) as done:
        until(lambda: done.counts["200"] > 50)
        service.signal(signal.SIGHUP)
        until(lambda: bool(service.events("reloaded")))
        until(lambda: len(service.workers()) == 2)
        so_far = done.counts["200"]
        until(lambda: done.counts["200"] > so_far + 100)
        assert done.counts["unanswered"] == done.counts["wrong"] == done.counts["refused"] == 0
    assert not {*before} & {*service.workers()}


def test_a_reload_that_goes_wrong_changes_nothing(store: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n", "ascii")
    token.chmod(0o600)
    with Service("--store", store, "--token-file", token) as service:
        before = service.workers()
        token.unlink()
        service.signal(signal.SIGHUP)
        until(lambda: bool(service.events("reload-failed")))
        assert "no such file" in service.events("reload-failed")[0]["error"]
        assert service.workers() == before
        assert service.ask("/healthz").status == 200


def test_a_token_reaches_workers_unseen(store: Path, tmp_path: Path) -> None:
    """Neither the list of processes nor their environment shows it; a reload reads it again."""
    secret, file = "0123456789-secret", tmp_path / "token"
    file.write_text(f"{secret}\n", "ascii")
    file.chmod(0o600)
    with Service("--store", store, "--token-file", file) as service:
        assert service.ask("/v1/tokenize", {"text": TEXT}).status == 401
        assert service.ask("/v1/tokenize", {"text": TEXT}, Authorization=f"Bearer {secret}").status == 200
        for pid in (service.process.pid, *service.workers()):
            for name in ("cmdline", "environ"):
                assert secret.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
        file.write_text("another-0123456789\n", "ascii")
        service.signal(signal.SIGHUP)
        until(lambda: bool(service.events("reloaded")))
        until(lambda: len(service.workers()) == 1)
        assert service.ask("/v1/tokenize", {"text": TEXT}, Authorization=f"Bearer {secret}").status == 401


def test_an_environment_s_token_stays_with_the_first_process(store: Path) -> None:
    secret = "0123456789-secret"
    with Service("--store", store, environment={"TEXTPIPE_SERVE_TOKEN": secret}) as service:
        assert service.ask("/v1/tokenize", {"text": TEXT}).status == 401
        assert secret.encode() not in Path(f"/proc/{service.workers()[0]}/environ").read_bytes()


@pytest.mark.long
def test_a_worker_that_hangs_is_replaced(service: Service) -> None:
    until(lambda: "\ntextpipe_workers 2.0\n" in service.ask("/metrics").body)  # one that starts has longer
    hanging = service.workers()[0]
    os.kill(hanging, signal.SIGSTOP)
    until(lambda: bool(service.events("worker-hangs")), seconds=50)
    assert service.events("worker-hangs")[0]["worker"] == hanging
    until(lambda: hanging not in service.workers() and len(service.workers()) == 2)


def test_workers_end_with_a_supervisor_that_is_killed(service: Service) -> None:
    pids = service.workers()
    service.signal(signal.SIGKILL)
    until(lambda: not any(runs(pid) for pid in pids))
    with pytest.raises(ConnectionRefusedError):
        service.ask("/healthz")


def test_a_second_signal_ends_at_once(service: Service) -> None:
    """A connection that is in a request holds the end up; whoever cannot wait says so twice."""
    with socket.create_connection((service.host, service.port)) as connection:
        connection.sendall(b"POST /v1/tokenize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n")
        time.sleep(0.2)
        service.signal(signal.SIGTERM)
        until(lambda: bool(service.events("stopping")))
        assert service.process.poll() is None
        service.signal(signal.SIGINT)
        assert service.wait() == 130


def test_an_idle_connection_is_closed_at_the_end(service: Service) -> None:
    with socket.create_connection((service.host, service.port)) as connection:
        time.sleep(0.2)
        service.signal(signal.SIGTERM)
        assert connection.recv(1) == b""
        assert service.wait() == 0


def test_a_request_that_is_half_there_is_waited_for(service: Service) -> None:
    body = b'{"text": "' + TEXT.encode() + b'"}'
    head = (
        f"POST /v1/tokenize HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
    )
    with socket.create_connection((service.host, service.port)) as connection:
        connection.sendall(head.encode())
        time.sleep(0.2)
        service.signal(signal.SIGTERM)
        time.sleep(1.5)
        connection.sendall(b"\r\n" + body)
        with connection.makefile("rb") as stream:
            answer = stream.read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()
    assert service.wait() == 0


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--host", "no..host"), 2, "no address 'no..host'"),
        (("--host", "192.0.2.1", "--token", "0123456789abcdef"), 2, "no address of this machine"),
        (("--host", "0.0.0.0"), 2, "requests must show a token"),
        (("--host", "::"), 2, "requests must show a token"),
        (("--host", "0.0.0.0", "--token", "short"), 2, "too short"),
        (("--token", ""), 2, "the token is empty"),
        (("--device", "gpu"), 2, "no device 'gpu'"),
        (("--token", "密码"), 2, "ASCII characters without spaces"),
        (("--token-file", "nothing"), 3, "no such file"),
        (("--token-file", "/dev/zero"), 3, "no file with a token"),
        (("--token-file", "nothing", "--token", "x"), 2, "not both"),
        (("--port", "65536"), 2, "0<=x<=65535"),
        (("--workers", "0"), 2, "1<=x<=256"),
    ],
)
def test_errors_before_anything_starts(run: Run, options: tuple[str, ...], code: int, words: str) -> None:
    found = run("serve", "--port", "0", *options)
    assert found.code == code
    assert found.out == ""
    assert len(found.err.splitlines()) == 2
    assert words in found.err
    assert "hint: " in found.err


def test_a_port_that_is_taken(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = run("serve", "--port", port)
    assert found.code == 5
    assert f"the port is taken (127.0.0.1:{port})" in found.err
    assert f"textpipe serve --port {port + 1}" in found.err


def test_turning_away_lets_those_in_that_came() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as before, socket.socket() as after:
            if not turn_away(listener):
                pytest.skip("this system cannot")
            after.settimeout(0.1)
            with pytest.raises(TimeoutError):
                after.connect(address)
            accepted, _ = listener.accept()
            with accepted:
                before.sendall(b"here")
                assert accepted.recv(4) == b"here"
