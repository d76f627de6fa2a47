"""One step of training in plain torch: what the kernel for GPUs does too, and what both are tested against."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from textpipe.embeddings.torch_batches import Batch


class Model(NamedTuple):
    """words, context: float32[words, dim]; word_scale, context_scale: float32[words], times which each row moves."""

    words: Any
    context: Any
    word_scale: Any
    context_scale: Any


def update(model: Model, batch: Batch, rate: float, *, cbow: bool) -> tuple[Any, Any]:
    """Move the rows of a batch against the gradient of its loss; the loss before that, and its number of pairs.

    The loss is the sum over pairs of -log σ(u·v) - Σ log σ(-u·v'), where u is a word of the window, or with CBOW the
    mean of all of them, v the centre and v' its negatives. All rows are read before any is changed. As in word2vec.c,
    with CBOW each word of a window moves by the whole gradient of the mean. Both results are float64 on the device.
    """
    used = batch.windows >= 0
    windows = batch.windows.clamp(min=0)
    inputs = model.words[windows] * used[:, :, None]
    if cbow:
        inputs = inputs.sum(1, keepdim=True) / used.sum(1).clamp(min=1)[:, None, None]
    pairs = used.any(1, keepdim=True) if cbow else used
    targets = _targets(batch)  # [n, 1 or pairs, 1 + negative]
    counted = (targets >= 0) & pairs[:, :, None]
    targets = targets.clamp(min=0)
    outputs = model.context[targets]
    products = torch.einsum("npd,nptd->npt", inputs, outputs.expand(-1, inputs.shape[1], -1, -1))
    positive = torch.zeros_like(products)
    positive[:, :, 0] = 1.0
    losses = torch.nn.functional.softplus((1 - 2 * positive) * products) * counted
    errors = (positive - torch.sigmoid(products)) * counted
    if targets.shape[1] == 1:  # shared by the pairs of a position: matrix products
        to_inputs = errors @ outputs[:, 0]
        to_outputs = (errors.transpose(1, 2) @ inputs)[:, None]
    else:
        to_inputs = torch.einsum("npt,nptd->npd", errors, outputs)
        to_outputs = errors[..., None] * inputs[:, :, None, :]
    _add(model.words, windows, to_inputs * used[:, :, None], rate * model.word_scale)
    _add(model.context, targets, to_outputs, rate * model.context_scale)
    return losses.sum(dtype=torch.float64), pairs.sum(dtype=torch.float64)


def _targets(batch: Batch) -> Any:
    """The centre and after it the negatives, of all pairs of a position [n, 1, 1 + negative] or of each."""
    negatives = batch.negatives if batch.negatives.dim() == 3 else batch.negatives[:, None]
    centres = batch.centres[:, None, None].expand(-1, negatives.shape[1], 1)
    return torch.cat((centres, negatives), dim=2)


def _add(matrix: Any, rows: Any, steps: Any, rates: Any) -> None:
    """Add to each row of a matrix the steps that name it, times the row's rate."""
    rows = rows.reshape(-1)
    matrix.index_add_(0, rows, steps.reshape(-1, matrix.shape[1]) * rates[rows, None])
