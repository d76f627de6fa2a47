from collections.abc import Iterable

from textpipe.keywords.candidates import Keyword
from textpipe.segment._core import Engine
from textpipe.segment.idf import Weights

class Extractor:
    def __init__(
        self, engine: Engine, keyword: type[Keyword], stopwords: frozenset[str], pos: frozenset[str] | None, hmm: bool
    ) -> None: ...
    def tfidf(
        self, pieces: Iterable[str], k: int, idf: Weights = ..., median: float = ..., normalized: bool = ..., /
    ) -> list[Keyword]: ...
    def textrank(self, pieces: Iterable[str], k: int, window: int, /) -> list[Keyword]: ...

class PhraseExtractor:
    def __init__(
        self,
        engine: Engine,
        keyword: type[Keyword],
        stopwords: frozenset[str],
        kinds: dict[str, int],
        english: int,
        own: int,
        untagged: str,
        pos: frozenset[str] | None,
        ending: int,
        hmm: bool,
        most_candidates: int,
        most_links: int,
        longest: int,
        bias: float,
        weights: tuple[float, ...],
        lengths: tuple[float, ...],
        first_kind: tuple[float, ...],
        last_kind: tuple[float, ...],
    ) -> None: ...
    def phrases(self, pieces: Iterable[str], k: int, idf: Weights = ..., median: float = ..., /) -> list[Keyword]: ...
