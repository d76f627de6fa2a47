"""Word vectors against people's judgements of words, as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from textpipe.embeddings.frequency import most_frequent
from textpipe.embeddings.vectors import Vectors
from textpipe.metrics.similarity import cosines, solve_analogies, spearman
from textpipe.operations.word_questions import WordQuestions

_SYNTACTIC = "gram"  # sections of Google's test set that begin so ask about forms of words, the others about meaning


class WordScoreRecord(TypedDict):
    """How well vectors meet a file of pairs, or a section of a file of analogies.

    id: the file; measure: `spearman` or `accuracy`, which `value` is, None when no item is known
    section, kind: of analogies; a sum over sections has no section, and over all of them no kind either
    items, known, coverage: pairs or questions, those all of whose words have vectors, and their share
    correct: of the known questions; low, high: the bootstrap interval of a rank correlation
    """

    id: str
    measure: str
    section: str | None
    kind: str | None
    items: int
    known: int
    coverage: float
    correct: int | None
    value: float | None
    low: float | None
    high: float | None


class _Known(NamedTuple):
    """The words that count: rows of the matrix by spelling, and for each row that of its first spelling."""

    matrix: npt.NDArray[np.float32]
    rows: dict[str, int]
    groups: npt.NDArray[np.int64]
    fold: bool

    def find(self, words: Sequence[str]) -> list[int]:
        """Their rows, or none of them."""
        rows = [self.rows.get(word.casefold() if self.fold else word, -1) for word in words]
        return [] if -1 in rows else rows


class EmbeddingScorer:
    """Scores vectors by files of questions.

    restrict: so many of the most frequent words count, the others are as if they were not there; None for all
    fold: words are the same whatever their case; the most frequent spelling stands for all
    resamples, seed: how intervals are drawn
    """

    def __init__(
        self,
        vectors: Vectors,
        *,
        restrict: int | None = None,
        fold: bool = False,
        resamples: int = 1000,
        seed: int = 0,
    ) -> None:
        self._known = _known_words(vectors, restrict, fold=fold)
        self._resamples, self._seed = resamples, seed

    def score(self, questions: WordQuestions) -> list[WordScoreRecord]:
        """A record for pairs; for analogies one a section, one a kind where there are kinds, and one for all."""
        return [self._pairs(questions)] if questions.pairs else self._analogies(questions)

    def _pairs(self, questions: WordQuestions) -> WordScoreRecord:
        found = [(pair.score, self._known.find(pair[:2])) for pair in questions.pairs]
        known = [(score, *rows) for score, rows in found if rows]
        rows = np.array([row for _, *row in known], np.int64).reshape(-1, 2)
        ours = cosines(self._known.matrix, rows[:, 0], rows[:, 1])
        gold = np.array([score for score, *_ in known], np.float64)
        rho, low, high = spearman(gold, ours, resamples=self._resamples, seed=self._seed)
        return WordScoreRecord(
            id=questions.path,
            measure="spearman",
            section=None,
            kind=None,
            items=len(found),
            known=len(known),
            coverage=len(known) / len(found),
            correct=None,
            value=rho,
            low=low,
            high=high,
        )

    def _analogies(self, questions: WordQuestions) -> list[WordScoreRecord]:
        section = np.array([question.section for question in questions.analogies])
        found = [self._known.find(question[1:]) for question in questions.analogies]
        known = np.array(list(map(bool, found)))
        rows = np.array([row for row in found if row], np.int64).reshape(-1, 4)
        answers = solve_analogies(self._known.matrix, rows[:, :3], groups=self._known.groups)
        correct = np.zeros(len(found), bool)
        # the first spelling of an answer stands for all; -1 is no word
        correct[known] = (answers >= 0) & (self._known.groups[answers] == self._known.groups[rows[:, 3]])
        kinds = _kinds(questions.sections)

        def counted(which: npt.NDArray[np.bool_], name: str | None, kind: str | None) -> WordScoreRecord:
            return _analogy_record(questions.path, name, kind, known[which], correct[which])

        asked = [number for number in range(len(questions.sections)) if (section == number).any()]
        records = [counted(section == number, questions.sections[number], kinds[number]) for number in asked]
        of_kind = np.array([kind or "" for kind in kinds])[section]
        sums = sorted({kind for kind in of_kind.tolist() if kind})
        records += [counted(of_kind == kind, None, kind) for kind in sums]
        return [*records, counted(np.ones(len(found), bool), None, None)]


def _analogy_record(
    path: str, section: str | None, kind: str | None, known: npt.NDArray[np.bool_], correct: npt.NDArray[np.bool_]
) -> WordScoreRecord:
    items, answerable, right = len(known), int(known.sum()), int(correct.sum())
    return WordScoreRecord(
        id=path,
        measure="accuracy",
        section=section,
        kind=kind,
        items=items,
        known=answerable,
        coverage=answerable / items,
        correct=right,
        value=right / answerable if answerable else None,
        low=None,
        high=None,
    )


def _kinds(sections: Sequence[str]) -> list[str | None]:
    """The kind of each section, where the names tell: some begin as Google's syntactic ones do."""
    syntactic = [name.startswith(_SYNTACTIC) for name in sections]
    if not any(syntactic):
        return [None] * len(sections)
    return ["syntactic" if one else "semantic" for one in syntactic]


def _known_words(vectors: Vectors, restrict: int | None, *, fold: bool) -> _Known:
    chosen = most_frequent(vectors, restrict)
    whole = len(chosen) == len(vectors) and (np.diff(chosen) == 1).all()
    matrix = vectors.matrix if whole else vectors.matrix[chosen]
    rows: dict[str, int] = {}
    groups = np.empty(len(chosen), np.int64)
    for place, row in enumerate(chosen.tolist()):
        word = vectors.words[row]
        groups[place] = rows.setdefault(word.casefold() if fold else word, place)
    return _Known(matrix, rows, groups, fold)
