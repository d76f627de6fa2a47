"""Candidates against runs and n-grams written out one by one."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textpipe.keywords import candidate_phrases
from textpipe.keywords.candidate_phrases import WINDOW, Candidate, CandidatePhrases
from textpipe.keywords.word_stream import ENDING_KINDS, Mark, Word

Items = list[Word | Mark]


@st.composite
def streams(draw: st.DrawFn) -> Items:
    """What a WordStream may give: places go up, and nothing is joined to a mark."""
    items: Items = []
    offset, joinable, opened = 0, False, False
    for position in range(draw(st.integers(0, 40))):
        offset += draw(st.integers(0, 1))
        if draw(st.integers(0, 5)) == 0:
            items.append(Mark(draw(st.booleans()), draw(st.booleans())))
            joinable, opened = False, items[-1].opens  # type: ignore[union-attr]
            offset += 1
            continue
        text = draw(st.sampled_from(["a", "A", "bb", "Bb", "c", "dd"]))
        kind = draw(st.sampled_from(["noun", "verb", "english", "other"]))
        joined = joinable and draw(st.integers(0, 3)) > 0
        items.append(Word(text.lower(), text, kind, offset, position, joined, opened))
        offset += len(text)
        joinable, opened = True, False
    return items


def runs_of(items: Items) -> list[tuple[list[Word], Mark]]:
    """Runs of words, each with what ends it."""
    runs: list[tuple[list[Word], Mark]] = []
    run: list[Word] = []
    for item in items:
        if isinstance(item, Word) and item.joined:
            run.append(item)
            continue
        runs.append((run, item if isinstance(item, Mark) else Mark()))
        run = [item] if isinstance(item, Word) else []
    return [*runs, (run, Mark())]


def text_of(words: list[Word]) -> str:
    text = words[0].text
    for before, word in itertools.pairwise(words):
        text += (" " if word.offset > before.offset + len(before.text) else "") + word.text
    return text


def expected_candidates(items: Items, longest: int) -> dict[tuple[str, ...], dict[str, Any]]:
    """By its keys what is known of each candidate."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for run, mark in runs_of(items):
        for start in range(len(run)):
            for end in range(start + 1, min(start + longest, len(run)) + 1):
                words = run[start:end]
                one = found.setdefault(
                    tuple(word.key for word in words),
                    {
                        "text": text_of(words),
                        "kinds": (words[0].kind, words[-1].kind),
                        "first": words[0].offset,
                        "count": 0,
                        "left": 0,
                        "right": 0,
                        "bracketed": False,
                    },
                )
                one["count"] += 1
                one["last"] = words[-1].offset + len(words[-1].text)
                one["left"] += start == 0 or run[start - 1].kind in ENDING_KINDS
                one["right"] += end == len(run) or run[end].kind in ENDING_KINDS
                if end == len(run) and (mark.opens or (words[0].opened and mark.closes)):
                    one["bracketed"] = True
    for keys, one in found.items():
        longer = [other for other in found if len(other) == len(keys) + 1 and keys in (other[1:], other[:-1])]
        one["inside"] = max((found[other]["count"] for other in longer), default=0)
    return found


def expected_degrees(items: Items) -> dict[str, int]:
    words = [item for item in items if isinstance(item, Word) and item.kind not in ENDING_KINDS and len(item.text) > 1]
    near: defaultdict[str, set[str]] = defaultdict(set)
    for one in words:
        for other in words:
            if one.key != other.key and abs(one.position - other.position) < WINDOW:
                near[one.key].add(other.key)
    return {key: len(others) for key, others in near.items()}


def keys_of(candidate: Candidate, phrases: CandidatePhrases) -> tuple[str, ...]:
    names = list(phrases.words)
    return tuple(names[number] for number in reversed(candidate.words()))


@settings(max_examples=400, deadline=None)
@given(streams(), st.integers(1, 5))
def test_all_runs_and_their_parts(items: Items, longest: int) -> None:
    phrases = CandidatePhrases(longest)
    phrases.add(items)
    found = {keys_of(candidate, phrases): candidate for candidate in phrases.finish()}
    expected = expected_candidates(items, longest)
    assert found.keys() == expected.keys()
    for keys, one in expected.items():
        assert {name: getattr(found[keys], name) for name in one} == one
        assert found[keys].length == len(keys)
    words = [item.key for item in items if isinstance(item, Word)]
    assert phrases.counts == [words.count(word) for word in phrases.words]
    degrees = expected_degrees(items)
    assert phrases.degrees == [degrees.get(word, 0) for word in phrases.words]


@settings(max_examples=100, deadline=None)
@given(streams(), st.integers(0, 40))
def test_a_stream_may_come_in_parts(items: Items, at: int) -> None:
    whole, parts = CandidatePhrases(3), CandidatePhrases(3)
    whole.add(items)
    parts.add(items[:at])
    parts.add(items[at:])
    assert [
        [getattr(one, name) for name in ("text", "count", "first", "last", "left", "right", "inside", "bracketed")]
        for one in parts.finish()
    ] == [
        [getattr(one, name) for name in ("text", "count", "first", "last", "left", "right", "inside", "bracketed")]
        for one in whole.finish()
    ]


@settings(max_examples=100, deadline=None)
@given(streams(), st.integers(0, 12), st.integers(0, 4))
def test_memory_has_an_end(items: Items, candidates: int, links: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidate_phrases, "MOST_CANDIDATES", candidates)
        patch.setattr(candidate_phrases, "MOST_LINKS", links)
        phrases = CandidatePhrases(3)
        phrases.add(items)
        found = {keys_of(candidate, phrases): candidate for candidate in phrases.finish()}
    expected = expected_candidates(items, 3)
    assert len(found) == min(candidates, len(expected))
    assert len(phrases.words) <= candidates
    assert sum(phrases.degrees) <= 2 * links
    for keys, candidate in found.items():  # those taken up go on being counted, but for what had no room before them
        assert candidate.count <= expected[keys]["count"]
        assert candidate.first == expected[keys]["first"]
