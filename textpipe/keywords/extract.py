"""Text to keywords: `textpipe.keywords(text)`, the methods put together with a tokenizer and defaults by language."""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, cast, get_args

from textpipe.errors import UsageError, did_you_mean
from textpipe.keywords.candidates import (
    JIEBA_STOPWORDS,
    Keyword,
    WordCounts,
    WordFilter,
    chosen_stopwords,
    shipped_stopwords,
)
from textpipe.keywords.phrases import PhraseReading
from textpipe.keywords.similarity import WordVectors
from textpipe.keywords.textrank import DEFAULT_POS, WINDOW, CooccurrenceGraph, rank
from textpipe.keywords.tfidf import weigh
from textpipe.segment.engine import is_compiled
from textpipe.segment.idf import InverseDocumentFrequencies, Weights, chinese_idf
from textpipe.segment.tokenizer import Tokenizer
from textpipe.segment.traditional import EitherScript, simplify
from textpipe.text import PIECE, has_han, split_pieces

if TYPE_CHECKING:
    from textpipe.keywords._kernel import Extractor, PhraseExtractor
    from textpipe.segment._core import Engine as CompiledEngine

Method = Literal["phrases", "tfidf", "textrank"]
METHODS: tuple[Method, ...] = get_args(Method)
IDF_METHODS: frozenset[Method] = frozenset({"phrases", "tfidf"})  # those that take word weights of one's own
_PLAIN_OPTIONS = frozenset({"method", "k", "lowercase", "converge", "mmr", "tokenizer"})
_LONG = 64  # pieces from which on a document's words may be too many for memory


@dataclass(frozen=True)
class KeywordSettings:
    """How keywords are found. None means: by the document's language, Chinese if it holds a Han character.

    method: `phrases`, or `tfidf` and `textrank` for single words as jieba.analyse weighs them
    k: how many; None for all
    pos: parts of speech that count (jieba's names). None: all for tfidf; ns, n, vn, v for textrank, and eng as
        well in a document without Han characters, where jieba's tagger knows no other; for phrases all that a
        phrase may hold
    stopwords: words that never count, in lower case, besides those of the method: for phrases textpipe's lists in
        a document with Han characters and none in others, where classes of words serve; for the others jieba's few
        English ones (textpipe's English list in a document without Han characters)
    only: these stop words alone, without those of the language
    lowercase: count words in lower case. None: only in a document without Han characters
    converge: for textrank, PageRank to a tolerance instead of jieba's ten sweeps
    mmr: for phrases, choose them so that they repeat each other less: the share of their own score, above 0 and up
        to 1, in what each is chosen by
    tokenizer: its mode must be exact
    idf: for phrases and tfidf, a table of one's own, with the tokenizer that it was counted with; None is jieba's,
        which knows Chinese words only
    vectors: for phrases, word vectors: how near a phrase is to its document becomes a signal
    """

    method: Method = "phrases"
    k: int | None = 20
    pos: tuple[str, ...] | None = None
    stopwords: frozenset[str] = frozenset()
    only: bool = False
    lowercase: bool | None = None
    converge: bool = False
    mmr: float | None = None
    tokenizer: Tokenizer = field(default_factory=Tokenizer)
    idf: InverseDocumentFrequencies | None = None
    vectors: WordVectors | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(f"unknown method {self.method!r}", hint=f"one of: {', '.join(METHODS)}")
        if self.tokenizer.mode != "exact":
            raise UsageError("keywords need a tokenizer in exact mode", hint="Tokenizer(mode='exact')")
        if self.k is not None and self.k < 1:
            raise UsageError(f"k is {self.k}, but at least one keyword must be asked for", hint="a whole number from 1")
        if self.converge and self.method != "textrank":
            raise UsageError("--converge belongs to textrank", hint="add --method textrank")
        if self.idf is not None and self.method not in IDF_METHODS:
            raise UsageError("--idf belongs to phrases and tfidf", hint="leave out --method")
        if self.idf is not None and self.method == "phrases" and self.idf.formula != "jieba":
            raise UsageError("an IDF of scikit-learn's formula belongs to tfidf", hint="add --method tfidf")
        if self.vectors is not None and self.method != "phrases":
            raise UsageError("--vectors belongs to phrases", hint="leave out --method")
        if self.mmr is not None and self.method != "phrases":
            raise UsageError("--mmr belongs to phrases", hint="leave out --method")
        if self.mmr is not None and not 0 < self.mmr <= 1:
            raise UsageError(f"mmr is {self.mmr}, but a share above 0 and up to 1 is needed", hint="--mmr 0.8")
        _check_together(self.idf, self.tokenizer)

    def __getstate__(self) -> dict[str, Any]:
        """The settings alone: the extractor is made again where they arrive."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self)}

    @functools.cached_property
    def extractor(self) -> Extractor | PhraseExtractor | None:
        """What finds the keywords of Chinese documents in compiled code, where it was built and can."""
        settings = self.for_language(chinese=True)
        as_usual = not (settings.lowercase or self.converge or self.mmr) and self.tokenizer.is_plain
        if not as_usual or self.vectors is not None or not is_compiled():
            return None
        pos = None if settings.pos is None else frozenset(settings.pos)
        if self.method == "phrases":
            from textpipe.keywords.compiled_phrases import phrase_extractor

            return phrase_extractor(self.tokenizer, settings.stopwords, pos)
        from textpipe.keywords._kernel import Extractor

        engine = cast("CompiledEngine", self.tokenizer.dictionary.engine)
        return Extractor(engine, Keyword, settings.stopwords, pos, self.tokenizer.hmm)

    @property
    def tagging(self) -> bool:
        """Whether parts of speech count; jieba's tagger now and then cuts otherwise than its segmentation."""
        return self.method != "tfidf" or self.pos is not None

    def tokens(self, text: str) -> list[str]:
        """The tokens that keywords are made of."""
        return [token for token, _ in self.tokenizer.tag(text)] if self.tagging else self.tokenizer.tokenize(text)

    def for_language(self, *, chinese: bool) -> KeywordSettings:
        """The same with every None decided."""
        pos = self.pos
        if pos is None and self.method == "textrank":
            pos = DEFAULT_POS if chinese else (*DEFAULT_POS, "eng")
        stopwords = self.stopwords
        if not self.only and self.method == "phrases":
            stopwords |= shipped_stopwords("zh") | shipped_stopwords("en") if chinese else frozenset()
        elif not self.only:
            stopwords |= JIEBA_STOPWORDS if chinese else shipped_stopwords("en")
        lowercase = not chinese if self.lowercase is None else self.lowercase
        return replace(self, pos=pos, stopwords=stopwords, only=True, lowercase=lowercase)


class KeywordOptions(TypedDict, total=False):
    """The options of `extract`, with `KeywordSettings`'s defaults.

    pos: parts of speech as a tuple or with commas between them
    stopwords: names of lists (`zh`, `en`, a file; `none` for not even the usual ones), or a set of words, which are
        added to the method's own
    tokenizer: as in `KeywordSettings`; by default the one that the IDF was made with, if any
    method, k, lowercase, converge, mmr, idf, vectors: as in `KeywordSettings`
    """

    method: Method
    k: int | None
    pos: str | Iterable[str] | None
    stopwords: str | Iterable[str]
    lowercase: bool | None
    converge: bool
    mmr: float | None
    tokenizer: Tokenizer
    idf: InverseDocumentFrequencies | None
    vectors: WordVectors | None


def keyword_settings(**options: Unpack[KeywordOptions]) -> KeywordSettings:
    """The settings that options describe: lists of stop words read, parts of speech checked.

    Raises UsageError for settings that make no sense, InputError for a list that is missing.
    """
    unknown = sorted(set(options) - set(KeywordOptions.__annotations__))
    if unknown:
        known = list(KeywordOptions.__annotations__)
        raise UsageError(
            f"no option {unknown[0]!r}{did_you_mean(unknown[0], known)}", hint=f"one of: {', '.join(known)}"
        )
    words, only = chosen_stopwords(options.get("stopwords", ()))
    idf = options.get("idf")
    tokenizer = options.get("tokenizer") or (idf and idf.tokenizer) or Tokenizer()
    return KeywordSettings(
        method=options.get("method", "phrases"),
        k=options.get("k", 20),
        pos=_known_tags(options.get("pos"), tokenizer),
        stopwords=words,
        only=only,
        lowercase=options.get("lowercase"),
        converge=options.get("converge", False),
        mmr=options.get("mmr"),
        tokenizer=tokenizer,
        idf=idf,
        vectors=options.get("vectors"),
    )


def _check_together(idf: InverseDocumentFrequencies | None, tokenizer: Tokenizer) -> None:
    """Words that were counted as one tokenizer cuts them weigh nothing as another does."""
    if idf is None or idf.tokenizer in (None, tokenizer):
        return
    from textpipe.segment.compare import differences

    reason = differences(idf.tokenizer, tokenizer)
    raise UsageError(
        f"the IDF was made with another tokenizer: {reason}", hint="use its own, or train one: textpipe train-idf"
    )


def _known_tags(pos: str | Iterable[str] | None, tokenizer: Tokenizer) -> tuple[str, ...] | None:
    if pos is None:
        return None
    names = (name.strip() for name in (pos.split(",") if isinstance(pos, str) else pos))
    tags = tuple(name for name in names if name)
    known = tokenizer.known_tags()
    for tag in tags:
        if tag not in known:
            guess = did_you_mean(tag, sorted(known))
            raise UsageError(f"no part of speech {tag!r}{guess}", hint=f"one of: {' '.join(sorted(known))}")
    if not tags:
        raise UsageError("--pos names no part of speech", hint="--pos n,ns,v")
    return tags


@functools.lru_cache(maxsize=64)
def _remembered_settings(**options: Any) -> KeywordSettings:
    return keyword_settings(**options)


def extract(text: str, **options: Unpack[KeywordOptions]) -> list[Keyword]:
    """The keywords of one text, best first.

    Options: method (`phrases`, `tfidf` or `textrank`), k, pos, stopwords, lowercase, converge, mmr, tokenizer, idf,
    vectors; `KeywordOptions` and `KeywordSettings` say what they mean.
    Raises UsageError for settings that make no sense, InputError for a list of stop words that is missing.

    >>> [keyword.text for keyword in extract("石墨烯电池的石墨烯电极", k=1)]
    ['石墨']
    """
    if not isinstance(text, str):
        raise UsageError(f"a text is needed, not {type(text).__name__}", hint="call it once for each text")
    plain = options.keys() <= _PLAIN_OPTIONS  # not files of stop words, which may change
    settings = _remembered_settings(**cast("dict[str, Any]", options)) if plain else keyword_settings(**options)
    return keywords_of((text,) if len(text) <= PIECE else split_pieces(iter((text,))), settings)


def keywords_of(pieces: Iterable[str], settings: KeywordSettings) -> list[Keyword]:
    """The keywords of one document that comes in pieces, as `textpipe.text.split_pieces` cuts it."""
    if settings.method == "tfidf" and not settings.tokenizer.traditional:
        pieces = iter(pieces)
        head = list(itertools.islice(pieces, _LONG))
        if len(head) == _LONG:
            from textpipe.keywords.long import keywords_of_long

            return keywords_of_long(itertools.chain(head, pieces), settings)
        pieces = head
    extractor = settings.extractor
    if extractor is not None:
        pieces = iter(pieces)
        first = next(pieces, "")
        pieces = itertools.chain((first,), pieces)
        if has_han(first):
            return _compiled(pieces, settings, extractor)
    reading = read_document(pieces, settings)
    if reading.graph is not None:
        return rank(reading.graph, k=settings.k, converge=settings.converge)
    idf = for_either_script(settings.idf) if settings.tokenizer.traditional else settings.idf
    if reading.phrases is None:
        return weigh(reading.words, k=settings.k, idf=idf)
    found = reading.phrases.best(idf, k=settings.k, mmr=settings.mmr, vectors=settings.vectors)
    return [phrase.keyword(lowercase=reading.lowercase) for phrase in found]


def _compiled(
    pieces: Iterable[str], settings: KeywordSettings, extractor: Extractor | PhraseExtractor
) -> list[Keyword]:
    """The same for a Chinese document, in the compiled kernel."""
    k = min(settings.k or 0, sys.maxsize)  # 0: all; no text has more
    if settings.method == "phrases":
        phrases = cast("PhraseExtractor", extractor)
        weights = () if settings.idf is None else (settings.idf.table, settings.idf.median)
        return phrases.phrases(pieces, k, *weights)
    words = cast("Extractor", extractor)
    if settings.method == "textrank":
        return words.textrank(pieces, k, WINDOW)
    if settings.idf is None:
        return words.tfidf(pieces, k)
    return words.tfidf(pieces, k, settings.idf.table, settings.idf.median, settings.idf.formula == "sklearn")


class _EitherScript:
    """Weights of words; those that the table lacks weigh what their simplified forms do."""

    def __init__(self, table: Weights) -> None:
        self._table = table

    def get(self, word: str, default: float, /) -> float:
        return self._table.get(word, self._table.get(simplify(word), default))


def for_either_script(idf: InverseDocumentFrequencies | None) -> InverseDocumentFrequencies:
    idf = idf or chinese_idf()
    return idf._replace(table=_EitherScript(idf.table))


def graph_of(pieces: Iterable[str], settings: KeywordSettings) -> CooccurrenceGraph:
    """The co-occurrence graph that textrank ranks, of one document that comes in pieces."""
    graph = read_document(pieces, settings).graph
    assert graph is not None  # the caller has settings of textrank
    return graph


class DocumentReading:
    """What has been counted of a document, by settings without an open choice."""

    def __init__(self, settings: KeywordSettings, *, chinese: bool) -> None:
        stopwords = EitherScript(settings.stopwords) if settings.tokenizer.traditional else settings.stopwords
        pos = None if settings.pos is None else frozenset(settings.pos)
        self.lowercase = bool(settings.lowercase)
        self._filter = WordFilter(stopwords, self.lowercase, pos)
        self.words = WordCounts()
        self.graph = CooccurrenceGraph() if settings.method == "textrank" else None
        by_phrases = settings.method == "phrases"
        self.phrases = PhraseReading(chinese=chinese, stopwords=stopwords, pos=pos) if by_phrases else None

    def add_tokens(self, tokens: Iterable[str]) -> None:
        self.words.add(self._filter.words(tokens))

    def add_pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        if self.phrases is not None:
            self.phrases.add_pairs(pairs)
        else:
            (self.words if self.graph is None else self.graph).add(self._filter.tagged(pairs))


def read_document(pieces: Iterable[str], settings: KeywordSettings) -> DocumentReading:
    """Count a document. Until it shows a Han character both readings of it are kept, then only the Chinese one."""
    chinese = DocumentReading(settings.for_language(chinese=True), chinese=True)
    english: DocumentReading | None = DocumentReading(settings.for_language(chinese=False), chinese=False)
    empty = True
    for piece in pieces:
        empty = empty and not piece
        if english is not None and has_han(piece):
            english = None
        readings = [chinese] if english is None else [chinese, english]
        if settings.tagging:
            pairs = settings.tokenizer.tag(piece)
            for reading in readings:
                reading.add_pairs(pairs)
        else:
            tokens = settings.tokenizer.tokenize(piece)
            for reading in readings:
                reading.add_tokens(tokens)
    return chinese if english is None or empty else english
