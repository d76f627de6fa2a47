"""Small token files of known structure."""

from __future__ import annotations

import random
from pathlib import Path

from textpipe.embeddings.tokens import TokenFile
from textpipe.vocabulary import count_tokens

SUBJECTS = tuple(map(list, ("茶山叶水壶香绿杯", "车站铁路票速轨桥", "鱼海船网港浪岛风")))


def token_file(path: Path, lines: list[str], *, min_count: int = 1) -> TokenFile:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    tokens = [line.split(" ") if line else [] for line in lines]
    return TokenFile(path, count_tokens(tokens, min_count=min_count), sum(map(len, tokens)))


def subjects(folder: Path, *, documents: int = 300, length: int = 20) -> TokenFile:
    """Documents of words of one subject each, so that the nearest words of each are those of its subject."""
    chance = random.Random(1)
    lines = [" ".join(chance.choices(SUBJECTS[number % 3], k=length)) for number in range(documents)]
    return token_file(folder / "tokens.txt", lines)
