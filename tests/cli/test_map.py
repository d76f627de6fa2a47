"""`textpipe map`: coordinates and pages, which words are shown, what cannot be drawn."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.conftest import DATA, Run
from tests.embeddings.making import artifact, random_matrix, vectors_file
from tests.report.pages import check_page, data_of
from textpipe.store.layout import Store

VECTORS = DATA / "tiny-vectors.txt"
FIRST = ["中国", "北京", "日本"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with the embeddings `mine`: the later words are the more frequent ones."""
    words = [f"w{number}" for number in range(40)]
    artifact(Store(tmp_path / "store"), words, random_matrix(40), counts=list(range(40)), name="mine")
    return tmp_path / "store"


def test_a_record_a_word(run: Run, store: Path) -> None:
    outcome = run("map", "mine", "--store", store, "--top", 30)
    assert outcome.code == 0
    records = [json.loads(line) for line in outcome.out.splitlines()]
    assert [record["word"] for record in records] == [f"w{number}" for number in range(39, 9, -1)]
    assert [record["count"] for record in records] == list(range(39, 9, -1))
    assert {record["cluster"] for record in records} == set(range(1, 11))
    assert outcome.err == ""


def test_formats_hold_the_same(run: Run, tmp_path: Path) -> None:
    line = ["map", "--vectors", VECTORS, "--method", "pca"]
    records = json.loads(run(*line, "--format", "json").out)
    assert [json.loads(text) for text in run(*line).out.splitlines()] == records
    for kind, delimiter in (("csv", ","), ("tsv", "\t")):
        assert run(*line, "-o", tmp_path / f"map.{kind}").code == 0
        rows = list(csv.DictReader(io.StringIO((tmp_path / f"map.{kind}").read_text("utf-8")), delimiter=delimiter))
        assert [(row["word"], float(row["x"]), row["count"]) for row in rows] == [
            (r["word"], r["x"], "") for r in records
        ]
    table = run(*line, "--format", "table").out
    assert all(record["word"] in table for record in records)


def test_a_page(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "map.html"
    outcome = run("map", "--vectors", VECTORS, "-o", target)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    root = check_page(target.read_bytes())
    assert data_of(root)["words"][:3] == FIRST
    assert "24 of 24 words" in root.text
    assert "perplexity 7.67, seed 0" in root.text
    assert run("map", "--vectors", VECTORS, "--format", "html").out == target.read_text("utf-8")
    again = run("map", "--vectors", VECTORS, "-o", target)
    assert again.code == 5
    assert "the file exists" in again.err


def test_the_words_of_a_file(run: Run, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("德国\n 茶叶 \n\n火车\n德国\n法国\n汽车\n", "utf-8")
    outcome = run("map", "--vectors", VECTORS, "--words", words, "--format", "csv")
    assert [row.split(",")[0] for row in outcome.out.splitlines()] == ["word", "德国", "茶叶", "法国"]
    assert outcome.err == (
        "note: 2 of 5 words are not shown, as they have no vector (first: 火车)\n"
        "note: placed by principal components: the words are too few, or too alike, for t-SNE\n"
    )
    assert run("map", "--vectors", VECTORS, "--words", "-", "-q", stdin="茶叶\n".encode()).err == ""


def test_fewer_words_than_asked_for(run: Run) -> None:
    outcome = run("map", "--vectors", VECTORS, "--top", 100)
    assert len(outcome.out.splitlines()) == 24
    assert outcome.err == "note: 24 words are all there are\n"


def test_seeds(run: Run, tmp_path: Path) -> None:
    vectors = vectors_file(tmp_path / "v.txt", [f"w{n}" for n in range(60)], random_matrix(60))
    line = ["map", "--vectors", vectors, "--format", "csv"]
    assert run(*line, "--seed", 1).out == run(*line, "--seed", 1).out


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        ([], 2, "either NAME or --vectors FILE is needed"),
        (["mine", "--vectors", VECTORS], 2, "not both"),
        (["--vectors", VECTORS, "--top", 5, "--words", VECTORS], 2, "leave out --top"),
        (["--vectors", "-", "--words", "-"], 2, "standard input can be one of the files only"),
        (["--vectors", VECTORS, "--perplexity", 24], 2, "perplexity 24 needs more words than 24"),
        (["--vectors", VECTORS, "--perplexity", "nan"], 2, "perplexity is nan"),
        (["--vectors", VECTORS, "--top", 0], 2, "0 is not in the range"),
        (["--vectors", VECTORS, "--seed", 1 << 32], 2, "seed"),
        (["--vectors", VECTORS, "-o", "map.pdf"], 2, "no output format for the suffix '.pdf'"),
        (["--vectors", VECTORS, "-o", VECTORS, "--format", "csv", "--force"], 2, "the output would replace the input"),
        (["--vectors", DATA / "word-pairs.tsv"], 3, "not a file of word vectors"),
        (["--vectors", VECTORS, "--words", DATA / "word-pairs.tsv"], 3, "none of the words has a vector"),
        (["--vectors", "nothing.txt"], 3, "no such file of word vectors"),
        (["mine", "--store", "nowhere"], 4, "there is no store"),
    ],
)
def test_what_cannot_be_drawn(run: Run, arguments: list[object], code: int, what: str) -> None:
    before = VECTORS.read_bytes()
    outcome = run("map", *arguments)
    assert outcome.code == code
    assert what in outcome.err
    assert outcome.out == ""
    assert VECTORS.read_bytes() == before
