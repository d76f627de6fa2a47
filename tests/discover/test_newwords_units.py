"""Text as units: Han characters, ASCII words beside them, breaks; and stretches put together."""

from __future__ import annotations

import pytest

from textpipe.discover.newwords_text import Text
from textpipe.discover.newwords_units import BREAK, FIRST_WORD, WORD_LIMIT, Units, to_units
from textpipe.segment.tokenizer import Tokenizer

PLAIN = Tokenizer(hmm=False)


def shown(units: Units) -> str:
    """Units between slashes, a break as |."""
    return "".join(
        "|" if unit == BREAK else f"/{units.words[-1 - unit]}" if unit < 0 else f"/{chr(unit)}" for unit in units.units
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("基站", "|/基/站|"),
        ("5G基站。NBA总决赛", "|/5G/基/站|/NBA/总/决/赛|"),
        ("用iPhone15吧", "|/用/iPhone15/吧|"),
        ("only English here", "|"),
        ("好 very 好", "|/好|/好|"),  # a word that touches no Han character is part of the break
        ("，，。\n好！？", "|/好|"),
        ("二〇二五", "|/二/〇/二/五|"),
        ("𠮷野家㐂", "|/𠮷/野/家/㐂|"),
        ("ＡＢ基é站😀網\0路", "|/基|/站|/網|/路|"),  # full-width letters need --fold
        ("好\ud800坏", "|/好|/坏|"),
        ("a" * WORD_LIMIT + "字", f"|/{'a' * WORD_LIMIT}/字|"),
        ("a" * (WORD_LIMIT + 1) + "字", "|/字|"),
        ("", "|"),
    ],
)
def test_units(text: str, expected: str) -> None:
    assert shown(to_units([(text, True)], tokenizer=PLAIN)) == expected


def test_tokens_and_documents() -> None:
    units = to_units([("北京大学。", True), ("好", False), ("5G网络", True), ("", True)], tokenizer=PLAIN)
    assert shown(units) == "|/北/京/大/学|/好|/5G/网/络|"
    starts = "".join("x" if start else "." for start in units.starts)
    assert starts == "xx...xxxxx.x"
    assert units.documents.tolist() == [1, 8, 12]


def test_stretches_make_a_text() -> None:
    with Text() as text:
        for pieces in ([("用5G的NBA", True)], [("NBA与", False), ("5G，9G的", True)], [("", False)]):
            text.add(to_units(pieces, tokenizer=PLAIN))
        units = text.units.read(0, text.units.length)
        spelled = "".join("|" if unit == BREAK else text.spelled_unit(int(unit)) for unit in units)
        assert spelled == "|用5G的NBA|NBA与|9G的||"
        assert text.total == 8
        assert text.counts[FIRST_WORD : FIRST_WORD + 3].tolist() == [1, 2, 1]
        assert text.documents.tolist() == [1, 9]
        assert text.starts.length == text.units.length
