"""Near-duplicates against the similarity of the sets themselves, in any order, at any threshold."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from textpipe.discover import near_duplicates
from textpipe.discover.near_duplicates import (
    SHINGLE,
    NearSettings,
    kept,
    near_groups,
    normalized,
    shingle_hashes,
    signature,
    similarities,
)
from textpipe.errors import UsageError

pytest.importorskip("datasketch", reason="needs the extra duplicates")
LETTERS = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜"
FAR = 0.13  # of an estimate: more than three standard errors of 128 permutations


def shingles(text: str) -> set[str]:
    """The definition, written down."""
    letters = normalized(text)
    return {letters[i : i + SHINGLE] for i in range(max(1, len(letters) - SHINGLE + 1))}


def jaccard(one: str, other: str) -> float:
    return len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))


def families(seed: int) -> list[str]:
    """Texts, each with some of its characters changed: few in some copies, many in others."""
    generator = random.Random(seed)
    texts = []
    for _ in range(12):
        text = generator.choices(LETTERS, k=300)
        texts.append("".join(text))
        for changes in (1, 4, 8, 20, 60):
            copy = list(text)
            for place in generator.sample(range(300), changes):
                copy[place] = generator.choice(LETTERS)
            texts.append("".join(copy))
    return texts


def signatures_of(texts: list[str], settings: NearSettings) -> near_duplicates.Signatures:
    return np.stack([kept(signature([text], permutations=settings.permutations)) for text in texts])


def partition(texts: list[str], settings: NearSettings) -> set[frozenset[str]]:
    places = {text: place for place, text in enumerate(sorted(texts))}
    ranks = np.array([places[text] for text in texts], np.int64)
    found = near_groups(signatures_of(texts, settings), ranks, settings)
    assert found.unchecked == 0
    groups: dict[int, set[str]] = {}
    for text, number in zip(texts, found.group.tolist(), strict=True):
        groups.setdefault(number, set()).add(text)
    return set(map(frozenset, groups.values()))


def together(groups: set[frozenset[str]], one: str, other: str) -> bool:
    return any(one in group and other in group for group in groups)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("permutations", [128, 256])
def test_pairs_are_found_as_by_brute_force(threshold: float, permutations: int) -> None:
    texts = families(1)
    groups = partition(texts, NearSettings(threshold, permutations))
    clear = 0
    for one, other in itertools.combinations(texts, 2):
        true = jaccard(one, other)
        if true >= min(threshold + FAR, 1):
            assert together(groups, one, other), true
            clear += 1
    assert clear > 0
    for group in groups:  # nobody is there who is far from all the others
        for one in group:
            assert len(group) == 1 or max(jaccard(one, other) for other in group - {one}) >= threshold - FAR


def test_groups_are_those_of_all_estimated_pairs() -> None:
    """The bands leave out next to nothing: the same groups as from every pair of signatures."""
    texts = families(2)
    settings = NearSettings(0.8)
    signatures = signatures_of(texts, settings)
    group = list(range(len(texts)))
    for i, j in itertools.combinations(range(len(texts)), 2):
        if similarities(signatures[i : i + 1], signatures[j])[0] >= settings.threshold:
            group = [group[i] if number == group[j] else number for number in group]
    expected = {frozenset(text for text, g in zip(texts, group, strict=True) if g == number) for number in set(group)}
    assert partition(texts, settings) == expected
    assert 1 < len(expected) < len(texts)


def test_the_order_of_documents_is_nothing() -> None:
    texts = families(3)
    expected = partition(texts, NearSettings())
    for seed in range(3):
        shuffled = random.Random(seed).sample(texts, len(texts))
        assert partition(shuffled, NearSettings()) == expected


def test_estimates_are_near_the_truth_and_never_change() -> None:
    settings = NearSettings(0.8, 256)
    texts = families(4)[:6]
    signatures = signatures_of(texts, settings)
    estimates = similarities(signatures, signatures[0])
    assert np.abs(estimates - [jaccard(texts[0], text) for text in texts]).max() < FAR
    assert estimates[0] == 1
    assert np.array_equal(signatures, signatures_of(texts, settings))
    assert signature(["天地玄黄宇宙洪荒"], permutations=16)[[0, 8]].tolist() == [86968108, 471254605]


def test_pieces_have_the_signature_of_the_whole() -> None:
    text = "".join(random.Random(5).choices(LETTERS + "，。 ", k=2000))
    whole = signature([text], permutations=64)
    parts = [signature([text[max(0, start - 64) : start + 500]], permutations=64) for start in range(0, 2000, 500)]
    assert np.array_equal(whole, np.minimum.reduce(parts))
    assert np.array_equal(whole, signature([text[:1000], text[900:]], permutations=64))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("天地，玄黄！", "天地 玄黄"),
        ("ＡＢＣ，１２３", "abc123"),
        ("Hello,\nWorld", "hello world"),
        ("Ⅳ天地", "iv 天地"),
    ],
)
def test_only_letters_and_digits_are_compared(one: str, other: str) -> None:
    assert normalized(one) == normalized(other)


def test_texts_without_letters_are_compared_as_they_are() -> None:
    assert normalized("!!! ???") == "!!!???"
    assert normalized("😀 😀") == "😀😀"
    assert normalized(" \n") == ""
    assert not np.array_equal(shingle_hashes("!!!"), shingle_hashes("???"))


@pytest.mark.parametrize("short", ["", "天", "天地玄黄", "\ud800"])
def test_short_texts_are_one_shingle(short: str) -> None:
    assert shingle_hashes(short).shape == (2, 1)
    assert len({shingle_hashes(text)[0, 0] for text in ("", "天", "天天", "天天天", "天天天天", "天天天天天")}) == 6


def test_shingles_are_told_apart() -> None:
    """Hashes of 32 bits collide as often as chance has it, and the two of a shingle never together."""
    texts = ["".join(letters) + "末" for letters in itertools.product(LETTERS[:14], repeat=4)]
    hashes = [shingle_hashes(text)[:, 0].tolist() for text in texts]
    for half in (0, 1):
        assert len(texts) - len({pair[half] for pair in hashes}) <= 5  # 0.17 are expected
    assert len({tuple(pair) for pair in hashes}) == len(texts)


def test_words_of_one_shingle_are_not_taken_for_one_another() -> None:
    """Each is told by one hash value; kept bits that depend on a few of its bits would make thousands of pairs."""
    settings = NearSettings(permutations=32)
    texts = [chr(code) for code in range(0x4E00, 0x4E00 + 6000)]
    assert {len(group) for group in partition(texts, settings)} == {1}


def test_a_template_with_numbers_is_one_group_and_soon_done() -> None:
    texts = [f"第{number}号通知：" + LETTERS * 3 for number in range(3000)]
    assert len(partition(texts, NearSettings())) == 1


def test_a_bucket_of_texts_unlike_each_other_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "_COMPARISONS", 2)
    generator = np.random.default_rng(0)
    settings = NearSettings(0.8)
    signatures = generator.integers(0, 1 << 16, (40, 128)).astype(np.uint16)
    signatures[:, : settings.bands[1]] = 7  # they share the first band
    ranks = np.arange(40)
    found = near_groups(signatures, ranks, settings)
    assert found.unchecked > 0
    assert len(set(found.group.tolist())) == 40
    signatures[5] = signatures[2]
    assert near_groups(signatures, ranks, settings).group[5] == 2  # other bands show it


@pytest.mark.parametrize(("threshold", "permutations"), [(0.3, 128), (0.8, 128), (0.8, 16), (0.95, 256), (1, 64)])
def test_bands_find_pairs_at_the_threshold(threshold: float, permutations: int) -> None:
    bands, rows = NearSettings(threshold, permutations).bands
    assert bands * rows <= permutations
    assert 1 - (1 - threshold**rows) ** bands >= 0.99
    if rows < permutations:
        longer = permutations // (rows + 1)
        assert 1 - (1 - threshold ** (rows + 1)) ** longer < 0.99


@pytest.mark.parametrize("threshold", [0, -1, 1.01, 2, float("nan")])
def test_thresholds_that_make_no_sense(threshold: float) -> None:
    with pytest.raises(UsageError, match="near is"):
        NearSettings(threshold)


@pytest.mark.parametrize("permutations", [0, 15, 1025])
def test_permutations_that_make_no_sense(permutations: int) -> None:
    with pytest.raises(UsageError, match="permutations"):
        NearSettings(permutations=permutations)


def test_without_datasketch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "has_datasketch", lambda: False)
    with pytest.raises(UsageError, match="need datasketch") as caught:
        NearSettings()
    assert caught.value.hint == "pip install 'textpipe-zh[duplicates]'"
