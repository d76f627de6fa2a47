"""The public door: its names, what importing it costs, and the room that bears a function's name."""

from __future__ import annotations

import subprocess
import sys

import pytest

import textpipe

HEAVY = {
    "numpy",
    "scipy",
    "jieba",
    "sklearn",
    "networkx",
    "rich",
    "torch",
    "gensim",
    "pyarrow",
    "charset_normalizer",
    "jinja2",
}


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nsys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "import textpipe",
        "import textpipe.cli",
        "import textpipe.cli.process",
        "import textpipe.cli.process as p; p.run(['--help'])",
        "import textpipe.cli.process as p; p.run(['keywords', '--help'])",
        "import textpipe.cli.process as p; p.run(['summarize', '--help'])",
        "import textpipe.cli.process as p; p.run(['classify', '--help'])",
        "import textpipe.cli.process as p; p.run(['train-classifier', '--help'])",
        "import textpipe.cli.process as p; p.run(['--version'])",
        "import textpipe; textpipe.summarize",
    ],
)
def test_light(code: str) -> None:
    loaded = loaded_after(code)
    assert "textpipe" in loaded
    assert not HEAVY & loaded


def test_the_check_can_fail() -> None:
    assert "numpy" in loaded_after("import numpy")


def test_names() -> None:
    assert textpipe.__all__ == sorted(textpipe.__all__)
    for name in textpipe.__all__:
        assert getattr(textpipe, name) is not None
    assert set(textpipe.__all__) < set(dir(textpipe))
    with pytest.raises(AttributeError, match="no attribute 'keyword'"):
        _ = textpipe.keyword


@pytest.mark.parametrize(
    "first", ["pass", "import textpipe.keywords", "from textpipe.keywords.tfidf import tfidf", "textpipe.Tokenizer()"]
)
def test_keywords_is_a_function_whatever_was_imported(first: str) -> None:
    code = f"import textpipe\n{first}\nprint(textpipe.keywords('北京的大学', k=1)[0].text)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == textpipe.keywords("北京的大学", k=1)[0].text


def test_every_exception_has_a_code_and_is_public() -> None:
    kinds = [textpipe.TextpipeError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
        assert getattr(textpipe, kind.__name__) is kind
    assert {kind.exit_code for kind in kinds} == {2, 3, 4, 5, 6, 70}


def test_errors_travel_between_processes() -> None:
    import pickle

    error = textpipe.DictionaryError("bad", where="a.txt", line=3, hint="mend it")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.hint, type(again)) == ("bad (a.txt:3)", "mend it", textpipe.DictionaryError)
