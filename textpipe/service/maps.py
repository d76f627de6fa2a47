"""Maps of embeddings: each made once, in the pool, and kept as the bytes of its answer."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import orjson

from textpipe.operations.map_words import MapRecord, choose_words, map_chosen, place_records
from textpipe.service.answers import Answer
from textpipe.service.artifacts import Loaded
from textpipe.service.work import Work

_KEPT = 8  # maps
_A_WORD = 100  # characters of a text that take about as long
_Key = tuple[str, int, str]


class Maps:
    """Those that were asked for last; one at a time is made."""

    def __init__(self) -> None:
        self._made: OrderedDict[_Key, bytes] = OrderedDict()
        self._making: dict[_Key, asyncio.Task[bytes]] = {}

    async def answer(self, loaded: Loaded, options: Mapping[str, Any], work: Work) -> Answer:
        """Of word vectors. Raises Refused (503) when too much is waiting."""
        key = (loaded.artifact.address, options["top"], options["method"])
        if key in self._made:
            self._made.move_to_end(key)
            return Answer(self._made[key])
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._make(key, loaded, work))
        return Answer(await asyncio.shield(self._making[key]))  # others may wait for it

    async def _make(self, key: _Key, loaded: Loaded, work: Work) -> bytes:
        _, top, method = key
        try:
            cost = work.settings.inline + _A_WORD * top
            made = await work.run(lambda: _map(loaded, top, method), characters=cost, queue="map")
        finally:
            del self._making[key]
        self._made[key] = made
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return made


def _map(loaded: Loaded, top: int, method: Any) -> bytes:
    from textpipe.embeddings.projection import MapConfig

    rows = choose_words(loaded.value, top=top).rows
    found = map_chosen(loaded.value, rows, MapConfig(method=method))
    return orjson.dumps(MapRecord(words=place_records(found)))
