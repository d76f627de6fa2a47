"""Who may import whom: the table of the design, held against the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

LAYERS = (
    {"errors", "files", "encoding", "text", "toml", "device", "settings", "version"},
    {"store", "corpus", "segment", "vocabulary", "metrics"},
    {"features", "keywords", "discover", "embeddings", "training"},
    {"models"},
    {"pipeline", "report"},
    {"operations", "lab", "client"},
    {"cli", "service"},
)
LAYER = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
DOORS = {"__init__", "__main__"}  # the public door and `python -m textpipe` see everything
BETWEEN_EQUALS = {("cli", "service")}  # cli/serve.py alone
FILES = sorted((ROOT / "textpipe").rglob("*.py"))


def room_of(dotted: str) -> str:
    return dotted.split(".")[1]


def imports(tree: ast.AST) -> Iterator[str]:
    """The dotted names of textpipe's modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("textpipe."))


def breaches(room: str, source: str) -> list[str]:
    return [
        name
        for name in imports(ast.parse(source))
        if room_of(name) != room
        and LAYER[room_of(name)] >= LAYER[room]
        and not (LAYER[room] == 0 or (room, room_of(name)) in BETWEEN_EQUALS)
    ]


def test_there_are_files() -> None:
    assert len(FILES) > 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: object) -> None:
    file = next(file for file in FILES if file == path)
    parts = file.relative_to(ROOT / "textpipe").with_suffix("").parts
    if parts[0] not in DOORS:
        assert parts[0] in LAYER, f"{parts[0]} has no layer: give it one in the design and here"
        assert breaches(parts[0], file.read_text("utf-8")) == []


def test_the_ground_floor_has_an_order() -> None:
    """Layer 0 may use itself, downwards only: errors, then files, then encoding, then text."""
    order = ("version", "errors", "settings", "device", "files", "encoding", "text", "toml")
    for number, room in enumerate(order):
        source = (ROOT / "textpipe" / f"{room}.py").read_text("utf-8")
        used = {room_of(name) for name in imports(ast.parse(source))}
        assert used <= set(order[:number])


def test_a_breach_is_found() -> None:
    assert breaches("corpus", "from textpipe.keywords.tfidf import tfidf") == ["textpipe.keywords.tfidf.tfidf"]
    assert breaches("keywords", "def f():\n    import textpipe.discover.stats") == ["textpipe.discover.stats"]
    assert breaches("keywords", "from textpipe.corpus.read import read") == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_comes_from_data(path: object) -> None:
    """No pickle, no marshal, no eval: what is on disk is data."""
    file = next(file for file in FILES if file == path)
    tree = ast.parse(file.read_text("utf-8"))
    forbidden = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not forbidden & modules
    assert not {"eval", "exec", "print"} & names
    assert len(file.read_text("utf-8").splitlines()) <= 400
