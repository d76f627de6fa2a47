from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.models.resuming import resumed
from tests.models.texts import check_learned_and_apart, documents, trained
from textpipe.errors import UsageError
from textpipe.models.layers import POOLINGS
from textpipe.models.recurrent import Recurrent, RecurrentConfig, turned, turned_places
from textpipe.training.log import TrainingLog

SMALL: dict[str, Any] = {"hidden": 10, "embedding_dropout": 0.1}
KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def of_torch(network: Any, config: RecurrentConfig) -> Any:
    """torch's own module of several layers and two directions, with the weights of ours."""
    more = {"nonlinearity": "relu"} if config.cell == "rnn" else {}
    theirs = KINDS[config.cell](
        config.dim, config.hidden, config.layers, batch_first=True, bidirectional=config.bidirectional, **more
    )
    with torch.no_grad():
        for name, weight in theirs.named_parameters():
            number = int(name.split("_l")[1][0])
            layer = network.layers[number]
            part = layer.backwards if name.endswith("_reverse") else layer.forwards
            weight.copy_(getattr(part, name.split("_l")[0] + "_l0"))
    return theirs


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("cell", list(KINDS))
def test_unpadded_texts_are_read_as_torch_reads_them(cell: Any, bidirectional: bool) -> None:
    config = RecurrentConfig(cell=cell, layers=2, hidden=6, dim=5, pooling="last", bidirectional=bidirectional)
    network = Recurrent(config).network([9], 3).eval()
    ids = torch.randint(1, 9, (4, 7))
    with torch.no_grad():
        ours = network([ids], torch.full((4,), 7))
        _, last = of_torch(network, config)(network.embedding([ids]))
        state = last[0] if cell == "lstm" else last
        kept = state[-2:] if bidirectional else state[-1:]
        torch.testing.assert_close(ours, network.last(torch.cat(list(kept), 1)), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", list(KINDS))
def test_padding_changes_nothing(cell: Any, pooling: Any) -> None:
    network = Recurrent(RecurrentConfig(cell=cell, layers=2, pooling=pooling, hidden=6, dim=5)).network([9], 3).eval()
    text = torch.randint(1, 9, (1, 4))
    padded = torch.cat([text, torch.zeros(1, 5, dtype=torch.int64)], 1)
    beside = torch.cat([padded, torch.randint(1, 9, (1, 9))])
    with torch.no_grad():
        alone = network([text], torch.tensor([4]))
        torch.testing.assert_close(network([beside], torch.tensor([4, 9]))[:1], alone, atol=1e-6, rtol=1e-5)


def test_texts_are_turned_round_without_their_padding() -> None:
    places = turned_places(torch.tensor([3, 1, 4]), 4)
    assert places.tolist() == [[2, 1, 0, 3], [0, 1, 2, 3], [3, 2, 1, 0]]
    values = torch.arange(12.0).view(3, 4, 1)
    assert torch.equal(turned(turned(values, places), places), values)


@pytest.mark.parametrize(("cell", "initialisation"), [("lstm", "default"), ("gru", "orthogonal"), ("rnn", "identity")])
def test_it_learns_and_texts_do_not_depend_on_those_beside_them(cell: str, initialisation: str) -> None:
    model = trained(Recurrent, cell=cell, initialisation=initialisation, **SMALL, epochs=8)
    check_learned_and_apart(model)


def test_a_plain_network_may_begin_by_handing_on() -> None:
    model = Recurrent(RecurrentConfig(cell="rnn", initialisation="identity", hidden=4))
    model.labels = ("a", "b")
    network = model._start(trained(Recurrent, **SMALL, epochs=1)._fitted.inputs, documents(8), TrainingLog())
    for part in (network.layers[0].forwards, network.layers[0].backwards):
        assert torch.equal(part.weight_hh_l0, torch.eye(4))


@pytest.mark.parametrize(("cell", "workers"), [("lstm", 2), ("gru", 1)])
def test_interrupted_it_goes_on_to_the_same_bits(tmp_path: Any, monkeypatch: Any, cell: str, workers: int) -> None:
    assert resumed(Recurrent, tmp_path, monkeypatch, layers=2, cell=cell, workers=workers, **SMALL)


@pytest.mark.parametrize("settings", [{"cell": "lstn"}, {"hidden": 0}, {"layers": 0}, {"pooling": "sum"}])
def test_settings_that_make_no_sense_are_refused(settings: Any) -> None:
    with pytest.raises(UsageError):
        RecurrentConfig(**settings)
