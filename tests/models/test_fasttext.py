"""fastText's classifier: beside a reference that reads as the paper does, with and without the kernel, explained."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.features.making import HOSTILE, needs_kernel
from tests.models.texts import check_learned_and_apart, documents
from textpipe.errors import ArtifactError, InputError, UsageError
from textpipe.features.counting import words_of
from textpipe.models import fasttext
from textpipe.models.explanation import Parts
from textpipe.models.fasttext import FastText, FastTextConfig
from textpipe.models.files import load_classifier, save_classifier
from textpipe.segment.tokenizer import Tokenizer
from textpipe.store import checkpoint
from textpipe.text import fold
from textpipe.training.log import StepReport, TrainingLog
from textpipe.training.steps import STEP_FIELDS

torch = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

TEXTS = [*HOSTILE, *(one.text for one in documents(30, seed=1)), "球队 球队  球队\t赢了", "没见过 zq"]
VARIANTS: dict[str, dict[str, Any]] = {
    "both": {},
    "char": {"unit": "char", "char_ngrams": (1, 2)},
    "word": {"unit": "word"},
    "sublinear": {"sublinear": True},
    "two numbers": {"dim": 2},
    "shared": {"buckets": 40},
}


def trained(
    *, valid: int = 30, refit: bool = False, log: TrainingLog | None = None, tokenizer: Any = None, **settings: Any
) -> FastText:
    small = {"epochs": 3, "batch_size": 16, "char_min_count": 1, "word_min_count": 1, "relearn": False, **settings}
    model = FastText(FastTextConfig(**small), tokenizer=tokenizer, workers=1, device="cpu")
    held = documents(valid, seed=1) if valid else []
    return model.fit(documents(), valid=held, refit=refit, log=log or TrainingLog())


@pytest.fixture(scope="module", params=VARIANTS, name="model")
def model_(request: pytest.FixtureRequest) -> FastText:
    return trained(**VARIANTS[request.param])


# ---------------------------------------------------------------------------------------- a plain reference


def ngrams_of(text: str, config: FastTextConfig) -> Counter[tuple[str, str]]:
    """(block, n-gram) → how often, one after the other."""
    found: Counter[tuple[str, str]] = Counter()
    if config.unit != "word":
        characters: list[str] = []
        run = 0
        for character in fold(text):
            run = run + 1 if character.isspace() else 0
            small = {"İ": "i", "Σ": "σ"}.get(character, character.lower())
            if run > 1:
                characters[-1] = " "
            else:
                characters.append(small)
        for size in range(config.char_ngrams[0], config.char_ngrams[1] + 1):
            for at in range(len(characters) - size + 1):
                found["char", "".join(characters[at : at + size])] += 1
    if config.unit != "char":
        words = words_of(text, Tokenizer().spans, folding=True)
        for size in range(config.word_ngrams[0], config.word_ngrams[1] + 1):
            for at in range(len(words) - size + 1):
                found["word", " ".join(words[at : at + size])] += 1
    return found


def reference(model: FastText, text: str) -> list[float] | None:
    """Decisions of one text, in Python; None where no n-gram is known."""
    fitted = model.learned
    names = fitted.vectorizer.names
    rows = {("char" if at < fitted.vectorizer.chars else "word", name): at for at, name in enumerate(names)}
    counts = {rows[ngram]: count for ngram, count in ngrams_of(text, model.config).items() if ngram in rows}
    if not counts:
        return None
    weights = {row: 1 + math.log(count) if model.config.sublinear else count for row, count in counts.items()}
    mean = [
        sum(weight * float(fitted.weights[row, at]) for row, weight in weights.items()) / sum(weights.values())
        for at in range(fitted.weights.shape[1] - 1)
    ]
    if fitted.output is not None:
        mean = [float(value) for value in np.array(mean) @ fitted.output.astype(np.float64)]
    return [value + float(bias) for value, bias in zip(mean, fitted.bias, strict=True)]


def test_probabilities_are_those_of_the_reference(model: FastText) -> None:
    fitted = model.learned
    found = model.predict_proba(TEXTS)
    assert found.dtype == np.float32
    unknown = 0
    for text, row in zip(TEXTS, found, strict=True):
        decisions = reference(model, text)
        if decisions is None:
            expected = fitted.prior
            unknown += 1
        else:
            raised = np.exp((np.array(decisions) - max(decisions)) * fitted.calibration.scale)
            expected = raised / raised.sum()
        np.testing.assert_allclose(row, expected, atol=1e-5, err_msg=repr(text))
    assert 0 < unknown < len(TEXTS) / 2


@needs_kernel
def test_without_the_kernel_all_is_the_same(model: FastText) -> None:
    fitted = model.learned
    assert fitted.vectorizer._compiled
    with_it, known = fitted.decisions(TEXTS)
    fitted.vectorizer._compiled = False
    without, known_without = fitted.decisions(TEXTS)
    fitted.vectorizer._compiled = True
    np.testing.assert_array_equal(known, known_without)
    np.testing.assert_allclose(with_it, without, atol=1e-5)


@needs_kernel
def test_training_without_the_kernel_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained()
    monkeypatch.setattr("textpipe.features.vectorizer.has_kernel", lambda: False)
    plain = trained()
    assert not plain.learned.vectorizer._compiled
    np.testing.assert_array_equal(plain.learned.weights, whole.learned.weights)
    np.testing.assert_allclose(plain.predict_proba(TEXTS), whole.predict_proba(TEXTS), atol=1e-5)


def test_the_table_is_embeddings_times_the_layer() -> None:
    """What predicts is what was trained: the network's own decisions on held-back texts."""
    from textpipe.models import fasttext_training as training

    kept: dict[str, Any] = {}
    original = training._tables

    def tables(network: Any, buckets: Any) -> Any:
        kept.update(network=network, buckets=buckets)
        return original(network, buckets)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_tables", tables)
        for settings in (VARIANTS["both"], VARIANTS["two numbers"], VARIANTS["shared"]):
            model = trained(**settings)
            texts = [one.text for one in documents(30, seed=1)]
            bags = training.bags_of(model.learned.vectorizer.rows(texts), kept["buckets"])
            batch = bags.batch(np.arange(len(texts)), np.zeros(len(texts), np.int64))
            with torch.no_grad():
                expected = kept["network"](batch).numpy()
            np.testing.assert_allclose(model.learned.decisions(texts)[0], expected, atol=1e-4)
            assert (kept["buckets"] is None) == ("buckets" not in settings)


def test_shared_embeddings() -> None:
    model = trained(buckets=40)
    assert len(np.unique(model.learned.weights, axis=0)) <= 40 < model.learned.vectorizer.features
    check_learned_and_apart(trained(buckets=400, epochs=8))


def test_it_learns_and_texts_do_not_touch() -> None:
    check_learned_and_apart(trained(epochs=6))


# ---------------------------------------------------------------------------------------- explanations


def check_parts(text: str, parts: Parts) -> None:
    assert parts.spans.dtype == np.int32
    assert parts.values.dtype == np.float64
    assert abs(parts.base + parts.values.sum() - parts.score) < 1e-5
    assert parts.spans.tolist() == [[place, place + 1] for place in range(len(text))]


@pytest.mark.parametrize("mode", ["exact", "search", "full"])
def test_parts_add_up_to_the_decision(model: FastText, mode: Any) -> None:
    model = trained(tokenizer=Tokenizer(mode), **VARIANTS["both"]) if mode != "exact" else model
    decisions, known = model.learned.decisions(TEXTS)
    for label, name in enumerate(model.labels):
        for place, (text, parts) in enumerate(zip(TEXTS, model.explain(TEXTS, [name] * len(TEXTS)), strict=True)):
            check_parts(text, parts)
            assert parts.base == model.learned.bias[label]
            assert parts.score == pytest.approx(decisions[place, label], abs=1e-5)
            if not known[place]:
                assert not parts.values.any()


def test_parts_are_what_ngrams_add(model: FastText) -> None:
    """Each n-gram's share, in equal parts on its characters: one by one."""
    config, fitted = model.config, model.learned
    text, label = "球队赢 球队", 1
    spans = Tokenizer().spans(text).tolist()
    names = fitted.vectorizer.names
    rows = {("char" if at < fitted.vectorizer.chars else "word", name): at for at, name in enumerate(names)}
    covered: list[tuple[int, list[int]]] = []  # row, characters
    sizes = range(config.char_ngrams[0], config.char_ngrams[1] + 1) if config.unit != "word" else ()
    for size in sizes:
        for at in range(len(text) - size + 1):
            if (key := ("char", text[at : at + size])) in rows:
                covered.append((rows[key], list(range(at, at + size))))
    words = [(text[first:last], first, last) for first, last in spans if text[first:last] != " "]
    for size in (1, 2) if config.unit != "char" else ():
        for at in range(len(words) - size + 1):
            some = words[at : at + size]
            if (key := ("word", " ".join(word for word, _, _ in some))) in rows:
                covered.append((rows[key], [place for _, first, last in some for place in range(first, last)]))
    often = Counter(row for row, _ in covered)
    weigh = {row: (1 + math.log(n)) / n if config.sublinear else 1.0 for row, n in often.items()}
    total = sum(weigh[row] for row, _ in covered)
    values = np.zeros(len(text))
    for row, places in covered:
        score = (
            fitted.weights[row, label] if fitted.output is None else fitted.weights[row, :-1] @ fitted.output[:, label]
        )
        values[places] += weigh[row] / total * float(score) / len(places)
    (parts,) = model.explain([text], [model.labels[label]])
    assert len(covered) > 1
    np.testing.assert_allclose(parts.values, values, atol=1e-6)


def test_explaining_nothing_and_what_is_not_known() -> None:
    model = trained()
    assert model.explain([], []) == []
    with pytest.raises(UsageError, match="no label 'x'"):
        model.explain(["球队"], ["x"])
    with pytest.raises(UsageError, match="texts are needed"):
        model.explain("球队", ["体育"])


# ---------------------------------------------------------------------------------------- training


class Stopped(Exception):
    """The end of a process."""


@pytest.mark.parametrize("stop", [1, 4, 13])
def test_a_stopped_training_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    """Stops in the first learning and in the second one, of all texts."""
    monkeypatch.setattr(checkpoint, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)
    how: dict[str, Any] = {"relearn": True, "refit": True, "epochs": 2, "batch_size": 16}
    whole = trained(**how)
    steps = 0

    def step(_report: StepReport) -> None:
        nonlocal steps
        steps += 1
        if steps == stop:
            raise Stopped

    with pytest.raises(Stopped):
        trained(log=TrainingLog(step=step, work=tmp_path), **how)
    notes: list[str] = []
    again = trained(log=TrainingLog(note=notes.append, work=tmp_path), **how)
    assert any("goes on after step" in note for note in notes) == (stop > 1), notes
    np.testing.assert_array_equal(again.learned.weights, whole.learned.weights)
    np.testing.assert_array_equal(again.learned.bias, whole.learned.bias)


def test_the_epoch_that_is_kept_and_all_learned_anew() -> None:
    """The best one; where all is learned anew the last that is worse by less than the standard error."""
    log, all_of_them, notes = TrainingLog(), TrainingLog(), list[str]()
    all_of_them.note = notes.append
    first = trained(epochs=8, log=log)
    again = trained(epochs=8, relearn=True, refit=True, log=all_of_them)
    assert (log.facts["refit"], all_of_them.facts["refit"]) == (False, True)
    history = again.learned.history
    assert history is not None
    assert len(history.epochs) == 8  # of the learning that was judged
    found = [epoch.scores["accuracy"] for epoch in history.epochs]
    assert first.learned.history is not None
    assert found == [epoch.scores["accuracy"] for epoch in first.learned.history.epochs]
    best = max(found)
    least = best - math.sqrt(best * (1 - best) / 30)
    kept = max(place for place, score in enumerate(found, 1) if score >= least)
    assert log.facts["best_epoch"] == 1 + found.index(best)
    assert all_of_them.facts["best_epoch"] == kept > 1 + found.index(best)
    assert notes == [f"learns anew from all 120 texts, {kept} epochs"]
    for model, facts, epoch in ((first, log.facts, 1 + found.index(best)), (again, all_of_them.facts, kept)):
        assert model.held_back is not None
        assert facts["valid"]["accuracy"] == found[epoch - 1]  # type: ignore[index]
    assert first.learned.calibration != again.learned.calibration
    assert again.learned.vectorizer.documents == 120
    assert history.steps.shape[1] == len(STEP_FIELDS)


def test_the_seed_is_what_is_drawn_by() -> None:
    one, other, same = trained(seed=1), trained(seed=2), trained(seed=1)
    assert (one.learned.weights != other.learned.weights).any()
    np.testing.assert_array_equal(one.learned.weights, same.learned.weights)


def test_no_ngram_in_enough_texts() -> None:
    with pytest.raises(InputError, match="no n-gram"):
        trained(char_min_count=1000, word_min_count=1000)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adagrad", "rmsprop"])
def test_every_optimizer_learns(optimizer: str) -> None:
    model = trained(optimizer=optimizer, epochs=12, lr={"sgd": 3.0, "adagrad": 0.3}.get(optimizer, 0.02))
    held = documents(30, seed=1)
    right = [label == one.label for label, one in zip(model.predict([one.text for one in held]), held, strict=True)]
    assert np.mean(right) > 0.7


@pytest.mark.parametrize(
    "settings",
    [{"dim": 0}, {"buckets": 0}, {"ngram_dropout": 1.0}, {"unit": "words"}, {"epochs": 0}, {"relearn": 1}],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        FastTextConfig(**settings)


def test_without_torch_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fasttext, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="needs torch to learn"):
        trained()


# ---------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("dim", [16, 2])
def test_damaged_weights_are_refused(tmp_path: Path, dim: int) -> None:
    model = trained(dim=dim)
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    assert (tmp_path / "output.npy").is_file() == (dim == 2)
    weights = model.learned.weights
    other = weights.copy()
    other[0, -1] = 2
    nan = weights.copy()
    nan[0, 0] = np.nan
    for wrong in (weights[1:], weights[:, 1:], weights.astype(np.float64), other, nan):
        np.save(tmp_path / "weights.npy", wrong)
        with pytest.raises(ArtifactError):
            load_classifier(tmp_path)
    np.save(tmp_path / "weights.npy", weights)
    load_classifier(tmp_path)
    if dim == 2:
        np.save(tmp_path / "output.npy", np.zeros((2, 4), np.float32))
        with pytest.raises(ArtifactError):
            load_classifier(tmp_path)


def test_prediction_needs_neither_torch_nor_sklearn(tmp_path: Path) -> None:
    model = trained()
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    code = """
import sys
from pathlib import Path
from textpipe.models.files import load_classifier
model = load_classifier(Path(sys.argv[1]))
sys.stdout.buffer.write(model.predict([sys.argv[2]])[0].encode())
model.explain([sys.argv[2]], ["体育"])
heavy = {"torch", "sklearn", "scipy", "networkx"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""
    command = [sys.executable, "-X", "utf8", "-c", code, str(tmp_path), "球队赢下决赛"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == "体育"


def test_what_it_was_given_stays(model: FastText) -> None:
    texts: Sequence[str] = tuple(TEXTS)
    before = replace(model.config)
    model.predict(texts)
    assert model.config == before
