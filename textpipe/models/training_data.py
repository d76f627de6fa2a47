"""What a classifier learns from and is judged by: rows checked, held back, and told of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import is_labelled, labels_of
from textpipe.corpus.split import split, text_hash, text_key
from textpipe.discover.labels import Finding, check_held_back, check_training, label_counts, leaks, quoted
from textpipe.errors import InputError

_MOST_LABELS = 1000  # whose counts are kept
_HOW = (
    'a table with a column "label" (--label-col NAME another, --input-format tsv for a table in a .txt), '
    "a directory with a folder for each class, or lines that begin with __label__NAME"
)


@dataclass(frozen=True)
class TrainingData:
    """train: rows to learn from; valid: rows held back; split: whether these were taken from the same rows, so that
    they may be learned from in the end; findings: what is odd about all of them; label_sep: what stands between several
    labels of a row"""

    train: list[Document]
    valid: list[Document]
    split: bool
    findings: list[Finding] = field(default_factory=list)
    label_sep: str = ""

    @property
    def judging(self) -> list[Document]:
        """The held-back rows with a label that is learned; of several labels a row, all."""
        if self.label_sep:
            return self.valid
        known = {one.label for one in self.train}
        return [one for one in self.valid if one.label in known]

    def lines(self) -> Iterator[str]:
        """What people are told: the counts, then a line for each thing that is odd."""
        rows = [*self.train, *(self.valid if self.split else [])]
        counts = label_counts(rows, self.label_sep)
        most, *_, least = counts
        largest, smallest = counts[most], counts[least]
        spread = f"{largest:,} of each"
        if smallest != largest:
            spread = f"{largest:,} of {quoted(most)} to {smallest:,} of {quoted(least)}"
        sets = ""
        if self.label_sep:
            none = sum(not labels_of(one, self.label_sep) for one in rows)
            sets = f"{sum(counts.values()) / len(rows):.2f} a text{f' ({none:,} without any)' if none else ''}, "
        yield f"{len(rows):,} texts of {len(counts):,} labels, {sets}{spread}; {len(self.valid):,} held back"
        yield from (finding.line for finding in self.findings)

    def metrics(self) -> dict[str, Any]:
        """The same for a manifest."""
        counts = label_counts([*self.train, *(self.valid if self.split else [])], self.label_sep)
        return {
            "train": len(self.train),
            "valid": len(self.valid),
            "classes": len(counts),
            "labels": dict(list(counts.items())[:_MOST_LABELS]),
            "findings": [finding._asdict() for finding in self.findings],
        }

    def learned(self, *, refit: bool) -> list[int]:
        """Hashes of the texts that are learned from, sorted, each once."""
        return sorted({text_hash(one.text) for one in (*self.train, *(self.valid if refit else []))})


def training_data(
    train: Sequence[Document],
    valid: Sequence[Document] | None,
    *,
    share: float = 0.1,
    seed: int = 0,
    drop_leaks: bool = False,
    label_sep: str = "",
    where: str | None = None,
    valid_where: str | None = None,
) -> TrainingData:
    """The rows that can be used, checked.

    valid: rows to be judged by; None takes a share of the others; drop_leaks: leave out of training what is in valid;
    label_sep: what stands between several labels of a row, an empty cell is none of them then; where, valid_where:
    what errors call the two
    Raises InputError when nothing can be learned: fewer than two texts, fewer than two labels.
    """
    findings = list(check_training(train, label_sep))
    used = _usable(train, label_sep, where=where)
    if valid is None:
        parts = split(used, share, seed=seed, label_sep=label_sep)
        if not parts.valid and share:
            alone = not label_sep and len({one.label for one in used}) == len(used)
            why = (
                "every label has one text alone, none can be held"
                if alone
                else f"{len(used):,} texts are too few to hold any"
            )
            findings.append(Finding("nothing held back", 0, f"{why} back"))
        return TrainingData(parts.train, parts.valid, True, findings, label_sep)
    findings += check_held_back(used, valid, label_sep)
    judging = [one for one in valid if is_labelled(one, label_sep)]
    if not judging:
        raise InputError("no row to be judged by has a label", where=valid_where or where, hint=_HOW)
    if drop_leaks and (both := leaks(used, judging)):
        kept = [one for one in used if text_key(one.text) not in both]
        findings = [one for one in findings if not one.kind.startswith("leaks")]
        rows = len(used) - len(kept)
        findings.append(Finding("leaks dropped", rows, f"left out of training, being held back too: {rows:,}"))
        used = _usable(kept, label_sep, where=where)
    labels = label_counts(used, label_sep)
    theirs = label_counts(judging, label_sep)
    if labels.keys().isdisjoint(theirs):
        said = f"but for example {quoted(next(iter(theirs)))}" if theirs else "for none has any"
        message = f"no row to be judged by has a label that is learned, {said}"
        hint = f"labels of training: {', '.join(quoted(label) for label in list(labels)[:5])}"
        raise InputError(message, where=valid_where or where, hint=hint)
    return TrainingData(used, judging, False, findings, label_sep)


def _usable(documents: Sequence[Document], separator: str, *, where: str | None) -> list[Document]:
    labelled = [one for one in documents if is_labelled(one, separator)]
    used = [one for one in labelled if one.text.strip()]
    if not labelled:
        raise InputError("no row has a label" if documents else "no row to learn from", where=where, hint=_HOW)
    if not used:
        hint = "--text-col NAME names the column of the text"
        raise InputError(f"all {len(labelled):,} texts are empty", where=where, hint=hint)
    if len(used) == 1 and len(documents) > 1:
        raise InputError(f"of {len(documents):,} rows one alone has a label and a text", where=where, hint=_HOW)
    if len(used) == 1:
        hint = "two texts of two labels at least; dozens of each label are a beginning"
        raise InputError("a single text is nothing to learn from", where=where, hint=hint)
    labels = label_counts(used, separator)
    if separator and len(labels) < 2:
        only = f"{quoted(next(iter(labels)))} is the only label" if labels else ""
        message = only or f"the labels of all {len(used):,} texts are empty"
        hint = "a second label is needed; is --label-col the right column, and --label-sep what stands in it?"
        raise InputError(message, where=where, hint=hint)
    if len(labels) == 1:
        message = f"all {len(used):,} texts have the label {quoted(next(iter(labels)))}"
        raise InputError(message, where=where, hint="a second class is needed; is --label-col the right column?")
    return used
