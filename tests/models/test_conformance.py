"""One table of cases over every architecture: what `textpipe.models.Classifier` promises, each of them keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from textpipe.corpus.document import Document
from textpipe.errors import ArtifactError, InputError, UsageError
from textpipe.models import Classifier, classifier_class, names
from textpipe.models.explanation import explain
from textpipe.models.files import load_classifier, save_classifier
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import EpochReport, TrainingLog

SMALL: Mapping[str, Any] = {"dim": 16, "epochs": 40, "batch_size": 4, "lr": 0.02, "min_count": 1, "patience": 0}
GRAMS: Mapping[str, Any] = {
    "char_min_count": 1,
    "word_min_count": 1,
    **{name: value for name, value in SMALL.items() if name != "min_count"},
}
TINY: Mapping[str, Any] = {"size": 16, "heads": 2, "layers": 1, "feedforward": 16, "lr": 0.01}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "linear svm": ("linear", {}),
    "linear svm of words": ("linear", {"unit": "word"}),
    "linear logistic": ("linear", {"model": "logistic", "C": 10.0}),
    "linear softmax": ("linear", {"model": "logistic", "multiclass": "softmax", "C": 10.0}),
    "linear l1": ("linear", {"model": "logistic", "penalty": "l1", "C": 10.0}),
    "linear perceptron": ("linear", {"model": "perceptron"}),
    "fasttext": ("fasttext", {**GRAMS}),
    "fasttext of characters": ("fasttext", {**GRAMS, "unit": "char"}),
    "fasttext of words": ("fasttext", {**GRAMS, "unit": "word"}),
    "fasttext, fewer numbers than labels": (
        "fasttext",
        {**GRAMS, "dim": 1, "lr": 0.1, "ngram_dropout": 0.0, "dropout": 0.2},
    ),
    "fasttext, shared embeddings": ("fasttext", {**GRAMS, "buckets": 50, "dropout": 0.2}),
    "mlp": ("mlp", {**SMALL, "hidden": (16,)}),
    "mlp without hidden layers": ("mlp", {**SMALL, "hidden": ()}),
    "textcnn of characters": ("textcnn", {**SMALL, "unit": "char", "filters": 16}),
    "textcnn of words": ("textcnn", {**SMALL, "unit": "word", "filters": 16}),
    "textcnn of both": ("textcnn", {**SMALL, "unit": "both", "filters": 16}),
    "rnn": ("recurrent", {**SMALL, "cell": "rnn", "hidden": 16, "unit": "char"}),
    "lstm": ("recurrent", {**SMALL, "cell": "lstm", "hidden": 16, "unit": "char"}),
    "gru, last state": (
        "recurrent",
        {**SMALL, "cell": "gru", "hidden": 16, "unit": "word", "pooling": "last"},
    ),
    "lstm, attention": ("recurrent", {**SMALL, "hidden": 16, "unit": "both", "pooling": "attention"}),
    "dpcnn": ("dpcnn", {**SMALL, "filters": 16, "blocks": 2, "unit": "char"}),
    "dpcnn, deeper than a text is long": ("dpcnn", {**SMALL, "filters": 16, "blocks": 6, "unit": "both"}),
    "transformer": ("transformer", {**SMALL, **TINY, "unit": "char", "layers": 2}),
    "transformer, first, learned positions": (
        "transformer",
        {**SMALL, **TINY, "unit": "both", "positions": "learned", "pooling": "first"},
    ),
    "transformer by torch's attention": (
        "transformer",
        {**SMALL, **TINY, "unit": "word", "attention": "torch", "positions": "none"},
    ),
    "textgcn": ("textgcn", {"dim": 16, "epochs": 40}),
    "textgcn of characters": ("textgcn", {"dim": 16, "epochs": 40, "unit": "char", "window": 3, "min_pmi": 0.0}),
    "auto": ("auto", {}),
}
LABELS = ("a label with\ttab", "体育")
TEXTS = (
    ("球队在最后一分钟进球赢下比赛", 1),
    ("联赛冠军昨晚领取奖杯", 1),
    ("教练称赞门将的扑救", 1),
    ("马拉松选手刷新纪录", 1),
    ("央行下调存款利率", 0),
    ("股市收盘小幅上涨", 0),
    ("企业发布季度财报", 0),
    ("银行推出新的贷款", 0),
)
DOCUMENTS = [Document(f"d{number}", text, LABELS[label]) for number, (text, label) in enumerate(TEXTS)]
ODD = ("", " \n", "🦉🦉🦉", "qqqq zzzz", "\x00", "赢", "球" * 10_000, "赢下比赛 " * 2_000)


def fitted(case: str, documents: Sequence[Document] = DOCUMENTS, *, log: TrainingLog | None = None) -> Classifier:
    arch, settings = CASES[case]
    made = classifier_class(arch)
    return made(made.Config(**settings), workers=1, device="cpu").fit(documents, log=log or TrainingLog())


@pytest.fixture(scope="module", params=CASES, name="case")
def case_(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", name="model")
def model_(case: str) -> Classifier:
    return fitted(case)


def test_every_architecture_has_a_case() -> None:
    assert {arch for arch, _ in CASES.values()} == set(names())


def test_eight_documents_are_learned_by_heart(model: Classifier) -> None:
    assert model.labels == tuple(sorted(LABELS))
    assert model.predict([one.text for one in DOCUMENTS]) == [one.label for one in DOCUMENTS]


def test_probabilities(model: Classifier) -> None:
    found = model.predict_proba([*ODD, *(one.text for one in DOCUMENTS)])
    assert found.dtype == np.float32
    assert found.shape == (len(ODD) + len(DOCUMENTS), 2)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert model.predict_proba([]).shape == (0, 2)
    assert model.predict([]) == []


def test_nothing_known_is_what_labels_get_by_chance(case: str) -> None:
    documents = [*DOCUMENTS, Document("more", "股市开盘", LABELS[0]), Document("one more", "企业贷款", LABELS[0])]
    found = fitted(case, documents).predict_proba(["", "\n \t"])
    np.testing.assert_allclose(found, [[0.6, 0.4]] * 2, atol=1e-6)


def test_batched_equals_unbatched(model: Classifier) -> None:
    texts = [*ODD[:6], *(one.text for one in DOCUMENTS), "赢下比赛" * 50]
    together = model.predict_proba(texts)
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_array_equal(together, model.predict_proba(texts))  # no dropout, nothing drawn


def test_the_same_seed_gives_the_same_files(case: str, model: Classifier, tmp_path: Path) -> None:
    for name, one in (("a", model), ("b", fitted(case))):
        (tmp_path / name).mkdir()
        save_classifier(tmp_path / name, one, tokenizer=Tokenizer())
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_save_then_load_gives_equal_probabilities(model: Classifier, tmp_path: Path) -> None:
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    loaded = load_classifier(tmp_path, device="cpu")
    assert loaded.labels == model.labels
    assert loaded.config == model.config
    assert loaded.held_back is None
    texts = [*ODD, *(one.text for one in DOCUMENTS)]
    np.testing.assert_array_equal(loaded.predict_proba(texts), model.predict_proba(texts))


def test_a_file_that_is_missing_or_cut_or_foreign_is_refused(model: Classifier, tmp_path: Path) -> None:
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    files = sorted(path for path in tmp_path.iterdir() if path.suffix != ".jsonl" and "grams.txt" not in path.name)
    assert len(files) > 2
    for path in files:
        content = path.read_bytes()
        for broken in (None, content[: len(content) // 2], b"", b"{}\n", b"\x80" * 64):
            path.unlink()
            if broken is not None:
                path.write_bytes(broken)
            with pytest.raises(ArtifactError):
                load_classifier(tmp_path, device="cpu")
            path.write_bytes(content)
    load_classifier(tmp_path, device="cpu")


def test_labels_that_are_not_the_weights_are_refused(model: Classifier, tmp_path: Path) -> None:
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    path = tmp_path / "classifier.json"
    description = json.loads(path.read_text("utf-8"))
    for labels in (["a"], ["b", "a"], ["a", "b", "c"], ["a", 1], None):
        path.write_text(json.dumps({**description, "labels": labels}), encoding="utf-8")
        with pytest.raises(ArtifactError):
            load_classifier(tmp_path, device="cpu")


@pytest.mark.parametrize("documents", [[], DOCUMENTS[:1], DOCUMENTS[:4]], ids=["none", "one", "one label"])
def test_fewer_than_two_labels_are_refused(case: str, documents: list[Document]) -> None:
    with pytest.raises(InputError, match="label"):
        fitted(case, documents)


def test_empty_and_short_texts_can_be_learned_from(case: str) -> None:
    documents = [*DOCUMENTS, Document("empty", "", LABELS[0]), Document("short", "赢", LABELS[1])]
    assert fitted(case, documents).predict([TEXTS[0][0], TEXTS[4][0]]) == [LABELS[1], LABELS[0]]


def test_three_labels_one_of_them_once(case: str) -> None:
    documents = [*DOCUMENTS, Document("alone", "博物馆展出古代瓷器", "文化 艺术")]
    model = fitted(case, documents)
    assert model.labels == tuple(sorted((*LABELS, "文化 艺术")))
    assert model.predict_proba(["瓷器"]).shape == (1, 3)


def test_held_back_texts_are_judged_and_not_learned_from(case: str) -> None:
    valid = [*DOCUMENTS[:2], *DOCUMENTS[4:6], Document("new", "瓷器", "文化")]
    arch, settings = CASES[case]
    made = classifier_class(arch)
    log = TrainingLog()
    model = made(made.Config(**settings), workers=1, device="cpu").fit(DOCUMENTS, valid=valid, log=log)
    assert "文化" not in model.labels
    assert model.held_back is not None
    assert model.held_back.shape == (4, 2)
    np.testing.assert_allclose(model.held_back, model.predict_proba([one.text for one in valid[:4]]), atol=1e-5)
    scores = log.facts["valid"]
    assert isinstance(scores, dict)
    assert scores["accuracy"] == 1.0


def test_what_carried_a_decision_sums_to_it(model: Classifier) -> None:
    texts = [*ODD[:6], "赢下比赛 " * 50, *(text for text, _ in TEXTS)]
    for found, text, row in zip(explain(model, texts), texts, model.predict_proba(texts), strict=True):
        assert found.is_sound, (text[:20], found.method, found.check)
        assert found.probability == pytest.approx(float(row.max()), abs=1e-5)
        assert all(token.text == text[token.start : token.end] for token in found.tokens)
    learned = explain(model, [text for text, _ in TEXTS])
    assert all(any(token.value > 0 for token in found.tokens) for found in learned)
    (told,) = explain(model, [TEXTS[0][0]], LABELS[0], method="occlusion")
    assert (told.method, told.is_sound) == ("occlusion", True)


def test_loss_falls(case: str) -> None:
    settings = CASES[case][1]
    if "epochs" not in settings:
        pytest.skip("it has no epochs: scikit-learn trains it")
    epochs: list[EpochReport] = []
    fitted(case, log=TrainingLog(epoch=epochs.append))
    assert len(epochs) == settings["epochs"]
    assert epochs[-1].loss < 0.5 * epochs[0].loss


@pytest.mark.parametrize("wrong", [None, 5, "球队赢了", b"text"])
def test_what_is_no_list_of_texts_is_refused(model: Classifier, wrong: Any) -> None:
    with pytest.raises(UsageError, match="texts are needed"):
        model.predict(wrong)


@pytest.mark.parametrize("wrong", [None, 5, b"text", ["球队"]])
def test_what_is_no_text_is_refused_with_its_place(model: Classifier, wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"a text is needed, not \w+ \(number 1 "):
        model.predict_proba(["球队", wrong])


def test_any_iterable_of_texts_and_none_of_them(model: Classifier) -> None:
    texts = [text for text, _ in TEXTS]
    assert model.predict(iter(texts)) == model.predict(tuple(texts)) == model.predict(texts)  # type: ignore[arg-type]
    assert (model.predict([]), model.predict_proba([]).shape) == ([], (0, 2))


@pytest.mark.parametrize("arch", names())
def test_without_training_it_says_so(arch: str, tmp_path: Path) -> None:
    untrained = classifier_class(arch)()
    with pytest.raises(UsageError, match="not trained"):
        untrained.predict(["球队"])
    with pytest.raises(UsageError, match="not trained"):
        untrained.save(tmp_path)
    assert not list(tmp_path.iterdir())
