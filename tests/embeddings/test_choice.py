"""Which engine is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from textpipe.device import Device, check_device
from textpipe.embeddings import choice
from textpipe.embeddings.choice import WORTH_A_GPU, choose_engine
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.tokens import TokenFile
from textpipe.errors import UsageError
from textpipe.vocabulary import Vocabulary

CONFIG = EmbeddingConfig()
GPU = Device("cuda:0", "a card, 8 GiB")


def corpus(size: int) -> TokenFile:
    return TokenFile(Path("tokens.txt"), Vocabulary(("a",), (size,)), size)


SMALL, LARGE = corpus(1000), corpus(WORTH_A_GPU // CONFIG.epochs)


def there(monkeypatch: pytest.MonkeyPatch, *engines: str, gpu: bool = False) -> None:
    monkeypatch.setattr(choice, "is_installed", lambda name: name in engines)
    monkeypatch.setattr(choice, "best_device", lambda: GPU if gpu else Device("cpu", "2 cores"))


@pytest.mark.parametrize(
    ("engines", "gpu", "tokens", "expected"),
    [
        ("native gensim torch", True, LARGE, ("torch", "cuda:0")),
        ("native gensim torch", True, SMALL, ("native", "cpu")),
        ("native gensim torch", False, LARGE, ("native", "cpu")),
        ("native gensim", True, LARGE, ("native", "cpu")),
        ("gensim torch", False, LARGE, ("gensim", "cpu")),
        ("gensim torch", True, SMALL, ("gensim", "cpu")),
        ("torch", False, LARGE, ("torch", "cpu")),
    ],
)
def test_automatic(
    monkeypatch: pytest.MonkeyPatch, engines: str, gpu: bool, tokens: TokenFile, expected: tuple[str, str]
) -> None:
    there(monkeypatch, *engines.split(), gpu=gpu)
    found = choose_engine(CONFIG, tokens, device=None)
    assert (found.engine, found.device) == expected
    assert found.reason


def test_a_device_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, "native", "gensim", "torch", gpu=True)
    assert choose_engine(CONFIG, LARGE, device="cpu")[:2] == ("native", "cpu")
    assert choose_engine(CONFIG, SMALL, device="cuda")[:2] == ("torch", "cuda")
    assert choose_engine(CONFIG, SMALL, wanted="torch", device="cpu")[:2] == ("torch", "cpu")
    assert choose_engine(CONFIG, SMALL, wanted="torch", device=None)[:2] == ("torch", "cuda:0")


def test_what_only_one_engine_does(monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, "native", "gensim", "torch", gpu=True)
    hierarchical, subword = replace(CONFIG, loss="hierarchical"), replace(CONFIG, subword=True)
    assert choose_engine(hierarchical, LARGE, device=None).engine == "gensim"
    assert choose_engine(subword, LARGE, device=None).engine == "native"
    with pytest.raises(UsageError, match="the torch engine has no hierarchical softmax") as error:
        choose_engine(hierarchical, LARGE, wanted="torch", device=None)
    assert error.value.hint == "--engine gensim"
    with pytest.raises(UsageError, match="the gensim engine has no subwords"):
        choose_engine(subword, LARGE, wanted="gensim", device=None)


@pytest.mark.parametrize(
    ("settings", "wanted", "message", "hint"),
    [
        ({}, "auto", "no engine is installed", "pip install 'textpipe-zh[gensim]'"),
        ({}, "gensim", "the gensim engine is not installed", "pip install 'textpipe-zh[gensim]'"),
        ({}, "torch", "the torch engine is not installed", "pip install 'textpipe-zh[torch]'"),
        ({}, "native", "the native engine was not built", "C compiler"),
        ({"loss": "hierarchical"}, "auto", "the gensim engine is not installed", "textpipe-zh[gensim]"),
        ({"subword": True}, "auto", "the native engine was not built", "C compiler"),
        ({}, "torhc", "no engine 'torhc'; did you mean 'torch'?", "auto|native|gensim|torch"),
    ],
)
def test_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], wanted: choice.Wanted, message: str, hint: str
) -> None:
    there(monkeypatch)
    with pytest.raises(UsageError) as error:
        choose_engine(replace(CONFIG, **settings), SMALL, wanted=wanted, device=None)
    assert message in str(error.value)
    assert hint in str(error.value.hint)


def test_devices_that_do_not_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, "native", "gensim", "torch")
    with pytest.raises(UsageError, match="no device 'tpu'"):
        choose_engine(CONFIG, SMALL, device="tpu")
    with pytest.raises(UsageError, match="the native engine trains on the CPU, not on cuda"):
        choose_engine(CONFIG, SMALL, wanted="native", device="cuda")
    with pytest.raises(UsageError, match="torch sees no CUDA GPU"):
        choose_engine(CONFIG, SMALL, device="cuda")


def test_nothing_is_imported_for_a_small_corpus() -> None:
    import subprocess
    import sys

    lines = (
        "import sys",
        "from textpipe.embeddings import choice, engines",
        "from tests.embeddings.test_choice import CONFIG, SMALL",
        "choice.is_installed = lambda name: True",
        "choice.choose_engine(CONFIG, SMALL, device=None)",
        "sys.exit(bool({'torch', 'gensim', 'triton'} & set(sys.modules)))",
    )
    assert subprocess.run([sys.executable, "-c", "\n".join(lines)], check=False).returncode == 0


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda0", "cuda:0 ", "CPU", "mps"])
def test_names_of_no_device(name: str) -> None:
    with pytest.raises(UsageError, match="no device"):
        check_device(name)
    check_device("cuda:1")
