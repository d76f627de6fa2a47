from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.models.resuming import resumed
from tests.models.texts import check_learned_and_apart, trained
from textpipe.errors import UsageError
from textpipe.models.dpcnn import DPCNN, DPCNNConfig, halved

SMALL: dict[str, Any] = {"filters": 12, "blocks": 3, "embedding_dropout": 0.1}


def network(**settings: Any) -> Any:
    torch.manual_seed(0)
    return DPCNN(DPCNNConfig(**{"dim": 5, **SMALL, **settings})).network([30], 3).eval()


def convolved(values: Any, layer: Any) -> Any:
    """[positions, size] of [positions, size], a position and a window at a time."""
    weight, width = layer.weight.detach().double().numpy(), layer.weight.shape[2]
    rows = []
    for place in range(len(values)):
        total = layer.bias.detach().double().numpy().copy()
        for step in range(width):
            at = place - (width - 1) // 2 + step
            if 0 <= at < len(values):
                total += weight[:, :, step] @ values[at]
        rows.append(total)
    return np.array(rows)


def by_hand(made: Any, ids: list[int]) -> Any:
    """Decisions of a text as Johnson and Zhang describe them, without padding or batches."""
    values = made.embedding.tables[0].weight.detach().double().numpy()[ids]
    values = convolved(values, made.region)
    for number, block in enumerate(made.blocks):
        if number:
            values = np.array([values[max(at - 1, 0) : at + 2].max(0) for at in range(0, len(values), 2)])
        found = values
        for layer in block.convolutions:
            found = convolved(np.maximum(found, 0), layer)
        values = values + found
    return made.last.weight.detach().double().numpy() @ values.max(0) + made.last.bias.detach().double().numpy()


@pytest.mark.parametrize("width", [1, 2, 3])
def test_texts_of_all_lengths_are_as_by_hand(width: int) -> None:
    made = network(width=width)
    texts = [list(range(2, 2 + length)) for length in (1, 2, 3, 4, 5, 7, 8, 9, 16, 23)]
    ids = torch.tensor([text + [0] * (28 - len(text)) for text in texts])
    with torch.no_grad():
        found = made([ids], torch.tensor([len(text) for text in texts]))
    np.testing.assert_allclose(found.numpy(), [by_hand(made, text) for text in texts], atol=1e-5)


def test_halves_are_the_largest_of_a_texts_own_positions() -> None:
    values = torch.tensor([[[1.0, 5.0, 2.0, -9.0, 4.0, 99.0]], [[-3.0, 99.0, 99.0, 99.0, 99.0, 99.0]]])
    found, lengths = halved(values, torch.tensor([5, 1]))
    assert lengths.tolist() == [3, 1]
    assert found[0, 0].tolist() == [5.0, 5.0, 4.0]
    assert found[1, 0, 0] == -3.0


def test_padding_has_no_part_in_gradients() -> None:
    """Those of a batch with padding are the sum of those of its texts alone, and all are finite."""
    made = network().double()
    texts = [[2, 3, 4, 5, 6, 7, 8], [9], [10, 11]]
    ids = torch.tensor([text + [0] * (12 - len(text)) for text in texts])
    made([ids], torch.tensor([7, 1, 2])).square().sum().backward()
    together = {name: weight.grad.clone() for name, weight in made.named_parameters()}
    made.zero_grad()
    for text in texts:
        made([torch.tensor([text])], torch.tensor([len(text)])).square().sum().backward()
    for name, weight in made.named_parameters():
        torch.testing.assert_close(together[name], weight.grad, atol=1e-12, rtol=1e-9)


def test_gradients_of_a_block_and_of_halves() -> None:
    block = network(filters=3).blocks[0].double()
    own = torch.tensor([[[True] * 5], [[True] * 2 + [False] * 3]])

    def found(values: Any) -> Any:
        after, lengths = halved(block(values, own), torch.tensor([5, 2]))
        return after[0].sum() + after[1, :, : int(lengths[1])].sum()

    values = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(found, values)
    found(values).backward()
    assert values.grad is not None
    assert (values.grad[1, :, 2:] == 0).all()


def test_what_goes_round_stays_as_it_is() -> None:
    block = network().blocks[0]
    with torch.no_grad():
        for layer in block.convolutions:
            layer.weight.zero_()
            layer.bias.zero_()
        values = torch.randn(2, 12, 4)
        assert torch.equal(block(values, torch.ones(2, 1, 4, dtype=torch.bool)), values)


def test_dropout_is_of_training_alone() -> None:
    made = network(layer_dropout=0.5, dropout=0.5)
    ids, lengths = torch.arange(2, 12)[None], torch.tensor([10])
    with torch.no_grad():
        assert torch.equal(made([ids], lengths), made([ids], lengths))
        made.train()
        assert not torch.equal(made([ids], lengths), made([ids], lengths))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"unit": "both", "width": 2, "precision": "float32"},
        {"unit": "word", "blocks": 1},
        {"precision": "bfloat16"},
    ],
)
def test_it_learns_and_texts_do_not_depend_on_those_beside_them(settings: Any) -> None:
    check_learned_and_apart(trained(DPCNN, **{**SMALL, **settings, "epochs": 8}))


@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_interrupted_it_goes_on_to_the_same_bits(tmp_path: Any, monkeypatch: Any, precision: str) -> None:
    assert resumed(DPCNN, tmp_path, monkeypatch, **SMALL, precision=precision)


@pytest.mark.parametrize("settings", [{"width": 0}, {"filters": 0}, {"blocks": 0}, {"layer_dropout": 1.0}])
def test_settings_that_make_no_sense_are_refused(settings: Any) -> None:
    with pytest.raises(UsageError):
        DPCNNConfig(**settings)


def test_functional_convolution_is_the_one_that_is_padded() -> None:
    made = network(width=2)
    values = torch.randn(1, 5, 6)
    with torch.no_grad():
        expected = functional.conv1d(functional.pad(values, (0, 1)), made.region.weight, made.region.bias)
        assert torch.equal(made.region(values), expected)
