"""`textpipe evaluate embeddings`: by hand, against gensim, and files of every wrong kind."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.conftest import DATA, Outcome, Run
from tests.embeddings.making import artifact, random_matrix, vectors_file
from textpipe.store.layout import Store

VECTORS = DATA / "tiny-vectors.txt"


def records_of(outcome: Outcome, *, code: int = 0) -> list[dict[str, Any]]:
    assert outcome.code == code, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


@pytest.fixture
def plane(tmp_path: Path) -> Path:
    """Five words in a plane."""
    words = ["a", "b", "c", "d", "A"]
    matrix = np.array([[1, 0], [1, 0.1], [0, 1], [-1, 0], [0, -1]], np.float32)
    return vectors_file(tmp_path / "plane.txt", words, matrix)


def test_pairs_by_hand(run: Run, plane: Path, tmp_path: Path) -> None:
    file = tmp_path / "pairs.txt"
    file.write_text("# of mine\n\nword1\tword2\tscore\na\tb\t9\r\n a\tc\t5\na\td\t0.5\nx\ta\t3\nd a 1e-1\n", "utf-8")
    (record,) = records_of(run("evaluate", "embeddings", "--vectors", plane, file))
    assert record["measure"] == "spearman"
    assert (record["items"], record["known"], record["coverage"]) == (5, 4, 0.8)
    assert record["value"] == pytest.approx(stats.spearmanr([9, 5, 0.5, 0.1], [0.995, 0, -1, -1]).statistic)
    assert record["low"] <= record["value"] <= record["high"]
    assert record["id"] == str(file)
    outcome = run("evaluate", "embeddings", "--vectors", plane, file)
    assert outcome.err == (
        f"note: {file}: left out 1 of 5 pairs, of which a word has no vector\n"
        f"note: {file}: 1 pair more than once, each counted (first: line 8)\n"
    )
    assert run("evaluate", "embeddings", "--vectors", plane, file, "-q").err == ""


def test_analogies_by_hand(run: Run, tmp_path: Path) -> None:
    words = ["man", "woman", "king", "queen", "noise"]
    matrix = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 2], [0, 1, 2], [0, 0, -1]], np.float32)
    vectors = vectors_file(tmp_path / "v.txt", words, matrix)
    file = tmp_path / "q.txt"
    file.write_text(
        ": people\nman king woman queen\nman king woman noise\nman king woman nobody\n: gram-x\nking queen man woman\n"
        ": people\nwoman queen man king\n: empty\n",
        "utf-8",
    )
    records = records_of(run("evaluate", "embeddings", "--vectors", vectors, file))
    shown = [(r["section"], r["kind"], r["items"], r["known"], r["correct"], r["value"]) for r in records]
    assert shown == [
        ("people", "semantic", 4, 3, 2, 2 / 3),
        ("gram-x", "syntactic", 1, 1, 1, 1.0),
        (None, "semantic", 4, 3, 2, 2 / 3),
        (None, "syntactic", 1, 1, 1, 1.0),
        (None, None, 5, 4, 3, 0.75),
    ]
    assert {r["measure"] for r in records} == {"accuracy"}
    restricted = records_of(run("evaluate", "embeddings", "--vectors", vectors, file, "--restrict", 4))
    assert restricted[-1]["known"] == 3  # noise is no word any more
    table = run("evaluate", "embeddings", "--vectors", vectors, file, "--format", "table").out
    assert "all syntactic" in table
    assert "0.7500" in table


def test_sections_without_names_and_kinds(run: Run, plane: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_text("a b c d\n", "utf-8")
    records = records_of(run("evaluate", "embeddings", "--vectors", plane, file))
    assert [(record["section"], record["kind"]) for record in records] == [("", None), (None, None)]


def test_case_is_folded_when_asked(run: Run, plane: Path) -> None:
    line = b"B D 1\nA c 2\nb c 3\n"
    plain = records_of(run("evaluate", "embeddings", "--vectors", plane, "-", stdin=line))
    folded = records_of(run("evaluate", "embeddings", "--vectors", plane, "-", "--fold", stdin=line))
    assert (plain[0]["known"], folded[0]["known"]) == (2, 3)
    # the most frequent spelling stands for all: a, not A
    expected = stats.spearmanr([1, 2, 3], [-1, 0, 0.1]).statistic
    assert folded[0]["value"] == pytest.approx(expected)


def test_artifacts_and_their_counts(run: Run, tmp_path: Path) -> None:
    words, matrix = [f"w{number}" for number in range(30)], random_matrix(30)
    store = tmp_path / "store"
    artifact(Store(store), words, matrix, counts=list(range(30)), name="mine")
    file = tmp_path / "pairs.txt"
    file.write_text("w0 w1 1\nw28 w29 2\nw20 w21 3\n", "utf-8")
    (record,) = records_of(run("evaluate", "embeddings", "mine", file, "--store", store, "--restrict", 10))
    assert record["known"] == 2  # w20 to w29 are the most frequent
    outcome = run("evaluate", "embeddings", "mine2", file, "--store", store)
    assert outcome.code == 4
    assert "did you mean 'mine'" in outcome.err


def test_formats(run: Run, tmp_path: Path) -> None:
    files = [DATA / "word-pairs.tsv", DATA / "analogies.txt"]
    line = ["evaluate", "embeddings", "--vectors", VECTORS, *files]
    records = records_of(run(*line))
    assert [record["id"] for record in records] == [str(files[0]), *[str(files[1])] * 5]
    for kind, delimiter in (("csv", ","), ("tsv", "\t")):
        target = tmp_path / f"scores.{kind}"
        assert run(*line, "-o", target).code == 0
        rows = list(csv.DictReader(io.StringIO(target.read_text("utf-8")), delimiter=delimiter))
        assert [row["known"] for row in rows] == [str(record["known"]) for record in records]
        assert rows[0]["correct"] == ""
    assert json.loads(run(*line, "--format", "json").out) == records


def test_nothing_known_is_a_finding(run: Run) -> None:
    outcome = run("evaluate", "embeddings", "--vectors", VECTORS, "-", stdin=b"x y 1\n")
    (record,) = records_of(outcome, code=1)
    assert (record["known"], record["value"]) == (0, None)
    assert "no pair and no question can be answered" in outcome.err
    outcome = run("evaluate", "embeddings", "--vectors", VECTORS, "-", stdin=b"x y z u\n")
    assert records_of(outcome, code=1)[-1]["correct"] == 0


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("a b 1\na b\n", 2, "2 fields"),
        ("a\tb\t1\na\t\t1\n", 2, "2 fields"),
        ("a b 1\na b 1,5\n", 2, "no number: '1,5'"),
        ("a b 1\na b nan\n", 2, "no number"),
        ("a b 1\na b 1e999\n", 2, "no number"),
        ("a b 1\na b c d\n", 2, "4 fields"),
        ("a b 1\n: x\n", 2, "2 fields"),
        (": x\n\na b c\n", 3, "3 fields"),
        ("a b c d\na b c d e\n", 2, "5 fields"),
        ("a\n", 1, "neither a pair nor an analogy"),
        ("a b c\n", None, "a header, but no pairs"),
        (": x\n", None, "sections, but no analogies"),
        ("# a b 1\n\n", None, "no pairs of words"),
        ("", None, "empty"),
    ],
)
def test_wrong_files(run: Run, tmp_path: Path, content: str, line: int | None, what: str) -> None:
    file = tmp_path / "q.txt"
    file.write_text(content, "utf-8")
    outcome = run("evaluate", "embeddings", "--vectors", VECTORS, file)
    assert outcome.code == 3
    assert outcome.out == ""
    assert what in outcome.err
    assert f"({file}{'' if line is None else f':{line}'})" in outcome.err


def test_files_in_other_encodings(run: Run, tmp_path: Path) -> None:
    text = (DATA / "word-pairs.tsv").read_text("utf-8")
    file = tmp_path / "pairs.tsv"
    file.write_bytes(text.encode("gb18030"))
    ours = records_of(run("evaluate", "embeddings", "--vectors", VECTORS, file))
    expected = records_of(run("evaluate", "embeddings", "--vectors", VECTORS, DATA / "word-pairs.tsv"))
    assert ours == [expected[0] | {"id": str(file)}]


# ---------------------------------------------------------------------------------------------- gensim


def against_gensim(run: Run, vectors: Path, pairs: Path, analogies: Path, *, fold: bool, restrict: int) -> None:
    models = pytest.importorskip("gensim.models")
    theirs = models.KeyedVectors.load_word2vec_format(str(vectors))
    options = {"case_insensitive": fold, "restrict_vocab": restrict}
    ours = records_of(
        run(
            *("evaluate", "embeddings", "--vectors", vectors, pairs, analogies, "--restrict", restrict),
            *(["--fold"] if fold else []),
        )
    )
    _, spearman, unknown = theirs.evaluate_word_pairs(str(pairs), **options)
    assert ours[0]["value"] == pytest.approx(spearman.statistic, abs=1e-6)
    assert 100 * (1 - ours[0]["coverage"]) == pytest.approx(unknown)
    accuracy, sections = theirs.evaluate_word_analogies(str(analogies), **options)
    assert ours[-1]["value"] == pytest.approx(accuracy)
    by_name = {record["section"]: record for record in ours[1:] if record["section"]}
    for section in sections[:-1]:
        found = by_name[section["section"]]
        assert found["correct"] == len(section["correct"])
        assert found["known"] == len(section["correct"]) + len(section["incorrect"])


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("restrict", [60, 90])
def test_the_same_as_gensim(run: Run, tmp_path: Path, fold: bool, restrict: int) -> None:
    words = [f"Word{number}" if number % 3 else f"word{number}" for number in range(80)]
    words += [f"WORD{number}" for number in range(0, 20, 2)]  # a few words in two spellings
    generator = np.random.default_rng(9)
    matrix = random_matrix(90, 5, seed=9)
    vectors = vectors_file(tmp_path / "v.txt", words, matrix)
    pairs, analogies = tmp_path / "pairs.tsv", tmp_path / "analogies.txt"
    places = [(a, b) for a in range(0, 85, 3) for b in range(a + 1, 85, 7)]
    pairs.write_text(
        "".join(f"{words[a]}\t{words[b]}\t{(a + b) % 11}\nunknown\tword0\t3\n" for a, b in places), "utf-8"
    )
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    lines = []
    for number, (a, b, c, d) in enumerate(generator.permuted(np.tile(np.arange(80), (150, 1)), axis=1)[:, :4].tolist()):
        near = units @ (units[b] - units[a] + units[c])
        near[[a, b, c]] = -9
        answer = words[int(near.argmax())] if number % 2 else words[d]  # chance alone would hardly hit one
        lines.append(f"{words[a]} {words[b]} {words[c]} {answer}")
    lines[70:70] = [": gram2", "word0 unknown word3 word6"]
    analogies.write_text("\n".join([": one", *lines]) + "\n", "utf-8")
    against_gensim(run, vectors, pairs, analogies, fold=fold, restrict=restrict)


def test_the_same_as_gensim_on_published_files(run: Run, tmp_path: Path, evaluation: Path) -> None:
    folder = evaluation / "embeddings"
    words = dict.fromkeys(
        word
        for name in ("wordsim240.txt", "cwe_analogy.txt")
        for line in (folder / name).read_text("utf-8").splitlines()
        if not line.startswith(":")
        for word in line.split()[: 2 if name == "wordsim240.txt" else 4]
    )
    known = list(words)[::2] + list(words)[1::4]  # some words have no vectors
    vectors = vectors_file(tmp_path / "v.txt", known, random_matrix(len(known), 10))
    pairs, analogies = folder / "wordsim240.txt", folder / "cwe_analogy.txt"
    against_gensim(run, vectors, pairs, analogies, fold=False, restrict=len(known))
