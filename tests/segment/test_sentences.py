"""Sentences: where they end, that they cover the text, and that long lines take their time and no more."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import DATA
from textpipe.segment.sentences import LONGEST, sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


# every case is a text with a bar where a sentence ends
CASES = (
    # Chinese marks, quotes and brackets
    "他来了。|他走了！|真的吗？！|当然……|好",
    "他说：“太好了！”|然后走了。|“是吗？”|“是的。”",
    "「好。」|他说。|（见图一。）|是的",
    "《十万个为什么？》出版了。|又印了。",
    "他问“为什么？”，然后走了。|“谁来干？”的问题还在。",
    "第一，开门；第二，进去；第三，坐下。|完了",
    "……我不知道……|真的……，好吧",
    "好。。。！！！|行～",
    '我来了。|"走吧。"|他说。|"好。"',
    # numbers, addresses, versions
    "圆周率是3.14。|增长3.5%.|其中出口1.2亿。",
    "看 https://example.org/a.b?c=d!e 就行。|问 https://example.org/a? |好",
    "看https://example.org/c?d=1.|然后 see https://example.org/a.b. |Next one.",
    "他用 Python 3.11. |然后升级到3.12.好的。|version v2.0. |Now!",
    "Read a.txt and b.tar.gz. |Then run x!=y?z:w and stop.",
    # English
    "Mr. Smith met Dr. J. R. Jones at 3 p.m. in the U.S. Senate. |He left the U.S. |The end.",
    "See Fig. 3, e.g. the curve of Smith et al. (2010). |It rises.",
    "Wait... what? |No. |Yes... |Perhaps. |They sold No. 5 in Jan. 2020.",
    'He said "Go!" and went. |"Stop." |She ran. |(It rained.) |\'Fine.\' |Good.',
    "They make cups, plates etc. |Acme Inc. sells them. |It went to Acme Inc. |The rest stayed.",
    "The temperature. |numpy is fast approx. five times",
    "it is good. |i like it. |really?! |yes",
    "Mr. Lee of 5 High St. runs 3 ft. ahead. |Press Tab. |The St. Louis train. |It is on High St. |We know.",
    "He bought no. |It was 5. |Then 2019. |Next.",
    "Она пришла. |Он ушёл. |Où? |Là-bas.",
    # lists
    "1. 苹果很好吃。|\n2. 梨|\n3. Third item. |More text",
    "a. first|\nb. second. |IV. Fourth",
    "1.苹果很甜。|2.梨很脆。",
    # lines
    "标题|\n第一段没有句号|\n第二段。|第三句|\n\n 第四",
    "one|\r\ntwo|\rthree|\x0bfour|\u2028five|\u2029six",
    "Stocks fall|\nOil rises|\nGold up",
    "————|\n好。|\n***",
    "This is a line of English text that was broken by hand at\nabout sixty columns so that it has to be joined again\n"
    "to make whole sentences. |Another one begins here, and goes\nto the end.|\n\nIntroduction|\nThis paper is short.",
    "The lines here are long enough to be taken as broken ones as\nof the small letter, but items are not joined:|\n"
    "- one of the items that are long enough to be taken for a broken line|\n- another",
    "这一段文字是有人在每行二十个汉字的地方用手\n断开的，所以读的时候应当接起来，不能把每一\n行当成一句话来看。|后面还有一句也断开了，请\n接上。",
    # cases of their own
    "👍🏽 好。|🎉",
    "a\u3000。|b",
    "ab\x00c. |Next",
)


@pytest.mark.parametrize("case", CASES)
def test_ends(case: str) -> None:
    expected = [part.strip() for part in case.split("|")]
    assert sentences(case.replace("|", "")) == expected


@pytest.mark.parametrize("text", ["", " ", "\n \r\n\t\u3000"])
def test_no_sentences(text: str) -> None:
    assert sentence_spans(text) == []


ALPHABET = "。！？!?.…；，:“”\"'「」（）()《》的、好a bI1.3\n\r\t\u3000Mr. etc e.g U.S http://x-•👍\x00\u2028é"


def check(text: str) -> None:
    """The contract: in order, apart, trimmed, bounded, and nothing between but white space."""
    end = 0
    rebuilt = ""
    for start, stop in sentence_spans(text):
        assert end <= start < stop <= start + LONGEST
        assert text[start:stop] == text[start:stop].strip()
        between = text[end:start]
        assert between.strip() == ""
        rebuilt += between + text[start:stop]
        end = stop
    assert text[end:].strip() == ""
    assert rebuilt + text[end:] == text


@given(st.text(alphabet=st.sampled_from(ALPHABET) | st.characters(), max_size=200))
@example("a." + " " * 5000 + "b")
@example(" " * 5000 + "a")
@settings(max_examples=500)
def test_every_character_is_in_one_sentence(text: str) -> None:
    check(text)


@given(
    st.lists(
        st.sampled_from(["word ", "好 ", "Mr. ", "End. ", "\n", "\n\n", "- item", "。", "a much longer line of words "])
    )
)
def test_every_character_of_broken_lines_too(parts: list[str]) -> None:
    check("".join(parts))


def test_bundled_articles() -> None:
    for path in sorted((DATA / "articles").glob("*.txt")):
        text = path.read_text("gb18030" if "gb18030" in path.name else "utf-8")
        check(text)
        assert len(sentence_spans(text)) > 10


@pytest.mark.parametrize(
    "unit",
    ["好", "a", ".", ". ", '"', '."', ".'", "http://", "http://..!", " ", "\n", "Aa. ", "“", "。”", "word word\n"],
)
def test_long_lines_without_an_end(unit: str) -> None:
    """Half a million characters: more than linear time would show as a test that never ends."""
    text = unit * (500_000 // len(unit))
    spans = sentence_spans(text)
    assert all(end - start <= LONGEST for start, end in spans)
    assert sum(len(text[start:end].replace(" ", "").replace("\n", "")) for start, end in spans) == len(
        text.replace(" ", "").replace("\n", "")
    )


def test_a_long_sentence_is_cut_after_punctuation() -> None:
    text = "好" * 1500 + "，" + "好" * 1500 + "。"
    assert [len(part) for part in sentences(text)] == [1501, 1501]
