"""textpipe: from raw Chinese (or English, or mixed) text to keywords, word vectors and served classifiers.

The names below are the public door. They are imported when first used, so that `import textpipe` costs nothing.

>>> import textpipe
>>> [keyword.text for keyword in textpipe.keywords("石墨烯电池的石墨烯电极", k=1)]
['石墨']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from textpipe.errors import (
    ArtifactError,
    BinaryFileError,
    DictionaryError,
    EncodingError,
    InputError,
    OutputError,
    ResourceError,
    TextpipeError,
    UsageError,
)
from textpipe.version import __version__ as __version__

if TYPE_CHECKING:
    from textpipe.client.client import Client as Client
    from textpipe.corpus.document import Document as Document
    from textpipe.corpus.read import read as read
    from textpipe.embeddings.train import train_embeddings as train_embeddings
    from textpipe.embeddings.vectors import Vectors as Vectors
    from textpipe.keywords.candidates import Keyword as Keyword
    from textpipe.keywords.extract import extract as keywords
    from textpipe.keywords.summary import KeySentence as KeySentence
    from textpipe.keywords.summary import summarize as summarize
    from textpipe.models.train import train_classifier as train_classifier
    from textpipe.pipeline.load import load as load
    from textpipe.segment.dictionary import Dictionary as Dictionary
    from textpipe.segment.tokenizer import Tokenizer as Tokenizer
    from textpipe.store.layout import Store as Store

_LATE = {
    "Client": "textpipe.client.client",
    "Dictionary": "textpipe.segment.dictionary",
    "Document": "textpipe.corpus.document",
    "KeySentence": "textpipe.keywords.summary",
    "Keyword": "textpipe.keywords.candidates",
    "Store": "textpipe.store.layout",
    "Tokenizer": "textpipe.segment.tokenizer",
    "Vectors": "textpipe.embeddings.vectors",
    "load": "textpipe.pipeline.load",
    "read": "textpipe.corpus.read",
    "summarize": "textpipe.keywords.summary",
    "train_classifier": "textpipe.models.train",
    "train_embeddings": "textpipe.embeddings.train",
}

__all__ = [
    "ArtifactError",
    "BinaryFileError",
    "Client",
    "Dictionary",
    "DictionaryError",
    "Document",
    "EncodingError",
    "InputError",
    "KeySentence",
    "Keyword",
    "OutputError",
    "ResourceError",
    "Store",
    "TextpipeError",
    "Tokenizer",
    "UsageError",
    "Vectors",
    "keywords",
    "load",
    "read",
    "summarize",
    "train_classifier",
    "train_embeddings",
]


def __getattr__(name: str) -> Any:
    if name == "keywords":
        return import_module("textpipe.keywords")  # a room that can be called, see there
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'textpipe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
