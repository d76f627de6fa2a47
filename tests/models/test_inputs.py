from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from textpipe.errors import ArtifactError, InputError
from textpipe.models.inputs import FIRST, PADDING, UNITS, UNKNOWN, Inputs, Unit
from textpipe.segment.tokenizer import Tokenizer

TEXTS = ["清华大学在北京", "北京 的　Ｗｅａ 天气", "Weather在北京"]


def learned(unit: Unit, **settings: Any) -> Inputs:
    return Inputs.learn(
        settings.pop("texts", TEXTS),
        **{"unit": unit, "tokenizer": Tokenizer(), "min_count": 1, "max_size": 1000, "max_length": 100, **settings},
    )


def names(inputs: Inputs, channel: int, text: str) -> list[str]:
    """The units that ids stand for."""
    tokens = ["", "?", *inputs.vocabularies[channel].tokens]
    return [tokens[number] for number in inputs.encode([text]).channels[channel]]


def test_characters_are_folded_and_small_and_white_space_is_one_unit() -> None:
    assert names(learned("char"), 0, "\u3000北 \t京Ｗe ") == ["北", "▁", "京", "w", "e"]


def test_words_have_no_white_space_among_them() -> None:
    assert names(learned("word"), 0, "Weather 在\n北京，上海") == ["weather", "在", "北京", "?", "?"]


@pytest.mark.parametrize("mode", ["exact", "search"])
def test_both_gives_each_character_the_word_it_lies_in(mode: Any) -> None:
    inputs = learned("both", tokenizer=Tokenizer(mode))
    text = "北京 WEATHER 清华大学"
    assert names(inputs, 0, text) == list("北京▁weather▁清华大学")
    assert names(inputs, 1, text) == ["北京"] * 2 + ["?"] + ["weather"] * 7 + ["?"] + ["清华大学"] * 4


def test_characters_that_become_two_small_ones_stay() -> None:
    inputs = learned("char", texts=["İstanbul ß"])
    assert names(inputs, 0, "İSTANBUL") == list("İstanbul")


def test_rare_units_and_those_beyond_the_largest_size_are_unknown() -> None:
    inputs = learned("char", min_count=2, max_size=3)
    assert inputs.vocabularies[0].tokens == ("北", "京", "在") or len(inputs.vocabularies[0]) == 3
    assert inputs.sizes == (3 + FIRST,)
    assert inputs.encode(["清"]).channels[0].tolist() == [UNKNOWN]


@pytest.mark.parametrize("unit", UNITS)
def test_long_texts_are_cut_and_counted(unit: Unit) -> None:
    units = learned(unit, max_length=2).encode(["北京在清华大学", "在", ""])
    assert units.lengths.tolist() == [2, 1, 0]
    assert units.cut == 1
    assert all(len(channel) == 3 for channel in units.channels)


@pytest.mark.parametrize("unit", UNITS)
def test_texts_without_anything_known_are_told(unit: Unit) -> None:
    units = learned(unit).encode(["", "鼋鼍", "北京", " \n", "鼋北京", "🙂"])
    assert units.known.tolist() == [False, False, True, False, True, False]


def test_padded_rows_are_the_texts_and_padding() -> None:
    inputs = learned("char")
    units = inputs.encode(["北京", "", "天气在"])
    (rows,), lengths = units.padded(np.array([2, 1]), least=2)
    assert lengths.tolist() == [3, 2]
    assert rows[0].tolist() == inputs.encode(["天气在"]).channels[0].tolist()
    assert rows[1].tolist() == [PADDING] * 3


def test_nothing_at_all_is_padding() -> None:
    (rows,), lengths = learned("char").encode(["", ""]).padded(np.array([0, 1]), least=4)
    assert rows.tolist() == [[PADDING] * 4] * 2
    assert lengths.tolist() == [4, 4]


def test_no_units_are_refused() -> None:
    with pytest.raises(InputError, match="no token"):
        learned("char", texts=["", " "])


@pytest.mark.parametrize("unit", UNITS)
def test_saved_and_loaded_ids_are_equal(tmp_path: Path, unit: Unit) -> None:
    odd = [*TEXTS, "tab\there 换\u2028行", "half \ud800 pair", "\x00 nul"]
    inputs = learned(unit, texts=odd)
    inputs.save(tmp_path, prefix="a.")
    again = Inputs.load(tmp_path, prefix="a.", unit=unit, tokenizer=Tokenizer(), max_length=100)
    for before, after in zip(inputs.encode(odd).channels, again.encode(odd).channels, strict=True):
        assert before.tolist() == after.tolist()
    assert (inputs.encode(odd).channels[0] >= FIRST).all()


@pytest.mark.parametrize("content", [None, "", "北\t3\n北\t2\n", "北京\t3\n", "\xff"])
def test_damaged_vocabularies_are_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "characters.txt").write_bytes(content.encode("latin-1" if content == "\xff" else "utf-8"))
    with pytest.raises(ArtifactError):
        Inputs.load(tmp_path, prefix="", unit="char", tokenizer=Tokenizer(), max_length=100)
