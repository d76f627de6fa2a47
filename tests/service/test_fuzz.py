"""Hostile bytes by the thousand: never a 500, never a hang, and memory stays where it was."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from pathlib import Path

import pytest

from tests.service.hostile import Case, case
from tests.service.one_worker import Worker, get, one_worker

AT_ONCE = 16
PATIENCE = 20.0  # far more than any deadline of the worker: a hang is what has no end
ALLOWED = {100, 200, 304, 400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 431, 503}


async def answer_to(one: Case, port: int) -> bytes:
    """What comes back until the other side ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = b""
    try:
        with contextlib.suppress(OSError):
            for begin, end in zip((0, *one.cuts), (*one.cuts, len(one.raw)), strict=True):
                writer.write(one.raw[begin:end])
                await writer.drain()
                if end < len(one.raw):
                    await asyncio.sleep(0.001)
            if one.ends:
                writer.write_eof()
        with contextlib.suppress(OSError):
            while piece := await reader.read(1 << 16):
                found += piece
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return found


def statuses(answer: bytes) -> list[int]:
    """Of the answers, as far as they came."""
    found = []
    while answer.startswith(b"HTTP/1.1 "):
        head, _, answer = answer.partition(b"\r\n\r\n")
        found.append(int(head[9:12]))
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if found[-1] >= 200:
            assert headers[b"x-content-type-options"] == b"nosniff"
        if b"chunked" in headers.get(b"transfer-encoding", b""):
            answer = answer.partition(b"0\r\n\r\n")[2]
        elif not answer.startswith(b"HTTP/1.1 "):  # not the answer to a HEAD
            answer = answer[int(headers.get(b"content-length", b"0")) :]
    assert not answer, answer[:200]
    return found


async def attack(worker: Worker, numbers: range) -> Counter[int]:
    """All cases, so many at once: how often each status came."""
    seen: Counter[int] = Counter()
    left = iter(numbers)

    async def one_after_another() -> None:
        for number in left:
            one = case(number, port=worker.port)
            async with asyncio.timeout(PATIENCE):
                found = statuses(await answer_to(one, worker.port))
            assert ALLOWED.issuperset(found), (number, found, one.raw[:500])
            seen.update(found or [0])

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_another())
    return seen


def fuzz(folder: Path, store: Path, count: int, *, warm: int) -> tuple[Counter[int], int, int]:
    """(statuses, KiB after the first `warm`, KiB at the end)"""
    with one_worker(folder, store=str(store), header_seconds=1.0, body_seconds=1.5, idle_seconds=1.0) as worker:
        seen = asyncio.run(attack(worker, range(warm)))
        before = worker.memory()
        seen += asyncio.run(attack(worker, range(warm, count)))
        after = worker.memory()
        assert worker.ask(get(b"/healthz", port=worker.port)).startswith(b"HTTP/1.1 200 ")
        lines = worker.lines()  # every one is JSON
    assert not [line for line in lines if line.get("error") or line.get("event") == "bug"]
    return seen, before, after


def test_two_thousand_hostile_requests(sample_store: Path, tmp_path: Path) -> None:
    seen, before, after = fuzz(tmp_path, sample_store, 2_000, warm=1_000)
    assert seen[500] == 0
    assert {200, 400, 404, 405, 413, 415, 422, 431} <= set(seen), "the cases do not reach far"
    assert after < before + 30_000


@pytest.mark.long
def test_a_hundred_thousand_hostile_requests(
    sample_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen, before, after = fuzz(tmp_path, sample_store, 100_000, warm=10_000)
    with capsys.disabled():
        print(f"\n{sum(seen.values()):,} answers: {dict(sorted(seen.items()))}; {before:,} KiB, then {after:,}")  # noqa: T201
    assert seen[500] == 0
    assert after < before * 1.05
