"""What is odd about labelled texts, told before a classifier learns from them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import is_labelled, labels_of, parts_of
from textpipe.corpus.split import text_key

_SHOWN = 3  # examples in a line
_LONGEST = 40  # characters of a label in a line
_RARE = 20  # a typo is so many times rarer than what was meant, or rarer still
_SHORTEST = 4  # letters of a label that can be misspelled and still be known
_COMPARED = 60  # characters: longer labels are not held against one another
_SAMPLED = 1000  # characters of a text that tell its language
_MIXED = 0.05  # share of texts of the rarer language from which on they are mixed
_SEPARATORS = ",;|，；、/"  # what people write between labels
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


def label_counts(documents: Iterable[Document], separator: str = "") -> dict[str, int]:
    """label → rows, the most frequent first"""
    return dict(_by_count(Counter(label for one in documents for label in labels_of(one, separator))))


def check_training(documents: Sequence[Document], separator: str = "") -> Iterator[Finding]:
    """What is odd about rows to learn from; rows without a label and empty texts are left out of all but two lines.

    separator: what stands between several labels of a text
    """
    labelled = [one for one in documents if is_labelled(one, separator)]
    without = [one for one in documents if not is_labelled(one, separator)]
    yield from _some("without label", without, "{} without a label, left out", "row")
    yield from _some("empty", [one for one in labelled if not one.text.strip()], "{} empty, left out", "text")
    used = [one for one in labelled if one.text.strip()]
    counts = label_counts(used, separator)
    yield from _repeated(used, separator)
    yield from _labels_like_texts(counts, len(used))
    if separator:
        yield from _odd_sets(used, counts, separator)
    yield from _spelled_alike(counts)
    yield from _misspelled(counts)
    yield from _single(used, counts, separator)
    yield from languages(used, separator)


def check_held_back(train: Sequence[Document], valid: Sequence[Document], separator: str = "") -> Iterator[Finding]:
    """What is odd about rows to be judged by, beside those that are learned from."""
    labelled = [one for one in valid if is_labelled(one, separator)]
    without = [one for one in valid if not is_labelled(one, separator)]
    yield from _some("valid without label", without, "{} held back without a label, left out", "row")
    yield from _leaks(train, labelled, separator)
    known = label_counts(train, separator).keys()
    unknown = [one for one in labelled if not known >= set(labels_of(one, separator))]
    if unknown:
        counts = label_counts(unknown, separator)
        names = _named({label: count for label, count in counts.items() if label not in known})
        rows = _counted(len(unknown), "held-back row")
        verb = "has" if len(unknown) == 1 else "have"
        passed = "which is passed over" if separator else "passed over"
        yield Finding(
            "labels only in valid",
            len(unknown),
            f"{rows} {verb} a label that training has not, {passed}: {names}",
            unknown[0].source,
        )


def leaks(train: Sequence[Document], valid: Sequence[Document]) -> set[str]:
    """The texts that both have."""
    return {text_key(one.text) for one in train} & {text_key(one.text) for one in valid}


def languages(documents: Sequence[Document], separator: str = "") -> Iterator[Finding]:
    """Whether texts are of Han characters and of Latin letters, and which labels are most at odds with the others."""
    han: Counter[str] = Counter()
    latin: Counter[str] = Counter()
    chinese = foreign = 0
    for one in documents:
        part = one.text[:_SAMPLED]
        characters, letters = len(_HAN.findall(part)), len(_LATIN.findall(part))
        if characters or letters:  # a word of Latin letters is about as long as three characters
            is_chinese = characters * 3 >= letters
            chinese, foreign = chinese + is_chinese, foreign + (not is_chinese)
            (han if is_chinese else latin).update(labels_of(one, separator))
    if not foreign or min(chinese, foreign) < _MIXED * (chinese + foreign):
        return
    share = chinese / (chinese + foreign)
    text = f"languages are mixed: {share:.0%} of the texts are in Han characters, {1 - share:.0%} in Latin letters"
    shares = {label: han[label] / (han[label] + latin[label]) for label in han | latin}
    odd = max(sorted(shares), key=lambda label: abs(shares[label] - share), default=None)
    if odd is not None and abs(shares[odd] - share) > 0.25:
        text += f"; of {quoted(odd)} {shares[odd]:.0%} are in Han characters"
    yield Finding("languages", min(chinese, foreign), text)


def quoted(label: str) -> str:
    """A label as it reads in a line."""
    return repr(label if len(label) <= _LONGEST else f"{label[:_LONGEST]}…")


# ---------------------------------------------------------------------------------------------- the single lines


def _some(kind: str, found: Sequence[Document], text: str, what: str) -> Iterator[Finding]:
    if found:
        yield Finding(kind, len(found), text.format(_counted(len(found), what)), found[0].source)


def _repeated(documents: Sequence[Document], separator: str) -> Iterator[Finding]:
    """Rows whose text was there before, with the same labels or with others."""
    first: dict[str, Document] = {}
    again = [one for one in documents if first.setdefault(text_key(one.text), one) is not one]
    other = [one for one in again if labels_of(first[text_key(one.text)], separator) != labels_of(one, separator)]
    yield from _some("duplicates", again, "{} with a text that an earlier one has", "row")
    yield from _some("conflicts", other, "{} with a text that an earlier one has under another label", "row")


def _leaks(train: Sequence[Document], valid: Sequence[Document], separator: str) -> Iterator[Finding]:
    labels: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for one in train:
        labels[text_key(one.text)].add(labels_of(one, separator))
    known = [one for one in valid if text_key(one.text) in labels]
    other = [one for one in known if labels_of(one, separator) not in labels[text_key(one.text)]]
    text = "{} whose text is in training too, which flatters the scores: --drop-leaks takes it out of training"
    yield from _some("leaks", known, text, "held-back row")
    yield from _some("leaks with another label", other, "{} whose text has another label in training", "held-back row")


def _labels_like_texts(counts: Mapping[str, int], rows: int) -> Iterator[Finding]:
    if rows >= _LEAST_ROWS and len(counts) > rows / 2:
        text = f"{len(counts):,} labels of {rows:,} texts: is --label-col the right column?"
        yield Finding("many labels", len(counts), text)


def _odd_sets(documents: Sequence[Document], counts: Mapping[str, int], separator: str) -> Iterator[Finding]:
    """What only texts of several labels can be."""
    parts = {cell: parts_of(cell, separator) for cell in {one.label or "" for one in documents} if cell.strip()}
    twice = {cell for cell, found in parts.items() if len({*found} - {""}) < len([one for one in found if one])}
    empty = {cell for cell, found in parts.items() if "" in found and separator.strip()}
    for kind, chosen, text in (
        ("labels twice", twice, "{} with the same label twice, which counts once"),
        ("empty labels", empty, "{} with a separator beside which a label is missing, passed over"),
    ):
        yield from _some(kind, [one for one in documents if (one.label or "") in chosen], text, "row")
    if not any(len(found) > 1 for found in parts.values()):
        usual = [one for one in _SEPARATORS if any(one in cell for cell in parts)]
        guess = f"; some have {usual[0]!r} in them" if usual else ""
        yield Finding("no sets", 0, f"no text has two labels: is {separator!r} what separates them{guess}?")
    always = [label for label, count in counts.items() if count == len(documents)]
    if always:
        names = _named({label: counts[label] for label in always})
        text = f"on every text, so that nothing tells where it is not: {names}"
        yield Finding("labels everywhere", len(always), text)


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


def _single(documents: Sequence[Document], counts: Mapping[str, int], separator: str) -> Iterator[Finding]:
    single = {label: count for label, count in counts.items() if count == 1}
    if single:
        where = next(one.source for one in documents if not single.keys().isdisjoint(labels_of(one, separator)))
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
