"""Work in the loop, in threads, in batches: what comes back, in which order, and what is refused."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pytest

from textpipe.errors import InputError
from textpipe.service.answers import Refused
from textpipe.service.batching import Batcher
from textpipe.service.settings import ServiceSettings
from textpipe.service.work import Work, gains_by_batches

T = TypeVar("T")


def run(main: Callable[[Work], Coroutine[Any, Any, T]], **settings: Any) -> T:
    """What it returns, with a Work of its own."""

    async def with_work() -> T:
        work = Work(ServiceSettings(store=Path("none"), **settings))
        try:
            return await main(work)
        finally:
            work.close()

    return asyncio.run(asyncio.wait_for(with_work(), 30))


def spin(seconds: float) -> str:
    """Keep a processor busy."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
    return "done"


async def measured(work: Work, queue: str = "one", *, times: int = 20) -> None:
    """A queue that knows how long work takes: next to nothing."""
    for _ in range(times):
        await work.run(lambda: None, characters=100, queue=queue)


def states(work: Work) -> dict[tuple[str, str], Any]:
    return {(state.name, state.place): state for state in work.states()}


# ------------------------------------------------------------------------------------------ the loop and threads


def test_short_work_runs_in_the_loop_once_it_is_known_to_be_short() -> None:
    async def main(work: Work) -> list[bool]:
        found = [await work.run(threading.current_thread, characters=10, queue="one") for _ in range(3)]
        return [one is threading.main_thread() for one in found]

    assert run(main) == [False, True, True]  # the first loads tables, in a thread


def test_long_work_runs_in_a_thread() -> None:
    async def main(work: Work) -> list[bool]:
        await measured(work)
        found = [await work.run(threading.current_thread, characters=count, queue="one") for count in (4_000, 4_001)]
        return [one is threading.main_thread() for one in found]

    assert run(main) == [True, False]


def test_work_that_takes_long_for_few_characters_runs_in_a_thread() -> None:
    async def main(work: Work) -> bool:
        def slow() -> threading.Thread:
            spin(0.02)
            return threading.current_thread()

        for _ in range(3):
            found = await work.run(slow, characters=10, queue="slow")
        return found is threading.main_thread()

    assert not run(main)


@pytest.mark.parametrize("characters", [10, 10_000])
def test_what_work_raises_is_raised(characters: int) -> None:
    async def main(work: Work) -> None:
        await measured(work)

        def bad() -> None:
            raise InputError("bad")

        for _ in range(2):
            with pytest.raises(InputError, match="bad"):
                await work.run(bad, characters=characters, queue="one")
        assert await work.run(lambda: 7, characters=characters, queue="one") == 7

    run(main)


@pytest.mark.parametrize("characters", [10, 10_000])
def test_everybody_gets_his_own(characters: int) -> None:
    async def main(work: Work) -> list[int]:
        await measured(work)
        asked = [
            work.run(partial(pow, number, 2), characters=characters, queue=f"queue {number % 3}")
            for number in range(300)
        ]
        return list(await asyncio.gather(*asked))

    assert run(main, max_queue_ms=60_000) == [number * number for number in range(300)]


def test_the_loop_turns_while_much_waits() -> None:
    """A slice of work, then a turn: others get to run in between."""

    async def main(work: Work) -> int:
        await measured(work, times=100)
        turns = 0

        async def turning() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(turning())
        await asyncio.sleep(0)
        begin = turns
        await asyncio.gather(*(work.run(lambda: time.sleep(0.002), characters=100, queue="one") for _ in range(50)))
        other.cancel()
        return turns - begin

    assert run(main, max_queue_ms=60_000) >= 20


def test_more_than_can_be_done_is_refused_and_the_rest_is_done() -> None:
    async def main(work: Work) -> tuple[list[Any], list[Any]]:
        def slow() -> str:
            return spin(0.01)

        for _ in range(20):
            await work.run(slow, characters=20_000, queue="one")
        asked = (work.run(slow, characters=20_000, queue="one") for _ in range(100))
        found = await asyncio.gather(*asked, return_exceptions=True)
        again = await work.run(slow, characters=20_000, queue="one")
        return found, [again, states(work)["one", "threads"]]

    found, (again, state) = run(main, max_queue_ms=200)
    refused = [one for one in found if isinstance(one, Refused)]
    assert 0 < len(refused) < 100
    assert all(one.status == 503 and one.headers == {"Retry-After": "1"} for one in refused)
    assert [one for one in found if one not in refused] == ["done"] * (100 - len(refused))
    assert again == "done"
    assert state.counts.refused == len(refused)
    assert state.waiting == 0


def test_what_is_patient_waits_instead() -> None:
    async def main(work: Work) -> list[str]:
        def slow() -> str:
            return spin(0.005)

        for _ in range(10):
            await work.run(slow, characters=20_000, queue="one")
        asked = [work.run(slow, characters=20_000, queue="one") for _ in range(20)]
        begun = [asyncio.ensure_future(one) for one in asked]
        await asyncio.sleep(0)
        patient = [await work.run(slow, characters=20_000, queue="one", patient=True) for _ in range(5)]
        await asyncio.gather(*begun, return_exceptions=True)
        return patient

    assert run(main, max_queue_ms=40) == ["done"] * 5


def test_who_is_gone_is_not_worked_for() -> None:
    async def main(work: Work) -> int:
        await measured(work)
        done = 0

        def count() -> None:
            nonlocal done
            time.sleep(0.02)
            done += 1

        asked = [asyncio.ensure_future(work.run(count, characters=10_000, queue="one")) for _ in range(20)]
        await asyncio.sleep(0.01)
        for one in asked[2:]:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        await work.run(lambda: None, characters=10_000, queue="one")
        return done

    assert run(main, max_queue_ms=60_000) == 2


def test_what_waited_for_too_long_is_refused_unstarted() -> None:
    async def main(work: Work) -> tuple[list[Any], int]:
        await measured(work)  # nobody expects it to take long
        asked = (work.run(lambda: time.sleep(0.05), characters=10_000, queue="one") for _ in range(8))
        found = await asyncio.gather(*asked, return_exceptions=True)
        return found, states(work)["one", "threads"].counts.late

    found, late = run(main, max_queue_ms=25, threads=1)
    assert late > 0
    assert sum(isinstance(one, Refused) for one in found) == late


def test_how_full_it_is() -> None:
    async def main(work: Work) -> tuple[float, float]:
        await measured(work)
        before = work.fullness()
        for _ in range(300):
            work._queues["one"].meter.note(10_000, 0.01)
        asked = [
            asyncio.ensure_future(work.run(lambda: time.sleep(0.01), characters=10_000, queue="one")) for _ in range(12)
        ]
        await asyncio.sleep(0)
        found = work.fullness()
        await asyncio.gather(*asked, return_exceptions=True)
        return before, found

    before, found = run(main, max_queue_ms=60)
    assert before == 0
    assert found > 0.1


# ------------------------------------------------------------------------------------------ batches


class Network:
    """Looks like one: a row says how long its text is. wrong: a text that it cannot stand"""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.batches: list[list[str]] = []
        self._seconds = seconds

    def predict(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.batches.append(list(texts))
        time.sleep(self._seconds)
        if "wrong" in texts:
            raise InputError("wrong")
        return np.array([[len(text), text.count("a")] for text in texts], np.float32)


def predicted(network: Network, asked: Sequence[Sequence[str]], **settings: Any) -> list[Any]:
    """What each request gets, all asked at once after a few that make the batcher know its work."""

    async def main() -> list[Any]:
        given = ServiceSettings(store=Path("none"), **settings)
        batcher = Batcher("one", longest=1_000, settings=given, before=lambda: None)
        try:
            for _ in range(3):
                await batcher.probabilities(network.predict, ["known"])
            network.batches.clear()
            found = (batcher.probabilities(network.predict, texts) for texts in asked)
            return list(await asyncio.gather(*found, return_exceptions=True))
        finally:
            assert batcher.idle
            assert batcher.ahead == 0
            batcher.close()

    return asyncio.run(asyncio.wait_for(main(), 30))


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_requests_share_batches_and_each_gets_its_rows(seconds: float) -> None:
    network = Network(seconds=seconds)
    asked = [["a" * (number % 7), "b" * number][: 1 + number % 2] for number in range(100)]
    found = predicted(network, asked, max_batch=32, max_queue_ms=60_000)
    for texts, rows in zip(asked, found, strict=True):
        assert rows.tolist() == [[len(text), text.count("a")] for text in texts]
    assert max(map(len, network.batches)) == 32
    assert len(network.batches) < 20


def test_one_by_one() -> None:
    network = Network()
    predicted(network, [["a"], ["b"], ["c", "d"]], max_batch=1)
    assert [len(batch) for batch in network.batches] == [1, 1, 1, 1]


def test_long_texts_make_small_batches() -> None:
    network = Network(seconds=0.01)
    texts = ["a" * 900] * 12
    predicted(network, [[text] for text in texts], max_batch=64, max_queue_ms=60_000)
    assert max(map(len, network.batches)) < 12


def test_a_request_of_many_texts_takes_turns() -> None:
    network = Network()
    many = [f"{number}" for number in range(200)]
    found = predicted(network, [many, ["single"]], max_batch=32, max_queue_ms=60_000)
    assert [len(rows) for rows in found] == [200, 1]
    assert "single" in network.batches[0]
    assert sum(map(len, network.batches)) == 201


def test_what_one_request_brings_about_is_not_the_others_fault() -> None:
    found = predicted(Network(), [["a"], ["wrong"], ["bb"]], max_queue_ms=60_000)
    assert found[0].tolist() == [[1, 1]]
    assert isinstance(found[1], InputError)
    assert found[2].tolist() == [[2, 0]]


def test_a_batcher_refuses_what_would_wait_for_too_long() -> None:
    found = predicted(Network(seconds=0.02), [["a" * 1_000] for _ in range(100)], max_queue_ms=50)
    refused = [one for one in found if isinstance(one, Refused)]
    assert 0 < len(refused) < 100
    assert all(one.status == 503 for one in refused)


class _Loaded(NamedTuple):
    artifact: Any
    value: Any


class _Artifact(NamedTuple):
    address: str


def test_which_classifiers_gain_by_batches() -> None:
    from textpipe.models.auto import Auto
    from textpipe.models.fasttext import FastText
    from textpipe.models.linear import Linear
    from textpipe.models.mlp import MLP

    assert [gains_by_batches(one()) for one in (Linear, FastText, MLP, Auto)] == [False, False, True, False]


def test_linear_classifiers_are_asked_as_they_are() -> None:
    from textpipe.models.linear import Linear

    network = Network()

    class Known(Linear):
        def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            return network.predict(texts)

    Known.__module__, Known.__name__ = Linear.__module__, Linear.__name__

    async def main(work: Work) -> list[list[float]]:
        loaded: Any = _Loaded(_Artifact("classifier/one"), Known())
        await asyncio.gather(*(work.probabilities(loaded, [text]) for text in ("a", "bb")))
        found: list[list[float]] = (await work.probabilities(loaded, [])).tolist()
        return found

    assert run(main) == []
    assert network.batches == [["a"], ["bb"], []]
