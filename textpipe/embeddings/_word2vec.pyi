from typing_extensions import Buffer

LONGEST: int

class NotText(ValueError): ...

class Trainer:
    def __init__(
        self,
        words: Buffer,
        offsets: Buffer,
        counts: Buffer,
        vectors: Buffer,
        context: Buffer,
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
    def compose(self, into: Buffer, /) -> None: ...

def count(file: int, least: int, most: int, /) -> tuple[tuple[str, ...], tuple[int, ...], int, int, int]: ...
def fill(matrix: Buffer, dim: int, seed: int, /) -> None: ...
def instruction_sets() -> list[str]: ...
