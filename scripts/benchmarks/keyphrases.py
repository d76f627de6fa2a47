"""Keyphrases beside the methods that everybody compares with, by one scorer, on CSL (exact) and Inspec (stemmed).

The graph methods and TF-IDF follow the papers in the settings of pke: TextRank (Mihalcea and Tarau 2004) on adjacent
words without weights, SingleRank (Wan and Xiao 2008) in a window of 10 with weights, both over the nouns and
adjectives of a document, their candidates the longest runs of these, weighed by the sum of their words; TF-IDF over
1- to 3-grams without punctuation and without a stop word at either end, and over the same noun phrases. YAKE (Campos
et al. 2020) and RAKE (Rose et al. 2010) are packages. All use the stop words that textpipe ships.

Needs `TEXTPIPE_EVALUATION_DATA`. Document frequencies are those of Inspec's training texts (their gold keywords are
not looked at) and, for Chinese, of the news corpus: never of the documents that are scored.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import logging
import math
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import jieba
import jieba.analyse
import networkx as nx
import rake_nltk
import textblob.en
import yake

import textpipe
from textpipe.keywords.candidates import shipped_stopwords
from textpipe.keywords.extract import METHODS
from textpipe.keywords.extract import Method as KeywordMethod
from textpipe.metrics.keywords import score_keywords
from textpipe.metrics.matching import folded

DEPTH = 50  # keywords a method is asked for: enough for 10 after duplicates are removed
SENTENCE = re.compile(r"[^.!?;:,。！？；：，、\n]+")
WORD = re.compile(r"\w")

Method = Callable[[str], list[str]]
Pair = tuple[str, str]  # word, part of speech


class Language(NamedTuple):
    """What the baselines need to know of a language."""

    tagged: Callable[[str], list[Pair]]
    named: Callable[[str], bool]  # whether words of this part of speech are nouns or adjectives
    key: Callable[[str], str]  # the form of a word under which it is counted
    joint: str
    stopwords: frozenset[str]
    yake_code: str


def english_tagged(text: str) -> list[Pair]:
    """Tags of the Penn treebank, by TextBlob's rule-based tagger, whose data come with the package."""
    return [(str(word), str(tag)) for word, tag in textblob.en.tag(text)]


@functools.cache
def stemmed(word: str) -> str:
    """Lower case, without endings."""
    return folded(word, stem=True)


CHINESE_NAMING = re.compile("n.*|vn|eng|j|l|a|an|b")  # jieba's nouns, foreign words, short forms, adjectives
TOKENIZER = textpipe.Tokenizer()
ENGLISH = Language(
    tagged=functools.lru_cache(4096)(english_tagged),
    named=lambda tag: tag.startswith(("NN", "JJ")),
    key=stemmed,
    joint=" ",
    stopwords=shipped_stopwords("en"),
    yake_code="en",
)
CHINESE = Language(
    tagged=functools.lru_cache(4096)(TOKENIZER.tag),
    named=lambda tag: CHINESE_NAMING.fullmatch(tag) is not None,
    key=str.lower,
    joint="",
    stopwords=shipped_stopwords("zh") | shipped_stopwords("en"),
    yake_code="zh",
)


# ---------------------------------------------------------------------------------------------- candidates


class Candidates:
    """Phrases of one document under the keys of their words: how often each occurs, and how it is written first."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.written: dict[tuple[str, ...], str] = {}

    def add(self, words: Iterable[str]) -> None:
        words = list(words)
        key = tuple(map(self._language.key, words))
        self.counts[key] += 1
        self.written.setdefault(key, self._language.joint.join(words))

    def best(self, weights: dict[tuple[str, ...], float]) -> list[str]:
        """As they are written, the largest weight first, then the first."""
        order = sorted(self.written, key=lambda key: -weights[key])
        return [self.written[key] for key in order[:DEPTH]]


def noun_phrases(text: str, language: Language) -> Candidates:
    """The longest runs of nouns and adjectives without stop words."""
    candidates = Candidates(language)
    for counts, run in itertools.groupby(language.tagged(text), key=lambda pair: counts_in_graph(pair, language)):
        if counts:
            candidates.add(word for word, _ in run)
    return candidates


def counts_in_graph(pair: Pair, language: Language) -> bool:
    word, tag = pair
    return language.named(tag) and bool(WORD.search(word)) and word.lower() not in language.stopwords


def ngrams(text: str, language: Language) -> Candidates:
    """One to three adjacent words, no punctuation among them, no stop word at either end."""
    candidates = Candidates(language)
    for start, stop in _ngram_places(words := [word for word, _ in language.tagged(text)]):
        gram = words[start:stop]
        edges = {gram[0].lower(), gram[-1].lower()}
        if all(map(WORD.search, gram)) and not edges & language.stopwords:
            candidates.add(gram)
    return candidates


def _ngram_places(words: list[str]) -> Iterator[tuple[int, int]]:
    for start in range(len(words)):
        for stop in range(start + 1, min(start + 3, len(words)) + 1):
            yield start, stop


# ---------------------------------------------------------------------------------------------- baselines


class DocumentFrequencies(NamedTuple):
    documents: int
    counts: Counter[tuple[str, ...]]


def document_frequencies(
    texts: Iterable[str], wanted: frozenset[tuple[str, ...]], select: Callable[[str], Candidates]
) -> DocumentFrequencies:
    """In how many of the texts each of the wanted candidates is one."""
    counts: Counter[tuple[str, ...]] = Counter()
    documents = 0
    for text in texts:
        documents += 1
        counts.update(wanted.intersection(select(text).counts))
    return DocumentFrequencies(documents, counts)


def tf_idf(text: str, *, select: Callable[[str], Candidates], frequencies: DocumentFrequencies) -> list[str]:
    """pke's weight: count times log2((documents + 1) / (document frequency + 1))."""
    candidates = select(text)
    return candidates.best(
        {
            key: count * math.log2((frequencies.documents + 1) / (frequencies.counts[key] + 1))
            for key, count in candidates.counts.items()
        }
    )


def graph_rank(text: str, language: Language, *, window: int, weighted: bool, skipping: bool) -> list[str]:
    """PageRank over words that stand near each other; with `skipping`, words that do not count take no place."""
    pairs = language.tagged(text)
    places = [(language.key(pair[0]) if counts_in_graph(pair, language) else "") for pair in pairs]
    if skipping:
        places = [word for word in places if word]
    weights: dict[tuple[str, str], float] = defaultdict(float)
    for place, word in enumerate(places):
        for other in places[place + 1 : place + window]:
            if word and other and word != other:
                weights[min(word, other), max(word, other)] += 1
    graph = nx.Graph()
    graph.add_nodes_from(filter(None, places))
    graph.add_weighted_edges_from((*edge, weight if weighted else 1.0) for edge, weight in weights.items())
    ranks = nx.pagerank(graph) if graph else {}
    candidates = noun_phrases(text, language)
    return candidates.best({key: sum(ranks[word] for word in key) for key in candidates.counts})


def rake(text: str, language: Language) -> list[str]:
    """The package rake-nltk, with sentences and words given, as its own need data that are downloaded."""
    extractor = rake_nltk.Rake(
        stopwords=set(language.stopwords),
        include_repeated_phrases=False,
        sentence_tokenizer=SENTENCE.findall,
        word_tokenizer=lambda sentence: [word.lower() for word, _ in language.tagged(sentence)],
    )
    extractor.extract_keywords_from_text(text)
    phrases = extractor.get_ranked_phrases()[:DEPTH]
    return [language.joint.join(phrase.split()) for phrase in phrases]


def yake_phrases(text: str, language: Language) -> list[str]:
    """The package yake with its defaults: up to three words, duplicates removed by similarity over 0.9."""
    spaced = text if language.joint else " ".join(word for word, _ in language.tagged(text))
    extractor = yake.KeywordExtractor(lan=language.yake_code, top=DEPTH, stopwords=set(language.stopwords))
    found = [phrase for phrase, _ in extractor.extract_keywords(spaced)]
    return found if language.joint else [phrase.replace(" ", "") for phrase in found]


def baselines(language: Language, texts: list[str], others: Callable[[], Iterable[str]]) -> dict[str, Method]:
    """name -> method; `others` are the texts that document frequencies are taken from."""
    methods: dict[str, Method] = {}
    for name, select in (("1-3-grams", ngrams), ("noun phrases", noun_phrases)):
        chosen = functools.partial(select, language=language)
        wanted = frozenset(itertools.chain.from_iterable(chosen(text).counts for text in texts))
        frequencies = document_frequencies(others(), wanted, chosen)
        methods[f"TF-IDF, {name}"] = functools.partial(tf_idf, select=chosen, frequencies=frequencies)
    ranked = functools.partial(graph_rank, language=language)
    methods["TextRank"] = functools.partial(ranked, window=2, weighted=False, skipping=True)
    methods["SingleRank"] = functools.partial(ranked, window=10, weighted=True, skipping=False)
    methods["RAKE"] = functools.partial(rake, language=language)
    methods["YAKE"] = functools.partial(yake_phrases, language=language)
    return methods


def jieba_methods() -> dict[str, Method]:
    return {
        "jieba TF-IDF": lambda text: list(jieba.analyse.extract_tags(text, topK=DEPTH)),
        "jieba TextRank": lambda text: list(jieba.analyse.textrank(text, topK=DEPTH)),
    }


def our_methods() -> dict[str, Method]:
    """All of them with their defaults."""

    def made(name: KeywordMethod) -> Method:
        return lambda text: [one.text for one in textpipe.keywords(text, method=name, k=None)]

    return {f"textpipe {name}": made(name) for name in METHODS}


# ---------------------------------------------------------------------------------------------- the tables


class GoldSet(NamedTuple):
    name: str
    language: Language
    texts: list[str]
    gold: list[list[str]]
    stem: bool
    others: Callable[[], Iterable[str]]


def gold_sets(folder: Path, limit: int | None) -> Iterator[GoldSet]:
    for name, language, other in (("csl", CHINESE, "corpus/xwlb_stories.jsonl.gz"), ("inspec", ENGLISH, "train.jsonl")):
        home = folder / "keywords" / name
        path = folder / other if "/" in other else home / other
        lines = (home / "dev.jsonl").read_text("utf-8").splitlines()[:limit]
        records = [json.loads(line) for line in lines]
        yield GoldSet(
            name,
            language,
            [record["text"] for record in records],
            [record["keywords"] for record in records],
            stem=language is ENGLISH,
            others=functools.partial(texts_of, path, limit),
        )


def texts_of(path: Path, limit: int | None) -> Iterator[str]:
    return (document.text for document in textpipe.read(path, limit=limit))


def measure(one: GoldSet, *, write: Path | None) -> None:
    """A line a method: F1 in percent, micro (of sums) and macro (mean of documents), and the time it took."""
    matching = "stemmed" if one.stem else "exact"
    print(f"\n{one.name} dev, {len(one.texts)} documents, {matching} matching")
    print(f"{'':<24}{'F1@5 micro':>12}{'macro':>8}{'F1@10 micro':>14}{'macro':>8}{'seconds':>10}")
    others = jieba_methods() if one.language is CHINESE else {}
    for name, method in (our_methods() | others | baselines(one.language, one.texts, one.others)).items():
        start = time.perf_counter()
        found = [method(text) for text in one.texts]
        seconds = time.perf_counter() - start
        five, ten = (score_keywords(one.gold, found, k=k, stem=one.stem) for k in (5, 10))
        print(
            f"{name:<24}{100 * five.f1_micro:>12.2f}{100 * five.f1_macro:>8.2f}"
            f"{100 * ten.f1_micro:>14.2f}{100 * ten.f1_macro:>8.2f}{seconds:>10.2f}",
            flush=True,
        )
        if write is not None:
            file = write / f"{one.name}-{name.replace(' ', '-').replace(',', '').lower()}.jsonl"
            file.write_text("".join(json.dumps({"keywords": words}, ensure_ascii=False) + "\n" for words in found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("csl", "inspec"), help="only this one")
    parser.add_argument("--limit", type=int, help="at most so many documents, for a try")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write keywords for textpipe evaluate --system")
    options = parser.parse_args()
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    if not folder:
        sys.exit("needs evaluation data: set TEXTPIPE_EVALUATION_DATA")
    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    if options.write is not None:
        options.write.mkdir(parents=True, exist_ok=True)
    print("Noun phrases: runs of nouns and adjectives, tagged by jieba's tagger (Chinese) and TextBlob's (English).")
    print("Document frequencies: Inspec's training texts; for Chinese, news. Tagging is part of the time once only.")
    for one in gold_sets(Path(folder), options.limit):
        if options.set in (None, one.name):
            measure(one, write=options.write)


if __name__ == "__main__":
    main()
