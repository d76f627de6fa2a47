"""Networks without a room of their own: torch traces them, and what tracing does not see is found out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.models import texts
from textpipe.errors import UsageError
from textpipe.models.layers import Embedding, own_positions, pooled_max, pooled_mean
from textpipe.models.neural import Neural
from textpipe.models.neural_config import NeuralConfig
from textpipe.segment.tokenizer import Tokenizer

pytest.importorskip("onnx", reason="needs onnx: pip install 'textpipe-zh[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install 'textpipe-zh[onnx]'")

GIVEN = [*(one.text for one in texts.documents(20, seed=3)), "", " ", "球", "qqq", "股市上涨" * 40, "ＡＢ 球队  赢"]


class _Convolutions(nn.Module):  # type: ignore[misc]
    def __init__(self, config: NeuralConfig, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.embedding = Embedding.of(config, sizes)
        self.inner = nn.Conv1d(self.embedding.size, 8, 3, padding=1)
        self.last = nn.Linear(8, classes)

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        values = self.embedding(ids)
        values = values * own_positions(lengths, values.shape[1])[..., None]
        return self.last(pooled_max(self.inner(values.transpose(1, 2)).transpose(1, 2), lengths))


class _Attention(nn.Module):  # type: ignore[misc]
    """torch's own layer, in which tracing fixes the number of positions."""

    def __init__(self, config: NeuralConfig, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.embedding = Embedding.of(config, sizes)
        self.layer = nn.TransformerEncoderLayer(self.embedding.size, 2, 16, batch_first=True)
        self.last = nn.Linear(self.embedding.size, classes)

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        values = self.embedding(ids)
        values = self.layer(values, src_key_padding_mask=~own_positions(lengths, values.shape[1]))
        return self.last(pooled_mean(values, lengths))


class _OfOneBatch(_Convolutions):
    """What a trace cannot see: how many texts there were."""

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        first = torch.zeros(len(lengths), 1, dtype=torch.long)
        return super().forward([torch.cat([first, part], 1) for part in ids], lengths + 1)


def trained(module: Any, **settings: Any) -> Any:
    class Toy(Neural):
        Config = NeuralConfig
        arch = "toy"

        def network(self, sizes: Sequence[int], classes: int) -> Any:
            return module(self.config, sizes, classes)

    return texts.trained(Toy, pretrain=0, max_length=50, **settings)


@pytest.mark.parametrize("unit", ["char", "both"])
@pytest.mark.parametrize("module", [_Convolutions, _Attention])
def test_any_network_is_traced(module: Any, unit: str) -> None:
    from textpipe.models.onnx import written
    from textpipe.models.onnx.encoding import encoded
    from textpipe.models.onnx.int8 import in_int8

    model = trained(module, unit=unit)
    found, about = written(model, arch="toy", tokenizer=Tokenizer())
    wanted = model.predict_proba(GIVEN)
    for content, near in ((found.SerializeToString(), 2e-6), (in_int8(found).SerializeToString(), 0.05)):
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(
            session.run(None, encoded(GIVEN, about["inputs"], Tokenizer()))[0], wanted, atol=near
        )
        alone = session.run(None, encoded(GIVEN[:1], about["inputs"], Tokenizer()))[0]
        np.testing.assert_allclose(alone, wanted[:1], atol=near)


def test_what_a_trace_does_not_see_is_an_error() -> None:
    from textpipe.models.onnx import written

    with pytest.raises(UsageError, match="torch cannot write this network as ONNX: its trace"):
        written(trained(_OfOneBatch), arch="toy", tokenizer=Tokenizer())


class _OfAnotherKind(_Convolutions):
    """An operation that ONNX does not have."""

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        found = super().forward(ids, lengths)
        return found @ torch.linalg.matrix_exp(found.T @ found)


def test_what_onnx_does_not_have_is_an_error() -> None:
    from textpipe.models.onnx import written

    with pytest.raises(UsageError, match=r"torch cannot write this network as ONNX: .*matrix_exp"):
        written(trained(_OfAnotherKind), arch="toy", tokenizer=Tokenizer())
