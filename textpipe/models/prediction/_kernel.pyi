from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

LANES: int

class Encoder:
    def __init__(
        self,
        unit: Literal["word", "char", "both"],
        engine: Any,
        mode: Literal["exact", "search"],
        hmm: bool,
        characters: NDArray[np.int32] | None,
        words: tuple[str, ...] | None,
        first: int,
        most: int,
    ) -> None: ...
    def encode(self, texts: Sequence[str], /) -> tuple[tuple[bytearray, ...], bytearray, int]: ...

def instruction_sets() -> list[str]: ...
def pool(
    instructions: str,
    tables: tuple[NDArray[np.float32], ...],
    places: tuple[NDArray[np.int32], ...],
    padding: tuple[int, ...],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    widths: tuple[int, ...],
    filters: int,
    least: int,
    pooled: NDArray[np.float32],
    /,
) -> None: ...
def multiply(
    instructions: str,
    values: NDArray[np.float32],
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    out: NDArray[np.float32],
    /,
) -> None: ...
def read(
    instructions: str,
    gates: tuple[NDArray[np.float32], ...],
    places: tuple[NDArray[np.int32], ...],
    columns: int,
    first: int,
    inputs: NDArray[np.float32] | None,
    input_weights: NDArray[np.float32] | None,
    weights: NDArray[np.float32],
    hidden: int,
    backwards: bool,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    kept: Literal["each", "last", "max", "sum"],
    out: NDArray[np.float32],
    offset: int,
    /,
) -> None: ...
