"""What setuptools runs when the package is built: the compiled core, and beside it the table it reads."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parents[2]
TABLE = "textpipe/resources/jieba.table"


class BuildWithTable(build_ext):
    """Build the extension, then the table for it; without a compiler there is neither, and the build goes on."""

    def run(self) -> None:
        super().run()
        if any(Path(output).exists() for output in super().get_outputs()):
            self.make_table()

    def make_table(self) -> None:
        """From the jieba of the build environment, into the sources or the folder that becomes the wheel."""
        sys.path.insert(0, str(ROOT))
        from textpipe.segment.build_table import build_table

        target = Path(TABLE) if self.inplace else Path(self.build_lib) / TABLE
        target.parent.mkdir(parents=True, exist_ok=True)
        build_table(target)

    def get_outputs(self) -> list[str]:
        """The files that are installed."""
        return [*super().get_outputs(), str(Path(self.build_lib) / TABLE)]
