"""Where things lie in a store, and making one: nothing is made before something is written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from textpipe.errors import ArtifactError
from textpipe.files import atomic_writer, make_directory, naming_errors
from textpipe.store.keys import FORMAT

_FOLDERS = ("objects", "refs", "work", "tmp", "locks")
_KNOWN = {*_FOLDERS, "format", "hashes"}


@dataclass(frozen=True)
class Store:
    """A store's folder, which need not exist yet. Two values with one path are the same store.

    >>> Store("models").path
    PosixPath('models')
    """

    path: Path = Path(".textpipe")

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    @property
    def objects(self) -> Path:
        """Published artifacts, by kind and id."""
        return self.path / "objects"

    @property
    def refs(self) -> Path:
        """Names of artifacts, by kind."""
        return self.path / "refs"

    @property
    def work(self) -> Path:
        """State of unfinished stages, by id."""
        return self.path / "work"

    @property
    def tmp(self) -> Path:
        """What is being built or taken away."""
        return self.path / "tmp"

    @property
    def locks(self) -> Path:
        """Files to hold a lock on, by id."""
        return self.path / "locks"

    @property
    def exists(self) -> bool:
        """Whether there is a store. Raises ArtifactError for a folder that is something else, or too new."""
        file = self.path / "format"
        if not file.exists():
            hint = "choose another folder: --store, or TEXTPIPE_STORE"
            if os.path.lexists(self.path) and not self.path.is_dir():
                raise ArtifactError("a store is a folder, and this is none", where=self.path, hint=hint)
            if self.path.is_dir() and not self._empty:
                raise ArtifactError("the folder is no store of textpipe", where=self.path, hint=hint)
            return False
        with naming_errors(str(file)):
            text = file.read_bytes()[:100].decode("utf-8", "replace").strip()
        if not (text.isascii() and text.isdigit()):
            raise ArtifactError("the store's format file is damaged", where=file, hint=f"echo {FORMAT} > {file}")
        if int(text) > FORMAT:
            message = f"made by a newer textpipe (format {text}, known: {FORMAT})"
            raise ArtifactError(message, where=self.path, hint="pip install --upgrade textpipe-zh")
        return True

    @property
    def _empty(self) -> bool:
        """Whether nothing of anybody else's lies in the folder (a store may have been begun)."""
        return all(name in _KNOWN or name.startswith(".textpipe-") for name in os.listdir(self.path))

    def prepare(self) -> None:
        """Make the store's folders durably; the format file last, so that a begun store is made complete later."""
        if self.exists:
            return
        with naming_errors(str(self.path)):
            for name in _FOLDERS:
                make_directory(self.path / name)
        with atomic_writer(str(self.path / "format"), force=True) as stream:
            stream.write(f"{FORMAT}\n".encode())
