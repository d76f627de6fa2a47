"""Write the tables in textpipe/resources/ that are computed and not written by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from textpipe.segment.jieba_tables import dictionary_lines

FREQUENT = 4000
TARGET = Path(__file__).parent.parent / "textpipe" / "resources" / "han_by_frequency.txt"


def han_by_frequency() -> str:
    """The Han characters of jieba's dictionary, weighted by the frequencies of their words, most frequent first."""
    counts: Counter[str] = Counter()
    for line in dictionary_lines():
        word, frequency, _ = line.split(" ")
        for character in word:
            if "\u4e00" <= character <= "\u9fff":
                counts[character] += int(frequency)
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    return "".join(ranked[:FREQUENT])


if __name__ == "__main__":
    ranked = han_by_frequency()
    rows = [ranked[start : start + 50] for start in range(0, len(ranked), 50)]
    TARGET.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(ranked)} characters")
