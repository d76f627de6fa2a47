"""Paths to documents: formats, columns, ids, limits, samples, and the account."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import textpipe
from tests.conftest import DATA, Run
from tests.corpus.reading import documents, texts
from textpipe.corpus.document import ReadLog
from textpipe.corpus.read import ReadOptions, read, read_pieces
from textpipe.errors import InputError, OutputError, UsageError


def test_a_text_file_is_a_document(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("第一行\r\n第二行\n".encode())
    (document,) = documents(path)
    assert document == textpipe.Document(str(path), "第一行\r\n第二行\n", None, str(path))


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\n\nthree")
    found = documents(path, lines=True)
    assert [(document.id, document.text) for document in found] == [
        (f"{path}:1", "one"),
        (f"{path}:2", ""),
        (f"{path}:3", "three"),
    ]


def test_bundled_news() -> None:
    log = ReadLog()
    found = documents(DATA / "news.tsv", log)
    assert len(found) == log.read == log.used == 252
    assert found[0].id == "travel-01"
    assert {document.label for document in found} == {
        "finance",
        "sports",
        "technology",
        "education",
        "health",
        "travel",
    }


def test_headers_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,review\n1,好吃\n0,太慢\n")
    assert [(d.text, d.label, d.id) for d in documents(path)] == [
        ("好吃", "1", f"{path}:2"),
        ("太慢", "0", f"{path}:3"),
    ]
    path.write_text("好吃,1\n太慢,0\n")
    assert [(d.text, d.label, d.id) for d in documents(path)] == [
        ("好吃", "1", f"{path}:1"),
        ("太慢", "0", f"{path}:2"),
    ]
    assert texts(path, text_col="2") == ["1", "0"]
    path.write_text("comment,who\n好吃,me\n")
    assert [(d.text, d.id) for d in documents(path, text_col="comment", id_col="who")] == [("好吃", "me")]
    with pytest.raises(InputError, match=r"no column 'coment'; did you mean 'comment'\?"):
        documents(path, text_col="coment", id_col="who")
    with pytest.raises(InputError, match="no column '3'"):
        documents(path, text_col="3")


def test_order_of_default_columns(tmp_path: Path) -> None:
    names = ["title", "review", "content", "text_a", "text"]
    path = tmp_path / "a.tsv"
    for count in range(1, len(names) + 1):
        path.write_text("\t".join(names[:count]) + "\n" + "\t".join(names[:count]) + "\n")
        assert texts(path) == [names[count - 1]]


def test_tsv_rows_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('label\ttext\n1\t"a\n\n2\n3\tb\tc\n4\td\n')
    log = ReadLog()
    assert [d.text for d in documents(path, log)] == ['"a', "d"]
    assert (log.read, log.used, log.skipped.total(), log.rejected.total()) == (5, 2, 1, 2)
    assert {error.line for error in log.examples.values()} == {4, 5}
    with pytest.raises(InputError) as raised:
        documents(path, strict=True)
    assert raised.value.line == 4


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        '{"id": 7, "text": "甲", "label": true}',
        "",
        "not json",
        '["list"]',
        '{"text": 3}',
        '{"text": "\\ud800乙"}',
    ]
    path.write_text("\n".join([*rows, "[" * 100_000]))
    log = ReadLog()
    found = documents(path, log)
    assert [(d.id, d.text, d.label) for d in found] == [("7", "甲", "true"), (f"{path}:6", "\ufffd乙", None)]
    assert (log.used, log.skipped.total(), log.rejected.total(), log.replaced) == (2, 1, 4, 1)
    path.write_text(json.dumps([{"text": "x"}]))
    with pytest.raises(InputError, match="a JSON array"):
        documents(path)


def test_json_lines_without_known_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"n": 1, "body": "x"}\n{"body": "y", "n": 2}\n')
    assert texts(path) == ["x", "y"]
    assert texts(path, text_col="body") == ["x", "y"]
    with pytest.raises(InputError, match="did you mean 'body'"):
        documents(path, text_col="bdy")


def test_compressed(tmp_path: Path) -> None:
    data = "压缩的文件".encode()
    for suffix, pack in ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        path = tmp_path / f"a.txt{suffix}"
        path.write_bytes(pack(data))
        assert texts(path) == ["压缩的文件"]
        path.write_bytes(pack(data * 100)[:-5])
        with pytest.raises(InputError, match="damaged"):
            documents(path)
        path.write_bytes(b"plain text")
        with pytest.raises(InputError, match="the content does not"):
            documents(path)
        (tmp_path / "packed").write_bytes(pack(b'{"text": "by content"}\n'))
        assert texts(tmp_path / "packed") == ["by content"]


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "sub" / "a.txt").write_text("a")
    (tmp_path / ".hidden").write_text("h")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0\0\0")
    (tmp_path / "broken.txt").write_bytes(
        "够长的文字，才看得出编码。".encode() + b"\xff\xff\xff" + "再来一句。".encode()
    )
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("nothing")
    log = ReadLog()
    assert [d.text for d in documents(tmp_path, log)] == ["b", "a"]
    assert log.skipped == {
        "hidden file": 1,
        "empty file": 1,
        "binary file": 1,
        "named pipe": 1,
        "link that points nowhere": 1,
    }
    assert log.rejected.total() == 1
    assert log.read == 8


def test_patterns(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.md"):
        (tmp_path / name).write_text(name)
    assert texts(tmp_path / "*.txt") == ["a.txt", "b.txt"]
    with pytest.raises(InputError, match="no file matches"):
        documents(tmp_path / "*.csv")
    (tmp_path / "[x].txt").write_text("literal")
    assert texts(tmp_path / "[x].txt") == ["literal"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"text": "json"}\n', ["json"]),
        (b"label\ttext\n1\ttsv\n", ["tsv"]),
        (b"label,text\n1,csv\n", ["csv"]),
        (b'"label","text"\n"1","csv"\n', ["csv"]),
        (b"one, two\nthree", ["one, two\nthree"]),
        (b"{not json}\n", ["{not json}\n"]),
    ],
)
def test_content_tells_the_format(tmp_path: Path, content: bytes, expected: list[str]) -> None:
    (tmp_path / "data").write_bytes(content)
    assert texts(tmp_path / "data") == expected
    (tmp_path / "data.txt").write_bytes(content)
    assert texts(tmp_path / "data.txt") == [content.decode()]


def test_limit_and_sample() -> None:
    log = ReadLog()
    assert len(documents(DATA / "news.tsv", log, limit=5)) == log.used == 5
    log = ReadLog()
    sample = documents(DATA / "news.tsv", log, sample=20, seed=3)
    assert (log.read, log.used) == (252, 20)
    everything = documents(DATA / "news.tsv")
    assert sample == [document for document in everything if document in sample], "in input order"
    assert sample == documents(DATA / "news.tsv", sample=20, seed=3)
    assert sample != documents(DATA / "news.tsv", sample=20, seed=4)
    assert documents(DATA / "news.tsv", sample=1000) == everything


def test_fold(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ＡＩ，好")
    assert texts(tmp_path / "a.txt", fold=True) == ["AI，好"]


def test_long_documents_come_in_pieces(tmp_path: Path) -> None:
    text = "这是一句话。" * 30_000
    (tmp_path / "a.txt").write_text(text + "\n" + text)
    pieces = list(read_pieces([str(tmp_path / "a.txt")], ReadOptions()))
    assert len(pieces) > 5
    assert max(len(piece.document.text) for piece in pieces) <= 1 << 16
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert [piece.offset for piece in pieces] == [
        sum(len(p.document.text) for p in pieces[:number]) for number in range(len(pieces))
    ]
    assert texts(tmp_path / "a.txt") == [text + "\n" + text]
    assert texts(tmp_path / "a.txt", lines=True) == [text, text]
    assert texts(tmp_path / "a.txt", sample=1) == [text + "\n" + text]


@pytest.mark.parametrize(("content", "message"), [(b"", "the file is empty"), (b"\0\1\2", "binary file")])
def test_nothing_to_read(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        documents(tmp_path / "a.txt")


def test_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("x")

    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(OutputError, match="no permission"):
        documents(tmp_path / "a.txt")


def test_no_network_and_no_other_imports(tmp_path: Path) -> None:
    """Reading plain text needs none of the heavy packages."""
    import subprocess

    (tmp_path / "a.txt").write_text("x")
    code = (
        "import sys, textpipe; list(textpipe.read(sys.argv[1])); print(*{'numpy', 'jieba', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.txt"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_evaluation_sets_are_read_whole(evaluation: Path) -> None:
    for path, count, options in (
        ("classify/chnsenticorp/train.tsv", 9600, {}),
        ("classify/thucnews10/dev.txt", 10_000, {"input_format": "tsv"}),
        ("classify/tnews/train.tsv", 53_360, {}),
        ("classify/reviews/waimai_10k.csv", 11_987, {}),
        ("classify/r8/train.tsv", 5485, {}),
        ("corpus/xwlb_stories.jsonl.gz", 18_223, {}),
        ("keywords/csl/dev.jsonl", 1000, {}),
    ):
        log = ReadLog()
        found = len(documents(evaluation / path, log, **options))
        assert (found, log.read, log.used) == (count, count, count), path


def test_a_number_is_not_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("这个酒店很好\t1\n房间不好\t0\n")
    assert texts(tmp_path / "a.tsv", text_col="1") == ["这个酒店很好", "房间不好"]


def test_late_binary_data_in_a_folder(tmp_path: Path) -> None:
    """What has been handed on cannot be taken back, so this is an error; nothing runs into the next file."""
    (tmp_path / "a.txt").write_bytes(b"plain line\n" * 300_000 + "够长的文字。".encode() * 3 + b"\xff\xff")
    (tmp_path / "b.txt").write_text("北京的模型训练")
    with pytest.raises(InputError) as raised:
        documents(tmp_path)
    assert raised.value.line == 300_001


def test_a_limit_reads_no_further(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text,label\n好模型,1\n"never closed,2\n')
    log = ReadLog()
    assert [d.text for d in documents(tmp_path / "a.csv", log, limit=1)] == ["好模型"]
    (tmp_path / "b.txt").write_bytes("很好的一行文字\n又一行\n".encode("gb18030"))
    log = ReadLog()
    documents(tmp_path / "b.txt", log, lines=True, limit=1)
    assert log.encodings == {"gb18030": 1}


def test_every_kind_of_damage_is_input(tmp_path: Path) -> None:
    data = "压缩的文件".encode() * 1000
    for suffix, pack in ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        packed = bytearray(pack(data))
        packed[len(packed) // 2] ^= 0xFF
        (tmp_path / f"a.txt{suffix}").write_bytes(packed)
        with pytest.raises(InputError, match="damaged"):
            documents(tmp_path / f"a.txt{suffix}")


def test_quoted_cells_keep_their_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'text,label\r\n"one\r\ntwo",x\r\nthree,"y"\r\n')
    assert [(d.text, d.label) for d in documents(tmp_path / "a.csv")] == [("one\r\ntwo", "x"), ("three", "y")]


def test_a_sample_of_everything_skips_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\nb\n")
    log = ReadLog()
    assert len(documents(tmp_path / "a.txt", log, lines=True, sample=1000)) == 2
    assert not log.skipped


def test_long_lines_are_linear(tmp_path: Path) -> None:
    """40 MB in one JSON line: seconds, not minutes."""
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "x" * 40_000_000}))
    assert [len(text) for text in texts(tmp_path / "a.jsonl")] == [40_000_000]


@pytest.mark.parametrize("pattern", ["d/**", "d/**/", "d/*", "d/**/*", "./d/**"])
def test_a_file_is_matched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d" / "one" / "two").mkdir(parents=True)
    for path in ("d/one/a.txt", "d/one/two/b.txt", "d/one/.hidden"):
        (tmp_path / path).write_text("文字")
    log = ReadLog()
    found = list(read(pattern, log=log))
    assert [os.path.normpath(document.id) for document in found] == ["d/one/a.txt", "d/one/two/b.txt"]
    assert log.skipped.total() <= 1, "the hidden file is counted once, where its folder is walked"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,label\r甲,1\r乙,2\r"),
        ("a.tsv", "text\tlabel\r甲\t1\r乙\t2"),
        ("a.jsonl", '{"text": "甲"}\r{"text": "乙"}\r'),
        ("a", "text,label\r甲,1\r乙,2\r"),
    ],
)
def test_lines_of_old_macs(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, newline="")
    assert texts(tmp_path / name) == ["甲", "乙"]


def test_plain_lines_of_old_macs(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲\r乙\r", newline="")
    assert [document.text for document in read(str(tmp_path / "a.txt"), lines=True)] == ["甲", "乙"]
    assert texts(tmp_path / "a.txt") == ["甲\r乙\r"], "a document is left as it is"


@pytest.mark.parametrize(("pack", "suffix"), [(bz2.compress, ".bz2"), (lzma.compress, ".xz"), (gzip.compress, ".gz")])
def test_what_follows_compressed_data(tmp_path: Path, pack: Callable[[bytes], bytes], suffix: str) -> None:
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(pack("前一半，".encode()) + pack("后一半。".encode()))
    assert texts(path) == ["前一半，后一半。"], "several streams are one file"
    path.write_bytes(pack("内容".encode()) + bytes(8))
    assert texts(path) == ["内容"], "zeros may follow"
    for rest in (b"rest", bytes(4) + b"rest", pack(b"cut off")[:-4]):
        path.write_bytes(pack("内容".encode()) + rest)
        with pytest.raises(InputError, match="damaged compressed file"):
            documents(path)


def test_strict_stops_before_the_next_document(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\n甲,1\n乙,2,3\n丙,4\n")
    reading = read(str(tmp_path / "a.csv"), strict=True)
    assert next(reading).text == "甲"
    with pytest.raises(InputError, match="more cells"):
        next(reading)


def test_fields_by_number(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"n": 7, "body": "甲", "key": "x"}\n{"key": "y", "body": "乙", "n": 8}\n')
    found = documents(path, text_col="2", id_col="3", label_col="1")
    assert [(d.id, d.text, d.label) for d in found] == [("x", "甲", "7"), ("y", "乙", "8")]
    for option in ("text_col", "id_col", "label_col"):
        seven: dict[str, Any] = {option: "7"}
        with pytest.raises(InputError, match="no column '7'"):
            documents(path, **seven)


def test_an_empty_id_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\nx,甲\n,乙\n")
    (tmp_path / "a.jsonl").write_text('{"id": "", "text": "甲"}\n{"id": 0, "text": "乙"}\n')
    assert [d.id for d in documents(tmp_path / "a.csv")] == ["x", f"{tmp_path}/a.csv:3"]
    assert [d.id for d in documents(tmp_path / "a.jsonl")] == [f"{tmp_path}/a.jsonl:1", "0"]


def test_a_quote_before_endless_blank_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textpipe.corpus.delimited._RECORD_LIMIT", 1000)
    (tmp_path / "a.csv").write_text('text\n"open' + "\n" * 5000)
    with pytest.raises(InputError, match="a quote is never closed"):
        documents(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "options",
    [
        {"limit": 0},
        {"limit": -1},
        {"sample": 0},
        {"limit": 1, "sample": 1},
        {"errors": "ignore"},
        {"input_format": "x"},
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        documents(DATA / "news.tsv", **options)


def test_paths_may_be_paths() -> None:
    assert len(list(read(DATA / "news.tsv"))) == len(list(read([DATA / "news.tsv"]))) == 252


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else for a moment")
def test_permissions_of_another_user(run: Run) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "sub").mkdir(mode=0o700)
        (folder / "sub" / "c.txt").write_text("c")
        (folder / "mine.txt").write_text("x")
        (folder / "mine.txt").chmod(0o600)
        (folder / "b.txt").write_text("b")
        for arguments in (["mine.txt"], ["sub"], ["b.txt", "--user-dict", "mine.txt"]):
            command = ["tokenize", *(folder / one if one[0] != "-" else one for one in arguments)]
            assert run(*command).code == 0  # and its modules are loaded
            os.seteuid(65534)
            try:
                outcome = run(*command)
            finally:
                os.seteuid(0)
            assert outcome.code == 5
            assert [line.split(":")[0] for line in outcome.err.splitlines()] == ["error", "hint"]
