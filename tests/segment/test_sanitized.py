"""The compiled core under AddressSanitizer and UndefinedBehaviorSanitizer: random inputs, checked as they are made."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from textpipe.segment.engine import TABLE

ROOT = Path(__file__).parent.parent.parent
FLAGS = "-fsanitize=address,undefined"


@pytest.fixture
def compiler(tmp_path: Path) -> str:
    """A C compiler with sanitizer libraries whose programs run here; skips where there is none."""
    name = next((name for name in ("cc", "gcc") if shutil.which(name)), None)
    if name is None:
        pytest.skip("needs a C compiler: cc or gcc")
    program = tmp_path / "empty"
    (tmp_path / "empty.c").write_text("#include <sanitizer/common_interface_defs.h>\nint main(void) { return 0; }\n")
    built = subprocess.run([name, FLAGS, "empty.c", "-o", program], cwd=tmp_path, capture_output=True, check=False)
    if built.returncode != 0 or subprocess.run([program], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"needs the sanitizer libraries of {name}")
    return name


@pytest.mark.parametrize(
    ("count", "mean", "seed"), [(20_000, 40, 1), pytest.param(2_000_000, 20, 2, marks=pytest.mark.long)]
)
def test_random_inputs(compiler: str, count: int, mean: int, seed: int) -> None:
    """Texts, user dictionaries and table headers: no byte too many is read, nothing undefined, every token in place."""
    if not os.path.exists(TABLE):
        pytest.skip("needs the table of the dictionary: built with the package")
    line = ["scripts/fuzz/run", str(count), str(seed), str(mean)]
    done = subprocess.run(
        line, cwd=ROOT, env={**os.environ, "CC": compiler}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{count} inputs")
