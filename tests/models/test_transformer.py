from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.models.resuming import resumed
from tests.models.texts import check_learned_and_apart, trained
from textpipe.errors import UsageError
from textpipe.models.transformer import (
    Block,
    MultiHeadAttention,
    Transformer,
    TransformerConfig,
    torch_attention,
    waves,
    written_attention,
)

SMALL: dict[str, Any] = {"size": 12, "heads": 3, "layers": 2, "feedforward": 16, "embedding_dropout": 0.1}
OWN = torch.tensor([[True] * 6, [True] * 2 + [False] * 4, [True] + [False] * 5])


def parts(count: int = 3) -> list[Any]:
    """Queries, keys, values: [texts, heads, positions, size]"""
    torch.manual_seed(0)
    return [torch.randn(3, 2, 6, 4, dtype=torch.float64, requires_grad=True) for _ in range(count)]


def test_attention_is_a_mean_weighed_by_how_well_keys_fit() -> None:
    query, key, value = (part.detach() for part in parts())
    found = written_attention(query, key, value, OWN[:, None, None], dropout=0.0)
    for text, length in enumerate((6, 2, 1)):
        for head in range(2):
            for place in range(6):
                fits = [
                    math.exp(float(query[text, head, place] @ key[text, head, at]) / math.sqrt(4))
                    for at in range(length)
                ]
                mean = sum(fit * value[text, head, at] for at, fit in enumerate(fits)) / sum(fits)
                torch.testing.assert_close(found[text, head, place], mean)


def test_both_ways_of_attention_are_one() -> None:
    results = []
    for way in (written_attention, torch_attention):
        query, key, value = parts()
        found = way(query, key, value, OWN[:, None, None], dropout=0.0)
        (found**2).sum().backward()
        results.append([found, query.grad, key.grad, value.grad])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=1e-8)


def test_gradients_of_attention_and_of_a_block() -> None:
    def attention(query: Any, key: Any, value: Any) -> Any:
        return written_attention(query, key, value, OWN[:, None, None], dropout=0.0)

    assert torch.autograd.gradcheck(attention, parts())
    torch.manual_seed(0)
    block = Block(TransformerConfig(**SMALL, activation="gelu")).double().eval()
    values = torch.randn(3, 6, 12, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda values: block(values, OWN), values)


def test_attention_with_its_layers_is_torchs_module() -> None:
    torch.manual_seed(0)
    ours, theirs = MultiHeadAttention(12, 3), nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.into.weight)
        theirs.in_proj_bias.copy_(ours.into.bias)
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
    values = torch.randn(3, 6, 12)
    grads = []
    for module, found in (
        (ours, ours(values, OWN)),
        (theirs, theirs(values, values, values, key_padding_mask=~OWN, need_weights=True)[0]),
    ):
        (found * OWN[..., None]).square().sum().backward()
        grads.append([weight.grad for weight in module.parameters()])
        torch.testing.assert_close(found, ours(values, OWN), atol=1e-6, rtol=1e-5)
    assert sorted(weight.sum().item() for weight in grads[0]) == pytest.approx(
        sorted(weight.sum().item() for weight in grads[1]), rel=1e-3, abs=1e-4
    )


def test_a_block_is_torchs_with_norms_first() -> None:
    torch.manual_seed(0)
    ours = Block(TransformerConfig(**SMALL)).eval()
    theirs = nn.TransformerEncoderLayer(12, 3, 16, dropout=0.0, batch_first=True, norm_first=True).eval()
    pairs = {
        "self_attn.in_proj_": ours.attention.into,
        "self_attn.out_proj.": ours.attention.out,
        "linear1.": ours.hidden,
        "linear2.": ours.back,
        "norm1.": ours.norms[0],
        "norm2.": ours.norms[1],
    }
    with torch.no_grad():
        for norm in ours.norms:
            norm.weight.normal_()
            norm.bias.normal_()
        for name, weight in theirs.named_parameters():
            (start,) = (start for start in pairs if name.startswith(start))
            weight.copy_(getattr(pairs[start], name.removeprefix(start)))
        values = torch.randn(3, 6, 12)
        theirs.train()  # for its way without nested tensors
        found, expected = ours(values, OWN), theirs(values, src_key_padding_mask=~OWN)
    torch.testing.assert_close(found[OWN], expected[OWN], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("size", [6, 7])
def test_positions_are_waves(size: int) -> None:
    found = waves(9, size)
    for place in range(9):
        for number in range(size):
            angle = place / 10_000 ** (number // 2 * 2 / size)
            expected = math.cos(angle) if number % 2 else math.sin(angle)
            assert float(found[place, number]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("attention", ["written", "torch"])
@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])
def test_padding_changes_nothing(positions: Any, pooling: Any, attention: Any) -> None:
    torch.manual_seed(0)
    config = TransformerConfig(**SMALL, dim=5, positions=positions, pooling=pooling, attention=attention)
    network = Transformer(config).network([9], 3).eval()
    text = torch.randint(1, 9, (1, 4))
    beside = torch.cat([functional.pad(text, (0, 5)), torch.randint(1, 9, (1, 9))])
    with torch.no_grad():
        alone = network([text], torch.tensor([4]))
        torch.testing.assert_close(network([beside], torch.tensor([4, 9]))[:1], alone, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("positions", "seen"), [("sinusoidal", True), ("learned", True), ("none", False)])
def test_order_is_seen_by_positions(positions: Any, seen: bool) -> None:
    torch.manual_seed(0)
    network = Transformer(TransformerConfig(**SMALL, dim=5, positions=positions)).network([9], 3).eval()
    with torch.no_grad():
        ahead = network([torch.tensor([[2, 3, 4]])], torch.tensor([3]))
        back = network([torch.tensor([[4, 3, 2]])], torch.tensor([3]))
    assert torch.allclose(ahead, back, atol=1e-6) != seen


def test_first_and_positions_do_not_decay() -> None:
    from textpipe.training.optimizers import weights_of

    network = Transformer(TransformerConfig(**SMALL, dim=5, positions="learned", pooling="first")).network([9], 3)
    decaying = {id(weight) for weight in weights_of(network).decaying}
    assert id(network.blocks[0].hidden.weight) in decaying
    assert not decaying & {id(network.first), id(network.positions.table.weight), id(network.norm.weight)}


def test_dropout_is_of_training_alone() -> None:
    network = Transformer(TransformerConfig(**SMALL, dim=5)).network([9], 3).eval()
    ids, lengths = torch.arange(2, 9)[None], torch.tensor([7])
    with torch.no_grad():
        assert torch.equal(network([ids], lengths), network([ids], lengths))
        network.train()
        assert not torch.equal(network([ids], lengths), network([ids], lengths))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"unit": "both", "pooling": "first"},
        {"unit": "word", "positions": "learned", "attention": "torch", "activation": "gelu"},
        {"precision": "bfloat16"},
        {"precision": "float32"},
    ],
)
def test_it_learns_and_texts_do_not_depend_on_those_beside_them(settings: Any) -> None:
    check_learned_and_apart(trained(Transformer, **{**SMALL, **settings, "epochs": 8}))


@pytest.mark.parametrize(
    "settings", [{}, {"pooling": "first", "positions": "learned"}, {"attention": "torch", "precision": "float32"}]
)
def test_interrupted_it_goes_on_to_the_same_bits(tmp_path: Any, monkeypatch: Any, settings: Any) -> None:
    assert resumed(Transformer, tmp_path, monkeypatch, **SMALL, **settings)


@pytest.mark.parametrize(
    "settings",
    [{"size": 10, "heads": 4}, {"heads": 0}, {"layers": 0}, {"pooling": "last"}, {"positions": "wave"}],
)
def test_settings_that_make_no_sense_are_refused(settings: Any) -> None:
    with pytest.raises(UsageError):
        TransformerConfig(**settings)
