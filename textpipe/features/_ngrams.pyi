from collections.abc import Sequence

from typing_extensions import Buffer

Settings = tuple[int, int, int, int, bool, bool, int, int, int]

def score(
    texts: Sequence[str],
    spans: Buffer | None,
    bounds: Buffer | None,
    table: Buffer,
    weights: Buffer,
    labels: int,
    sums: Buffer,
    known: Buffer,
    settings: Settings,
    /,
) -> None: ...
def rows(
    texts: Sequence[str],
    spans: Buffer | None,
    bounds: Buffer | None,
    table: Buffer,
    features: int,
    settings: Settings,
    /,
) -> tuple[bytes, bytes, bytes]: ...
