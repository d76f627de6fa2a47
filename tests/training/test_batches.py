"""Each example once, of nearly equal lengths, as seed and epoch have it."""

from __future__ import annotations

import numpy as np
import pytest

from textpipe.training.batches import bucketed, in_order

LENGTHS = np.random.default_rng(3).integers(1, 200, size=5003)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 64, 65, 129, 5003])
@pytest.mark.parametrize("batch_size", [1, 2, 64, 10_000])
def test_every_index_once(count: int, batch_size: int) -> None:
    batches = bucketed(LENGTHS[:count], batch_size, seed=1, epoch=1)
    assert len(batches) == -(-count // batch_size)
    assert sorted(np.concatenate([np.zeros(0, dtype=np.int64), *batches]).tolist()) == list(range(count))
    sizes = {len(batch) for batch in batches}
    assert not sizes or max(sizes) <= batch_size
    assert not sizes or max(sizes) - min(sizes) <= 1


def test_seed_and_epoch_decide() -> None:
    def drawn(seed: int, epoch: int) -> list[list[int]]:
        return [batch.tolist() for batch in bucketed(LENGTHS.tolist(), 32, seed=seed, epoch=epoch)]

    assert drawn(1, 1) == drawn(1, 1)
    assert drawn(1, 1) != drawn(1, 2)
    assert drawn(1, 1) != drawn(2, 1)


def test_little_is_padding_and_order_is_chance() -> None:
    batches = bucketed(LENGTHS, 32, seed=1, epoch=1)

    def padding(batches: list[np.ndarray[tuple[int], np.dtype[np.int64]]]) -> int:
        return sum(int(LENGTHS[batch].max()) * len(batch) for batch in batches) - int(LENGTHS.sum())

    shuffled = np.array_split(np.random.default_rng(0).permutation(len(LENGTHS)), len(batches))
    assert padding(batches) < padding(shuffled) / 10
    means = [float(LENGTHS[batch].mean()) for batch in batches]
    assert abs(float(np.corrcoef(means[:-1], means[1:])[0, 1])) < 0.3


@pytest.mark.parametrize("padded", [None, 1, 150, 3000])
def test_results_find_their_order(padded: int | None) -> None:
    batches, inverse = in_order(LENGTHS, 64, padded=padded)
    assert np.concatenate(batches)[inverse].tolist() == list(range(len(LENGTHS)))
    assert all(len(batch) <= 64 for batch in batches)
    for batch in batches:
        assert padded is None or len(batch) == 1 or LENGTHS[batch].max() * len(batch) <= padded


def test_nothing_to_predict() -> None:
    assert in_order([], 8).batches == []
    assert in_order([], 8, padded=100).inverse.tolist() == []
