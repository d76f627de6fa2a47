"""Key sentences against headlines: ROUGE of every method on news stories, and speed and ROUGE beside other libraries.

The stories are those of the evaluation data (`TEXTPIPE_EVALUATION_DATA`), in two halves by a hash of their id: methods
are chosen on `--half development`, figures come from `--half test`. The reference is the headline without its
column (【…】); the words that open every story (央视网消息（新闻联播）：) are left out, and so are stories of fewer
than four sentences. ROUGE counts characters, letters and digits only: the F1 of single ones, of pairs, and of the
longest common subsequence. A summary has its sentences in the order of the story.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import logging
import os
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jieba
import numpy as np

import textpipe
from textpipe.keywords.summary import SUMMARY_METHODS, SummaryMethod, key_sentences, summary_settings

OPENING = re.compile(r"央视网消息\s*（[^）]*）[:：]?\s*")
COLUMN = re.compile(r"【[^】]*】\s*")
FEWEST = 4
LENGTHS = (1, 2, 3)
MEASURES = ("R-1", "R-2", "R-L")
Summarizer = Callable[[str, int], str]


class Story(NamedTuple):
    """A text and its headline."""

    id: str
    text: str
    headline: str


class Overlap(NamedTuple):
    """How much of a reference a summary holds, and how much of the summary is in the reference."""

    recall: float
    precision: float

    @property
    def f1(self) -> float:
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0


def characters(text: str) -> str:
    """What ROUGE counts of a text."""
    return "".join(re.findall(r"[^\W_]", text)).lower()


def longest_common_subsequence(left: str, right: str) -> int:
    """Its length, all rows of the table at once as bits of a number (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for index, character in enumerate(left):
        places[character] = places.get(character, 0) | 1 << index
    every = row = (1 << len(left)) - 1
    for character in right:
        matched = row & places.get(character, 0)
        row = ((row + matched) | (row - matched)) & every
    return len(left) - row.bit_count()


def rouge(summary: str, reference: str) -> list[Overlap]:
    """ROUGE-1, ROUGE-2 and ROUGE-L of characters."""
    given, wanted = characters(summary), characters(reference)
    found = []
    for size in (1, 2):
        ours = Counter(given[i : i + size] for i in range(len(given) - size + 1))
        theirs = Counter(wanted[i : i + size] for i in range(len(wanted) - size + 1))
        both = (ours & theirs).total()
        found.append(Overlap(both / max(1, theirs.total()), both / max(1, ours.total())))
    both = longest_common_subsequence(wanted, given)
    return [*found, Overlap(both / max(1, len(wanted)), both / max(1, len(given)))]


def stories(half: str) -> list[Story]:
    """One half of the stories, by a hash of their id."""
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    if not folder:
        raise SystemExit("needs evaluation data: set TEXTPIPE_EVALUATION_DATA")
    found = []
    with gzip.open(Path(folder) / "corpus" / "xwlb_stories.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            even = int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 2 == 0
            if even != (half == "development"):
                continue
            opening = OPENING.match(row["text"])
            text = row["text"][opening.end() :] if opening else row["text"]
            headline = COLUMN.sub("", row["title"], count=1)
            if characters(headline) and len(textpipe.summarize(text, method="lead", sentences=FEWEST)) == FEWEST:
                found.append(Story(row["id"], text, headline))
    return found


def ours(method: SummaryMethod) -> Summarizer:
    """A method of textpipe."""
    settings = {count: summary_settings(method=method, sentences=count) for count in LENGTHS}
    return lambda text, count: "".join(found.text for found in key_sentences(text, settings[count]))


def by_chance(text: str, count: int) -> str:
    """Sentences drawn by chance, the same for the same text."""
    every = textpipe.summarize(text, method="lead", ratio=1.0)
    drawn = random.Random(text).sample(range(len(every)), min(count, len(every)))
    return "".join(every[number].text for number in sorted(drawn))


def sumy_textrank() -> Summarizer:
    """sumy's TextRank, which cuts Chinese with jieba."""
    from sumy.nlp.tokenizers import Tokenizer
    from sumy.parsers.plaintext import PlaintextParser
    from sumy.summarizers.text_rank import TextRankSummarizer

    tokenizer, summarizer = Tokenizer("chinese"), TextRankSummarizer()

    def run(text: str, count: int) -> str:
        document = PlaintextParser.from_string(text, tokenizer).document
        return "".join(map(str, summarizer(document, count)))

    return run


def snownlp_textrank() -> Summarizer:
    """SnowNLP's TextRank over BM25, which cuts with its own model."""
    from snownlp import SnowNLP

    return lambda text, count: "".join(SnowNLP(text).summary(count))


def scores(summarizer: Summarizer, chosen: list[Story]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """float64[stories, lengths, measures, 2]: F1 and recall."""
    rows = [
        [[(one.f1, one.recall) for one in rouge(summarizer(story.text, count), story.headline)] for count in LENGTHS]
        for story in chosen
    ]
    return np.array(rows)


def show(name: str, found: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """One line: F1 of every length and measure, their mean, and the mean recall."""
    f1, recall = 100 * found.mean(axis=0)[..., 0], 100 * found.mean(axis=0)[..., 1]
    cells = "  ".join(" ".join(f"{value:5.1f}" for value in row) for row in f1)
    print(f"{name:<10} {cells}  {f1.mean():6.2f} {recall.mean():7.2f}")


def compare(chosen: list[Story]) -> None:
    """ROUGE of every method, and the interval of the difference between the two best."""
    print(
        f"{'':<10} "
        + "  ".join(f"{f'{count} sentence' + 's' * (count > 1):^17}" for count in LENGTHS)
        + f"  {'mean':>6} {'mean':>7}"
    )
    print(f"{'method':<10} " + "  ".join(" ".join(f"{m:>5}" for m in MEASURES) for _ in LENGTHS) + "      F1  recall")
    found = {method: scores(ours(method), chosen) for method in SUMMARY_METHODS}
    for method, values in found.items():
        show(method, values)
    show("random", scores(by_chance, chosen))
    difference = 100 * (found["combined"] - found["lead"]).mean(axis=(1, 2))
    generator = np.random.default_rng(0)
    drawn = np.array(
        [difference[generator.integers(len(difference), size=len(difference))].mean(axis=0) for _ in range(1000)]
    )
    for index, name in enumerate(("F1", "recall")):
        low, high = np.quantile(drawn[:, index], (0.025, 0.975))
        print(
            f"combined - lead, mean {name}: {difference[:, index].mean():+.2f}, 95 % interval {low:+.2f} to {high:+.2f}"
        )


def compare_peers(chosen: list[Story], rounds: int) -> None:
    """Stories per second for three sentences, and ROUGE of all lengths, on the same stories.

    Rounds alternate between libraries, so that a slow moment of the machine meets all; medians are shown.
    """
    size = sum(len(story.text.encode()) for story in chosen) / len(chosen)
    print(f"\n{len(chosen)} of them, {size:.0f} bytes on average, one process; medians of {rounds} rounds")
    print(f"{'':<18}{'stories/s':>10}{'mean F1':>9}{'mean recall':>13}")
    summarizers = {f"textpipe {method}": ours(method) for method in SUMMARY_METHODS}
    summarizers |= {"sumy TextRank": sumy_textrank(), "SnowNLP": snownlp_textrank()}
    speeds: dict[str, list[float]] = {name: [] for name in summarizers}
    for summarizer in summarizers.values():
        summarizer(chosen[0].text, max(LENGTHS))
    for _ in range(rounds):
        for name, summarizer in summarizers.items():
            start = time.perf_counter()
            for story in chosen:
                summarizer(story.text, max(LENGTHS))
            speeds[name].append(len(chosen) / (time.perf_counter() - start))
    for name, summarizer in summarizers.items():
        f1, recall = 100 * scores(summarizer, chosen).mean(axis=(0, 1, 2))
        print(f"{name:<18}{statistics.median(speeds[name]):>10,.0f}{f1:>9.2f}{recall:>13.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("development", "test"), default="test")
    parser.add_argument("--peers", type=int, default=100, metavar="N", help="stories for other libraries; 0: without")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    chosen = stories(options.half)
    print(f"{len(chosen)} stories ({options.half} half), ROUGE F1 in percent")
    compare(chosen)
    logging.getLogger("jieba").setLevel(logging.WARNING)
    if options.peers:
        with tempfile.TemporaryDirectory() as folder:
            jieba.dt.tmp_dir = folder
            jieba.initialize()
            compare_peers(chosen[: options.peers], options.rounds)


if __name__ == "__main__":
    main()
