"""`textpipe evaluate segmentation`: our words and those of others against gold ones, by hand and on the PKU set."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

import textpipe
from tests.conftest import DATA, Outcome, Run

GOLD = DATA / "segmentation-gold.txt"
WORDS = DATA / "segmentation-words.txt"


def record_of(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    (line,) = outcome.out.splitlines()
    record: dict[str, Any] = json.loads(line)
    return record


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_another_tools_words(run: Run, tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.txt", "市长  林  建华  说\n\n研究  所  需\n")
    system = write(tmp_path / "system.txt", "市长 林建华\t说\n \n研究所 需 \n\n")
    words = write(tmp_path / "words.txt", "市长\n说\n\n研究\n 所 \n林\n说\n")
    outcome = run("evaluate", "segmentation", gold, "--system", system, "--vocabulary", words)
    assert outcome.err == ""
    record = record_of(outcome)
    assert list(record) == [
        *("id", "precision", "recall", "f1", "oov_rate", "oov_recall", "iv_recall"),
        *("gold_words", "words", "correct", "lines"),
    ]
    assert record == {
        "id": str(gold),
        "precision": pytest.approx(3 / 5),
        "recall": pytest.approx(3 / 7),
        "f1": pytest.approx(6 / 12),
        "oov_rate": pytest.approx(2 / 7),
        "oov_recall": pytest.approx(1 / 2),
        "iv_recall": pytest.approx(2 / 5),
        "gold_words": 7,
        "words": 5,
        "correct": 3,
        "lines": 2,
    }


def test_our_words_are_those_of_tokenize(run: Run, tmp_path: Path) -> None:
    for number, options in enumerate(((), ("--no-hmm",))):
        raw = write(tmp_path / "raw.txt", GOLD.read_text("utf-8").replace(" ", ""))
        system = tmp_path / f"system{number}.txt"
        run("tokenize", raw, "--lines", "-o", system, *options)
        ours = record_of(run("evaluate", "segmentation", GOLD, *options))
        assert ours == record_of(run("evaluate", "segmentation", GOLD, "--system", system))
        assert (ours["gold_words"], ours["lines"]) == (415, 30)


def test_gold_against_itself(run: Run) -> None:
    record = record_of(run("evaluate", "segmentation", GOLD, "--system", GOLD, "--vocabulary", WORDS))
    assert [record[key] for key in ("precision", "recall", "f1", "oov_recall", "iv_recall")] == [1] * 5
    assert record["oov_rate"] == pytest.approx(30 / 415)


def test_spaces_of_any_kind_and_width(run: Run, tmp_path: Path) -> None:
    expected = record_of(run("evaluate", "segmentation", GOLD, "--vocabulary", WORDS))
    text = GOLD.read_text("utf-8")
    for number, space in enumerate((" ", "\u3000", "\u3000\u3000", "\t", " \u3000 ")):
        gold = write(tmp_path / f"{number}.txt", "\ufeff" + text.replace("  ", space).replace("\n", "  \r\n"))
        assert record_of(run("evaluate", "segmentation", gold, "--vocabulary", WORDS)) == {**expected, "id": str(gold)}


def test_encodings(run: Run, tmp_path: Path) -> None:
    expected = record_of(run("evaluate", "segmentation", GOLD, "--vocabulary", WORDS))
    gold = write(tmp_path / "gold.txt", GOLD.read_text("utf-8"), "gb18030")
    words = write(tmp_path / "words.txt", WORDS.read_text("utf-8"), "gb18030")
    outcome = run("evaluate", "segmentation", gold, "--vocabulary", words, "--encoding", "gb18030")
    assert record_of(outcome) == {**expected, "id": str(gold)}
    found = run("evaluate", "segmentation", gold, "--vocabulary", WORDS)
    assert record_of(found) == {**expected, "id": str(gold)}
    assert found.err == "note: read as gb18030 (1 file)\n"
    assert run("evaluate", "segmentation", gold, "--vocabulary", WORDS, "-q").err == ""


def test_unreadable_bytes(run: Run, tmp_path: Path) -> None:
    gold = tmp_path / "gold.txt"
    gold.write_bytes("我们  在  北京  工作  ".encode() + b"\xff\n")
    assert run("evaluate", "segmentation", gold).code == 3
    outcome = run("evaluate", "segmentation", gold, "--system", gold, "--errors", "replace")
    assert record_of(outcome)["correct"] == 5
    assert "note: 2 unreadable characters were replaced by U+FFFD" in outcome.err


def test_standard_input(run: Run) -> None:
    text = GOLD.read_bytes()
    expected = record_of(run("evaluate", "segmentation", GOLD))
    assert record_of(run("evaluate", "segmentation", "-", stdin=text)) == {**expected, "id": "-"}
    assert record_of(run("evaluate", "segmentation", GOLD, "--system", "-", stdin=text))["f1"] == 1


def test_a_vocabulary_is_missed_in_a_note(run: Run) -> None:
    outcome = run("evaluate", "segmentation", GOLD)
    record = record_of(outcome)
    assert (record["oov_rate"], record["oov_recall"], record["iv_recall"]) == (None, None, None)
    assert outcome.err == (
        "note: nothing about out-of-vocabulary words: --vocabulary FILE names the words of the training data\n"
    )
    assert run("evaluate", "segmentation", GOLD, "--quiet").err == ""


def test_a_user_dictionary_counts(run: Run, tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.txt", "石墨烯  做成  电极\n")
    words = write(tmp_path / "words.txt", "石墨烯\n")
    assert record_of(run("evaluate", "segmentation", gold))["f1"] < 1
    assert record_of(run("evaluate", "segmentation", gold, "--user-dict", words))["f1"] == 1


def test_formats(run: Run, tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.txt", "我  爱  北京\n")
    header = "id,precision,recall,f1,oov_rate,oov_recall,iv_recall,gold_words,words,correct,lines"
    assert run("evaluate", "segmentation", gold, "--format", "csv").out == f"{header}\n{gold},1.0,1.0,1.0,,,,3,3,3,1\n"
    tsv = tmp_path / "out.tsv"
    assert run("evaluate", "segmentation", gold, "-o", tsv).out == ""
    assert tsv.read_text("utf-8").splitlines()[0] == header.replace(",", "\t")
    (record,) = json.loads(run("evaluate", "segmentation", gold, "--format", "json").out)
    assert record["words"] == 3
    table = run("evaluate", "segmentation", gold, "--format", "table").out
    assert "│ f1         │ 1.0000 │" in table
    assert "│ gold_words │      3 │" in table
    assert "oov" not in table


def test_an_output_replaces_no_input(run: Run) -> None:
    before = WORDS.read_bytes()
    outcome = run("evaluate", "segmentation", GOLD, "--vocabulary", WORDS, "-o", WORDS, "--force", "--format", "csv")
    assert outcome.code == 2
    assert WORDS.read_bytes() == before


def test_the_sample_is_in_order() -> None:
    """The shipped files are what their README says."""
    lines = GOLD.read_text("utf-8").splitlines()
    words = WORDS.read_text("utf-8").splitlines()
    assert all("  ".join(line.split()) == line for line in lines)
    assert words == sorted(set(words))
    types = {word for line in lines for word in line.split()}
    assert set(words) < types
    assert len(types - set(words)) == 30
    assert all(unicodedata.normalize("NFC", line) == line for line in lines)


def test_jieba_on_the_pku_test_set(run: Run, evaluation: Path) -> None:
    """Published for jieba: F1 81.8 to 82.1; the bakeoff's own counts of this set: 104,372 words, OOV rate .058."""
    folder = evaluation / "segment"
    gold, words = folder / "pku_test_gold.utf8", folder / "pku_training_words.utf8"
    record = record_of(run("evaluate", "segmentation", gold, "--vocabulary", words))
    assert 0.815 < record["f1"] < 0.825
    assert (record["gold_words"], record["lines"]) == (104_372, 1_944)
    assert record["oov_rate"] == pytest.approx(0.058, abs=5e-4)
    with (folder / "pku_test.utf8").open(encoding="utf-8") as stream:
        tokenizer = textpipe.Tokenizer()
        assert record["words"] == sum(len(tokenizer.tokenize(line.strip())) for line in stream)
