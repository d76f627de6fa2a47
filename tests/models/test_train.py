"""The Python door of training."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import textpipe
from tests.conftest import DATA
from tests.models import centroid
from tests.models.centroid import Centroid
from textpipe.errors import InputError, UsageError
from textpipe.models.settings import settings_of
from textpipe.training.log import TrainingLog

PAIRS = [(f"球队赢了第{n}场比赛", "体育") for n in range(10)] + [(f"股市第{n}天上涨", "财经") for n in range(10)]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    centroid.register(monkeypatch)


def test_pairs() -> None:
    notes: list[str] = []
    log = TrainingLog(note=notes.append)
    found = textpipe.train_classifier(iter(PAIRS), arch="centroid", log=log, sharpness=50)
    assert found.predict(["比赛", "上涨"]) == ["体育", "财经"]
    assert found.config.sharpness == 50
    (call,) = Centroid.calls
    assert (len(call["documents"]), len(call["valid"]), call["refit"]) == (18, 2, True)
    assert notes == ["20 texts of 2 labels, 10 of each; 2 held back"]
    assert log.facts["valid"]["accuracy"] == 1.0  # type: ignore[index]


def test_documents_and_held_back_ones() -> None:
    documents = list(textpipe.read(str(DATA / "news.tsv")))

    def held() -> Iterator[textpipe.Document]:
        yield from documents[:50]

    textpipe.train_classifier(documents[50:], valid=held(), arch="centroid", workers=1, device="cpu", seed=7)
    (call,) = Centroid.calls
    assert (len(call["documents"]), len(call["valid"]), call["refit"]) == (202, 50, False)
    assert (call["workers"], call["device"]) == (1, "cpu")


def test_what_makes_no_sense() -> None:
    for wrong in ({"arch": "no such"}, {"arch": "centroid", "nonsense": 1}, {"arch": "centroid", "valid": 1.0}):
        with pytest.raises(UsageError):
            textpipe.train_classifier(PAIRS, **wrong)
    with pytest.raises(UsageError, match="not a document with a label"):
        textpipe.train_classifier(["text"], arch="centroid")  # type: ignore[list-item]
    with pytest.raises(InputError, match="single text"):
        textpipe.train_classifier(PAIRS[:1], arch="centroid")


def test_settings_are_complete_and_canonical() -> None:
    complete = settings_of("centroid", {"sharpness": 1, "widths": [2, 3]}, seed=5)
    assert complete == {"sharpness": 1.0, "unit": "char", "widths": [2, 3], "freeze": False, "seed": 5}
    assert type(complete["sharpness"]) is float
    assert settings_of("centroid", complete) == complete
    assert settings_of("centroid", {"seed": 1}, seed=5)["seed"] == 1
