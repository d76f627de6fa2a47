from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.models.resuming import resumed
from tests.models.texts import check_learned_and_apart, documents, trained
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import UsageError
from textpipe.models.layers import has_bfloat16
from textpipe.models.textcnn import TextCNN, TextCNNConfig
from textpipe.models.textcnn_windows import convolved_windows, pooled_windows
from textpipe.training.log import TrainingLog

WIDTHS, FILTERS = (1, 2, 4), 3
COLUMNS = sum(WIDTHS) * FILTERS
LENGTHS = torch.tensor([7, 4, 5, 6])
SMALL: dict[str, Any] = {"filters": 8, "widths": (2, 3), "precision": "float32"}


def ids(rows: int) -> Any:
    generator = torch.Generator().manual_seed(rows)
    return torch.randint(0, rows, (len(LENGTHS), 7), generator=generator)


def numbers(*shape: int, seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()


def test_gradients_of_the_windows_are_those_of_differences() -> None:
    products = [numbers(6, COLUMNS), numbers(5, COLUMNS, seed=1)]

    def windows(*given: Any) -> Any:
        return pooled_windows(given, [ids(6), ids(5)], LENGTHS, widths=WIDTHS, filters=FILTERS)

    assert torch.autograd.gradcheck(windows, products)


def test_windows_and_their_gradients_are_those_of_a_convolution() -> None:
    vectors, weight = numbers(6, 5), numbers(5, COLUMNS, seed=1)
    shape: dict[str, Any] = {"widths": WIDTHS, "filters": FILTERS}
    ours = pooled_windows([vectors @ weight], [ids(6)], LENGTHS, **shape)
    usual = convolved_windows(vectors[ids(6)], weight, LENGTHS, **shape)
    torch.testing.assert_close(ours, usual)
    pull = numbers(*ours.shape, seed=2).detach()
    for mine, other in zip(
        torch.autograd.grad(ours, [vectors, weight], pull),
        torch.autograd.grad(usual, [vectors, weight], pull),
        strict=True,
    ):
        torch.testing.assert_close(mine, other)


def test_windows_are_those_of_a_loop() -> None:
    vectors, weight = numbers(6, 5).detach(), numbers(5, COLUMNS, seed=1).detach()
    found = pooled_windows([vectors @ weight], [ids(6)], LENGTHS, widths=WIDTHS, filters=FILTERS)
    for text, length in enumerate(LENGTHS.tolist()):
        expected, start = [], 0
        for width in WIDTHS:
            kernel = weight[:, start : start + width * FILTERS].reshape(5, width, FILTERS)
            rows = vectors[ids(6)[text]]
            windows = [torch.einsum("wd,dwf->f", rows[at : at + width], kernel) for at in range(length - width + 1)]
            expected.append(torch.stack(windows).amax(0))
            start += width * FILTERS
        torch.testing.assert_close(found[text], torch.cat(expected))


def test_many_texts_are_taken_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    product = numbers(6, COLUMNS)
    shape: dict[str, Any] = {"widths": WIDTHS, "filters": FILTERS}
    whole = pooled_windows([product], [ids(6)], LENGTHS, **shape)
    monkeypatch.setattr("textpipe.models.textcnn_windows._AT_ONCE", 2 * 7 * COLUMNS)
    assert torch.equal(pooled_windows([product], [ids(6)], LENGTHS, **shape), whole)


def test_the_same_gradients_come_with_any_number_of_threads() -> None:
    product = torch.randn(50, 9 * 64, requires_grad=True)
    places = torch.randint(0, 50, (32, 40))
    lengths = torch.randint(4, 41, (32,))
    found = []
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 2):
            torch.set_num_threads(count)
            pooled = pooled_windows([product], [places], lengths, widths=(2, 3, 4), filters=64)
            found.append(torch.autograd.grad(pooled.square().sum(), product)[0])
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[1], found[2])


# ---------------------------------------------------------------------------------------------- the classifier


def test_both_convolutions_learn_alike() -> None:
    texts = [one.text for one in documents(20, seed=3)]
    settings = {**SMALL, "embedding_dropout": 0.0, "epochs": 2}  # dropout of units and of positions draw differently
    ours, usual = (trained(TextCNN, convolution=name, **settings).predict_proba(texts) for name in ("unlike", "torch"))
    np.testing.assert_allclose(ours, usual, atol=2e-3)


@pytest.mark.parametrize("unit", ["char", "word", "both"])
def test_it_learns_and_texts_do_not_depend_on_those_beside_them(unit: str) -> None:
    model = trained(TextCNN, unit=unit, **{**SMALL, "epochs": 6})
    check_learned_and_apart(model)


def vectors(dim: int = 12) -> Vectors:
    characters = sorted({character for one in documents() for character in one.text})[:-5]
    return Vectors(characters, np.random.default_rng(0).normal(size=(len(characters), dim)).astype(np.float32))


def tables(model: Any) -> list[Any]:
    return [table.weight.detach().clone() for table in model._fitted.network.embedding.tables]


def start(model: Any) -> list[Any]:
    """Embeddings as they were before training."""
    network = model._start(model._fitted.inputs, documents(8), TrainingLog())
    return [table.weight.detach().clone() for table in network.embedding.tables]


def with_vectors(**settings: Any) -> Any:
    small = {"unit": "char", "epochs": 2, "batch_size": 16, "lr": 0.01, **SMALL, **settings}
    model = TextCNN(TextCNNConfig(**small), vectors=vectors(), workers=1, device="cpu")
    return model.fit(documents(), valid=documents(30, seed=1), log=TrainingLog())


@pytest.mark.parametrize("settings", [{"variant": "static"}, {"freeze": True}])
def test_static_vectors_stay(settings: Any) -> None:
    model = with_vectors(**settings)
    assert model.config.dim == 12
    (before,), (after,) = start(model), tables(model)
    assert torch.equal(before, after)


def test_nonstatic_vectors_begin_as_given_and_move() -> None:
    model = with_vectors()
    (before,), (after,) = start(model), tables(model)
    given = vectors()
    ours = model._fitted.inputs.vocabularies[0]
    row = torch.from_numpy(given.vector(ours.tokens[0]))
    torch.testing.assert_close(before[2] * (row.norm() / before[2].norm()), row)
    assert not torch.equal(before, after)
    assert torch.equal(after[0], torch.zeros(12))


def test_of_two_channels_one_stays() -> None:
    model = with_vectors(variant="twochannel")
    (static, moving), (static_after, moving_after) = start(model), tables(model)
    assert torch.equal(static, static_after)
    tokens = model._fitted.inputs.vocabularies[0].tokens
    known = [row for row, token in enumerate(tokens, start=2) if token in vectors()]
    assert torch.equal(static[known], moving[known])
    assert len(known) > 20
    assert not torch.equal(moving, moving_after)


def test_max_norm_bounds_the_weights_of_each_class() -> None:
    model = trained(TextCNN, max_norm=0.05, **SMALL)
    model.predict_proba(["球队"])
    assert model._fitted.network.last.weight.norm(dim=1).max() <= 0.05 + 1e-6


@pytest.mark.skipif(not has_bfloat16(), reason="this CPU has no instructions for bfloat16")
def test_halves_learn_as_well() -> None:
    model = trained(TextCNN, **{**SMALL, "precision": "auto", "epochs": 6})
    held = documents(30, seed=1)
    right = [label == one.label for label, one in zip(model.predict([one.text for one in held]), held, strict=True)]
    assert np.mean(right) > 0.7


@pytest.mark.parametrize(("precision", "workers"), [("auto", 2), ("float32", 1)])
def test_interrupted_it_goes_on_to_the_same_bits(tmp_path: Any, monkeypatch: Any, precision: str, workers: int) -> None:
    assert resumed(TextCNN, tmp_path, monkeypatch, **{**SMALL, "precision": precision, "workers": workers})


@pytest.mark.parametrize(
    "settings",
    [{"widths": ()}, {"widths": (0,)}, {"widths": (2, 2)}, {"filters": 0}, {"variant": "rand", "freeze": True}],
)
def test_settings_that_make_no_sense_are_refused(settings: Any) -> None:
    with pytest.raises(UsageError):
        TextCNNConfig(**settings)


def test_only_the_variant_rand_begins_at_random() -> None:
    texts = [one.text for one in documents(8)]
    random, blank, read = (
        trained(TextCNN, filters=4, dim=6, epochs=1, **settings).predict_proba(texts)
        for settings in ({"variant": "rand"}, {"pretrain": 0}, {"pretrain": 2})
    )
    np.testing.assert_array_equal(random, blank)
    assert not np.array_equal(random, read)
