"""`textpipe explain`, as it is typed."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import textpipe
from tests.cli.test_keywords import on_a_terminal
from tests.conftest import DATA, Run
from tests.models import centroid
from tests.report.pages import check_page
from tests.report.test_pages import HOSTILE
from textpipe.models.explanation import Parts, explain
from textpipe.models.linear import Linear
from textpipe.report.characters import displayed
from textpipe.report.documents import MOST_DOCUMENTS

NEWS = DATA / "news.tsv"
TEXT = "球队赢了决赛"


@pytest.fixture(scope="module", name="folder")
def folder_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store has a linear classifier of news."""
    from textpipe.cli.process import run as run_line

    folder = tmp_path_factory.mktemp("explain")
    arguments = ["--arch", "linear", "--set", "C=1", "--name", "news", "--quiet", "--store", str(folder / ".textpipe")]
    assert run_line(["train-classifier", str(NEWS), *arguments]) == 0
    return folder


@pytest.fixture(autouse=True)
def _here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEXTPIPE_STORE", str(folder / ".textpipe"))


def records(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_records(run: Run, folder: Path) -> None:
    outcome = run("explain", "news", NEWS, "--limit", "20")
    assert (outcome.code, outcome.err) == (0, "")
    classifier = textpipe.load("news", store=folder / ".textpipe")
    documents = list(textpipe.read(str(NEWS)))[:20]
    found = explain(classifier, [document.text for document in documents])
    for record, document, one in zip(records(outcome.out), documents, found, strict=True):
        assert list(record) == [
            *("id", "label", "against", "score", "decision", "base", "method", "check", "rest", "tokens")
        ]
        assert (record["id"], record["label"], record["method"]) == (document.id, one.label, "exact")
        assert record["score"] == round(one.probability, 6)
        assert record["check"] == round(one.check, 6) <= 1e-5
        values = [token["value"] for token in record["tokens"]]
        assert record["base"] + sum(values) == pytest.approx(record["decision"], abs=1e-6 * (len(values) + 2))
        for token in record["tokens"]:
            assert document.text[token["start"] : token["end"]] == token["text"]


def test_a_text_is_a_text_and_a_file_a_file(run: Run, tmp_path: Path) -> None:
    (direct,) = records(run("explain", "news", TEXT).out)
    assert (direct["id"], [token["text"] for token in direct["tokens"]]) == ("text", ["球队", "赢", "了", "决赛"])
    (tmp_path / TEXT).write_text("股市大涨", "utf-8")
    (of_file,) = records(run("explain", "news", TEXT).out)
    assert (of_file["id"], of_file["tokens"][0]["text"]) == (TEXT, "股市")
    assert records(run("explain", "news", "--text", TEXT).out) == [direct]
    assert len(records(run("explain", "news", TEXT, TEXT).out)) == 2
    assert records(run("explain", "news", "-", stdin=TEXT.encode("gb18030")).out)[0]["tokens"] == direct["tokens"]
    lines = run("explain", "news", "-", "--lines", stdin=f"{TEXT}\n{TEXT}\n".encode())
    assert [record["id"] for record in records(lines.out)] == ["-:1", "-:2"]
    (folded,) = records(run("explain", "news", "ＡＢ球队", "--fold").out)
    assert folded["tokens"][0]["text"] == "AB"


@pytest.mark.parametrize(
    ("arguments", "code", "error", "hint"),
    [
        (["nothing.tsv"], 3, "no such file (nothing.tsv)", "if it is the text itself: --text 'nothing.tsv'"),
        (["a/b"], 3, "no such file (a/b)", "--text 'a/b'"),
        (["*.txt"], 3, "no such file (*.txt)", "--text '*.txt'"),
        (["stocks", "rise"], 3, "no such file (stocks)", "quotation marks"),
        ([], 2, "no input", "name files or folders"),
        ([str(NEWS), "--text", "球"], 2, "--text is a text, and PATHS name others", "leave out one"),
        (["球", "--label", "sprots"], 2, "no label 'sprots'; did you mean 'sports'?", "it has: education"),
        (["球", "--against", "x"], 2, "no label 'x'", "it has: education"),
        (["球", "--label", "sports", "--against", "sports"], 2, "the label itself, 'sports'", "another label"),
        (["球", "--method", "gradients"], 2, "no explanation by the method 'gradients'", "--method auto or exact"),
        (["球", "-k", "0"], 2, "", ""),
        (["球", "-o", "x.pdf"], 2, "no output format", ""),
    ],
)
def test_refusals(arguments: list[str], code: int, error: str, hint: str, run: Run, tmp_path: Path) -> None:
    outcome = run("explain", "news", *arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert error in outcome.err
    assert hint in outcome.err
    assert not list(tmp_path.iterdir())


def test_texts_with_slashes_and_dots_are_texts(run: Run) -> None:
    for text in ("球队/教练，赢了决赛", "球队 a/b", "版本1.5", "why? 球队"):
        assert run("explain", "news", text).code == 0, text


def test_without_a_classifier(run: Run, tmp_path: Path) -> None:
    outcome = run("explain", "news", TEXT, "--store", tmp_path / "none")
    assert outcome.code == 4
    assert "textpipe train-classifier LABELLED.tsv" in outcome.err


def test_labels_top_and_units(run: Run) -> None:
    (other,) = records(run("explain", "news", TEXT, "--label", "finance").out)
    (predicted,) = records(run("explain", "news", TEXT).out)
    (apart,) = records(run("explain", "news", TEXT, "--label", "sports", "--against", "finance").out)
    assert (other["label"], predicted["label"], apart["against"]) == ("finance", "sports", "finance")
    assert apart["decision"] == pytest.approx(predicted["decision"] - other["decision"], abs=1e-5)
    (top,) = records(run("explain", "news", TEXT, "-k", "2").out)
    assert [token["text"] for token in top["tokens"]] == ["球队", "决赛"], "the strongest, in the order of the text"
    values = sum(token["value"] for token in top["tokens"])
    assert top["base"] + top["rest"] + values == pytest.approx(top["decision"], abs=1e-5)
    (characters,) = records(run("explain", "news", TEXT, "--unit", "char").out)
    assert [token["text"] for token in characters["tokens"]] == list(TEXT)
    (occluded,) = records(run("explain", "news", TEXT, "--method", "occlusion").out)
    assert occluded["method"] == "occlusion"


def test_formats(run: Run, tmp_path: Path) -> None:
    rows = list(csv.reader(run("explain", "news", TEXT, "--format", "csv").out.splitlines()))
    assert rows[0] == ["id", "label", "token", "start", "end", "value", "score", "method", "check"]
    assert [row[2] for row in rows[1:]] == ["球队", "赢", "了", "决赛"]
    assert run("explain", "news", TEXT, "-o", "x.tsv").code == 0
    assert (tmp_path / "x.tsv").read_text("utf-8").count("\n") == 5
    assert run("explain", "news", TEXT, "-o", "x.tsv").code == 5
    assert len(json.loads(run("explain", "news", NEWS, "--limit", "3", "--format", "json").out)) == 3
    table = run("explain", "news", TEXT, "--format", "table", "-k", "1").out
    assert table.splitlines()[0].startswith("text: sports 0.9")
    assert TEXT in table.splitlines()
    assert "strongest tokens, 3 more are weaker" in " ".join(table.split())
    assert "\x1b" not in table


def test_a_terminal_has_colours_unless_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    command = [sys.executable, "-m", "textpipe", "explain", "news", f"{TEXT}\x1b[31m，股市"]
    seen = on_a_terminal(command)
    assert re.search("\x1b\\[[0-9;]*46m球队\x1b\\[0m", seen)
    assert "\\x1b" in seen
    assert "\x1b[31m，" not in seen, "what a text holds does not drive the terminal"
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search("\x1b\\[[0-9;]*[34][0-7]m", on_a_terminal(command))


def test_nothing_that_carries_a_decision(run: Run) -> None:
    for text in ("", "🦉🦉", " \n"):
        outcome = run("explain", "news", "--text", text)
        assert outcome.code == 1
        assert "nothing carried 1 of 1 decisions" in outcome.err
        assert len(records(outcome.out)) == 1
    assert run("explain", "news", "-", "--lines", stdin=f"🦉\n{TEXT}\n".encode()).code == 0


def test_odd_texts(run: Run, tmp_path: Path) -> None:
    texts = [" ", "\u200b", "😀" * 1000, "球队" * 20_000, "a\x00\ud800球队", *HOSTILE]
    (tmp_path / "odd.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    for method in ("auto", "occlusion"):
        outcome = run("explain", "news", "odd.jsonl", "--method", method)
        assert outcome.code == 0
        assert len(records(outcome.out)) == len(texts)
    (tmp_path / "empty.txt").write_bytes(b"")
    assert run("explain", "news", "empty.txt").code == 3


def test_what_was_read_before_an_error_comes_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text("text\n" + "茶\n" * 30 + '"never closed\n', "utf-8")
    outcome = run("explain", "news", "long.csv")
    assert (outcome.code, len(records(outcome.out))) == (3, 30)


def test_a_check_that_fails_is_a_failure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_self: Linear, texts: list[str], _labels: list[str]) -> list[Parts]:
        return [Parts(np.array([[0, 1]], np.int32), np.array([1.0]), 0.0, 1.5) for _ in texts if _] + [
            Parts(np.zeros((0, 2), np.int32), np.zeros(0), 0.0, 0.0) for _ in texts if not _
        ]

    monkeypatch.setattr(Linear, "explain", wrong)
    outcome = run("explain", "news", TEXT)
    assert outcome.code == 1
    assert "failed: parts do not sum to the decision in 1 of 1 (first: text, by 0.5)" in outcome.err
    assert records(outcome.out)[0]["check"] == 0.5
    assert "but the parts miss it by 0.5" in run("explain", "news", TEXT, "--format", "table").out
    assert b"The parts do not sum to the decision" in run("explain", "news", TEXT, "--format", "html").out.encode()


def test_a_page(run: Run, tmp_path: Path) -> None:
    assert run("explain", "news", TEXT, "--label", "sports", "--against", "finance", "-o", "x.html").code == 0
    page = check_page((tmp_path / "x.html").read_bytes())
    assert page.all("div", class_="text")[0].text == TEXT
    classes = {mark.text: mark.attributes["class"] for mark in page.all("mark") if "title" in mark.attributes}
    assert classes["球队"].startswith("for")
    assert "rather than" in page.text
    first = (tmp_path / "x.html").read_bytes()
    assert run("explain", "news", TEXT, "--label", "sports", "--against", "finance", "-o", "x.html").code == 5
    run("explain", "news", TEXT, "--label", "sports", "--against", "finance", "-o", "x.html", "--force")
    assert (tmp_path / "x.html").read_bytes() == first


def test_a_page_of_hostile_texts_ids_and_labels(run: Run, tmp_path: Path) -> None:
    labels = [f"{hostile}{number}" for number, hostile in enumerate(HOSTILE[:3])]
    learned = "".join(
        json.dumps({"text": f"{word}{number}", "label": label}) + "\n"
        for label, word in zip(labels, ("球队", "股市", "电影"), strict=True)
        for number in range(4)
    )
    (tmp_path / "train.jsonl").write_text(learned, "utf-8")
    store = tmp_path / "store"
    assert run("train-classifier", "train.jsonl", "--arch", "linear", "--name", "h", "--store", store).code == 0
    rows = [{"id": hostile, "text": f"{hostile} 球队 {hostile}"} for hostile in HOSTILE]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert run("explain", "h", "a.jsonl", "--store", store, "-o", "x.html", "--against", labels[1]).code == 0
    page = check_page((tmp_path / "x.html").read_bytes())
    shown = [element.text for element in page.all("div", class_="text")]
    assert shown == [displayed(row["text"]) for row in rows]


def test_a_page_shows_the_first_of_many(run: Run, tmp_path: Path) -> None:
    assert run("explain", "news", NEWS, "-o", "x.html").code == 0
    page = check_page((tmp_path / "x.html").read_bytes())
    assert len(page.all("section", class_="document")) == MOST_DOCUMENTS
    assert f"The first {MOST_DOCUMENTS} of 252 decisions are shown; {252 - MOST_DOCUMENTS} more are not." in page.text


def test_without_jinja2(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("textpipe.report.page.find_spec", lambda _name: None)
    outcome = run("explain", "news", TEXT, "-o", "x.html")
    assert (outcome.code, "HTML reports need Jinja2" in outcome.err) == (2, True)
    assert not list(tmp_path.iterdir())


def test_an_architecture_without_an_explanation_of_its_own(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    centroid.register(monkeypatch)
    store = tmp_path / "store"
    assert run("train-classifier", NEWS, "--arch", "centroid", "--name", "news", "--store", store).code == 0
    (record,) = records(run("explain", "news", TEXT, "--store", store).out)
    assert (record["method"], record["check"]) == ("occlusion", 0.0)
    assert run("explain", "news", TEXT, "--store", store, "--method", "exact").code == 2


@pytest.mark.parametrize("arch", ["linear", "mlp"])
def test_a_text_of_several_labels_has_several_records(arch: str, run: Run, tmp_path: Path) -> None:
    words = {"sports": "球队比赛", "money": "股市银行", "film": "电影票房"}
    pairs = [(*one, *two) for one in words.items() for two in words.items() if one <= two]
    rows = [
        (f"{text}{other}第{number}篇", f"{label},{more}") for label, text, more, other in pairs for number in range(8)
    ]
    (tmp_path / "m.tsv").write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows), "utf-8")
    small = () if arch == "linear" else ("--set", "dim=16", "--set", "pretrain=0", "--set", "epochs=40")
    store = tmp_path / "store"
    trained = run("train-classifier", "m.tsv", "--multi-label", "--arch", arch, *small, "--name", "m", "--store", store)
    assert trained.code == 0
    outcome = run("explain", "m", "球队比赛股市银行", "--store", store)
    assert outcome.code == 0
    found = {record["label"]: record for record in records(outcome.out)}
    assert set(found) == {"sports", "money"}
    assert len(records(run("explain", "m", "球队", "--label", "film", "--store", store).out)) == 1
    for method in ("auto", "occlusion"):
        for label, text in (("sports", "球队"), ("money", "股市")):
            (record,) = records(
                run("explain", "m", "球队股市", "--label", label, "--method", method, "--store", store).out
            )
            best = max(record["tokens"], key=lambda token: float(token["value"]))
            assert best["text"] == text
    compared = json.loads(run("compare", "m", "m", "m.tsv", "--store", store).out)
    assert (compared["texts"], compared["disagreements"]) == (48, 0)
    assert compared["scores"]["accuracy"][0] > 0.8


def test_nothing_heavy_is_imported_for_a_linear_model(folder: Path) -> None:
    code = "import sys; from textpipe.cli.process import run; c = run(sys.argv[1:]); m = set(sys.modules); "
    code += "assert c == 0; assert not m & {'torch', 'sklearn', 'scipy', 'networkx', 'jinja2'}"
    arguments = ["explain", "news", TEXT, "--store", str(folder / ".textpipe")]
    status = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code, *arguments])
    assert status == 0
