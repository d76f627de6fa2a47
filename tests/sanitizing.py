"""Programs that feed C random inputs under AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

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


def check_fuzzed(script: str, compiler: str, count: int, *more: int) -> None:
    """The script below scripts/fuzz meets so many inputs without a complaint."""
    line = [f"scripts/fuzz/{script}", *map(str, (count, *more))]
    environment = {**os.environ, "CC": compiler}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{count} inputs")
