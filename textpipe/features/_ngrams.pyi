from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]
Settings = tuple[int, int, int, int, bool, bool, bool, int, int, int]

def score(
    texts: Sequence[str],
    spans: Array | None,
    bounds: Array | None,
    table: Array,
    weights: Array,
    labels: int,
    sums: Array,
    known: Array,
    settings: Settings,
    /,
) -> None: ...
def rows(
    texts: Sequence[str],
    spans: Array | None,
    bounds: Array | None,
    table: Array,
    features: int,
    settings: Settings,
    /,
) -> tuple[bytes, bytes, bytes]: ...
