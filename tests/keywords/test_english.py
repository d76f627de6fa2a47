"""Classes of English words and their endings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textpipe.keywords.english import english_class, inflected, singular, word_classes
from textpipe.keywords.word_stream import ENGLISH_KINDS


@pytest.mark.parametrize(
    ("verb", "third", "past", "gerund"),
    [
        ("show", "shows", "showed", "showing"),
        ("use", "uses", "used", "using"),
        ("carry", "carries", "carried", "carrying"),
        ("employ", "employs", "employed", "employing"),
        ("lie", "lies", "lied", "lying"),
        ("agree", "agrees", "agreed", "agreeing"),
        ("plan", "plans", "planned", "planning"),
        ("refer", "refers", "referred", "referring"),
        ("reach", "reaches", "reached", "reaching"),
        ("focus", "focuses", "focused", "focusing"),
        ("go", "goes", "goed", "going"),
    ],
)
def test_forms_of_regular_verbs(verb: str, third: str, past: str, gerund: str) -> None:
    assert inflected(verb) == (verb, third, past, gerund)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("the", "determiner"),
        ("of", "preposition"),
        ("to", "to"),
        ("were", "be"),
        ("propose", "verb"),
        ("proposes", "verb_s"),
        ("proposed", "adjective"),  # the list of adjectives comes before the forms of verbs
        ("investigated", "verb_ed"),
        ("known", "adjective"),
        ("written", "verb_ed"),
        ("investigating", "verb_ing"),
        ("method", "generic"),
        ("seven", "number"),
        ("3.14", "number"),
        ("1,000", "number"),
        ("3d", "noun"),
        ("quickly", "adverb"),
        ("fly", "noun"),
        ("parallelized", "participle"),
        ("scheduling", "gerund"),
        ("string", "gerund"),
        ("thing", "generic"),
        ("nonlinear", "noun"),
        ("neural", "adjectival"),
        ("numerical", "adjectival"),
        ("oral", "noun"),  # too short for the ending
        ("network", "noun"),
        ("c++", "noun"),
        ("é", "noun"),
    ],
)
def test_classes(word: str, kind: str) -> None:
    assert english_class(word) == kind


def test_the_word_before_makes_a_verb() -> None:
    for before in ("to", "auxiliary", "pronoun"):
        assert english_class("study", before=before) == english_class("show", before=before) == "finite"
        assert english_class("network", before=before) == "noun"
    assert english_class("study", before="determiner") == "generic"


def test_every_class_is_known() -> None:
    """Those that phrases hold are ENGLISH_KINDS; the others end them."""
    outside = {"determiner", "preposition", "conjunction", "pronoun", "auxiliary", "be", "to", "adverb", "past"}
    assert set(word_classes().values()) <= outside | set(ENGLISH_KINDS)
    assert len(word_classes()) > 1500
    assert all(word == word.lower() and word.isascii() for word in word_classes())


@given(st.text("abyesi", min_size=1, max_size=8))
def test_singular(word: str) -> None:
    found = singular(word)
    assert found == word or (word.endswith("s") and len(found) < len(word))
    if word.endswith(("us", "ss", "is")):
        assert found == word


@pytest.mark.parametrize(
    ("plural", "one"),
    [("queries", "query"), ("networks", "network"), ("processes", "processe"), ("class", "class"), ("ties", "tie")],
)
def test_singular_by_example(plural: str, one: str) -> None:
    """Harman's rules, mistakes included: a key need not be a word."""
    assert singular(plural) == one
