from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.models.resuming import resumed
from tests.models.texts import check_learned_and_apart, trained
from textpipe.errors import UsageError
from textpipe.models.mlp import MLP, MLPConfig, hashed_ngrams

SMALL: dict[str, Any] = {"hidden": (16,), "buckets": 500, "embedding_dropout": 0.0}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden": (), "unit": "word"},
        {"hidden": (16, 8), "normalisation": "batch", "activation": "gelu"},
        {"normalisation": "layer", "ngrams": 1, "unit": "both"},
    ],
)
def test_it_learns_and_texts_do_not_depend_on_those_beside_them(settings: Any) -> None:
    model = trained(MLP, **{**SMALL, **settings, "epochs": 10, "lr": 0.02})
    check_learned_and_apart(model)


def test_without_hidden_layers_it_is_linear_in_the_mean_of_embeddings() -> None:
    config = MLPConfig(hidden=(), ngrams=1, dim=5)
    network = MLP(config).network([9], 3).eval()
    ids = torch.tensor([[2, 3, 4], [5, 5, 0]])
    with torch.no_grad():
        found = network([ids], torch.tensor([3, 2]))
        table, last = network.embedding.tables[0].weight, network.layers[0]
        torch.testing.assert_close(found[0], last((table[2] + table[3] + table[4]) / 3))
        torch.testing.assert_close(found[1], last(table[5]))


def test_ngrams_depend_on_order_and_on_nothing_else() -> None:
    ids = torch.tensor([[2, 3, 4, 2, 3], [3, 2, 3, 0, 0], [9, 0, 0, 0, 0]])
    found = hashed_ngrams(ids, torch.tensor([5, 3, 1]), longest=3, buckets=10**6)
    bigrams, trigrams = found[:, 1:5], found[:, 5:]
    assert bigrams[0, 0] == bigrams[0, 3] == bigrams[1, 1]
    assert bigrams[1, 0] != bigrams[0, 0]
    assert [(row != 0).sum().item() for row in bigrams] == [4, 2, 0]
    assert [(row != 0).sum().item() for row in trigrams] == [3, 1, 0]
    assert 0 < found[found != 0].min() <= found.max() <= 10**6


def test_texts_of_one_unit_have_no_ngrams() -> None:
    assert hashed_ngrams(torch.tensor([[5]]), torch.tensor([1]), longest=4, buckets=10).sum() == 0


def test_interrupted_it_goes_on_to_the_same_bits(tmp_path: Any, monkeypatch: Any) -> None:
    assert resumed(MLP, tmp_path, monkeypatch, **SMALL)


@pytest.mark.parametrize("settings", [{"hidden": (0,)}, {"hidden": 5}, {"activation": "rely"}, {"buckets": 0}])
def test_settings_that_make_no_sense_are_refused(settings: Any) -> None:
    with pytest.raises(UsageError):
        MLPConfig(**settings)
