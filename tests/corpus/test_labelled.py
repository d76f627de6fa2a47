"""Labelled texts: fastText's lines, a folder for each class; and what nobody else notices of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.reading import documents, texts
from textpipe.corpus.document import ReadLog
from textpipe.errors import InputError

LINES = "__label__体育 球队 赢 了\n\n股市 跌 __label__财经\n没有标签\n__label__ 空\n看 my__label__x 吧\n"


def test_lines_of_fasttext(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text(LINES, "utf-8")
    log = ReadLog()
    found = documents(path, log, labels=True)
    assert [(one.label, one.text) for one in found] == [
        ("体育", "球队 赢 了"),
        ("财经", "股市 跌"),
        (None, "没有标签"),
        (None, "空"),
        (None, "看 my__label__x 吧"),
    ]
    assert [one.source for one in found] == [f"{path}:{number}" for number in (1, 3, 4, 5, 6)]
    assert log.skipped == {"blank row": 1}
    assert documents(path, input_format="fasttext")[0].label == "体育", "asked for by name"
    assert texts(path) == [LINES], "who asks for no labels reads plain text"
    assert documents(path, labels=True, input_format="txt")[0].label is None


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "train"
    path.write_text("__label__体育 今晚的球赛十分精彩\n__label__财经 股市今天又涨了不少\n", encoding)
    assert [one.label for one in documents(path, labels=True)] == ["体育", "财经"]


@pytest.mark.parametrize(
    ("line", "said"),
    [("__label__a __label__b x", "2 labels in one line: a, b"), ("x __label__a y", "in the middle")],
)
def test_several_labels_are_refused(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "train.txt"
    path.write_text(f"__label__a x\n{line}\n", "utf-8")
    with pytest.raises(InputError, match=said) as caught:
        documents(path, labels=True)
    assert (caught.value.where, caught.value.line) == (str(path), 2)
    assert caught.value.hint


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    for name, content in {
        "体育/a.txt": "球",
        "体育/deep/er/b.txt": "队",
        "fin ance/c": "股",
        "d.txt": "无",
        "x/t.tsv": "text\tlabel\n表\ty\n",
        "x/one.csv": "text\n列\n",
        "x/.hidden": "不",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    (tmp_path / "体育" / "gbk.txt").write_text("今晚的球赛十分精彩", "gb18030")
    found = {one.text: one.label for one in documents(tmp_path, labels=True)}
    assert found == {
        "球": "体育",
        "队": "体育",
        "今晚的球赛十分精彩": "体育",
        "股": "fin ance",
        "无": None,
        "表": "y",
        "列": "x",
    }
    assert {one.label for one in documents(tmp_path)} == {None, "y"}, "only where labels are wanted"
    assert {one.label for one in documents(tmp_path / "体育", labels=True)} == {None, "deep"}
    lines = documents(tmp_path / "体育", labels=True, lines=True)
    assert [one.label for one in lines if "deep" in (one.source or "")] == ["deep"]


def test_an_empty_file_is_still_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        documents(tmp_path / "a", labels=True)


def test_several_labels_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    marked = "__label__a __label__b 球队 赢\n__label__a 股市 __label__c\n"
    path.write_text(f"{marked}__label__ 空\n无\n__label__b\nx __label__ __label__b\n", "utf-8")
    found = documents(path, labels=True, label_sep=";")
    assert [(one.label, one.text) for one in found] == [
        ("a;b", "球队 赢"),
        ("a;c", "股市"),
        ("", "空"),
        (None, "无"),
        ("b", ""),
        ("b", "x"),
    ]
    for wrong, said in (("__label__a;b x", "holds the separator"), ("__label__a x __label__b y", "in the middle")):
        path.write_text(f"__label__a x\n{wrong}\n", "utf-8")
        with pytest.raises(InputError, match=said) as caught:
            documents(path, labels=True, label_sep=";")
        assert (caught.value.line, bool(caught.value.hint)) == (2, True)


def test_lists_of_labels(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    rows = ('["a", "b"]', "[]", '"a;c"', "null", '[1, "b"]', '["a;b"]', '["a", null]')
    path.write_text("".join(f'{{"text": "球", "label": {label}}}\n' for label in rows), "utf-8")
    log = ReadLog()
    assert [one.label for one in documents(path, log, label_sep=";")] == ["a;b", "", "a;c", None, "1;b", "a;"]
    assert log.rejected == {"label that holds the separator": 1}
    assert documents(path)[0].label == '["a", "b"]', "without a separator it is text"
