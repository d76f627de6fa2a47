from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from textpipe.embeddings.vectors import Vectors
from textpipe.models.inputs import Inputs
from textpipe.models.layers import (
    ACTIVATIONS,
    AttentionPooling,
    Embedding,
    activation,
    normalisation,
    pooled_last,
    pooled_max,
    pooled_mean,
)
from textpipe.segment.tokenizer import Tokenizer

VALUES = torch.tensor([[[1.0, -5.0], [3.0, -2.0], [99.0, 99.0]], [[0.0, 1.0], [2.0, 4.0], [7.0, 1.0]]])
LENGTHS = torch.tensor([2, 3])


def test_poolings_look_at_a_texts_own_positions() -> None:
    assert pooled_max(VALUES, LENGTHS).tolist() == [[3.0, -2.0], [7.0, 4.0]]
    assert pooled_mean(VALUES, LENGTHS).tolist() == [[2.0, -3.5], [3.0, 2.0]]
    assert pooled_last(VALUES, LENGTHS, bidirectional=False).tolist() == [[3.0, -2.0], [7.0, 1.0]]
    assert pooled_last(VALUES, LENGTHS, bidirectional=True).tolist() == [[3.0, -5.0], [7.0, 1.0]]


def test_attention_weighs_by_fit() -> None:
    pooling = AttentionPooling(2)
    with torch.no_grad():
        found = pooling(VALUES, LENGTHS)[0]
        fits = [math.exp(float(pooling.query(torch.tanh(pooling.hidden(VALUES[0, place]))))) for place in range(2)]
        expected = (fits[0] * VALUES[0, 0] + fits[1] * VALUES[0, 1]) / sum(fits)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_those_of_their_name(name: str) -> None:
    expected = {
        "relu": max(-0.7, 0.0),
        "gelu": -0.7 * 0.5 * (1 + math.erf(-0.7 / math.sqrt(2))),
        "tanh": math.tanh(-0.7),
        "sigmoid": 1 / (1 + math.exp(0.7)),
        "softsign": -0.7 / 1.7,
        "leaky_relu": -0.007,
    }
    assert float(activation(name)(torch.tensor(-0.7))) == pytest.approx(expected[name], abs=1e-6)  # type: ignore[arg-type]


def test_normalisations() -> None:
    values = torch.tensor([[1.0, 2.0, 6.0], [3.0, 0.0, 0.0]])
    assert normalisation("none", 3)(values) is values
    torch.testing.assert_close(normalisation("layer", 3)(values).mean(1), torch.zeros(2), atol=1e-6, rtol=0)
    batch = normalisation("batch", 3)
    torch.testing.assert_close(batch(values).mean(0), torch.zeros(3), atol=1e-6, rtol=0)
    assert batch(values[:1]).isfinite().all()  # one example in training


def inputs() -> Inputs:
    return Inputs.learn(
        ["北京天气", "北京"], unit="char", tokenizer=Tokenizer(), min_count=1, max_size=100, max_length=10
    )


def test_embeddings_begin_with_vectors_where_there_are_any() -> None:
    vectors = Vectors(["北", "天"], np.array([[1, 2], [3, -4]], np.float32))
    embedding = Embedding(inputs().sizes, 2)
    before = embedding.tables[0].weight.detach().clone()
    assert embedding.take(inputs(), [vectors]) == [2]
    after = embedding.tables[0].weight.detach()
    rows = {token: row for row, token in enumerate(inputs().vocabularies[0].tokens, start=2)}
    scale = 0.1 / vectors.matrix.std()
    np.testing.assert_allclose(after[rows["北"]], vectors.matrix[0] * scale, rtol=1e-5)
    np.testing.assert_allclose(after[rows["天"]], vectors.matrix[1] * scale, rtol=1e-5)
    assert torch.equal(after[rows["气"]], before[rows["气"]])
    assert after[:2].tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_units_of_two_channels_lie_side_by_side() -> None:
    embedding = Embedding([5, 4], 3).eval()
    first, second = torch.tensor([[2, 3]]), torch.tensor([[3, 1]])
    found = embedding([first, second])
    assert torch.equal(found[..., :3], embedding.tables[0](first))
    assert torch.equal(found[..., 3:], embedding.tables[1](second))
    vectors, places = embedding.of_unlike([first, second])
    again = torch.cat([part[place] for part, place in zip(vectors, places, strict=True)], 2)
    assert torch.equal(found, again)


def test_units_are_unknown_by_chance_in_training_only() -> None:
    embedding = Embedding([5], 3, unit_dropout=0.5)
    ids = torch.tensor([[2, 3, 4, 0] * 100])
    torch.manual_seed(0)
    (heard,) = embedding.heard([ids])
    share = (heard[ids > 0] == 1).double().mean()
    assert 0.4 < share < 0.6
    assert (heard[ids == 0] == 0).all()
    assert torch.equal(embedding.eval().heard([ids])[0], ids)


def test_large_tables_have_sparse_gradients() -> None:
    sizes = [20_001, 20_000]
    assert [table.sparse for table in Embedding(sizes, 2).tables] == [True, False]
    assert [table.sparse for table in Embedding(sizes, 2, freeze=True).tables] == [False, False]
    assert [table.sparse for table in Embedding(sizes, 2, sparse=False).tables] == [False, False]
