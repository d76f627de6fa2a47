"""Optimisers against their formulas in numpy; which weights decay; clipping and L1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from textpipe.errors import UsageError  # noqa: E402
from textpipe.training.config import OPTIMIZERS, Optimizer, TrainingConfig  # noqa: E402
from textpipe.training.optimizers import add_l1, gradients, make_optimizers, scale_down, weights_of  # noqa: E402
from textpipe.training.surroundings import surroundings  # noqa: E402

nn: Any = torch.nn
Floats = npt.NDArray[np.float64]
CONFIG = TrainingConfig(lr=0.05, weight_decay=0.1, momentum=0.8)


def reference(config: TrainingConfig, start: Floats, slopes: list[Floats]) -> Floats:
    """The weights after these gradients, by the formulas of the papers as torch arranges them."""
    weight, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for number, slope in enumerate(slopes, start=1):
        if config.optimizer == "adamw":
            weight = weight * (1 - config.lr * config.weight_decay)
            gradient = slope
        else:
            gradient = slope + config.weight_decay * weight
        if config.optimizer in ("adamw", "adam"):
            first = 0.9 * first + 0.1 * gradient
            second = 0.999 * second + 0.001 * gradient**2
            move = (first / (1 - 0.9**number)) / (np.sqrt(second / (1 - 0.999**number)) + 1e-8)
        elif config.optimizer == "sgd":
            first = gradient if number == 1 else config.momentum * first + gradient
            move = first
        elif config.optimizer == "adagrad":
            second = second + gradient**2
            move = gradient / (np.sqrt(second) + 1e-10)
        else:
            second = 0.99 * second + 0.01 * gradient**2
            move = gradient / (np.sqrt(second) + 1e-8)
        weight = weight - config.lr * move
    return weight


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_formulas(name: Optimizer) -> None:
    config = replace(CONFIG, optimizer=name)
    chance = np.random.default_rng(1)
    start, slopes = chance.normal(size=(5, 3)), [chance.normal(size=(5, 3)) for _ in range(7)]
    layer = nn.Linear(3, 5, bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(start))
    (optimizer,) = make_optimizers(weights_of(layer), config)
    for slope in slopes:
        layer.weight.grad = torch.from_numpy(slope.copy())
        optimizer.step()
    assert layer.weight.detach().numpy() == pytest.approx(reference(config, start, slopes), rel=1e-6)


class Parts(nn.Module):  # type: ignore[misc]
    no_weight_decay = ("table",)

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.rare = nn.Embedding(5, 4, sparse=True)
        self.lstm = nn.LSTM(4, 4)
        self.norm = nn.LayerNorm(4)
        self.images = nn.BatchNorm2d(3)
        self.convolution = nn.Conv1d(4, 4, 3)
        self.table = nn.Parameter(torch.zeros(3, 3))
        self.attention = nn.Parameter(torch.zeros(4))
        self.tied = nn.Linear(4, 5, bias=False)
        self.tied.weight = self.embedding.weight
        self.frozen = nn.Linear(4, 4).requires_grad_(False)


def test_what_decays() -> None:
    parts = Parts()
    names = {id(weight): name for name, weight in parts.named_parameters()}
    decaying, others, sparse = ({names[id(weight)] for weight in group} for group in weights_of(parts))
    assert decaying == {"lstm.weight_ih_l0", "lstm.weight_hh_l0", "convolution.weight"}
    assert sparse == {"rare.weight"}
    learning = {name for name, weight in parts.named_parameters() if weight.requires_grad}
    assert others == learning - decaying - sparse
    dense, rows = make_optimizers(weights_of(parts), CONFIG)
    assert [group["weight_decay"] for group in dense.param_groups] == [0.1, 0.0]
    assert type(rows).__name__ == "SparseAdam"


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd", "adagrad"])
def test_sparse_gradients_move_only_their_rows(name: Optimizer) -> None:
    table = nn.Embedding(6, 3, sparse=True)
    before = table.weight.detach().clone()
    (optimizer,) = make_optimizers(weights_of(table), replace(CONFIG, optimizer=name))
    for _ in range(2):
        optimizer.zero_grad()
        table(torch.tensor([1, 4, 1])).pow(2).sum().backward()
        (rows,) = gradients([table.weight])
        assert rows.shape == (2, 3)
        scale_down([rows], float(rows.norm()), most=0.5)
        assert float(table.weight.grad.to_dense().norm()) == pytest.approx(0.5)
        with surroundings(torch.device("cpu"), 1):
            optimizer.step()
    moved = (table.weight.detach() != before).any(dim=1)
    assert moved.tolist() == [False, True, False, False, True, False]


def test_rmsprop_has_no_sparse_gradients() -> None:
    with pytest.raises(UsageError, match="sparse"):
        make_optimizers(weights_of(nn.Embedding(3, 3, sparse=True)), replace(CONFIG, optimizer="rmsprop"))


@pytest.mark.parametrize("most", [0.0, 0.5, 1e6])
def test_clipping_is_that_of_torch(most: float) -> None:
    layers = [nn.Linear(4, 3), nn.Linear(4, 3)]
    layers[1].load_state_dict(layers[0].state_dict())
    for layer in layers:
        layer(torch.ones(2, 4)).pow(2).sum().backward()
    found = gradients(list(layers[0].parameters()))
    norm = float(torch.nn.utils.get_total_norm(found))
    scale_down(found, norm, most=most)
    wanted = float(torch.nn.utils.clip_grad_norm_(layers[1].parameters(), most or float("inf")))
    assert norm == pytest.approx(wanted)
    for ours, theirs in zip(layers[0].parameters(), layers[1].parameters(), strict=True):
        assert ours.grad.numpy() == pytest.approx(theirs.grad.numpy(), rel=1e-4)


def test_l1() -> None:
    layers = [nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(2, 2)]
    layers[1].load_state_dict(layers[0].state_dict())
    for layer in layers[:2]:
        layer(torch.ones(2, 4)).pow(2).sum().backward()
    add_l1([layers[0].weight, layers[2].weight], 0.3)
    (0.3 * layers[1].weight.abs().sum()).backward()
    assert layers[0].weight.grad.numpy() == pytest.approx(layers[1].weight.grad.numpy(), abs=1e-6)
    assert layers[2].weight.grad is None
