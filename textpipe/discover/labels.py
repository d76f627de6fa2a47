"""What is odd about labelled texts, told before a classifier learns from them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from textpipe.corpus.document import Document
from textpipe.corpus.split import text_key

_SHOWN = 3  # examples in a line
_LONGEST = 40  # characters of a label in a line
_RARE = 20  # a typo is so many times rarer than what was meant, or rarer still
_SHORTEST = 4  # letters of a label that can be misspelled and still be known
_COMPARED = 60  # characters: longer labels are not held against one another
_SAMPLED = 1000  # characters of a text that tell its language
_MIXED = 0.05  # share of texts of the rarer language from which on they are mixed
_LEAST_ROWS = 10  # fewer say nothing about whether labels are labels
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


class Finding(NamedTuple):
    """Something odd. kind: which thing, for programs; number: how many rows, texts or labels; text: a line for people;
    where: the first of them, `file:line`"""

    kind: str
    number: int
    text: str
    where: str | None = None

    @property
    def line(self) -> str:
        """The text and the place."""
        return self.text if self.where is None else f"{self.text} (first: {self.where})"


def has_label(document: Document) -> bool:
    """Whether the label is more than white space."""
    return document.label is not None and bool(document.label.strip())


def label_counts(documents: Iterable[Document]) -> dict[str, int]:
    """label → rows, the most frequent first"""
    return dict(_by_count(Counter(one.label for one in documents if one.label is not None)))


def check_training(documents: Sequence[Document]) -> Iterator[Finding]:
    """What is odd about rows to learn from; rows without a label and empty texts are left out of all but two lines."""
    yield from _some(
        "without label", [one for one in documents if not has_label(one)], "{} without a label, left out", "row"
    )
    labelled = [one for one in documents if has_label(one)]
    yield from _some("empty", [one for one in labelled if not one.text.strip()], "{} empty, left out", "text")
    used = [one for one in labelled if one.text.strip()]
    counts = label_counts(used)
    yield from _repeated(used)
    yield from _labels_like_texts(counts, len(used))
    yield from _spelled_alike(counts)
    yield from _misspelled(counts)
    yield from _single(used, counts)
    yield from languages(used)


def check_held_back(train: Sequence[Document], valid: Sequence[Document]) -> Iterator[Finding]:
    """What is odd about rows to be judged by, beside those that are learned from."""
    yield from _some(
        "valid without label",
        [one for one in valid if not has_label(one)],
        "{} held back without a label, left out",
        "row",
    )
    labelled = [one for one in valid if has_label(one)]
    yield from _leaks(train, labelled)
    known = {one.label for one in train}
    unknown = [one for one in labelled if one.label not in known]
    if unknown:
        names = _named(label_counts(unknown))
        rows = _counted(len(unknown), "held-back row")
        verb = "has" if len(unknown) == 1 else "have"
        yield Finding(
            "labels only in valid",
            len(unknown),
            f"{rows} {verb} a label that training has not, passed over: {names}",
            unknown[0].source,
        )


def leaks(train: Sequence[Document], valid: Sequence[Document]) -> set[str]:
    """The texts that both have."""
    return {text_key(one.text) for one in train} & {text_key(one.text) for one in valid}


def languages(documents: Sequence[Document]) -> Iterator[Finding]:
    """Whether texts are of Han characters and of Latin letters, and which labels are most at odds with the others."""
    han: Counter[str] = Counter()
    latin: Counter[str] = Counter()
    for one in documents:
        part = one.text[:_SAMPLED]
        characters, letters = len(_HAN.findall(part)), len(_LATIN.findall(part))
        if characters or letters:  # a word of Latin letters is about as long as three characters
            (han if characters * 3 >= letters else latin)[one.label or ""] += 1
    chinese, foreign = han.total(), latin.total()
    if not foreign or min(chinese, foreign) < _MIXED * (chinese + foreign):
        return
    share = chinese / (chinese + foreign)
    text = f"languages are mixed: {share:.0%} of the texts are in Han characters, {1 - share:.0%} in Latin letters"
    shares = {label: han[label] / (han[label] + latin[label]) for label in han | latin}
    odd = max(sorted(shares), key=lambda label: abs(shares[label] - share))
    if abs(shares[odd] - share) > 0.25:
        text += f"; of {quoted(odd)} {shares[odd]:.0%} are in Han characters"
    yield Finding("languages", min(chinese, foreign), text)


def quoted(label: str) -> str:
    """A label as it reads in a line."""
    return repr(label if len(label) <= _LONGEST else f"{label[:_LONGEST]}…")


# ---------------------------------------------------------------------------------------------- the single lines


def _some(kind: str, found: Sequence[Document], text: str, what: str) -> Iterator[Finding]:
    if found:
        yield Finding(kind, len(found), text.format(_counted(len(found), what)), found[0].source)


def _repeated(documents: Sequence[Document]) -> Iterator[Finding]:
    """Rows whose text was there before, with the same label or with another."""
    first: dict[str, Document] = {}
    again = [one for one in documents if first.setdefault(text_key(one.text), one) is not one]
    other = [one for one in again if first[text_key(one.text)].label != one.label]
    yield from _some("duplicates", again, "{} with a text that an earlier one has", "row")
    yield from _some("conflicts", other, "{} with a text that an earlier one has under another label", "row")


def _leaks(train: Sequence[Document], valid: Sequence[Document]) -> Iterator[Finding]:
    labels: dict[str, set[str | None]] = defaultdict(set)
    for one in train:
        labels[text_key(one.text)].add(one.label)
    known = [one for one in valid if text_key(one.text) in labels]
    other = [one for one in known if one.label not in labels[text_key(one.text)]]
    text = "{} whose text is in training too, which flatters the scores: --drop-leaks takes it out of training"
    yield from _some("leaks", known, text, "held-back row")
    yield from _some("leaks with another label", other, "{} whose text has another label in training", "held-back row")


def _labels_like_texts(counts: Mapping[str, int], rows: int) -> Iterator[Finding]:
    if rows >= _LEAST_ROWS and len(counts) > rows / 2:
        text = f"{len(counts):,} labels of {rows:,} texts: is --label-col the right column?"
        yield Finding("many labels", len(counts), text)


def _spelled_alike(counts: Mapping[str, int]) -> Iterator[Finding]:
    """Labels that are one but for case, width and white space."""
    alike: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        alike[_plain(label)].append(label)
    groups = [labels for labels in alike.values() if len(labels) > 1]
    if groups:
        shown = "; ".join(
            " and ".join(_with_count(label, counts) for label in labels[:_SHOWN]) for labels in groups[:_SHOWN]
        )
        text = f"labels that differ only in case, width or white space: {shown}{_more(len(groups))}"
        yield Finding("labels alike", len(groups), text)


def _misspelled(counts: Mapping[str, int]) -> Iterator[Finding]:
    """Rare labels that are one letter away from one that is far more frequent."""
    pairs = [(rare, meant) for rare, meant in _one_edit_apart(list(counts)) if counts[rare] * _RARE <= counts[meant]]
    if pairs:
        shown = "; ".join(
            f"{_with_count(rare, counts)} of {_with_count(meant, counts)}" for rare, meant in pairs[:_SHOWN]
        )
        yield Finding("labels misspelled", len(pairs), f"labels that may be typos: {shown}{_more(len(pairs))}")


def _single(documents: Sequence[Document], counts: Mapping[str, int]) -> Iterator[Finding]:
    single = {label: count for label, count in counts.items() if count == 1}
    if single:
        where = next(one.source for one in documents if one.label in single)
        one = len(single) == 1
        text = f"{_counted(len(single), 'label')} {'has' if one else 'have'} one text only: {_named(single)}"
        yield Finding("single", len(single), text, where)


# ---------------------------------------------------------------------------------------------- labels near others


def _plain(label: str) -> str:
    return "".join(unicodedata.normalize("NFKC", label).casefold().split())


def _one_edit_apart(labels: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of labels, either way round, with one letter more, less, changed or two swapped; numbers are no typos.

    Such labels have a form in common that one letter is taken from (Garbe's SymSpell), so that not all are compared.
    """
    forms: dict[str, set[str]] = defaultdict(set)
    for label in labels:
        if _SHORTEST <= len(label) <= _COMPARED:
            forms[label].add(label)
            for place in range(len(label)):
                forms[label[:place] + label[place + 1 :]].add(label)
    found = {
        (one, other)
        for group in forms.values()
        if len(group) > 1
        for one in group
        for other in group
        if one != other and _plain(one) != _plain(other) and _is_one_edit(one, other)
    }
    return sorted(found)


def _is_one_edit(one: str, other: str) -> bool:
    start = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        start = min(len(one), len(other))
    a, b = one[start:], other[start:]
    end = 0
    while end < min(len(a), len(b)) and a[-1 - end] == b[-1 - end]:
        end += 1
    a, b = a[: len(a) - end], b[: len(b) - end]
    if any(character.isnumeric() for character in a + b):
        return False
    return max(len(a), len(b)) <= 1 or (len(a) == len(b) == 2 and a == b[::-1])


# ---------------------------------------------------------------------------------------------- words


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _named(counts: Mapping[str, int]) -> str:
    return ", ".join(quoted(label) for label in list(counts)[:_SHOWN]) + _more(len(counts))


def _with_count(label: str, counts: Mapping[str, int]) -> str:
    return f"{quoted(label)} ({counts[label]:,})"


def _more(count: int) -> str:
    return f", and {count - _SHOWN:,} more" if count > _SHOWN else ""
