"""Documents to one keyword record of them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from textpipe.corpus.document import Piece, texts_of
from textpipe.errors import UsageError
from textpipe.keywords.candidates import shipped_stopwords
from textpipe.keywords.corpus import (
    CorpusRecord,
    CorpusTally,
    DictionaryBackground,
    DocumentsBackground,
    Facts,
    corpus_record,
    count_document,
)
from textpipe.keywords.extract import KeywordSettings, keywords_of
from textpipe.operations.parallel import Item, ordered_map

_BATCH = 1 << 18  # characters that are counted together
_Numbered = tuple[int, str, Iterable[str]]  # a document: number, id, its text in pieces


def extract_corpus_keywords(
    pieces: Iterable[Piece], settings: KeywordSettings, *, identity: str, jobs: int = 1
) -> CorpusRecord:
    """The single words that tell all documents from a background: jieba's dictionary, or the IDF's documents if given.

    jobs: processes; 0 for all cores. Memory does not grow with documents or with words.
    Raises UsageError for TextRank, which has no word counts, for what only phrases have, and for an IDF that does not
    tell what it was made of.
    """
    if settings.method == "textrank":
        raise UsageError("--corpus does not go with textrank", hint="leave out --method; --pos chooses parts of speech")
    for option, value in (("--mmr", settings.mmr), ("--vectors", settings.vectors)):
        if value is not None:
            raise UsageError(f"{option} does not go with --corpus, which counts words", hint="leave out one of them")
    if settings.idf is not None and settings.idf.counts is None:
        raise UsageError("--corpus needs an IDF with its document frequencies", hint="textpipe train-idf")
    background = DictionaryBackground() if settings.idf is None else DocumentsBackground(settings.idf)
    stopwords = settings.stopwords
    if not settings.only:
        stopwords |= shipped_stopwords("zh") | shipped_stopwords("en")
    # any method whose keywords tell how often they occur would do: words are what the backgrounds know
    counting = replace(settings, method="tfidf", k=None, idf=None, stopwords=stopwords)
    tally = CorpusTally()
    documents = 0
    for count, facts in ordered_map(partial(_facts, settings=counting), _items(iter(pieces)), jobs=jobs):
        tally.add(facts)
        documents += count
    return corpus_record(identity, tally.best(background, k=settings.k), documents=documents)


def _items(pieces: Iterator[Piece]) -> Iterator[Item]:
    """Batches of documents, with how many they are; a document in several pieces is one, worked on here."""
    batch: list[_Numbered] = []
    size = 0
    for number, piece in enumerate(pieces):
        document = piece.document
        if not piece.last:
            if batch:
                yield Item(len(batch), batch, size)
            yield Item(1, [(number, document.id, texts_of(piece, pieces))], len(document.text), local=True)
            batch, size = [], 0
        else:
            batch.append((number, document.id, [document.text]))
            size += len(document.text)
            if size >= _BATCH:
                yield Item(len(batch), batch, size)
                batch, size = [], 0
    if batch:
        yield Item(len(batch), batch, size)


def _facts(documents: list[_Numbered], *, settings: KeywordSettings) -> dict[str, Facts]:
    """What a batch says of its terms."""
    facts: dict[str, Facts] = {}
    for number, identity, texts in documents:
        counts = ((keyword.text, keyword.count) for keyword in keywords_of(texts, settings))
        count_document(facts, counts, number=number, document=identity)
    return facts
