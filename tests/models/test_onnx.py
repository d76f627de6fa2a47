"""Classifiers as ONNX: onnxruntime gives what they give, with every setting; what cannot be written is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import DATA
from tests.models import test_conformance as conformance
from tests.models import texts
from tests.models.centroid import Centroid
from textpipe.errors import ResourceError, UsageError
from textpipe.models import Classifier, classifier_class
from textpipe.models.auto import Auto, AutoConfig
from textpipe.models.files import write_description
from textpipe.models.learned_texts import learned_texts, write_learned
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'textpipe-zh[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install 'textpipe-zh[onnx]'")

PLAIN: Mapping[str, Any] = {"dim": 8, "epochs": 2, "batch_size": 16, "lr": 0.02, "pretrain": 0, "patience": 0}
LINEAR: Mapping[str, Any] = {"C": 1.0, "char_min_count": 1}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("linear", {}),
    "linear of characters": ("linear", {"unit": "char", "sublinear": False, "fold": False}),
    "linear of words": ("linear", {"unit": "word", "word_ngrams": (1, 3)}),
    "linear of long n-grams": ("linear", {"unit": "char", "char_ngrams": (2, 12)}),
    "logistic": ("linear", {"model": "logistic"}),
    "softmax": ("linear", {"model": "logistic", "multiclass": "softmax"}),
    "textcnn of characters": ("textcnn", {"unit": "char", "filters": 8, "max_norm": 0.5}),
    "textcnn of words": ("textcnn", {"unit": "word", "filters": 8, "widths": (2, 5), "max_length": 6}),
    "textcnn of two channels": ("textcnn", {"unit": "both", "filters": 8, "variant": "twochannel", "pretrain": 1}),
    "rnn": ("recurrent", {"unit": "char", "cell": "rnn", "hidden": 6, "pooling": "mean"}),
    "rnn in one direction": ("recurrent", {"cell": "rnn", "hidden": 6, "pooling": "last", "bidirectional": False}),
    "lstm": ("recurrent", {"unit": "both", "cell": "lstm", "hidden": 6, "layers": 2}),
    "lstm, attention": ("recurrent", {"unit": "word", "cell": "lstm", "hidden": 6, "pooling": "attention"}),
    "gru": ("recurrent", {"unit": "char", "cell": "gru", "hidden": 6, "pooling": "last", "layers": 2}),
    "gru in one direction": ("recurrent", {"cell": "gru", "hidden": 6, "pooling": "max", "bidirectional": False}),
    "mlp": ("mlp", {"hidden": (8, 4), "buckets": 50, "ngrams": 3}),
    "mlp without hidden layers": ("mlp", {"unit": "word", "hidden": (), "ngrams": 1}),
    "mlp, normal over the batch": (
        "mlp",
        {"hidden": (8,), "normalisation": "batch", "activation": "gelu", "buckets": 9},
    ),
    "mlp, normal by itself": ("mlp", {"hidden": (8,), "normalisation": "layer", "activation": "tanh", "buckets": 9}),
    "mlp, leaky": ("mlp", {"unit": "char", "hidden": (8,), "activation": "leaky_relu", "buckets": 9}),
    "mlp, soft": ("mlp", {"unit": "char", "hidden": (8, 8), "activation": "softsign", "buckets": 9}),
}
KNOWN = {"auto", "linear", "mlp", "recurrent", "textcnn"}
DOCUMENTS = texts.documents(60)
TEXTS = [
    *(one.text for one in texts.documents(20, seed=3)),
    *(
        "",
        " \t\u3000",
        "球",
        "qqq",
        "\x00",
        "🦉",
        "ＡＢＣ 球队ＡＢＣ  赢\t了",
        "球队\r\n\r\n股市 a  b",
        "The Team 进球 won",
        "İΣ",
    ),
    "股市上涨" * 90,
]


def trained(arch: str, settings: Mapping[str, Any], *, tokenizer: Tokenizer | None = None) -> Classifier:
    made = classifier_class(arch)
    config = made.Config(**{**(LINEAR if arch == "linear" else PLAIN), **settings})
    return made(config, tokenizer=tokenizer, workers=1, device="cpu").fit(DOCUMENTS, log=TrainingLog())


def auto_of(
    folder: Path, members: Mapping[str, tuple[float, Classifier]], *, learned: Sequence[str] = ()
) -> Classifier:
    """A mean of classifiers, put together as `Auto.save` does."""
    weights = {arch: weight for arch, (weight, _) in members.items()}
    labels = next(iter(members.values()))[1].labels
    write_description(folder, arch="auto", labels=labels, config=AutoConfig(), members=weights)
    for arch, (_, model) in members.items():
        model.save(folder, prefix=f"{arch}.")
    write_learned(folder / "learned.npy", learned_texts(learned, [0] * len(learned)))
    return Auto.load(folder, tokenizer=Tokenizer(), device="cpu")


def file_of(model: Any, arch: str, *, tokenizer: Tokenizer | None = None, int8: bool = False) -> Any:
    """The file's content, and its description."""
    from textpipe.models.onnx import written
    from textpipe.models.onnx.about import write_about
    from textpipe.models.onnx.int8 import in_int8

    found, about = written(model, arch=arch, tokenizer=tokenizer or Tokenizer())
    found = in_int8(found) if int8 else found
    write_about(found, about)
    onnx.checker.check_model(found)
    return found.SerializeToString(), about


def predicted(content: bytes, about: Mapping[str, Any], given: list[str]) -> Any:
    from textpipe.models.onnx.encoding import encoded

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], encoded(given, about["inputs"], Tokenizer()))[0]


@pytest.mark.parametrize("case", CASES)
def test_onnxruntime_gives_what_the_classifier_gives(case: str) -> None:
    arch, settings = CASES[case]
    model = trained(arch, settings)
    content, about = file_of(model, arch)
    wanted = model.predict_proba(TEXTS)
    found = predicted(content, about, TEXTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=2e-6)
    assert wanted.std(axis=0).max() > 0.001, "texts are told apart"
    for place in (0, 20, 22, len(TEXTS) - 1):
        np.testing.assert_allclose(predicted(content, about, TEXTS[place : place + 1])[0], wanted[place], atol=2e-6)
    assert predicted(content, about, []).shape == (0, 3)
    small, _ = file_of(model, arch, int8=True)
    np.testing.assert_allclose(predicted(small, about, TEXTS), wanted, atol=0.05)


def test_every_other_architecture_is_written_or_refused() -> None:
    """Those that have no case above."""
    others = [case for case, (arch, _) in conformance.CASES.items() if arch not in KNOWN]
    assert {arch for arch, _ in conformance.CASES.values()} == KNOWN | {conformance.CASES[case][0] for case in others}
    for case in others:
        model, arch = conformance.fitted(case), conformance.CASES[case][0]
        found = attempted(model, arch)
        if isinstance(found, UsageError):
            assert "cannot write" in found.message or "cannot be written" in found.message, case
        else:
            content, about = found
            wanted = model.predict_proba(TEXTS)
            np.testing.assert_allclose(predicted(content, about, TEXTS), wanted, atol=2e-6, err_msg=case)


def attempted(model: Classifier, arch: str) -> Any:
    """What `file_of` gives, or the error."""
    try:
        return file_of(model, arch)
    except UsageError as error:
        return error


def test_two_labels() -> None:
    two = [one for one in DOCUMENTS if one.label != "娱乐"]
    for arch in ("linear", "textcnn"):
        made = classifier_class(arch)
        config = made.Config(**(LINEAR if arch == "linear" else {**PLAIN, "filters": 4}))
        model = made(config, workers=1, device="cpu").fit(two, log=TrainingLog())
        content, about = file_of(model, arch)
        np.testing.assert_allclose(predicted(content, about, TEXTS), model.predict_proba(TEXTS), atol=2e-6)


def test_auto_is_one_graph_of_all_members(tmp_path: Path) -> None:
    members = {"textcnn": (0.35, trained("textcnn", {"filters": 4})), "linear": (0.65, trained("linear", {}))}
    model = auto_of(tmp_path, members)
    content, about = file_of(model, "auto")
    names = ["textcnn.characters", "textcnn.words", "linear.characters", "linear.words"]
    assert [one["name"] for one in about["inputs"]] == names
    np.testing.assert_allclose(predicted(content, about, TEXTS), model.predict_proba(TEXTS), atol=2e-6)


def test_auto_is_compared_as_it_is_for_new_texts(tmp_path: Path) -> None:
    from textpipe.models.onnx.check import compared

    members = {"textcnn": (0.35, trained("textcnn", {"filters": 4})), "linear": (0.65, trained("linear", {}))}
    model = auto_of(tmp_path, members, learned=TEXTS)
    content, about = file_of(model, "auto")
    assert abs(predicted(content, about, TEXTS) - model.predict_proba(TEXTS)).max() > 1e-3
    assert compared(content, model, TEXTS, about=about, tokenizer=Tokenizer()).difference < 2e-6


def test_the_description_has_what_prediction_needs() -> None:
    tokenizer = Tokenizer(hmm=False, dictionary=Dictionary().add_word("赢下比赛", 5, "v"))
    model = trained("textcnn", {"unit": "both", "filters": 4, "max_length": 30}, tokenizer=tokenizer)
    content, _ = file_of(model, "textcnn", tokenizer=tokenizer)
    import json

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map["textpipe"])
    assert about["labels"] == list(model.labels)
    assert (about["arch"], about["hmm"], about["dictionary"]) == ("textcnn", False, [["赢下比赛", 5, "v"]])
    assert about["settings"]["filters"] == 4
    characters, words = about["inputs"]
    assert (characters["unit"], words["unit"]) == ("character", "word of each character")
    assert characters["longest"] == words["longest"] == 30
    assert sorted(set(characters["ids"].values())) == list(range(2, 2 + len(set(characters["ids"].values()))))
    assert [one.name for one in session.get_inputs()] == ["characters", "words"]
    assert session.get_inputs()[0].shape == ["texts", "positions"]
    assert session.get_outputs()[0].shape == ["texts", 3]


def test_int8_is_smaller_and_keeps_labels() -> None:
    for arch, settings in (("textcnn", {"filters": 64, "dim": 64}), ("recurrent", {"hidden": 64, "dim": 64})):
        model = trained(arch, {**settings, "epochs": 6})
        sizes = [len(file_of(model, arch, int8=int8)[0]) for int8 in (False, True)]
        assert sizes[1] < 0.45 * sizes[0]
        content, about = file_of(model, arch, int8=True)
        found = predicted(content, about, TEXTS[:20])
        assert (found.argmax(axis=1) == model.predict_proba(TEXTS[:20]).argmax(axis=1)).mean() > 0.9


@pytest.mark.parametrize("case", ["linear", "textcnn of two channels", "lstm, attention", "auto"])
def test_the_example_predicts_without_this_package(case: str, tmp_path: Path) -> None:
    tokenizer = Tokenizer(dictionary=Dictionary().add_word("球队进球", None, "n"))
    if case == "auto":
        tokenizer = Tokenizer()
        members = {"mlp": (0.4, trained("mlp", {"buckets": 9})), "linear": (0.6, trained("linear", {}))}
        arch, model = "auto", auto_of(tmp_path, members)
    else:
        arch, settings = CASES[case]
        model = trained(arch, settings, tokenizer=tokenizer)
    path = tmp_path / "model.onnx"
    path.write_bytes(file_of(model, arch, tokenizer=tokenizer)[0])
    given = [
        *(one.text for one in texts.documents(20, seed=3)),
        "",
        " ",
        "球队进球了",
        "ＡＢ球队  赢 Ｃ",
        "The Team 进球 Won",
        "🦉",
    ]
    alone = "import sys, runpy; sys.modules.update(textpipe=None, torch=None); sys.argv = sys.argv[1:]; "
    done = subprocess.run(
        [sys.executable, "-c", f"{alone}runpy.run_path(sys.argv[0])", DATA / "predict-onnx.py", path],
        input="\n".join(given).encode(),
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert [label for label, _ in rows] == model.predict(given)
    np.testing.assert_allclose([float(one) for _, one in rows], model.predict_proba(given).max(axis=1), atol=3e-6)


def test_another_graph_is_found_out() -> None:
    from textpipe.models.onnx.check import compared, require_equal, sample

    model, other = trained("linear", {}), trained("linear", {"unit": "char"})
    content, about = file_of(model, "linear")
    given = sample(about)
    assert given == sample(about)
    assert len(given) > 300
    assert {"", "球"} <= set(given)
    right = compared(content, model, given, about=about, tokenizer=Tokenizer())
    require_equal(right, int8=False)
    assert (right.texts, right.agreement) == (len(given), 1.0)
    assert right.difference < 1e-6
    wrong = compared(content, other, given, about=about, tokenizer=Tokenizer())
    with pytest.raises(UsageError, match="the graph is not the classifier: probabilities differ by"):
        require_equal(wrong, int8=False)
    with pytest.raises(UsageError, match=r"with int8 \d+\.\d% of \d+ texts get another label"):
        require_equal(wrong._replace(agreement=0.98), int8=True)
    with pytest.raises(UsageError, match="the graph is not the classifier"):
        require_equal(right._replace(difference=float("nan")), int8=False)


def test_what_cannot_be_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from textpipe.models import onnx as package

    model = Centroid().fit(DOCUMENTS, log=TrainingLog())
    with pytest.raises(UsageError, match="architecture 'centroid' cannot be written as ONNX"):
        file_of(model, "centroid")
    linear = trained("linear", {})
    with pytest.raises(UsageError, match="mode 'search'"):
        file_of(linear, "linear", tokenizer=Tokenizer("search"))
    monkeypatch.setattr(package, "_MOST", 1000)
    with pytest.raises(ResourceError, match="a file of ONNX holds"):
        file_of(linear, "linear")
    monkeypatch.setattr(package, "find_spec", lambda name: None if name == "onnxruntime" else name)
    with pytest.raises(UsageError, match="needs onnxruntime, which is not installed") as raised:
        package.require_onnx()
    assert raised.value.hint == "pip install 'textpipe-zh[onnx]'"
