"""The updates of every engine of ours against torch's own differentiation of the loss as it is written down."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from tests.embeddings import torch_cases  # noqa: E402
from textpipe.embeddings import torch_updates  # noqa: E402
from textpipe.embeddings.torch_batches import Batch  # noqa: E402
from textpipe.embeddings.torch_updates import Model  # noqa: E402

RATE = 0.1
KINDS = [("skipgram", False), ("skipgram", True), ("cbow", False)]


def written_down(words: Any, context: Any, batch: Batch, *, cbow: bool) -> tuple[Any, int]:
    """The loss of `EpochReport`, pair by pair, and how many pairs there are."""
    total, pairs = torch.zeros((), dtype=torch.float64), 0
    for place, centre in enumerate(batch.centres.tolist()):
        slots = [slot for slot, word in enumerate(batch.windows[place].tolist()) if word >= 0]
        inputs = [(slot, words[batch.windows[place, slot]]) for slot in slots]
        if cbow and slots:
            rows = torch.stack([row for _, row in inputs])
            # its value is the mean, while each word has the whole gradient of it, as in word2vec.c
            inputs = [(0, rows.sum(0) - (rows.sum(0) - rows.mean(0)).detach())]
        for slot, row in inputs:
            negatives = batch.negatives[place, slot] if batch.negatives.dim() == 3 else batch.negatives[place]
            total = total - torch.log(torch.sigmoid(row @ context[centre]))
            for negative in negatives.tolist():
                if negative >= 0:
                    total = total - torch.log(torch.sigmoid(-(row @ context[negative])))
            pairs += 1
    return total, pairs


def expected(model: Model, batch: Batch, *, cbow: bool) -> tuple[Any, Any, float, int]:
    """The matrices after one step down the gradient, and the loss and the pairs before it."""
    words = model.words.double().requires_grad_()
    context = model.context.double().requires_grad_()
    loss, pairs = written_down(words, context, batch, cbow=cbow)
    loss.backward()
    moved = [
        matrix.detach() - RATE * scale.double()[:, None] * matrix.grad
        for matrix, scale in ((words, model.word_scale), (context, model.context_scale))
    ]
    return moved[0], moved[1], float(loss.detach()), pairs


@pytest.mark.parametrize(("arch", "own"), KINDS)
def test_plain_torch(arch: str, own: bool) -> None:
    model, batch = torch_cases.model(), torch_cases.batch(own=own)
    words, context, loss, pairs = expected(model, batch, cbow=arch == "cbow")
    before = model.words.clone()
    found_loss, found_pairs = torch_updates.update(model, batch, RATE, cbow=arch == "cbow")
    torch.testing.assert_close(model.words.double(), words, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(model.context.double(), context, rtol=1e-5, atol=1e-5)
    assert float((model.words - before).abs().max()) > 0.1
    assert float(found_loss) == pytest.approx(loss, rel=1e-6)
    assert int(found_pairs) == pairs > 5


@pytest.mark.parametrize(("arch", "own"), KINDS)
@pytest.mark.parametrize(("dim", "window"), [(7, 3), (16, 4), (100, 5), (3, 1)])
def test_triton_kernel(monkeypatch: pytest.MonkeyPatch, arch: str, own: bool, dim: int, window: int) -> None:
    """On a GPU; without one in triton's interpreter, where triton is installed. It adds to other matrices here."""
    if find_spec("triton") is None:
        pytest.skip("needs triton, which torch brings along for CUDA")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        monkeypatch.setitem(os.environ, "TRITON_INTERPRET", "1")
    from textpipe.embeddings import triton_kernel

    model = torch_cases.model(dim=dim, device=device)
    batch = torch_cases.batch(own=own, window=window, device=device)
    into = model.words.clone(), model.context.clone()
    loss, pairs = triton_kernel.update(model, batch, RATE, cbow=arch == "cbow", into=into)
    plain_loss, plain_pairs = torch_updates.update(model, batch, RATE, cbow=arch == "cbow")
    torch.testing.assert_close(into[0], model.words, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(into[1], model.context, rtol=1e-4, atol=1e-5)
    assert float(loss) == pytest.approx(float(plain_loss), rel=1e-5)
    assert int(pairs) == int(plain_pairs)
