"""Documents to requests that a service takes, and its records back to the documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from textpipe.errors import OutputError, TextpipeError

if TYPE_CHECKING:
    from textpipe.corpus.document import Piece

T = TypeVar("T")

_FIRST, _MOST = 8, 256  # texts of a request: the first records come soon; a service takes no more by default
LIMIT = 32_000  # characters of a request but for a single text: about 100 KB of Chinese
LIMITS = {"explain": 4_000}  # of requests that are much work


def batches(items: Iterable[T], *, size: Callable[[T], int], limit: int) -> Iterator[list[T]]:
    """The items in order, as many together as have no more than `limit` characters; a larger one is alone.

    When reading on fails, what was read before still comes out, then the error.
    """
    most, characters = _FIRST, 0
    batch: list[T] = []
    try:
        for item in items:
            more = size(item)
            if batch and (len(batch) >= most or characters + more > limit):
                yield batch
                most, characters, batch = min(2 * most, _MOST), 0, []
            batch.append(item)
            characters += more
            if len(batch) >= most:  # not kept until another one comes, which may take a while
                yield batch
                most, characters, batch = min(2 * most, _MOST), 0, []
    except TextpipeError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def characters(piece: Piece) -> int:
    """Of its text."""
    return len(piece.document.text)


def in_halves(items: Sequence[T], ask: Callable[[Sequence[T]], list[Any] | None]) -> list[Any]:
    """What all items are answered with, together; where a service takes less at once (None), those of each half."""
    found = ask(items)
    if found is not None:
        return found
    half = (len(items) + 1) // 2
    return [*in_halves(items[:half], ask), *in_halves(items[half:], ask)]


def matched(items: Sequence[T], records: Any, *, url: str) -> list[tuple[T, dict[str, Any]]]:
    """(item, record) of an answer whose records are named by the numbers of the items, each with one or more, in order.

    Raises OutputError where they are not.
    """
    pairs: list[tuple[T, dict[str, Any]]] = []
    number = -1
    for record in records if isinstance(records, list) else ():
        place = record.get("id") if isinstance(record, dict) else None
        if place == str(number + 1):
            number += 1
        if place != str(number) or number >= len(items):
            break
        pairs.append((items[number], record))
    if number != len(items) - 1 or len(pairs) != len(records):
        hint = "is it textpipe serve, of this version, that listens there?"
        raise OutputError("the service's answer does not fit the question", where=url, hint=hint)
    return pairs
