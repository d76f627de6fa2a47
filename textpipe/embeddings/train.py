"""Word vectors from sentences in memory, or from any iterable of them: the Python door of training."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from textpipe.device import usable_cores
from textpipe.embeddings.choice import choose_engine
from textpipe.embeddings.config import EmbeddingConfig, Engine
from textpipe.embeddings.engines import TrainingLog
from textpipe.embeddings.engines import engine as engine_of
from textpipe.embeddings.tokens import grown, token_file
from textpipe.errors import UsageError

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors


def train_embeddings(
    sentences: Iterable[Sequence[str]],
    *,
    engine: Engine | Literal["auto"] = "auto",
    workers: int | None = None,
    device: str | None = None,
    vectors: Vectors | None = None,
    log: TrainingLog | None = None,
    **settings: Any,
) -> Vectors:
    """The vectors of the words of `sentences`, each a sequence of tokens; read once, kept in a temporary file.

    settings: those of `EmbeddingConfig` (arch, dim, window, min_count, epochs, seed …)
    workers: threads, 1 for the same vectors every time, None for all cores; vectors: to go on from
    Raises UsageError for settings that make no sense, InputError when fewer than two words occur often enough.

    >>> found = train_embeddings([["北京", "天气"], ["上海", "天气"]] * 200, dim=8, epochs=2, workers=1)
    >>> found.words
    ['天气', '上海', '北京']
    """
    config = EmbeddingConfig(**settings)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.txt"
        with open(path, "w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(_line(sentence) for sentence in sentences)
        tokens = token_file(path, min_count=config.min_count if vectors is None else 1, where="sentences")
        if vectors is not None:
            tokens = grown(tokens, vectors, min_count=config.min_count)
        chosen = choose_engine(config, tokens, wanted=engine, device=device)
        return engine_of(chosen.engine)(
            tokens,
            config,
            vectors=vectors,
            workers=workers or usable_cores(),
            device=chosen.device,
            log=log or TrainingLog(),
        )


def _line(sentence: Sequence[str]) -> str:
    """One space divides two tokens. Raises UsageError for what would not be read back as it is."""
    if isinstance(sentence, str):
        raise UsageError("a sentence is a list of tokens, not a text", hint="textpipe.Tokenizer().tokenize(text)")
    for token in sentence:
        if not isinstance(token, str) or token.split() != [token]:
            raise UsageError(f"not a token: {token!r}", hint="a token is a text without white space, and not empty")
    return " ".join(sentence) + "\n"
