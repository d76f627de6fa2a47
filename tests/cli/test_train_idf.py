"""`textpipe train-idf` and `keywords --idf`, as they are typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import DATA, Run

NEWS = DATA / "news.tsv"
ARTICLE = DATA / "articles" / "tea-mountain.txt"


def keywords(out: str) -> list[tuple[str, float]]:
    (record,) = map(json.loads, out.splitlines())
    return [(one["text"], one["score"]) for one in record["keywords"]]


def test_the_formula_is_the_artifact_s(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    default, jieba, sklearn = (
        run("train-idf", NEWS, "--name", name, *options, *store).out
        for name, options in (("a", ()), ("b", ("--formula", "jieba")), ("c", ("--formula", "sklearn")))
    )
    assert default == jieba != sklearn
    options = ("--method", "tfidf", "-k", "999", *store)
    found = {name: keywords(run("keywords", ARTICLE, "--idf", name, *options).out) for name in "abc"}
    assert found["a"] == found["b"]
    assert sum(score**2 for _, score in found["c"]) == pytest.approx(1)
    assert {word for word, _ in found["c"]} < {word for word, _ in found["a"]}
    assert run("train-idf", NEWS, "--formula", "bm25", *store).code == 2


def test_nothing_but_the_table_is_kept(tmp_path: Path, run: Run) -> None:
    outcome = run("train-idf", NEWS, "--store", tmp_path / "store", "-v")
    assert outcome.err == "note: 2,838 words of 252 documents\n"
    folder = tmp_path / "store" / "objects"
    assert [path.name for path in folder.iterdir()] == ["idf"]
    assert list((tmp_path / "store" / "tmp").iterdir()) == []
    lines = (folder.parent / "objects" / outcome.out.strip() / "frequencies.tsv").read_text("utf-8").splitlines()
    assert lines[0] == "\t252"
    assert lines[1:] == sorted(lines[1:])
    assert len(lines) == 2839


def test_what_is_left_out_is_said(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "模型训练"}\n{"text": 3}\n{"text": "模型"}\n')
    outcome = run("train-idf", tmp_path / "a.jsonl", "--store", tmp_path / "store")
    assert outcome.code == 0
    assert "note: left out: 1 " in outcome.err
    quiet = run("train-idf", tmp_path / "a.jsonl", "--store", tmp_path / "store", "-q")
    assert quiet == (0, outcome.out, "")


def test_a_single_document_is_told_of(tmp_path: Path, run: Run) -> None:
    outcome = run("train-idf", ARTICLE, "--store", tmp_path / "store")
    assert "of a single document every word weighs 0" in outcome.err
    assert run("train-idf", ARTICLE, "--formula", "sklearn", "--store", tmp_path / "store").err == ""


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", 3, "error: the file is empty"),
        ("文".encode(), 3, "error: no word in enough documents"),
        (b"\0\1\2", 3, "error: this is a binary file"),
        (b"\xff\xfe\xfa" * 9, 3, "error: "),
        ("😀😀\n".encode(), 3, "error: no word in enough documents"),
    ],
)
def test_bad_input(tmp_path: Path, run: Run, content: bytes, code: int, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    outcome = run("train-idf", tmp_path / "a.txt", "--store", tmp_path / "store")
    assert (outcome.code, outcome.out, outcome.err.startswith(message)) == (code, "", True)
    assert not list((tmp_path / "store").glob("objects/*/*"))
    assert not list((tmp_path / "store").glob("tmp/*"))


def test_standard_input_cannot_be_an_artifact_s_input(tmp_path: Path, run: Run) -> None:
    outcome = run("train-idf", "-", "--store", tmp_path / "store", stdin=b"x")
    assert (outcome.code, outcome.err.splitlines()[0]) == (
        2,
        "error: standard input cannot be an artifact's input",
    )
    assert not (tmp_path / "store").exists()


def test_another_tokenizer_is_refused_with_the_reason(tmp_path: Path, run: Run) -> None:
    (tmp_path / "words.txt").write_text("云鹊手表 5 n\n")
    (tmp_path / "same.txt").write_text("云鹊手表 5 n\n")
    (tmp_path / "other.txt").write_text("石墨烯 5 n\n")
    store = ("--store", tmp_path / "store")
    assert run("train-idf", NEWS, "--user-dict", tmp_path / "words.txt", *store).code == 0
    command = ("keywords", ARTICLE, "--method", "tfidf", "--idf", "latest", *store)
    own = run(*command)
    assert own.code == 0
    assert run(*command, "--user-dict", tmp_path / "same.txt") == own
    for options, reason in (
        (
            ("--user-dict", tmp_path / "other.txt"),
            "user words are 1 there and 1 here ('云鹊手表' only there, or otherwi",
        ),
        (("--user-dict", tmp_path / "same.txt", "--no-hmm"), "hmm is on there and off here"),
        (("--user-dict", tmp_path / "same.txt", "--protect", DATA / "protected-terms.txt"), "protected terms are 0"),
    ):
        outcome = run(*command, *options)
        assert outcome.code == 2
        assert outcome.err.startswith(f"error: the IDF was made with another tokenizer: {reason}")
        assert outcome.err.splitlines()[1] == "hint: use its own, or train one: textpipe train-idf"


def test_a_damaged_artifact(tmp_path: Path, run: Run) -> None:
    store = tmp_path / "store"
    address = run("train-idf", NEWS, "--store", store).out.strip()
    folder = store / "objects" / address
    folder.chmod(0o755)
    table = folder / "frequencies.tsv"
    content = table.read_bytes()
    table.chmod(0o644)
    table.write_bytes(content[:-1] + b"x")
    outcome = run("keywords", ARTICLE, "--method", "tfidf", "--idf", "latest", "--store", store)
    assert (outcome.code, "the content of frequencies.tsv has changed" in outcome.err) == (4, True)
    table.write_bytes(content[:-1])
    assert run("keywords", ARTICLE, "--method", "tfidf", "--idf", "latest", "--store", store).code == 4
    shutil.rmtree(folder)
    outcome = run("keywords", ARTICLE, "--method", "tfidf", "--idf", "latest", "--store", store)
    assert outcome.code == 4
    assert outcome.err.startswith("error: ")


# ---------------------------------------------------------------------------------------------- keywords --corpus


def test_corpus(tmp_path: Path, run: Run) -> None:
    outcome = run("keywords", DATA / "articles", "--corpus", "-k", "3", "--format", "jsonl")
    (record,) = map(json.loads, outcome.out.splitlines())
    assert (record["id"], record["documents"], len(record["keywords"])) == ("articles", 6, 3)
    assert list(record["keywords"][0]) == ["text", "score", "count", "documents", "document"]
    run("keywords", NEWS, ARTICLE, "--corpus", "-o", tmp_path / "a.csv")
    rows = (tmp_path / "a.csv").read_text("utf-8").splitlines()
    assert rows[0] == "id,text,score,count,documents,document"
    assert len(rows) == 21
    assert rows[1].startswith("corpus,")
    assert run("keywords", NEWS, "--corpus", "-o", tmp_path / "a.csv").code == 5
    stdin = run("keywords", "-", "--corpus", stdin="云鹊手表和云鹊手表".encode())
    assert json.loads(stdin.out)["id"] == "corpus"
    one, two = (run("keywords", NEWS, "--corpus", "--jobs", jobs) for jobs in "12")
    assert one == two


def test_corpus_against_one_s_own_documents(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    assert run("train-idf", NEWS, *store).code == 0
    (tmp_path / "health.txt").write_text("患者接种流感疫苗。\n患者来门诊复查。\n患者的睡眠。\n" * 5)
    command = ("keywords", tmp_path / "health.txt", "--lines", "--corpus", "--idf", "latest", "-k", "1", *store)
    assert keywords(run(*command).out)[0][0] == "患者"
    assert run(*command, "--no-hmm").code == 2
    nothing = run("keywords", NEWS, "--corpus", "--idf", "latest", "--stopwords", "none", *store)
    assert nothing.code == 1, "the same documents have the same shares"
    assert nothing.err == "note: no keywords: no word that counts is more frequent here than in the background\n"
    assert json.loads(nothing.out) == {"id": "news.tsv", "documents": 252, "keywords": []}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--method", "textrank"), "error: --corpus does not go with textrank"),
        (("--method", "textrank", "--graph", "a.graphml"), "error: --graph does not go with --corpus"),
        (("-k", "0"), "error: "),
    ],
)
def test_corpus_refuses(run: Run, options: tuple[str, ...], message: str) -> None:
    outcome = run("keywords", NEWS, "--corpus", *options)
    assert (outcome.code, outcome.out, outcome.err.startswith(message)) == (2, "", True)


def test_a_corpus_of_nothing(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.txt").write_text("，，\n12 34\n")
    outcome = run("keywords", tmp_path / "a.txt", "--corpus")
    assert (outcome.code, json.loads(outcome.out)["keywords"]) == (1, [])
    (tmp_path / "a.txt").write_text("")
    assert run("keywords", tmp_path / "a.txt", "--corpus").code == 3
