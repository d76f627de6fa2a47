"""One step of training as a single Triton kernel: rows gathered, multiplied and added to in one go, for CUDA GPUs.

The mathematics is that of `torch_updates.update`, in float32. There, all rows are read before any is changed; here a
program is a position, thousands of programs run at once and add by atomics, so that one may see what others have
added already, or not (Hogwild, Recht et al. 2011). With `into` they add to other matrices than they read, and then
both give the same, but for the order of additions.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

from textpipe.embeddings.torch_batches import Batch
from textpipe.embeddings.torch_updates import Model

_LARGEST = 1 << 14  # numbers of a window's vectors that a program can hold in registers
_PROGRAMS = 8  # on a multiprocessor at a time: registers leave room for 2 to 10


@triton.jit
def _pair_losses(products, label):
    """-log σ(product), or of its negative where label is 0."""
    signed = tl.where(label > 0.5, -products, products)
    return tl.maximum(signed, 0.0) + tl.log(1.0 + tl.exp(-tl.abs(signed)))


@triton.jit
def _skipgram(
    words, context, words_into, context_into, word_scale, context_scale, centres, windows, negatives, losses, rate, dim,
    SLOTS: tl.constexpr, NEGATIVE: tl.constexpr, OWN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    position = tl.program_id(0).to(tl.int64)
    slots = tl.arange(0, ROWS)
    columns = tl.arange(0, COLUMNS)
    inside = columns < dim
    ids = tl.load(windows + position * SLOTS + slots, mask=slots < SLOTS, other=-1)
    used = ids >= 0
    ids = tl.where(used, ids, 0)
    places = ids[:, None] * dim + columns[None, :]
    tile = used[:, None] & inside[None, :]
    inputs = tl.load(words + places, mask=tile, other=0.0)
    steps = tl.zeros([ROWS, COLUMNS], dtype=tl.float32)
    loss = tl.zeros([ROWS], dtype=tl.float32)
    for number in range(NEGATIVE + 1):
        label = tl.where(number == 0, 1.0, 0.0)
        if OWN:
            own = negatives + (position * SLOTS + slots) * NEGATIVE + number - 1
            target = tl.load(own, mask=used & (number > 0), other=-1)
            target = tl.where(number == 0, tl.load(centres + position), target)
            counted = used & (target >= 0)
            target = tl.where(counted, target, 0)
            there = target[:, None] * dim + columns[None, :]
            outputs = tl.load(context + there, mask=counted[:, None] & inside[None, :], other=0.0)
            products = tl.sum(inputs * outputs, axis=1)
            errors = tl.where(counted, label - tl.sigmoid(products), 0.0)
            steps += errors[:, None] * outputs
            rates = rate * tl.load(context_scale + target)
            tl.atomic_add(
                context_into + there,
                (errors * rates)[:, None] * inputs,
                mask=counted[:, None] & inside[None, :],
                sem="relaxed",
            )
        else:
            shared = tl.load(negatives + position * NEGATIVE + number - 1, mask=number > 0, other=-1)
            shared = tl.where(number == 0, tl.load(centres + position), shared)
            counted = used & (shared >= 0)
            some = inside & (shared >= 0)
            shared = tl.maximum(shared, 0)
            row = tl.load(context + shared * dim + columns, mask=some, other=0.0)
            products = tl.sum(inputs * row[None, :], axis=1)
            errors = tl.where(counted, label - tl.sigmoid(products), 0.0)
            steps += errors[:, None] * row[None, :]
            added = tl.sum(errors[:, None] * inputs, axis=0) * (rate * tl.load(context_scale + shared))
            tl.atomic_add(context_into + shared * dim + columns, added, mask=some, sem="relaxed")
        loss += tl.where(counted, _pair_losses(products, label), 0.0)
    scales = rate * tl.load(word_scale + ids)
    tl.atomic_add(words_into + places, steps * scales[:, None], mask=tile, sem="relaxed")
    tl.store(losses + position, tl.sum(loss, axis=0))


@triton.jit
def _cbow(
    words, context, words_into, context_into, word_scale, context_scale, centres, windows, negatives, losses, rate, dim,
    SLOTS: tl.constexpr, NEGATIVE: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    position = tl.program_id(0).to(tl.int64)
    slots = tl.arange(0, ROWS)
    columns = tl.arange(0, COLUMNS)
    inside = columns < dim
    ids = tl.load(windows + position * SLOTS + slots, mask=slots < SLOTS, other=-1)
    used = ids >= 0
    size = tl.sum(used.to(tl.float32), axis=0)
    ids = tl.where(used, ids, 0)
    places = ids[:, None] * dim + columns[None, :]
    tile = used[:, None] & inside[None, :]
    mean = tl.sum(tl.load(words + places, mask=tile, other=0.0), axis=0) / tl.maximum(size, 1.0)
    step = tl.zeros([COLUMNS], dtype=tl.float32)
    loss = size * 0.0
    for number in range(NEGATIVE + 1):
        label = tl.where(number == 0, 1.0, 0.0)
        target = tl.load(negatives + position * NEGATIVE + number - 1, mask=number > 0, other=-1)
        target = tl.where(number == 0, tl.load(centres + position), target)
        counted = (target >= 0) & (size > 0.0)
        target = tl.maximum(target, 0)
        row = tl.load(context + target * dim + columns, mask=inside & counted, other=0.0)
        product = tl.sum(mean * row, axis=0)
        error = tl.where(counted, label - tl.sigmoid(product), 0.0)
        step += error * row
        added = mean * (error * rate * tl.load(context_scale + target))
        tl.atomic_add(context_into + target * dim + columns, added, mask=inside & counted, sem="relaxed")
        loss += tl.where(counted, _pair_losses(product, label), 0.0)
    scales = rate * tl.load(word_scale + ids)
    tl.atomic_add(words_into + places, scales[:, None] * step[None, :], mask=tile, sem="relaxed")
    tl.store(losses + position, loss)


def fits(*, window: int, dim: int) -> bool:
    """Whether a window of such vectors can be held in registers."""
    return bool(triton.next_power_of_2(2 * window) * triton.next_power_of_2(dim) <= _LARGEST)


def positions_at_once(device: Any) -> int:
    """On how many positions a GPU works at a time, about."""
    return int(torch.cuda.get_device_properties(device).multi_processor_count) * _PROGRAMS


def update(
    model: Model, batch: Batch, rate: float, *, cbow: bool, into: tuple[Any, Any] | None = None
) -> tuple[Any, Any]:
    """As `torch_updates.update`. into: matrices to add to, where they are not the model's own."""
    positions, slots = batch.windows.shape
    dim = model.words.shape[1]
    losses = torch.empty(positions, dtype=torch.float32, device=model.words.device)
    columns = triton.next_power_of_2(dim)
    rows = max(triton.next_power_of_2(slots), 2)
    kernel, own = (_cbow, {}) if cbow else (_skipgram, {"OWN": batch.negatives.dim() == 3})
    kernel[(positions,)](
        model.words, model.context, *(into or model[:2]), model.word_scale, model.context_scale,
        batch.centres, batch.windows.contiguous(), batch.negatives.contiguous(), losses, rate, dim,
        SLOTS=slots, NEGATIVE=batch.negatives.shape[-1], ROWS=rows, COLUMNS=columns,
        **own, num_warps=4 if rows * columns <= 4096 else 8,
    )  # fmt: skip
    used = batch.windows >= 0
    pairs = used.any(1) if cbow else used
    return losses.sum(dtype=torch.float64), pairs.sum(dtype=torch.float64)
