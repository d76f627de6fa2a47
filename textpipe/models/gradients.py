"""Integrated gradients (Sundararajan et al. 2017) of a network's decision, through its embeddings.

The path is the straight line from embeddings that are all 0, as padding has, to those of the text. What a position adds
is its embedding times the gradient, averaged over the path: by Gauss and Legendre's nodes, 16 of them, or 64 or 256
where the parts miss the difference of the decisions by more than a hundredth of their sizes. What they miss it by then
is divided among them by size (a ten-thousandth is left); a text for which it is still more is explained by occlusion.

Of labels of which one is right the decision is a network's number for the label less the mean of all, for adding the
same to all of them changes no probability.

A network that knows a shorter way has a method

    integrated(ids, lengths, directions, nodes) -> (values, base)

directions: float64[texts, labels], what the decision is of the network's numbers; values: float64[texts, positions];
base: float64[texts], the decision at the path's begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from textpipe.models.explanation import TOLERANCE, Parts, is_multi_label, label_numbers
from textpipe.models.inputs import Inputs, Units
from textpipe.models.occlusion import occluded
from textpipe.models.places import unit_spans
from textpipe.training.batches import in_order

Doubles = npt.NDArray[np.float64]
_NODES = (16, 64, 256)
_NEAR = 0.01  # of the sum of the sizes of all parts
_ROUNDING = 1e-5
_AT_ONCE, _PADDED = 128, 1 << 12  # texts, and positions, that are gone through together


class Asked(NamedTuple):
    """The decisions to be explained. texts, and as `units`; directions: float64[texts, labels], see above;
    decisions: float64[texts, labels], as the network predicts; least: positions that a text has at least"""

    texts: Sequence[str]
    units: Units
    directions: Doubles
    decisions: Doubles
    least: int


class _Found(NamedTuple):
    """values: float64[texts, positions], base: float64[texts]; near: bool[texts], whether they sum to the score"""

    values: Doubles
    base: Doubles
    near: npt.NDArray[np.bool_]


def integrated_gradients(
    model: Any, fitted: Any, texts: Sequence[str], units: Units, decisions: Doubles, labels: Sequence[str]
) -> list[Parts]:
    """The parts of each text's label; by occlusion where no number of nodes was enough, as it happens on a path to long
    texts of one word, and where the network does not call its `embedding` once.

    model: a Neural; fitted: what it has learned; units, decisions: of the texts, as it reads and predicts them
    """
    asked = Asked(texts, units, _directions(model, labels), decisions, model.least)
    found = _explained(fitted.network, fitted.inputs, asked)
    left = [place for place in range(len(texts)) if place not in found]
    found |= zip(
        left, occluded(model, [texts[place] for place in left], [labels[place] for place in left]), strict=True
    )
    return [found[place] for place in range(len(texts))]


def _directions(classifier: Any, labels: Sequence[str]) -> Doubles:
    """float64[texts, labels]: 1 at the label of each text, less the mean where labels belong together."""
    places = label_numbers(labels, classifier.labels)
    directions = np.zeros((len(places), len(classifier.labels)))
    directions[np.arange(len(places)), places] = 1.0
    return directions if is_multi_label(classifier) else directions - 1 / directions.shape[1]


def _explained(network: Any, inputs: Inputs, asked: Asked) -> dict[int, Parts]:
    """Those texts, by number, that it comes out for; none when the network does not call its `embedding` once."""
    units = asked.units
    scores = (asked.directions * asked.decisions).sum(axis=1)
    known = units.known.tolist()
    parts: dict[int, Parts] = {}
    with _as_predicting(network):
        for rows in in_order(np.maximum(units.lengths, asked.least), _AT_ONCE, padded=_PADDED).batches:
            found = _of_batch(network, asked, rows, scores[rows])
            if found is None:
                return {}
            for row, values, base, near in zip(rows.tolist(), *(part.tolist() for part in found), strict=True):
                own = _parts(unit_spans(inputs, asked.texts[row]), np.array(values), base, float(scores[row]))
                if near or not known[row]:
                    parts[row] = own if known[row] else _nothing(own)
    return parts


def mean_slope(layers: Any, end: Any, directions: Any, nodes: int) -> tuple[Any, Any]:
    """(float64[texts, size]: the gradient of the decision averaged over the line from 0 to `end`, float64[texts]: the
    decision at 0); layers: what takes [texts, size] to the network's numbers."""
    total = torch.zeros_like(end)
    for place, weight in _nodes(nodes):
        at = (place * end).float().requires_grad_()
        with torch.enable_grad():
            decision = (layers(at).double() * directions).sum()
        total += weight * torch.autograd.grad(decision, at)[0].double()
    return total, (layers(torch.zeros_like(end).float()).double() * directions).sum(1)


def _of_batch(network: Any, asked: Asked, rows: npt.NDArray[np.int64], scores: Doubles) -> _Found | None:
    """With as many nodes as it takes, for those texts that it takes them for."""
    whole: _Found | None = None
    left = np.arange(len(rows))
    for nodes in _NODES:
        path = _path(network, asked, rows[left], nodes)
        if path is None:
            return None
        found = _evened(*path, scores[left])
        whole = found if whole is None else _replaced(whole, left, found)
        left = left[~found.near]
        if not len(left):
            break
    return whole


def _evened(values: Doubles, base: Doubles, scores: Doubles) -> _Found:
    """Where the sum is near the score, what it misses, unless that is as nothing, is divided among the parts by their
    sizes."""
    sizes = np.abs(values)
    total = sizes.sum(axis=1)
    gap = scores - base - values.sum(axis=1)
    near = np.abs(gap) <= np.maximum(_NEAR * total, _ROUNDING)
    little = np.abs(gap) <= 0.1 * TOLERANCE * np.maximum(1.0, np.abs(scores - base))
    share = np.divide(gap, total, out=np.zeros_like(gap), where=near & ~little & (total > 0))
    return _Found(values + sizes * share[:, None], base, near)


def _replaced(whole: _Found, rows: npt.NDArray[np.int64], found: _Found) -> _Found:
    whole.values[rows] = 0.0
    whole.values[rows, : found.values.shape[1]] = found.values
    whole.base[rows], whole.near[rows] = found.base, found.near
    return whole


def _path(network: Any, asked: Asked, rows: npt.NDArray[np.int64], nodes: int) -> tuple[Doubles, Doubles] | None:
    """(float64[texts, positions]: what each adds, float64[texts]: the decision at the path's begin)"""
    place = next(network.parameters()).device
    padded, lengths = asked.units.padded(rows, least=asked.least)
    ids = [torch.from_numpy(part).to(place) for part in padded]
    given = torch.from_numpy(lengths).to(place), torch.from_numpy(asked.directions[rows]).to(place)
    own = getattr(network, "integrated", None)
    found = _through_embedding(network, ids, *given, nodes) if own is None else own(ids, *given, nodes)
    if found is None:
        return None
    values, base = (part.double().cpu().numpy() for part in found)
    return values, base


def _through_embedding(network: Any, ids: Sequence[Any], lengths: Any, directions: Any, nodes: int) -> Any:
    """(values, base) by putting points of the path in place of what the embedding gives; None when it is not asked."""
    seen: list[Any] = []  # what the embedding gives
    given: list[Any] = []  # what is read in its place

    def replace(_module: Any, _arguments: Any, output: Any) -> Any:
        seen.append(output)
        return given[-1] if given else output

    def decision(at: Any) -> Any:
        given[:] = [at]
        return (network(ids, lengths).double() * directions).sum(1)

    handle = network.embedding.register_forward_hook(replace)
    try:
        network(ids, lengths)
        if len(seen) != 1:
            return None
        end = seen[0].detach()
        total = torch.zeros(end.shape, dtype=torch.float64, device=end.device)
        for place, weight in _nodes(nodes):
            at = (end * place).requires_grad_()
            with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # it has no gradient of what is fixed
                total += weight * torch.autograd.grad(decision(at).sum(), at)[0].double()
        return (total * end).sum(2), decision(torch.zeros_like(end))
    finally:
        handle.remove()


def _nodes(count: int) -> Iterator[tuple[float, float]]:
    """(place, weight) between 0 and 1."""
    places, weights = np.polynomial.legendre.leggauss(count)
    yield from zip(((places + 1) / 2).tolist(), (weights / 2).tolist(), strict=True)


@contextmanager
def _as_predicting(network: Any) -> Iterator[None]:
    """Without dropout, and without gradients but where they are asked for."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)


def _parts(spans: npt.NDArray[np.int32], values: Doubles, base: float, score: float) -> Parts:
    """What lies behind a text, as padding that is read, is of no part of it."""
    own = values[: len(spans)]
    return _apart(spans, own, base + float(values[len(own) :].sum()), score)


def _apart(spans: npt.NDArray[np.int32], values: Doubles, base: float, score: float) -> Parts:
    """Words that overlap (those of a tokenizer in search mode) are divided into characters."""
    if not (spans[1:, 0] < spans[:-1, 1]).any():
        return Parts(spans, values, base, score, "gradients")
    lengths = np.maximum(spans[:, 1] - spans[:, 0], 1)
    each = np.zeros(int((spans[:, 0] + lengths).max()))
    for (start, _), length, value in zip(spans.tolist(), lengths.tolist(), values.tolist(), strict=True):
        each[start : start + length] += value / length
    places = np.flatnonzero(each).astype(np.int32)
    return Parts(np.stack([places, places + 1], axis=1), each[places], base, score, "gradients")


def _nothing(parts: Parts) -> Parts:
    """Of a text without anything known, whose label is that of chance: what else the network says is not looked at."""
    return Parts(parts.spans[:0], parts.values[:0], parts.base, parts.base, "gradients")
