"""`textpipe dict check`: every kind of finding, several files, formats, time."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

from tests.conftest import DATA, Run
from textpipe.operations.dictionary import check_dictionaries
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.jieba_tables import dictionary_lines
from textpipe.segment.tokenizer import Tokenizer


def found(path: Path, content: str) -> list[tuple[int, str, str]]:
    path.write_text(content)
    return [(one["line"], one["word"], one["finding"]) for one in check_dictionaries([str(path)]).findings]


def test_the_sample(run: Run) -> None:
    outcome = run("dict", "check", DATA / "user-words.txt", "--format", "jsonl")
    records = [json.loads(line) for line in outcome.out.splitlines()]
    assert outcome.code == 1
    assert outcome.err == (
        "19 lines, 11 good entries; 1 duplicate, 1 never-whole, 2 shadowed, 2 unmatchable, 2 unusable\n"
    )
    assert [record["line"] for record in records] == list(range(13, 21))
    assert records[0] == {
        "id": f"{DATA / 'user-words.txt'}:13",
        "line": 13,
        "word": "钙钛矿\t30\tn",
        "finding": "unusable",
        "detail": "fields lie between single spaces, not tabs",
    }


def test_nothing_found(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("石墨烯 1000 n\n中将 0\n")
    outcome = run("dict", "check", path, "--format", "csv")
    assert outcome == (0, "id,line,word,finding,detail\n", "2 lines, 2 good entries; nothing found\n")
    assert run("dict", "check", path, "--format", "table").out == f"{path}\n(nothing)\n"
    path.write_text("\n石墨烯\n")
    assert run("dict", "check", path).err == "1 line, 1 good entry; nothing found\n"


def test_all_unusable_lines_are_told(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    assert found(path, f"好词啊\n词,5\n\n词\t5\n{'长' * 101}\n词 5.5\n") == [
        (2, "词,5", "unusable"),
        (4, "词\t5", "unusable"),
        (5, f"{'长' * 40}…", "unusable"),
        (6, "词 5.5", "unusable"),
    ]


def test_duplicates(tmp_path: Path, run: Run) -> None:
    path, other = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("石墨烯 5 n\n石墨烯 5 n\n石墨烯 7\n")
    other.write_text("石墨烯\n")
    details = {
        one["id"]: (one["finding"], one["detail"]) for one in check_dictionaries([str(path), str(other)]).findings
    }
    assert details == {
        f"{path}:2": ("duplicate", f"{path}:1 has the same"),
        f"{path}:3": ("duplicate", f"{path}:2 has frequency 5, tag n; the later line counts"),
        f"{other}:1": ("duplicate", f"{path}:3 has frequency 7; the later line counts"),
    }
    table = run("dict", "check", other, path, "--format", "table").out
    assert [line for line in table.splitlines() if line.endswith(".txt")] == [str(other), str(path)]


def test_shadowed(tmp_path: Path) -> None:
    """As the base dictionary has it; a tag or a frequency of one's own changes something, and so does deleting."""
    frequency = Dictionary().frequency("北京大学")
    path = tmp_path / "words.txt"
    content = f"北京大学 {frequency} nt\n计算机\n"
    assert found(path, content) == [(1, "北京大学", "shadowed"), (2, "计算机", "shadowed")]
    assert Tokenizer(dictionary=Dictionary().with_file(str(path))).tag("北京大学") == [("北京大学", "nt")]
    assert found(path, f"北京大学 {frequency} x\n计算机 3000\n中将 0\n石墨烯 0\n") == []


def test_never_found(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    assert found(path, "碳 中和 5\n江南·水乡\n江南·水乡 5 n\n") == [
        (1, "碳 中和", "unmatchable"),
        (3, "江南·水乡", "duplicate"),
        (3, "江南·水乡", "unmatchable"),
    ]
    assert check_dictionaries([str(path)]).good == 1


def test_never_whole(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    assert found(path, "我们的 30\n石墨烯\n石墨 9000000\n烯 9000000\n") == [
        (1, "我们的", "never-whole"),
        (2, "石墨烯", "never-whole"),
    ]
    path.write_text("我们的 30\n")
    (finding,) = check_dictionaries([str(path)]).findings
    assert finding["detail"] == "is cut into 我们 的; frequency 524 keeps it whole"
    assert found(path, "我们的 524\n") == []
    assert found(path, "我们的 523\n") == [(1, "我们的", "never-whole")]


def test_files_are_read_once_and_kept_apart_from_the_output(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text("石墨烯\n")
    assert run("dict", "check", path, path).code == 0
    assert run("dict", "check", path, "-o", path, "--force").code == 2
    assert path.read_text() == "石墨烯\n"


def test_a_hundred_thousand_lines(tmp_path: Path) -> None:
    generator = random.Random(1)
    known = [line.split(" ")[0] for line in dictionary_lines()]
    lines = [
        f"{generator.choice(known)}{generator.choice(known)}{generator.choice(('', ' 5', ' 100 n', ','))}"
        for _ in range(100_000)
    ]
    path = tmp_path / "words.txt"
    path.write_text("\n".join(lines))
    begin = time.process_time()
    checked = check_dictionaries([str(path)])
    assert checked.lines == 100_000
    assert time.process_time() - begin < 30, "it takes a few seconds"
