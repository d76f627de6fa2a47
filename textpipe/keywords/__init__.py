"""Tokens to keywords. The room is also the public function: `textpipe.keywords(text, method="tfidf", k=20, …)`.

Importing a subpackage binds its module to the name `textpipe.keywords`, which the public function bears as well.
So the module can be called, and both readings of the name work in any order of imports.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Unpack

if TYPE_CHECKING:
    from textpipe.keywords.candidates import Keyword
    from textpipe.keywords.extract import KeywordOptions


class _CallableRoom(ModuleType):
    def __call__(self, text: str, **options: Unpack[KeywordOptions]) -> list[Keyword]:
        """The keywords of one text, best first; `textpipe.keywords.extract.extract` explains the options."""
        from textpipe.keywords.extract import extract

        return extract(text, **options)


sys.modules[__name__].__class__ = _CallableRoom
