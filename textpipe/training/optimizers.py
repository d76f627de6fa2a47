"""Optimisers by name, and which weights they let decay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn

from textpipe.errors import UsageError
from textpipe.training.config import Optimizer, TrainingConfig


class Weights(NamedTuple):
    """The parameters that learn: those that decay, those that do not, and those whose gradients are sparse."""

    decaying: list[Any]
    others: list[Any]
    sparse: list[Any]


def weights_of(network: Any) -> Weights:
    """Biases, norms and embeddings do not decay: what has one dimension, what is of nn.Embedding or nn.EmbeddingBag,
    and what a module names in an attribute `no_weight_decay` (names of its own parameters).

    Sparse are the gradients of an embedding with sparse=True: only the rows of the batch are updated.
    """
    kept: dict[int, str] = {}
    for part in network.modules():
        embedding = isinstance(part, (nn.Embedding, nn.EmbeddingBag))
        for name, weight in part.named_parameters(recurse=False):
            if embedding and part.sparse:
                kept[id(weight)] = "sparse"
            elif embedding or weight.dim() < 2 or name in getattr(part, "no_weight_decay", ()):
                kept.setdefault(id(weight), "other")
    found = Weights([], [], [])
    for weight in network.parameters():
        if weight.requires_grad:
            {"sparse": found.sparse, "other": found.others}.get(kept.get(id(weight), ""), found.decaying).append(weight)
    return found


def make_optimizers(weights: Weights, config: TrainingConfig) -> list[Any]:
    """The optimiser of dense gradients and that of sparse ones, where there are such weights.

    adamw: Loshchilov and Hutter 2019, betas .9 and .999; adam: Kingma and Ba 2015; sgd: with momentum (Polyak);
    adagrad: Duchi et al. 2011; rmsprop: Hinton 2012, alpha .99. Weight decay is decoupled in adamw and a part of the
    gradient in the others, as torch has them. Sparse: adam of the rows that a batch has (torch's SparseAdam) for adam
    and adamw, adagrad, sgd without momentum. Raises UsageError for rmsprop with sparse gradients.
    """
    made = []
    groups = [
        {"params": weights.decaying, "weight_decay": config.weight_decay},
        {"params": weights.others, "weight_decay": 0.0},
    ]
    if any(group["params"] for group in groups):
        made.append(_dense(config)([group for group in groups if group["params"]]))
    if weights.sparse:
        made.append(_sparse(weights.sparse, config))
    return made


def _dense(config: TrainingConfig) -> Callable[[Any], Any]:
    """Fused: one pass over the weights instead of one for each operation."""
    makers: dict[Optimizer, Callable[[Any], Any]] = {
        "adamw": lambda groups: torch.optim.AdamW(groups, lr=config.lr, fused=True),
        "adam": lambda groups: torch.optim.Adam(groups, lr=config.lr, fused=True),
        "sgd": lambda groups: torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum, fused=True),
        "adagrad": lambda groups: torch.optim.Adagrad(groups, lr=config.lr),
        "rmsprop": lambda groups: torch.optim.RMSprop(groups, lr=config.lr, foreach=True),
    }
    return makers[config.optimizer]


def _sparse(weights: list[Any], config: TrainingConfig) -> Any:
    if config.optimizer in ("adamw", "adam"):
        return torch.optim.SparseAdam(weights, lr=config.lr)
    if config.optimizer == "adagrad":
        return torch.optim.Adagrad(weights, lr=config.lr)
    if config.optimizer == "sgd":
        return torch.optim.SGD(weights, lr=config.lr)
    raise UsageError("rmsprop has no sparse gradients", hint="--set optimizer=adamw")


def gradients(weights: list[Any]) -> list[Any]:
    """The gradients there are as dense tensors whose values may be changed in place; of sparse ones, their rows."""
    found = []
    for weight in weights:
        if weight.grad is None:
            continue
        if weight.grad.is_sparse:
            weight.grad = weight.grad.coalesce()
            found.append(weight.grad.values())
        else:
            found.append(weight.grad)
    return found


def add_l1(weights: list[Any], strength: float) -> None:
    """Add the slope of strength * sum |w| to the gradients; at 0 it is 0."""
    learning = [weight for weight in weights if weight.grad is not None]
    if strength and learning:
        signs = torch._foreach_sign([weight.detach() for weight in learning])
        torch._foreach_add_([weight.grad for weight in learning], signs, alpha=strength)


def scale_down(found: list[Any], norm: float, *, most: float) -> None:
    """Scale gradients of that norm down to the norm `most`; smaller ones, and all with a `most` of 0, stay."""
    if most and norm > most:
        torch._foreach_mul_(found, most / norm)
