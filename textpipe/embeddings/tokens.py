"""A file of tokens as engines read it: a line a document, one space between tokens, with its vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textpipe.vocabulary import Vocabulary


@dataclass(frozen=True)
class TokenFile:
    """`tokens.txt` of a tokens artifact (or gensim's LineSentence format) and the words that get vectors.

    vocabulary: most frequent first, so that ids are ranks; rarer words are passed over as if they were not there
    tokens: how many tokens the file has, those that are passed over too
    """

    path: Path
    vocabulary: Vocabulary
    tokens: int

    @property
    def known(self) -> int:
        """How many tokens have a word of the vocabulary."""
        return sum(self.vocabulary.counts)
