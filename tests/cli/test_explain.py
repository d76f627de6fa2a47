"""`textpipe tokenize --explain`: listings, records, rows."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import textpipe
from tests.conftest import DATA, Run


def test_records(run: Run) -> None:
    text = "小明毕业于中国科学院\n"
    (line,) = run("tokenize", "-", "--explain", "--format", "jsonl", stdin=text.encode()).out.splitlines()
    record = json.loads(line)
    assert list(record) == ["id", "tokens", "considered"]
    assert [token["text"] for token in record["tokens"]] == textpipe.Tokenizer().tokenize(text)
    assert record["tokens"][0] == {
        "text": "小明",
        "start": 0,
        "end": 2,
        "source": "hmm",
        "frequency": 0,
        "weight": None,
    }
    assert set(record["considered"][0]) == {"text", "start", "end", "frequency", "weight", "chosen"}
    assert [text[word["start"] : word["end"]] for word in record["considered"]] == [
        word["text"] for word in record["considered"]
    ]


def test_a_listing_a_document(run: Run) -> None:
    outcome = run("tokenize", "-", "--lines", "--explain", "--no-hmm", stdin="我 来\n\n好".encode())
    assert outcome.code == 0
    assert outcome.out == (
        "-:1\n"
        "  token  start  end  source      frequency  weight\n"
        "  我         0    1  dictionary     328841   -5.21\n"
        "  ' '        1    2  other               0       -\n"
        "  来         2    3  dictionary     161501   -5.92\n"
        "\n"
        "  considered  start  end  chosen  frequency  weight\n"
        "  我              0    1  *          328841   -5.21\n"
        "  来              2    3  *          161501   -5.92\n"
        "\n"
        "-:2\n"
        "  token  start  end  source  frequency  weight\n"
        "\n"
        "  considered  start  end  chosen  frequency  weight\n"
        "\n"
        "-:3\n"
        "  token  start  end  source      frequency  weight\n"
        "  好         0    1  dictionary      92543   -6.48\n"
        "\n"
        "  considered  start  end  chosen  frequency  weight\n"
        "  好              0    1  *           92543   -6.48\n"
    )


def test_rows(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("石墨烯 1000\n")
    command = ("tokenize", "-", "--explain", "--format", "csv", "--user-dict", tmp_path / "words.txt")
    rows = list(csv.DictReader(io.StringIO(run(*command, stdin="石墨烯。".encode()).out)))
    assert [(row["token"], row["source"], row["frequency"]) for row in rows] == [
        ("石墨烯", "user", "1000"),
        ("。", "other", "0"),
    ]
    assert float(rows[0]["weight"]) < 0
    assert rows[1]["weight"] == ""


def test_long_documents_stay_whole(run: Run, tmp_path: Path) -> None:
    text = "很长的文章，由许多句子组成。\n" * 5000
    (tmp_path / "long.txt").write_text(text)
    (line,) = run("tokenize", tmp_path / "long.txt", "--explain", "--format", "jsonl").out.splitlines()
    tokens = json.loads(line)["tokens"]
    assert [token["text"] for token in tokens] == textpipe.Tokenizer().tokenize(text)
    assert all(text[token["start"] : token["end"]] == token["text"] for token in tokens)


def test_many_documents(run: Run) -> None:
    outcome = run("tokenize", DATA / "news.tsv", "--explain", "--limit", "3", "--format", "json")
    assert len(json.loads(outcome.out)) == 3
