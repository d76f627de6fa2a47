import numpy as np
import numpy.typing as npt

LONGEST: int

class NotText(ValueError): ...

class Trainer:
    def __init__(
        self,
        words: bytes,
        offsets: npt.NDArray[np.int64],
        counts: npt.NDArray[np.int64],
        vectors: npt.NDArray[np.float32],
        context: npt.NDArray[np.float32],
        *,
        file: int,
        size: int,
        cbow: bool,
        dim: int,
        window: int,
        negative: int,
        own_negatives: bool,
        power: float,
        sample: float,
        epochs: int,
        rate: float,
        final_rate: float,
        seed: int,
        buckets: int,
        min_n: int,
        max_n: int,
        kernel: str,
        block: int,
    ) -> None: ...
    def chunk(self, epoch: int, number: int, /) -> tuple[int, int, float]: ...
    def step(self, inputs: tuple[int, ...], targets: tuple[int, ...], rate: float, /) -> float: ...
    def compose(self, into: npt.NDArray[np.float32], /) -> None: ...

def count(file: int, least: int, most: int, /) -> tuple[tuple[str, ...], tuple[int, ...], int, int, int]: ...
def fill(matrix: npt.NDArray[np.float32], dim: int, seed: int, /) -> None: ...
def instruction_sets() -> list[str]: ...
