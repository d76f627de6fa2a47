"""What carried a decision: held against sums by hand, scikit-learn's rows, and integrals by many small steps."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer

from tests.models.texts import documents
from tests.models.texts import trained as trained_on_words
from textpipe.corpus.document import Document
from textpipe.errors import UsageError
from textpipe.features.characters import normalized
from textpipe.models.auto import Auto
from textpipe.models.explanation import Parts, explain
from textpipe.models.gradients import _nodes, _through_embedding
from textpipe.models.inputs import Inputs, Unit
from textpipe.models.linear import Linear, LinearConfig
from textpipe.models.mlp import MLP
from textpipe.models.neural import Neural
from textpipe.models.occlusion import occluded
from textpipe.models.places import unit_spans
from textpipe.models.recurrent import Recurrent
from textpipe.models.textcnn import TextCNN
from textpipe.models.textcnn_parts import share_above
from textpipe.segment.tokenizer import Mode, Tokenizer
from textpipe.text import fold
from textpipe.training.log import TrainingLog

TEXTS = [one.text for one in documents(12, seed=5)]
ODD = ["", " ", "  球队\t\n进球  ", "🦉🦉", "\x00\ud800球", "ＡＢＣ球队 abc", "球" * 300, "İΣ 央行", "球队。央行！"]


def trained(kind: Any, **settings: Any) -> Any:
    return trained_on_words(kind, valid=0, pretrain=0, **settings)


def linear(*, tokenizer: Tokenizer | None = None, labels: int = 3, **settings: Any) -> Linear:
    learned = [one for one in documents(60) if one.label != "娱乐" or labels == 3]
    return Linear(LinearConfig(C=1.0, **settings), tokenizer=tokenizer).fit(learned, log=TrainingLog())


def check_sums(model: Any, texts: Sequence[str], *, within: float = 1e-5) -> None:
    for label in model.labels:
        for text, parts in zip(texts, model.explain(texts, [label] * len(texts)), strict=True):
            assert parts.base + parts.values.sum() == pytest.approx(parts.score, abs=within)
            assert len(parts.spans) == len(parts.values)
            assert (parts.spans[:, 0] < parts.spans[:, 1]).all()
            assert (parts.spans[1:, 0] >= parts.spans[:-1, 1]).all()
            assert parts.spans.max(initial=0) <= len(text)


# ------------------------------------------------------------------------------------------------------ linear


@pytest.mark.parametrize("labels", [2, 3])
def test_linear_parts_are_scikit_learns_row_times_the_weights(labels: int) -> None:
    """Each n-gram of characters divided among its places, and there among its characters."""
    model = linear(unit="char", labels=labels)
    vectorizer, weights = model.learned.vectorizer, model.learned.weights
    names = vectorizer.names
    reference = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), vocabulary=names, sublinear_tf=True)
    reference.fit([names[0]])
    reference.idf_ = vectorizer.idf.astype(np.float64)
    for text in ["球队进球球队", "  央行  利率\t上涨", "票房 ＡＢ"]:
        normal = normalized(text, folding=True)
        row = reference.transform([normal]).toarray()[0]
        for place, label in enumerate(model.labels):
            column, sign = (place, 1) if labels == 3 else (0, 2 * place - 1)
            values = np.zeros(len(normal))
            for size, start in itertools.product((1, 2, 3), range(len(normal))):
                gram = normal[start : start + size]
                if len(gram) == size and gram in names:
                    number = names.index(gram)
                    times = sum(normal[at : at + size] == gram for at in range(len(normal)))
                    values[start : start + size] += row[number] * weights[number, column] / times / size
            (parts,) = model.explain([text], [label])
            assert parts.base == sign * model.learned.bias[column]
            found = parts.values[parts.values != 0]
            np.testing.assert_allclose(found, sign * values[values != 0], atol=1e-6)
            assert parts.score == pytest.approx(parts.base + sign * (row @ weights[:, column]), abs=1e-5)


def test_linear_parts_of_words_lie_on_words() -> None:
    model = linear(unit="word")
    vectorizer = model.learned.vectorizer
    text = "球队 比赛，球队"
    words = ["球队", "比赛", "，", "球队"]
    grams = Counter([*words, *(" ".join(pair) for pair in itertools.pairwise(words))])
    known = {gram: vectorizer.names.index(gram) for gram in grams if gram in vectorizer.names}
    row = {gram: (1 + np.log(grams[gram])) * float(vectorizer.idf[number]) for gram, number in known.items()}
    length = np.sqrt(sum(value * value for value in row.values()))
    (parts,) = model.explain([text], [model.labels[1]])
    total = sum(row[gram] / length * float(model.learned.weights[number, 1]) for gram, number in known.items())
    assert parts.values.sum() == pytest.approx(total, abs=1e-6)
    assert parts.values[2] == parts.values[5] == 0, "the space, and a mark that is no feature"
    assert parts.values[0] == pytest.approx(parts.values[1])


@pytest.mark.parametrize("unit", ["word", "char", "both"])
@pytest.mark.parametrize("mode", ["exact", "search", "full"])
def test_linear_parts_sum_to_the_decision(unit: str, mode: Mode) -> None:
    model = linear(tokenizer=Tokenizer(mode), unit=unit)
    check_sums(model, [*TEXTS, *ODD])
    assert model.explain([], []) == []


# ------------------------------------------------------------------------------------------------------ networks


@pytest.mark.parametrize("unit", ["word", "char", "both"])
@pytest.mark.parametrize("mode", ["exact", "search", "full"])
def test_units_lie_where_they_were_read(unit: Unit, mode: Mode) -> None:
    tokenizer = Tokenizer(mode)
    settings: dict[str, Any] = {"unit": unit, "tokenizer": tokenizer, "min_count": 1, "max_size": 1000}
    chance = random.Random(1)
    texts = [*ODD, *("".join(chance.choices("球队 \t\u3000\x1c\u2028ａA1，.\ud800", k=20)) for _ in range(200))]
    inputs = Inputs.learn(texts, **settings, max_length=15)
    lengths = inputs.encode(texts).lengths
    for text, length in zip(texts, lengths.tolist(), strict=True):
        spans = unit_spans(inputs, text)
        assert len(spans) == length
        parts = [text[start:end] for start, end in spans.tolist()]
        assert all(parts)
        if unit != "word":
            read = "".join(" " if part.isspace() else fold(part) for part in parts)
            assert read == " ".join(fold(text).split())[:15]
        elif mode == "exact":
            assert not any(part.isspace() for part in parts)


@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_gradients_of_a_linear_network_are_its_weights(ngrams: int) -> None:
    model = trained(MLP, hidden=(), ngrams=ngrams, buckets=500)
    network, label = model.learned.network, 1
    weight = network.layers[-1].weight.detach().double()
    direction = weight[label] - weight.mean(0)
    text = "球队进球"
    ids = torch.from_numpy(model.learned.inputs.encode([text]).channels[0].astype(np.int64))
    (parts,) = model.explain([text], [model.labels[label]])
    if ngrams == 1:
        vectors = network.embedding.tables[0].weight.detach().double()[ids] / 4
        np.testing.assert_allclose(parts.values, (vectors @ direction).numpy(), atol=1e-6)
    assert parts.method == "gradients"
    check_sums(model, [*TEXTS, "球", *ODD])


def test_hashed_ngrams_are_divided_among_their_units() -> None:
    model = trained(MLP, hidden=(), ngrams=2, buckets=500)
    network = model.learned.network
    with torch.no_grad():
        network.embedding.tables[0].weight.zero_()
    text = "球队进球"
    ids = torch.from_numpy(model.learned.inputs.encode([text]).channels[0].astype(np.int64))[None]
    from textpipe.models.mlp import hashed_ngrams

    grams = hashed_ngrams(ids, torch.tensor([4]), longest=2, buckets=500)[0]
    weight = network.layers[-1].weight.detach().double()
    each = network.ngrams.weight.detach().double()[grams[grams != 0]] @ (weight[0] - weight.mean(0)) / 7
    (parts,) = model.explain([text], [model.labels[0]])
    expected = [each[0] / 2, (each[0] + each[1]) / 2, (each[1] + each[2]) / 2, each[2] / 2]
    np.testing.assert_allclose(parts.values, np.array(expected, np.float64), atol=1e-6)


def test_a_textcnn_in_closed_form_is_the_integral() -> None:
    model = trained(TextCNN, unit="both", filters=12, convolution="torch")
    network = model.learned.network
    units = model.learned.inputs.encode(TEXTS)
    padded, lengths = units.padded(np.arange(len(TEXTS)), least=4)
    ids, sizes = [torch.from_numpy(part) for part in padded], torch.from_numpy(lengths)
    directions = torch.randn(len(TEXTS), 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    network.eval()
    with torch.no_grad():
        values, base = network.integrated(ids, sizes, directions, 1)
        numeric, other = _through_embedding(network, ids, sizes, directions, 256)
        score = (network(ids, sizes).double() * directions).sum(1)
    torch.testing.assert_close(base, other, atol=1e-5, rtol=0)
    torch.testing.assert_close(base + values.sum(1), score, atol=1e-5, rtol=0)
    torch.testing.assert_close(values, numeric, atol=1e-2 * float(values.abs().max()), rtol=0)


def test_the_share_of_the_path_on_which_a_filter_is_above_zero() -> None:
    steps = (torch.arange(20_000) + 0.5) / 20_000
    for largest, bias in itertools.product([-2.0, -0.5, 0.0, 0.5, 2.0], repeat=2):
        found = share_above(torch.tensor(largest).double(), torch.tensor(bias).double())
        assert float(found) == pytest.approx(float((steps * largest + bias > 0).double().mean()), abs=1e-4)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gradients_of_a_recurrent_network_are_the_integral(cell: str) -> None:
    model = trained(Recurrent, cell=cell, hidden=6, pooling="mean")
    network, text = model.learned.network, TEXTS[0]
    ids = torch.from_numpy(model.learned.inputs.encode([text]).channels[0].astype(np.int64))[None]
    lengths = torch.tensor([ids.shape[1]])
    network.eval()
    end = network.embedding([ids]).detach()
    total = torch.zeros_like(end)
    for step in range(100):  # the middle rule
        at = (end * (step + 0.5) / 100).requires_grad_()
        original, network.embedding.forward = network.embedding.forward, lambda _ids, at=at: at
        numbers = network([ids], lengths)[0]
        network.embedding.forward = original
        total += torch.autograd.grad(numbers[2] - numbers.mean(), at)[0] / 100
    (parts,) = model.explain([text], [model.labels[2]])
    np.testing.assert_allclose(parts.values, (total * end).sum(2)[0].double(), atol=1e-3)
    check_sums(model, [*TEXTS, *ODD[:7]])


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (TextCNN, {"unit": "both", "filters": 8}),
        (TextCNN, {"unit": "word", "filters": 8, "variant": "twochannel"}),
        (MLP, {"unit": "both", "hidden": (8, 8), "normalisation": "batch"}),
        (MLP, {"unit": "word", "hidden": (8,), "activation": "gelu"}),
        (Recurrent, {"unit": "both", "hidden": 6, "pooling": "max"}),
        (Recurrent, {"unit": "char", "hidden": 6, "pooling": "attention", "layers": 2}),
    ],
)
def test_parts_of_networks_sum_to_the_decision(kind: Any, settings: dict[str, Any]) -> None:
    model = trained(kind, **settings)
    before = model.predict_proba(TEXTS)
    check_sums(model, [*TEXTS, *ODD], within=1e-4)
    np.testing.assert_array_equal(model.predict_proba(TEXTS), before)  # nothing is left behind
    for text in ("", "🦉🦉"):
        (parts,) = model.explain([text], [model.labels[0]])
        assert (parts.score, len(parts.values)) == (parts.base, 0), "its label is that of chance"


def test_words_of_a_search_tokenizer_do_not_overlap_in_parts() -> None:
    model = TextCNN(TextCNN.Config(unit="word", epochs=2, dim=8, filters=8, pretrain=0), tokenizer=Tokenizer("search"))
    model.fit(documents(30), log=TrainingLog())
    check_sums(model, ["中华人民共和国央行下调利率", *TEXTS])


def test_nodes_integrate_polynomials() -> None:
    assert sum(weight * place**5 for place, weight in _nodes(16)) == pytest.approx(1 / 6)


def test_a_network_that_passes_its_embedding_by_is_explained_by_occlusion(monkeypatch: pytest.MonkeyPatch) -> None:
    from textpipe.models import mlp

    model = trained(MLP)
    monkeypatch.delattr(mlp._Network, "integrated")
    assert isinstance(model, Neural)
    found = model.explain(TEXTS[:2], [model.labels[0]] * 2)
    assert [one.method for one in found] == ["occlusion", "occlusion"]


# ------------------------------------------------------------------------------------------------------ occlusion


class Told:
    """A classifier whose log-odds are those of a function."""

    def __init__(self, odds: Any, label_sep: str = "") -> None:
        self.odds = odds
        self.labels = ("no", "yes")
        self.config: Any = type("Config", (), {"label_sep": label_sep})()
        self.asked = 0

    def predict_proba(self, texts: Sequence[str]) -> Any:
        self.asked += len(texts)
        yes = 1 / (1 + np.exp(-np.array([self.odds(text) for text in texts], np.float64)))
        return np.stack([1 - yes, yes], axis=1).reshape(-1, 2).astype(np.float32)


@pytest.mark.parametrize("separator", ["", ";"])
def test_occlusion_finds_what_is_added(separator: str) -> None:
    worth = {"球队": 1.5, "进球": -0.5, "央行": 2.0}
    model: Any = Told(lambda text: 0.25 + sum(worth[word] * text.count(word) for word in worth), separator)
    (found,) = explain(model, ["球队 进球，央行"], "yes")
    assert [(token.text, round(token.value, 3)) for token in found.tokens] == [
        ("球队", 1.5),
        ("进球", -0.5),
        ("，", 0.0),
        ("央行", 2.0),
    ]
    assert (found.method, round(found.base, 4), round(found.decision, 4)) == ("occlusion", 0.25, 3.25)
    assert found.is_sound


def test_occlusion_divides_what_two_words_both_say() -> None:
    model: Any = Told(lambda text: 3.0 * ("球队" in text or "联赛" in text))
    (found,) = explain(model, ["球队的联赛"], "yes")
    assert [round(token.value, 3) for token in found.tokens] == [1.5, 0.0, 1.5]


def test_occlusion_of_long_texts_and_of_none() -> None:
    model: Any = Told(lambda text: 0.001 * len(text))
    text = "球队 " * 5_000
    long, empty, blank = occluded(model, [text, "", " \n"], ["yes"] * 3)
    assert len(long.values) == 100
    assert long.base + long.values.sum() == pytest.approx(long.score)
    assert model.asked < 210
    assert (empty.score, blank.score, len(empty.values), len(blank.values)) == (empty.base, blank.base, 0, 0)


def test_certain_probabilities_stay_finite() -> None:
    model: Any = Told(lambda text: 500.0 if text else -500.0)
    (found,) = explain(model, ["球队进球"], "yes")
    assert np.isfinite([token.value for token in found.tokens]).all()
    assert found.is_sound


# ------------------------------------------------------------------------------------------------------ the door


def test_labels_and_units() -> None:
    model = linear()
    (predicted,) = explain(model, ["球队进球"])
    assert predicted.label == model.predict(["球队进球"])[0]
    assert predicted.probability == pytest.approx(float(model.predict_proba(["球队进球"]).max()))
    one, two = explain(model, ["球队进球"] * 2, ["体育", "财经"])
    (difference,) = explain(model, ["球队进球"], "体育", against="财经")
    assert difference.decision == pytest.approx(one.decision - two.decision)
    for place, token in enumerate(difference.tokens):
        assert token.value == pytest.approx(one.tokens[place].value - two.tokens[place].value)
    (characters,) = explain(model, ["球队进球"], "体育", unit="char")
    assert [token.text for token in characters.tokens] == list("球队进球")
    assert sum(token.value for token in characters.tokens[:2]) == pytest.approx(one.tokens[0].value)
    (spaced,) = explain(model, [" 球队\n  进球 "], "体育")
    assert all(token.text == " 球队\n  进球 "[token.start : token.end] for token in spaced.tokens)
    assert explain(model, []) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": "体"}, "no label '体'"),
        ({"labels": ["体育"]}, "1 labels for 2 texts"),
        ({"against": "军事"}, "no label '军事'"),
        ({"method": "gradients"}, "no explanation by the method 'gradients'"),
        ({"method": "magic"}, "unknown method"),
        ({"unit": "line"}, "unknown unit"),
    ],
)
def test_refusals(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        explain(linear(), ["球队", "央行"], **arguments)
    with pytest.raises(UsageError, match="texts are needed"):
        explain(linear(), "球队")


@pytest.mark.parametrize("wrong", [0.01, float("nan")])
def test_parts_that_do_not_sum_are_found_out(wrong: float) -> None:
    class Wrong(Told):
        def explain(self, texts: Sequence[str], _labels: Sequence[str]) -> list[Parts]:
            return [Parts(np.array([[0, 2]], np.int32), np.array([1.0]), 0.0, 1.0 + wrong) for _ in texts]

    model: Any = Wrong(len)
    (found,) = explain(model, ["球队"])
    assert not found.is_sound
    assert explain(model, ["球队"], method="occlusion")[0].is_sound


def test_auto_is_its_only_member_or_the_log_odds_of_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = [Document(str(number), one.text, one.label) for number, one in enumerate(documents(60))]
    single = Auto(workers=1, device="cpu").fit(learned, log=TrainingLog())
    assert {found.method for found in explain(single, TEXTS)} == {"exact"}
    from textpipe.models import auto

    monkeypatch.setattr(auto, "_FEWEST", 10)
    monkeypatch.setattr(auto, "epochs_for", lambda _documents: 1)
    monkeypatch.setattr(auto, "best_weights", lambda _given, _gold: [0.3, 0.7])
    both = Auto(workers=1, device="cpu").fit(learned, valid=documents(15, seed=1), log=TrainingLog())
    assert set(both.members) == {"textcnn", "linear"}
    (found,) = explain(both, TEXTS[:1])
    assert found.method == "occlusion"
    assert found.is_sound
    assert found.decision == pytest.approx(np.log(found.probability / (1 - found.probability)), abs=1e-3)


def test_two_decisions_are_taken_apart_in_the_same_way() -> None:
    class Now(Told):
        def explain(self, texts: Sequence[str], labels: Sequence[str]) -> list[Parts]:
            """By gradients for one label, by occlusion for the other."""
            found = occluded(self, texts, labels)  # type: ignore[arg-type]
            pairs = zip(found, labels, strict=True)
            return [one._replace(method="gradients") if label == "yes" else one for one, label in pairs]

    model: Any = Now(lambda text: 0.5 * text.count("球队"))
    (found,) = explain(model, ["球队"], "yes", against="no")
    assert (found.method, found.is_sound) == ("occlusion", True)
    assert found.decision == pytest.approx(1.0)
