"""Short forms of reading for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import textpipe
from textpipe.corpus.document import ReadLog


def documents(path: Path | str, log: ReadLog | None = None, **options: Any) -> list[textpipe.Document]:
    return list(textpipe.read(str(path), log=log, **options))


def texts(path: Path | str, **options: Any) -> list[str]:
    return [document.text for document in documents(path, **options)]
