"""The grammar and the weights of key phrases as the compiled kernel takes them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from textpipe.keywords import candidate_phrases
from textpipe.keywords.candidates import Keyword
from textpipe.keywords.phrase_signals import SIGNALS, phrase_models
from textpipe.keywords.word_stream import CHINESE_KINDS, ENDING_KINDS, KIND_OF_TAG, NO_KIND, OWN_KIND, UNTAGGED

if TYPE_CHECKING:
    from textpipe.keywords._kernel import PhraseExtractor
    from textpipe.segment._core import Engine
    from textpipe.segment.tokenizer import Tokenizer

_NUMBER = {kind: number for number, kind in enumerate(CHINESE_KINDS, start=1)}  # 0 is no class


def phrase_extractor(tokenizer: Tokenizer, stopwords: frozenset[str], pos: Collection[str] | None) -> PhraseExtractor:
    """What finds the key phrases of Chinese documents in compiled code, as `phrases.PhraseReading` does."""
    from textpipe.keywords._kernel import PhraseExtractor

    model, _ = phrase_models()
    return PhraseExtractor(
        cast("Engine", tokenizer.dictionary.engine),
        Keyword,
        stopwords,
        kinds=dict.fromkeys(NO_KIND, 0) | {tag: _NUMBER[kind] for tag, kind in KIND_OF_TAG.items()},
        english=_NUMBER["english"],
        own=_NUMBER[OWN_KIND],
        untagged=UNTAGGED,
        pos=None if pos is None else frozenset(pos),
        ending=sum(1 << _NUMBER[kind] for kind in ENDING_KINDS if kind in _NUMBER),
        hmm=tokenizer.hmm,
        most_candidates=candidate_phrases.MOST_CANDIDATES,
        most_links=candidate_phrases.MOST_LINKS,
        longest=model.longest,
        bias=model.bias,
        weights=tuple(model.weights[name] for name in SIGNALS),
        lengths=model.lengths,
        first_kind=(0.0, *(model.first_kind[kind] for kind in CHINESE_KINDS)),
        last_kind=(0.0, *(model.last_kind[kind] for kind in CHINESE_KINDS)),
    )
