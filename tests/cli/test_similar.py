"""`textpipe similar`, `analogy`, `import` and `export`, as they are typed."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import DATA, Run
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.files import write_vectors
from textpipe.embeddings.subwords import Subwords
from textpipe.embeddings.vectors import Vectors
from textpipe.operations.neighbours import near_spellings
from textpipe.pipeline.stage import name_artifact
from textpipe.store.keys import Recipe
from textpipe.store.layout import Store
from textpipe.store.objects import building

VECTORS = DATA / "word-vectors.txt"
FORMATS = ("word2vec-txt", "word2vec-bin", "glove")


def records(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def words(out: str) -> list[list[str]]:
    return [[one["word"] for one in record["neighbours"]] for record in records(out)]


@pytest.fixture
def store(tmp_path: Path, run: Run) -> Path:
    folder = tmp_path / "store"
    assert run("import", VECTORS, "--name", "sample", "--store", folder).code == 0
    return folder


def with_subwords(store: Path) -> None:
    """An artifact of three words with subwords, called `latest`."""
    generator = np.random.default_rng(0)
    subwords = Subwords(1, 2, generator.standard_normal((50, 4)).astype(np.float32))
    matrix = np.array([subwords.vector(word) for word in ("模型", "训练", "天气")])
    vectors = Vectors(["模型", "训练", "天气"], matrix, subwords=subwords)
    settings = {**vars(EmbeddingConfig(dim=4, subword=True, min_n=1, max_n=2, buckets=50)), "engine": "native"}
    with building(Store(store), Recipe("embeddings", "test", 1), {}, environment={}) as current:
        write_vectors(current.folder, vectors, settings=settings)
    assert current.artifact is not None
    name_artifact(Store(store), current.artifact)


def test_similar(store: Path, run: Run) -> None:
    outcome = run("similar", "女王", "苹果", "-k", 2, "--store", store)
    assert (outcome.code, outcome.err) == (0, "")
    assert [record["word"] for record in records(outcome.out)] == ["女王", "苹果"]
    assert words(outcome.out) == [["公主", "女人"], ["梨", "葡萄"]]
    assert list(records(outcome.out)[0]) == ["word", "neighbours"]
    for name in ("sample", "latest", "embeddings/sample"):
        assert run("similar", "女王", "苹果", "-k", 2, "-m", name, "--store", store) == outcome
    assert run("similar", "女王", "苹果", "-k", 2, "--vectors", VECTORS) == outcome
    rows = run("similar", "女王", "-k", 1, "--vectors", VECTORS, "--format", "csv").out.splitlines()
    assert rows[0] == "word,neighbour,score"
    assert rows[1].startswith("女王,公主,0.86")
    assert "公主" in run("similar", "女王", "--vectors", VECTORS, "--format", "table").out


def test_output_file(store: Path, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "near.json"
    assert run("similar", "女王", "-o", target, "--store", store).code == 0
    assert json.loads(target.read_text("utf-8"))[0]["word"] == "女王"
    again = run("similar", "女王", "-o", target, "--store", store)
    assert (again.code, again.out) == (5, "")
    copy = tmp_path / "copy.txt"
    copy.write_bytes(VECTORS.read_bytes())
    replaced = run("similar", "女王", "-o", copy, "--format", "csv", "--force", "--vectors", copy)
    assert replaced.code == 2
    assert copy.read_bytes() == VECTORS.read_bytes()


def test_analogy(store: Path, run: Run) -> None:
    outcome = run("analogy", "男人", "国王", "女人", "-k", 1, "--store", store)
    assert (outcome.code, outcome.err) == (0, "")
    (record,) = records(outcome.out)
    assert [record["a"], record["b"], record["c"], record["neighbours"][0]["word"]] == ["男人", "国王", "女人", "女王"]
    assert words(run("analogy", "中国", "北京", "日本", "-k", 1, "--multiply", "--store", store).out) == [["东京"]]
    lines = run("analogy", "-", "-k", 1, "--store", store, stdin="男人 国王 女人\n中国 北京 法国\n".encode())
    assert words(lines.out) == [["女王"], ["巴黎"]]
    table = run("analogy", "男人", "国王", "女人", "--format", "table", "--store", store).out
    assert table.startswith("男人 : 国王 = 女人 : ?\n")
    assert run("analogy", "男人", "国王", "女人", "--format", "csv", "--store", store).out.startswith("a,b,c,neighbour")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "message"),
    [
        (("analogy", "男人", "国王"), "", 2, "error: three words make an analogy, not 2"),
        (("analogy", "男人", "国王", "女人", "女王"), "", 2, "error: three words"),
        (("analogy", "-"), "男人 国王 女人\n男人\n", 3, "error: 1 words, but three make an analogy (-:2)"),
        (("analogy", "男人", "国王", "女八"), "", 3, "error: no vector for the word '女八', among 26 words"),
        (("similar",), "", 2, "error: Missing argument"),
        (("similar", "女王", "-"), "", 2, "error: words or - for standard input, not both"),
        (("similar", "-"), "", 3, "error: no words"),
        (("similar", "-"), " \n\n", 3, "error: no words"),
        (("similar", "-"), "没有\n也没有\n", 3, "error: none of 2 words has a vector"),
        (("similar", ""), "", 3, "error: no vector for the word ''"),
        (("similar", "😀"), "", 3, "error: no vector for the word '😀'"),
        (("similar", "女王", "-k", "0"), "", 2, "error: Invalid value for '-k'"),
        (("similar", "女王", "-m", "nothing"), "", 4, "error: no embeddings artifact 'nothing'"),
        (("similar", "女王", "-m", "idf/latest"), "", 2, "error: 'idf/latest' is no embeddings"),
        (("similar", "女王", "-m", "sample", "--vectors", "x"), "", 2, "error: --model or --vectors, not both"),
        (("similar", "女王", "--vectors", "nothing.txt"), "", 3, "error: no such file of word vectors"),
        (("export", "nothing", "--format", "glove", "-o", "x"), "", 4, "error: no embeddings artifact 'nothing'"),
        (("export", "sample", "--format", "glove", "-o", "x.gz"), "", 2, "error: files are written as they are"),
        (("export", "sample", "--format", "glove"), "", 2, "error: Missing option '-o'"),
        (("export", "sample", "--format", "glove", "-o", "no/x"), "", 5, "error: the folder does not exist"),
        (("import", "nothing.txt"), "", 3, "error: no such file of word vectors"),
        (("import", "-"), "", 2, "error: standard input cannot be"),
        (("import", "."), "", 3, "error: a directory"),
        (("import", VECTORS, "--name", "latest"), "", 2, "error: not a name for an artifact"),
        (("import", VECTORS, "--format", "word2vec-bin"), "", 3, "error: no word before the numbers"),
    ],
)
def test_errors(
    store: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    stdin: str,
    code: int,
    message: str,
) -> None:
    (store.parent / "empty").mkdir()
    monkeypatch.chdir(store.parent / "empty")
    outcome = run(*arguments, "--store", store, stdin=stdin.encode())
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith(message)
    assert "\nhint: " in outcome.err
    assert os.listdir() == []


def test_without_a_store(tmp_path: Path, run: Run) -> None:
    for arguments in (
        ("similar", "a"),
        ("analogy", "a", "b", "c"),
        ("export", "latest", "--format", "glove", "-o", "-"),
    ):
        outcome = run(*arguments, "--store", tmp_path / "none")
        assert outcome.code == 4
        assert "error: there is no store" in outcome.err
        assert "hint: textpipe train-embeddings" in outcome.err
    run("train-idf", DATA / "articles", "--store", tmp_path / "store")
    outcome = run("similar", "a", "--store", tmp_path / "store")
    assert outcome.code == 4
    assert "error: no word vectors in the store" in outcome.err
    assert "hint: textpipe train-embeddings" in outcome.err


def test_unknown_words(store: Path, run: Run) -> None:
    outcome = run("similar", "葡萄汁", "--store", store)
    assert outcome.err == (
        "error: no vector for the word '葡萄汁', among 26 words\nhint: near spellings: 葡萄, 葡萄酒\n"
    )
    listed = run("similar", "-", "-k", 1, "--store", store, stdin="女王\n没有\n苹果\n".encode())
    assert (listed.code, words(listed.out)) == (0, [["公主"], [], ["梨"]])
    assert listed.err == "note: no vector for 1 of 3 words (first: 没有)\n"
    assert run("similar", "-", "-q", "--store", store, stdin="女王\n没有\n".encode()).err == ""


def test_words_in_another_encoding(store: Path, run: Run) -> None:
    given = "女王\n苹果\n".encode("gb18030")
    outcome = run("similar", "-", "-k", 1, "--encoding", "gb18030", "--store", store, stdin=given)
    assert words(outcome.out) == [["公主"], ["梨"]]
    assert run("similar", "-", "--encoding", "utf-8", "--store", store, stdin=given).code == 3


def test_near_spellings() -> None:
    vocabulary = ["the", "Beijing", "北京市", "北京", "京北", "being", "上海", "beijings", "南京"]
    assert near_spellings(vocabulary, "beijing")[:3] == ["Beijing", "beijings", "being"]
    assert near_spellings(vocabulary, "北京城") == ["北京", "北京市", "京北"]
    assert near_spellings(vocabulary, "东京")[-1] == "南京"
    assert near_spellings(vocabulary, "zzz") == []
    assert near_spellings(vocabulary, "") == []


def test_subwords_answer_for_unknown_words(tmp_path: Path, run: Run) -> None:
    with_subwords(tmp_path / "store")
    outcome = run("similar", "模形", "-k", 3, "--store", tmp_path / "store")
    assert (outcome.code, outcome.err) == (0, "")
    assert len(words(outcome.out)[0]) == 3
    known = run("similar", "模型", "--store", tmp_path / "store")
    assert "模型" not in words(known.out)[0]


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)


def test_only_what_is_used_is_verified(tmp_path: Path, run: Run) -> None:
    store = tmp_path / "store"
    with_subwords(store)
    (folder,) = (store / "objects" / "embeddings").iterdir()
    damage(folder / "subwords.safetensors")
    assert run("similar", "模型", "--store", store).code == 0
    unknown = run("similar", "模形", "--store", store)
    assert (unknown.code, unknown.out) == (4, "")
    assert "the content of subwords.safetensors has changed" in unknown.err
    damage(folder / "vectors.safetensors")
    assert run("similar", "模型", "--store", store).code == 4


@pytest.mark.parametrize("format", FORMATS)
def test_there_and_back(store: Path, tmp_path: Path, run: Run, format: str) -> None:
    file = tmp_path / "vectors"
    arguments = ("export", "sample", "--format", format, "-o", file, "--store", store)
    assert run(*arguments) == (0, "", "")
    refused = run(*arguments)
    assert (refused.code, "add --force" in refused.err) == (5, True)
    assert run(*arguments, "--force").code == 0
    (tmp_path / "packed.gz").write_bytes(gzip.compress(file.read_bytes()))
    for path in (file, tmp_path / "packed.gz"):
        back = run("import", path, "--name", "back", "-v", "--store", store)
        assert back.err == f"note: 26 words, 12 dimensions, read as {format}\n"
        same = run("similar", "女王", "-m", "back", "--store", store)
        assert same.out == run("similar", "女王", "-m", "sample", "--store", store).out


def test_export_to_standard_output(store: Path, run: Run) -> None:
    assert run("export", "sample", "--format", "word2vec-txt", "-o", "-", "--store", store).out.startswith(
        "26 12\n男人 "
    )


def test_import_makes_an_artifact(store: Path, run: Run) -> None:
    again = run("import", VECTORS, "--name", "other", "--store", store)
    assert again.out == run("import", VECTORS, "--format", "word2vec-txt", "--store", store).out, "the same recipe"
    shown = run("store", "show", "other", "--store", store).out
    assert "made by  import-embeddings 1" in shown
    assert 'param    format = "word2vec-txt"' in shown
    assert "names    latest other sample" in shown
    assert run("store", "verify", "--store", store).code == 0


def test_import_says_what_it_replaced(tmp_path: Path, run: Run) -> None:
    numbers = np.ones(2, "<f4").tobytes()
    file = tmp_path / "vectors.bin"
    file.write_bytes(b"3 2\na " + numbers + b"\n\xffb " + numbers + b"\n\xfeb " + numbers)
    strict = run("import", file, "--store", tmp_path / "store")
    assert (strict.code, strict.out) == (3, "")
    assert f"{file}, byte 15" in strict.err
    assert "hint: --errors replace" in strict.err
    assert not list((tmp_path / "store").glob("objects/*/*")), "nothing half-made"
    assert not list((tmp_path / "store").glob("tmp/*"))
    replaced = run("import", file, "--errors", "replace", "--store", tmp_path / "store")
    assert replaced.code == 0
    assert "2 words had bytes that are not UTF-8" in replaced.err
    assert "1 of them became equal to another word and were left out" in replaced.err


def test_archives_are_for_store_import(store: Path, tmp_path: Path, run: Run) -> None:
    archive = tmp_path / "sample.tar"
    assert run("store", "export", "sample", archive, "--store", store).code == 0
    outcome = run("import", archive, "--store", store)
    assert outcome.code == 3
    assert f"textpipe store import {archive}" in outcome.err
    assert run("store", "import", archive, "--store", tmp_path / "other").code == 0
    assert run("similar", "女王", "-m", "sample", "--store", tmp_path / "other").code == 0


def test_keywords_take_an_artifact(store: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "中国的首都是北京，日本的首都是东京，法国的首都是巴黎。葡萄酒来自法国，清酒来自日本。".encode()
    by_file = run("keywords", "-", "--vectors", VECTORS, stdin=text)
    assert by_file.code == 0
    assert run("keywords", "-", "--vectors", "sample", "--store", store, stdin=text) == by_file
    assert run("keywords", "-", stdin=text).out != by_file.out
    assert run("keywords", "-", "--vectors", "nothing", "--store", store, stdin=text).code == 4
    assert run("keywords", "-", "--vectors", "nothing.txt", "--store", store, stdin=text).code == 3
    monkeypatch.chdir(store.parent)
    (store.parent / "sample").write_bytes(VECTORS.read_bytes().replace(b"0.", b"0.1"))
    assert run("keywords", "-", "--vectors", "sample", "--store", store, stdin=text).out != by_file.out, "a file first"


def test_approximate(store: Path, run: Run) -> None:
    pytest.importorskip("usearch", reason="the extra search")
    outcome = run("similar", "女王", "苹果", "-k", 2, "--approximate", "--store", store)
    assert words(outcome.out) == [["公主", "女人"], ["梨", "葡萄"]]
    assert "% of the 2 nearest are found (exact search of 2 words)" in outcome.err
    assert "exact search is faster for fewer than 50,000 words" in outcome.err


def test_nothing_heavy_is_imported(store: Path) -> None:
    """The start is to be short: numpy, and nothing heavier."""
    code = (
        "import sys; from textpipe.cli.process import run; "
        f"run(['similar', '女王', '--store', {str(store)!r}]); print(sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()[-1]
    assert "'numpy'" in modules
    for heavy in ("scipy", "sklearn", "torch", "rich", "jieba", "gensim", "safetensors", "networkx", "usearch"):
        assert f"'{heavy}'" not in modules
