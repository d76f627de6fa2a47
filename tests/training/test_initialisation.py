"""How weights begin: their spread, their orthogonality, and what is left alone."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from textpipe.training.config import Initialisation  # noqa: E402
from textpipe.training.initialisation import initialise, seeded  # noqa: E402

nn: Any = torch.nn


def drawn(layer: Any, name: Initialisation) -> Any:
    with seeded(1):
        initialise(layer, name)
    return layer


def test_spread() -> None:
    linear, convolution = (nn.Linear(300, 200), nn.Conv1d(50, 60, 3))
    for layer, fan_in, fan_out in ((linear, 300, 200), (convolution, 150, 180)):
        weight = drawn(layer, "xavier").weight.detach()
        bound = math.sqrt(6 / (fan_in + fan_out))
        assert float(weight.abs().max()) == pytest.approx(bound, rel=0.01)
        assert float(weight.std()) == pytest.approx(bound / math.sqrt(3), rel=0.03)
        assert float(drawn(layer, "kaiming").weight.detach().std()) == pytest.approx(math.sqrt(2 / fan_in), rel=0.03)
        assert float(drawn(layer, "normal").weight.detach().std()) == pytest.approx(0.02, rel=0.03)
        assert not layer.bias.detach().any()


@pytest.mark.parametrize("maker", [nn.RNN, nn.LSTM, nn.GRU])
def test_each_gate_is_orthogonal(maker: Any) -> None:
    layer = drawn(maker(12, 8, bidirectional=True), "orthogonal")
    for weight in (layer.weight_hh_l0, layer.weight_hh_l0_reverse):
        for gate in weight.detach().split(8):
            assert torch.allclose(gate @ gate.T, torch.eye(8), atol=1e-5)


def test_orthogonal_of_a_convolution() -> None:
    flat = drawn(nn.Conv1d(5, 7, 3), "orthogonal").weight.detach().flatten(1)
    assert torch.allclose(flat @ flat.T, torch.eye(7), atol=1e-5)


def test_identity_is_for_plain_rnns() -> None:
    plain, lstm = drawn(nn.RNN(4, 6), "identity"), drawn(nn.LSTM(4, 6), "identity")
    assert torch.equal(plain.weight_hh_l0.detach(), torch.eye(6))
    bound = math.sqrt(6 / 10)
    assert 0 < float(plain.weight_ih_l0.detach().abs().max()) <= bound
    assert not torch.equal(lstm.weight_hh_l0.detach()[:6], torch.eye(6))


def test_what_is_left_alone() -> None:
    network = nn.Sequential(nn.Embedding(5, 4), nn.LayerNorm(4), nn.Linear(4, 4).requires_grad_(False), nn.Linear(4, 3))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    drawn(network, "normal")
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"3.weight", "3.bias"}
    after = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    drawn(network, "default")
    assert all(torch.equal(tensor, after[name]) for name, tensor in network.state_dict().items())


def test_a_seed_leaves_no_trace() -> None:
    torch.manual_seed(9)
    wanted = torch.rand(3)
    torch.manual_seed(9)
    with seeded(4):
        first = torch.rand(3)
    assert torch.equal(torch.rand(3), wanted)
    with seeded(4):
        assert torch.equal(torch.rand(3), first)
