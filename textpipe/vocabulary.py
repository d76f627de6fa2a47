"""Tokens and their ids: which tokens a corpus has, how often, in an order that never depends on chance."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from textpipe.errors import REMAKE, ArtifactError, InputError
from textpipe.text import artifact_lines


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by id (their position), most frequent first; equally frequent ones in code-point order.

    tokens: each once; counts: how often each occurs
    """

    tokens: tuple[str, ...]
    counts: tuple[int, ...]

    @functools.cached_property
    def ids(self) -> Mapping[str, int]:
        """token → id"""
        return {token: number for number, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def write(self, path: Path) -> None:
        """As text: a line `token<TAB>count` an id."""
        with open(path, "w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(f"{token}\t{count}\n" for token, count in zip(self.tokens, self.counts, strict=True))


def count_tokens(
    lines: Iterable[Iterable[str]], *, min_count: int = 1, max_size: int | None = None, where: str | None = None
) -> Vocabulary:
    """The tokens that occur at least `min_count` times, the `max_size` most frequent of them at most.

    Raises InputError when none is left.
    """
    counter: Counter[str] = Counter()
    for tokens in lines:
        counter.update(tokens)
    found = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    kept = [(token, count) for token, count in found if count >= min_count][:max_size]
    if not kept:
        message = f"no token occurs {min_count} times" if counter else "no tokens at all"
        raise InputError(message, where=where, hint="lower min_count")
    return Vocabulary(tuple(token for token, _ in kept), tuple(count for _, count in kept))


def read_vocabulary(path: Path) -> Vocabulary:
    """What `Vocabulary.write` wrote. Raises ArtifactError, with the line, for anything else."""
    tokens: list[str] = []
    counts: list[int] = []
    for number, line in artifact_lines(path):
        token, _, count = line.partition("\t")
        number_like = count.isascii() and count.isdigit() and len(count) < 19
        if not token or not number_like or (counts and int(count) > counts[-1]):
            raise ArtifactError("not a vocabulary", where=path, line=number, hint=REMAKE)
        tokens.append(token)
        counts.append(int(count))
    return Vocabulary(tuple(tokens), tuple(counts))
