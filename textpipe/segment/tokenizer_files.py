"""A tokenizer as two files of an artifact, by content: what is made from its tokens can cut other texts alike."""

from __future__ import annotations

import json
from pathlib import Path

from textpipe.errors import REMAKE, ArtifactError, InputError, UsageError
from textpipe.segment.dictionary import Dictionary, Entry
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import artifact_lines

TOKENIZER_FILES = ("tokenizer.json", "dictionary.jsonl")


def write_tokenizer(folder: Path, tokenizer: Tokenizer) -> None:
    """tokenizer.json: mode and hmm; dictionary.jsonl: the user's words."""
    assert tokenizer == Tokenizer(tokenizer.mode, tokenizer.hmm, tokenizer.dictionary)  # no stage offers other settings
    settings = {"mode": tokenizer.mode, "hmm": tokenizer.hmm}
    (folder / "tokenizer.json").write_text(json.dumps(settings) + "\n", encoding="utf-8")
    entries = [list(entry) for entry in tokenizer.dictionary.entries]
    lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    (folder / "dictionary.jsonl").write_text(lines, encoding="utf-8")


def read_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer that an artifact carries. Raises ArtifactError when it is missing or unusable."""
    path = folder / "tokenizer.json"
    for name in TOKENIZER_FILES:
        if not (folder / name).is_file():
            raise ArtifactError(f"it has no file {name!r}", where=folder, hint=REMAKE)
    lines = [line for _, line in artifact_lines(folder / "dictionary.jsonl")]
    try:
        settings = json.loads(path.read_bytes())
        unknown = sorted(settings.keys() - {"mode", "hmm"})
        dictionary = Dictionary().with_entries(Entry(*json.loads(line)) for line in lines)
        tokenizer = Tokenizer(mode=settings["mode"], hmm=settings["hmm"], dictionary=dictionary)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UsageError, InputError):
        raise ArtifactError("not the settings of a tokenizer", where=path, hint=REMAKE) from None
    if unknown:
        message = f"made with another tokenizer: one with the setting {unknown[0]!r}, which is not known here"
        raise ArtifactError(message, where=path, hint=REMAKE)
    return tokenizer
