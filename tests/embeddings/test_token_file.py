"""Counting the tokens of a file: what C counts is what Python counts, and every way in which a file can be no use."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from textpipe.embeddings import tokens as module
from textpipe.embeddings.tokens import LONGEST, TokenFile, token_file
from textpipe.errors import InputError
from textpipe.vocabulary import count_tokens

NEEDS_IT = pytest.mark.skipif(not module.is_compiled(), reason="needs the extension: built with the package")
TEXTS = {
    "plain": "北京 大学 的 学生\n北京 的 天气\n",
    "no end": "一 二 一",
    "white space": "  a\tb \r\n\n\n b\x0b c\x0c a  ",
    "wide space is text": "a\u3000b a\u3000b a\u00a0b",
    "nul": "a\0b a\0b \0 \0 a",
    "control characters": "\x01 \x1f a\x1fb \x01 \x7f",
    "emoji": "👨\u200d👩\u200d👧 好 👨\u200d👩\u200d👧 𠀀 𠀀",
    "order": "b a c b a c z ab abc \ue000 𠀀 \uffff",
    "blocks": "".join(f"词{number % 977} {'x' * (number % 40)}\n" for number in range(60_000)),
}


@pytest.fixture(params=["C", "Python"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of counting."""
    if request.param == "Python":
        monkeypatch.setattr(module, "is_compiled", lambda: False)
    elif not module.is_compiled():
        pytest.skip("needs the extension: built with the package")


def counted(tmp_path: Path, content: bytes, *, min_count: int = 1, max_size: int | None = None) -> TokenFile:
    path = tmp_path / "tokens.txt"
    path.write_bytes(content)
    return token_file(path, min_count=min_count, max_size=max_size)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(("min_count", "max_size"), [(1, None), (2, None), (1, 2)])
def test_as_counted_one_by_one(tmp_path: Path, name: str, min_count: int, max_size: int | None) -> None:
    text = TEXTS[name] + " one one two two"
    words = [word for word in re.split("[ \t\n\v\f\r]+", text) if word]
    found = counted(tmp_path, text.encode(), min_count=min_count, max_size=max_size)
    assert found.vocabulary == count_tokens([words], min_count=min_count, max_size=max_size)
    assert found.tokens == len(words)
    assert found.too_long == 0


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", [LONGEST, LONGEST + 1, 1 << 18, (1 << 18) + 1, 900_001])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_long_tokens_are_counted_but_no_words(tmp_path: Path, size: int, before: int) -> None:
    """Also those longer than the blocks of the file, which may end inside a character."""
    token = b"a" * (size % 3) + "长".encode() * (size // 3)
    found = counted(tmp_path, b"b" * before + b" c d " + token + b"\nc d " + token + b" c")
    assert found.tokens == 7 + bool(before)
    assert found.too_long == (2 if size > LONGEST else 0)
    assert (token.decode() in found.vocabulary.ids) == (size <= LONGEST)
    assert found.vocabulary.counts[found.vocabulary.ids["c"]] == 3


INVALID = {
    "gbk": "北京".encode("gbk"),
    "continuation": b"\x80",
    "cut": "京".encode()[:2],
    "overlong": b"\xc0\xaf",
    "overlong of three": b"\xe0\x80\xaf",
    "surrogate": b"\xed\xa0\x80",
    "beyond the last": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "long": b"x" * 2000 + b"\xff",
    "longer than a block": "长".encode() * 200_000 + b"\xe9\x95 ",
    "in the middle of a long one": "长".encode() * 50_000 + b"\xff" + "长".encode() * 90_000,
}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", INVALID)
def test_no_text(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no UTF-8") as caught:
        counted(tmp_path, "一 二\n\n三 四 ".encode() + INVALID[name] + b" a\nb\n")
    assert caught.value.line == 3
    assert caught.value.where == str(tmp_path / "tokens.txt")


@NEEDS_IT
def test_random_bytes_are_text_for_both_or_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    pieces = [
        "京".encode(),
        "𠀀".encode(),
        b"\xe0\xa0\x80",
        b"\xed\x9f\xbf",
        b"\xf4\x8f\xbf\xbf",
        b"a",
        b" ",
        b"\n",
        b"\xc2\x80",
    ]
    spoilers = [b"\x80", b"\xe4\xba", b"\xf0\x90", b"\xc1\x81", b"\xed\xa0\x80", b"\xff"]
    for _ in range(300):
        content = b"a b " + b"".join(chance.choices(pieces, k=12))
        if chance.random() < 0.5:
            place = chance.randrange(len(content))
            content = content[:place] + chance.choice(spoilers) + content[place:]
        results = []
        for compiled in (True, False):
            monkeypatch.setattr(module, "is_compiled", lambda compiled=compiled: compiled)
            try:
                results.append(str(counted(tmp_path, content)))
            except InputError as error:
                results.append(f"{error} {error.line}")
        assert results[0] == results[1], content


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("content", "min_count", "message"),
    [
        ("", 1, "no tokens at all"),
        (" \n\n \t\n", 1, "no tokens at all"),
        ("一 二 三", 2, "no token occurs 2 times"),
        ("的 的 的 的 的", 5, "one word alone"),
        ("一 二 一", 2, "one word alone"),
        ("x" * 2000, 1, "no token occurs 1 times"),
    ],
)
def test_nothing_to_learn(tmp_path: Path, content: str, min_count: int, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        counted(tmp_path, content.encode(), min_count=min_count)
    assert caught.value.hint


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        token_file(tmp_path / "none.txt", min_count=1)
    with pytest.raises(InputError, match="a directory"):
        token_file(tmp_path, min_count=1)


@NEEDS_IT
def test_messages_name_what_the_caller_says(tmp_path: Path) -> None:
    (tmp_path / "tokens.txt").write_bytes(b"a\n\xff\n")
    with pytest.raises(InputError, match=r"tokens/12ab:2") as caught:
        token_file(tmp_path / "tokens.txt", min_count=1, where="tokens/12ab")
    assert caught.value.exit_code == 3
