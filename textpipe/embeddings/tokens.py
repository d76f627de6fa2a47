"""A file of tokens as engines read it: a line a document, one space between tokens, with its vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textpipe.vocabulary import Vocabulary

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors


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


def grown(tokens: TokenFile, vectors: Vectors) -> TokenFile:
    """The same file with the words of `vectors` too, which keep their counts, those of the file added.

    Words of vectors without counts count once. A word that two vectors share is one word.
    """
    before = [1] * len(vectors.words) if vectors.counts is None else vectors.counts.tolist()
    counts = dict(zip(vectors.words, before, strict=True))
    for token, count in zip(tokens.vocabulary.tokens, tokens.vocabulary.counts, strict=True):
        counts[token] = counts.get(token, 0) + count
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    vocabulary = Vocabulary(tuple(token for token, _ in order), tuple(count for _, count in order))
    return TokenFile(tokens.path, vocabulary, tokens.tokens)
