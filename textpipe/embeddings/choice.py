"""Which engine trains, on what, and why: `--engine auto` and what is asked for by name."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal, NamedTuple

from textpipe.device import best_device, check_device
from textpipe.embeddings.config import ENGINES, EmbeddingConfig, Engine
from textpipe.embeddings.tokens import TokenFile
from textpipe.errors import UsageError, did_you_mean

Wanted = Literal["auto", "native", "gensim", "torch"]
# Tokens over all epochs, of 100 dimensions, below which a GPU is not asked for: about what two cores learn from in
# 20 s. torch must first be imported, the GPU made ready and the kernel compiled, for which 10 s are assumed; not
# measured on a GPU yet (scripts/benchmarks/embeddings_gpu.py).
WORTH_A_GPU = 200_000_000
_MODULES: dict[Engine, str] = {"native": "textpipe.embeddings._word2vec", "gensim": "gensim", "torch": "torch"}
_INSTALL: dict[Engine, str] = {
    "native": "pip install --force-reinstall textpipe-zh with a C compiler at hand, or --engine auto",
    "gensim": "pip install 'textpipe-zh[gensim]'",
    "torch": "pip install 'textpipe-zh[torch]'",
}


class Choice(NamedTuple):
    """engine: its name; device: `cpu` or `cuda:0`; reason: why, a phrase for people."""

    engine: Engine
    device: str
    reason: str


def choose_engine(config: EmbeddingConfig, tokens: TokenFile, *, wanted: Wanted = "auto", device: str | None) -> Choice:
    """The engine for these settings and this corpus; torch is imported only where it may be the one.

    device: what was asked for, `cpu` or `cuda…`, or None. Raises UsageError for what does not go together and for an
    engine that is not installed, with the command that installs it.
    """
    check_engine(config, wanted=wanted, device=device)
    only = _only_engine(config)
    if only is not None:
        return _installed(only[0], f"the only engine with {only[1]}")
    if wanted == "torch":
        return _torch("asked for", device=device)
    if wanted != "auto":
        return _installed(wanted, "asked for")
    return _automatic(config, tokens, device=device)


def check_engine(config: EmbeddingConfig, *, wanted: Wanted = "auto", device: str | None) -> None:
    """Raise UsageError for settings, engine and device that do not go together, whatever is installed."""
    if wanted != "auto" and wanted not in ENGINES:
        near = did_you_mean(wanted, ["auto", *ENGINES])
        raise UsageError(f"no engine {wanted!r}{near}", hint=f"--engine {'|'.join(('auto', *ENGINES))}")
    if device is not None:
        check_device(device)
    name: Wanted = wanted
    only = _only_engine(config)
    if only is not None:
        name, what = only
        if wanted not in ("auto", name):
            raise UsageError(f"the {wanted} engine has no {what}", hint=f"--engine {name}")
    if name not in ("auto", "torch") and device not in (None, "cpu"):
        raise UsageError(f"the {name} engine trains on the CPU, not on {device}", hint="leave out --device")


def is_installed(name: Engine) -> bool:
    """Whether an engine can be had; it is not imported."""
    return find_spec(_MODULES[name]) is not None


def _only_engine(config: EmbeddingConfig) -> tuple[Engine, str] | None:
    """The one engine that can do what these settings ask for, and what that is."""
    if config.loss == "hierarchical":
        return "gensim", "hierarchical softmax"
    return ("native", "subwords") if config.subword else None


def _installed(name: Engine, reason: str) -> Choice:
    _require(name)
    return Choice(name, "cpu", reason)


def _torch(reason: str, *, device: str | None) -> Choice:
    _require("torch")
    if device == "cpu":
        return Choice("torch", "cpu", reason)
    best = best_device()
    if device is not None and best.name == "cpu":
        raise UsageError("torch sees no CUDA GPU", hint="--device cpu; textpipe doctor shows what there is")
    return Choice("torch", device or best.name, reason)


def _require(name: Engine) -> None:
    if not is_installed(name):
        what = "was not built: no compiler was there at installation" if name == "native" else "is not installed"
        raise UsageError(f"the {name} engine {what}", hint=_INSTALL[name])


def _automatic(config: EmbeddingConfig, tokens: TokenFile, *, device: str | None) -> Choice:
    if device not in (None, "cpu"):
        return _torch(f"the engine for {device}", device=device)
    work = tokens.tokens * config.epochs * config.dim / 100
    if device is None and work >= WORTH_A_GPU and is_installed("torch"):
        best = best_device()
        if best.name != "cpu":
            return Choice("torch", best.name, f"a GPU, and a corpus large enough for it ({best.detail})")
    if is_installed("native"):
        return Choice("native", "cpu", "the fastest on a CPU")
    if is_installed("gensim"):
        return Choice("gensim", "cpu", "the native engine was not built: no compiler was there at installation")
    if is_installed("torch"):
        return Choice("torch", "cpu", "slow without a GPU, but the native engine was not built and gensim is missing")
    raise UsageError("no engine is installed that trains word vectors", hint=_INSTALL["gensim"])
