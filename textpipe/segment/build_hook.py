"""What setuptools runs when the package is built: the compiled core, and beside it the table it reads."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parents[2]
TABLE = "textpipe/resources/jieba.table"


class BuildWithTable(build_ext):
    """Build the extensions, then the table for them; without a compiler there is neither, and the build goes on.

    All or nothing: half of the files, or files of an earlier build, would be found at run time and trusted.
    """

    def run(self) -> None:
        super().run()
        extensions = [self.get_ext_filename(extension.name) for extension in self.extensions]
        built, installed = Path(self.build_lib), Path() if self.inplace else Path(self.build_lib)
        if all((built / file).exists() for file in extensions):
            self.make_table(installed / TABLE)
            return
        for folder in (built, installed):
            for file in (*extensions, TABLE):
                (folder / file).unlink(missing_ok=True)

    def build_extension(self, ext: Any) -> None:
        """Where it fails, what an earlier build left goes too: setuptools would install it."""
        try:
            super().build_extension(ext)
        except Exception:
            Path(self.get_ext_fullpath(ext.name)).unlink(missing_ok=True)
            raise

    def make_table(self, target: Path) -> None:
        """From the jieba of the build environment; whole or not at all, for running processes may have mapped it."""
        sys.path.insert(0, str(ROOT))
        from textpipe.segment.build_table import build_table

        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".new.table")
        build_table(partial)
        os.replace(partial, target)

    def get_outputs(self) -> list[str]:
        """The files that are installed; of optional extensions, those that were built."""
        if self.inplace:
            return list(self.get_output_mapping())
        outputs = [*super().get_outputs(), str(Path(self.build_lib) / TABLE)]
        return [output for output in outputs if Path(output).exists()]

    def get_output_mapping(self) -> dict[str, str]:
        """Where the files lie in the sources when they are built in place."""
        mapping = super().get_output_mapping()
        if self.inplace:
            mapping[str(Path(self.build_lib) / TABLE)] = TABLE
        return {output: source for output, source in mapping.items() if Path(source).exists()}
