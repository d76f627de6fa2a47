"""The grammar and the weights of key phrases as the compiled kernel takes them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from textpipe.keywords.candidates import Keyword
from textpipe.keywords.phrase_signals import SIGNALS, phrase_models
from textpipe.keywords.word_stream import CHINESE_KINDS, ENDING_KINDS, PHRASE_TAGS, chinese_kind

if TYPE_CHECKING:
    from textpipe.keywords._kernel import PhraseExtractor
    from textpipe.segment._core import Engine
    from textpipe.segment.tokenizer import Tokenizer

_NUMBER = {kind: number for number, kind in enumerate(CHINESE_KINDS, start=1)}  # 0 is no class


def phrase_extractor(tokenizer: Tokenizer, stopwords: frozenset[str], pos: Collection[str] | None) -> PhraseExtractor:
    """What finds the key phrases of Chinese documents in compiled code, as `phrases.PhraseReading` does."""
    from textpipe.keywords._kernel import PhraseExtractor

    model, _ = phrase_models()
    tags = {*PHRASE_TAGS, *(entry.tag for entry in tokenizer.dictionary.entries if entry.tag)}
    wanted = {tag: _NUMBER.get(chinese_kind(tag), 0) for tag in tags if pos is None or tag in pos}
    return PhraseExtractor(
        cast("Engine", tokenizer.dictionary.engine),
        Keyword,
        stopwords,
        kinds=wanted,
        english=wanted.get("eng", 0),
        ending=sum(1 << _NUMBER[kind] for kind in ENDING_KINDS if kind in _NUMBER),
        hmm=tokenizer.hmm,
        longest=model.longest,
        bias=model.bias,
        weights=tuple(model.weights[name] for name in SIGNALS),
        lengths=model.lengths,
        first_kind=(0.0, *(model.first_kind[kind] for kind in CHINESE_KINDS)),
        last_kind=(0.0, *(model.last_kind[kind] for kind in CHINESE_KINDS)),
    )
