"""Pipeline files: what they may say, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from textpipe.errors import InputError, UsageError
from textpipe.pipeline.file import Step, prefix_of, read_pipeline

WHOLE = '[corpus]\nfiles = "a.txt"\n[tokens]\n[idf]\n[keywords]\n'


def steps(folder: Path, text: str, *settings: str) -> dict[str, Step]:
    (folder / "p.toml").write_text(text)
    return {step.name: step for step in read_pipeline(str(folder / "p.toml"), settings=settings)}


def test_inputs_are_found(tmp_path: Path) -> None:
    found = steps(tmp_path, WHOLE)
    assert list(found) == ["corpus", "tokens", "idf", "keywords"]
    assert found["corpus"].inputs == {"files": [str(tmp_path / "a.txt")]}
    assert found["keywords"].inputs == {"corpus": "corpus", "idf": "idf"}
    assert found["keywords"].params["k"] == 20


def test_any_order_and_any_names(tmp_path: Path) -> None:
    text = """
[counts]
stage = "idf"
tokens = "cut-b"

[cut-a]
stage = "tokens"
corpus = "texts"

[cut-b]
stage = "tokens"
corpus = "texts"
hmm = false

[texts]
stage = "corpus"
files = ["a.txt", "/b.txt"]
"""
    found = steps(tmp_path, text)
    order = list(found)
    assert order.index("texts") < order.index("cut-b") < order.index("counts")
    assert found["counts"].inputs == {"tokens": "cut-b"}
    assert found["texts"].inputs == {"files": [str(tmp_path / "a.txt"), "/b.txt"]}


def test_an_input_may_be_left_out(tmp_path: Path) -> None:
    assert steps(tmp_path, WHOLE + "idf = false\n")["keywords"].inputs == {"corpus": "corpus"}


def test_settings(tmp_path: Path) -> None:
    found = steps(
        tmp_path, WHOLE, "keywords.k=5", "keywords.method=textrank", 'keywords.stopwords=["zh"]', "tokens.hmm=false"
    )
    assert (found["keywords"].params["k"], found["keywords"].params["method"]) == (5, "textrank")
    assert found["keywords"].params["stopwords"] == ["zh"]
    assert found["tokens"].params["hmm"] is False


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "no steps"),
        ("x = 1\n", 1, "'x' is no step"),
        ('["../../x"]\nstage = "corpus"\n', 1, "not a name for a step: '../../x'"),
        ('["a b"]\nstage = "corpus"\n', 1, "not a name for a step: 'a b'"),
        ('[a]\nstage = "idf"\ntokens = "b"\n[b]\nstage = "tokens"\ncorpus = "c"\n', 6, "corpus: no step 'c'"),
        ("[corpus\n", 1, "not TOML: Expected ']'"),
        ('[korpus]\nfiles = "a"\n', 1, "the step 'korpus' names no stage; did you mean 'corpus'?"),
        ('[a]\nstage = "token"\n', 2, "no stage 'token'; did you mean 'tokens'?"),
        ("[corpus]\n", 1, "corpus needs files"),
        ("[corpus]\nfiles = 3\n", 2, "files: paths are needed"),
        ("[corpus]\nfiles = []\n", 2, "files: paths are needed"),
        ("[tokens]\n", 1, "tokens needs corpus"),
        ('[a]\nstage = ["corpus"]\n', 2, "no stage ['corpus']"),
        ('[corpus]\nfiles = "a"\nencoding = "nope"\n', 1, "unknown encoding 'nope'"),
        (WHOLE + "converge = true\n", 5, "--converge belongs to textrank"),
        (WHOLE + "k = 9223372036854775808\n", 6, "k: a whole number from 1 is needed"),
        (WHOLE + "kk = 3\n", 6, "keywords has no 'kk'"),
        (WHOLE + "methd = 3\n", 6, "keywords has no 'methd'; did you mean 'method'?"),
        (WHOLE + "k = 0\n", 6, "k: a whole number from 1 is needed"),
        (WHOLE + 'k = "3"\n', 6, "k: a whole number from 1 is needed"),
        (WHOLE + 'corpus = "korpus"\n', 6, "corpus: no step 'korpus' that makes corpus; did you mean 'corpus'?"),
        (WHOLE + 'corpus = "tokens"\n', 6, "corpus: no step 'tokens' that makes corpus"),
        (WHOLE + '[other]\nstage = "corpus"\nfiles = "b"\n', 3, "tokens could take its corpus from 2 steps"),
        (
            '[corpus]\nfiles = "a"\n[tokens]\nlower = true\n[vocabulary]\nlower = true\n',
            4,
            "tokens has no 'lower'",
        ),
    ],
)
def test_mistakes(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        steps(tmp_path, text)
    assert raised.value.message.startswith(message)
    assert raised.value.line == line
    assert raised.value.where == str(tmp_path / "p.toml")
    assert raised.value.hint


def test_the_line_is_that_of_the_step(tmp_path: Path) -> None:
    """The same key in an earlier step is right there."""
    text = '[corpus]\nfiles = "a"\n[one]\nstage = "keywords"\nk = 3\n[two]\nstage = "keywords"\nk = "3"\n'
    with pytest.raises(UsageError) as raised:
        steps(tmp_path, text)
    assert raised.value.line == 8


@pytest.mark.parametrize(
    "setting",
    [
        *("k=5", "keywords.k", "keywords.=5", ".k=5", "keyword.k=5", "keywords.kk=5", "keywords.k=x"),
        *("keywords.k=" + "[" * 3000, "keywords.k=0x" + "f" * 5000, "keywords.k=1\nfoo=2", "corpus.stage={}"),
    ],
)
def test_settings_that_fit_nowhere(tmp_path: Path, setting: str) -> None:
    with pytest.raises(UsageError) as raised:
        steps(tmp_path, WHOLE, setting)
    assert raised.value.hint


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such pipeline file"):
        read_pipeline(str(tmp_path / "p.toml"))


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("a/news.toml", "news"),
        ("my pipeline.toml", "my-pipeline"),
        (".toml", "toml"),
        ("-x.toml", "x"),
        ("新闻.toml", "新闻"),
    ],
)
def test_prefix(path: str, prefix: str) -> None:
    assert prefix_of(path) == prefix


def test_odd_places(tmp_path: Path) -> None:
    """A folder with brackets is no pattern, and a step with a dot can be set."""
    (tmp_path / "g[1]").mkdir()
    text = '["a.b"]\nstage = "corpus"\nfiles = ["*.tsv", "plain.tsv"]\n'
    step = steps(tmp_path / "g[1]", text, "a.b.limit=3")["a.b"]
    assert step.params["limit"] == 3
    assert step.inputs["files"] == [str(tmp_path / "g[[]1]" / "*.tsv"), str(tmp_path / "g[1]" / "plain.tsv")]
