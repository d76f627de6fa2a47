"""Fit the weights of key phrases to development sets: scripts/fit_phrases [--write], with $TEXTPIPE_EVALUATION_DATA.

Each candidate of a document is a row of signals, and what is learnt is whether an author named it: a logistic
regression for Chinese (CSL, 1,000 abstracts) and one for English (Inspec, its 500 development abstracts). In Chinese
`first` has no weight: the titles of CSL stand behind the abstracts, where other documents have none. Figures are F1
in five-fold cross-validation over documents, also with each signal left out and the rest fitted anew.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from textpipe.embeddings.formats import read_vectors_file
from textpipe.embeddings.vectors import Vectors
from textpipe.keywords.extract import keyword_settings
from textpipe.keywords.phrase_signals import SIGNALS, SIMILARITY, phrase_models
from textpipe.keywords.phrases import PhraseReading
from textpipe.keywords.word_stream import CHINESE_KINDS, ENGLISH_KINDS
from textpipe.metrics.keywords import score_keywords
from textpipe.metrics.matching import folded

Floats = npt.NDArray[np.float64]
DATA = Path(os.environ.get("TEXTPIPE_EVALUATION_DATA", ""))
WEIGHTS = Path(__file__).parents[1] / "textpipe/resources/phrase_weights.json"
FOLDS = 5


@dataclass(frozen=True)
class Rows:
    """The candidates of a collection: `matrix` float64[candidates, columns], `named` whether an author named each."""

    columns: list[tuple[str, str]]
    matrix: Floats
    named: npt.NDArray[np.bool_]
    document: npt.NDArray[np.int64]
    forms: list[str]
    gold: list[list[str]]
    stem: bool

    def score(self, totals: Floats, *, k: int) -> float:
        """F1 in percent of each document's k best candidates."""
        order = np.lexsort((-totals, self.document))
        starts = np.searchsorted(self.document[order], np.arange(len(self.gold) + 1))
        best = [[self.forms[row] for row in order[a:b]] for a, b in pairwise(starts)]
        return 100 * score_keywords(self.gold, best, k=k).f1_micro


def read_rows(path: Path, *, chinese: bool, vectors: Vectors | None = None) -> Rows:
    """Every candidate of every document, as the method meets them; with `vectors`, similarity is a column more."""
    documents = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    settings = keyword_settings(method="phrases").for_language(chinese=chinese)
    kinds = tuple(CHINESE_KINDS) if chinese else ENGLISH_KINDS
    lengths = 7 if chinese else 5
    names = (*SIGNALS, SIMILARITY) if vectors is not None else SIGNALS
    unused = "first" if chinese else ""
    columns = [("signal", name) for name in names] + [("length", str(length)) for length in range(1, lengths + 1)]
    columns += [(end, kind) for end in ("first word", "last word") for kind in kinds]
    place = {column: number for number, column in enumerate(columns)}
    values, named, owner, forms = [], [], [], []
    neutral = replace(
        phrase_models()[0 if chinese else 1],
        weights=dict.fromkeys(SIGNALS, 0.0),
        first_kind=dict.fromkeys(kinds, 0.0),
        last_kind=dict.fromkeys(kinds, 0.0),
    )
    gold = [[folded(word, stem=not chinese) for word in document["keywords"]] for document in documents]
    for number, document in enumerate(documents):
        reading = PhraseReading(chinese=chinese, stopwords=settings.stopwords)
        reading.model = neutral  # what is stored may be of other signals
        reading.add_pairs(settings.tokenizer.tag(document["text"]))
        for one in reading.ranked(vectors=vectors):
            row = np.zeros(len(columns))
            row[: len(names)] = [value if name != unused else 0.0 for name, value in one.signals.items()]
            length = len(one.candidate.text) if chinese else one.candidate.length
            row[place["length", str(min(length, lengths))]] = 1
            row[place["first word", one.candidate.kinds[0]]] = 1
            row[place["last word", one.candidate.kinds[1]]] = 1
            form = folded(one.candidate.text, stem=not chinese)
            values.append(row)
            named.append(form in gold[number])
            owner.append(number)
            forms.append(form)
    return Rows(columns, np.array(values), np.array(named), np.array(owner), forms, gold, stem=not chinese)


def fitted(matrix: Floats, named: npt.NDArray[np.bool_]) -> Any:
    """A logistic regression with scikit-learn's usual ridge."""
    return LogisticRegression(solver="newton-cholesky").fit(matrix, named)


def cross_validated(rows: Rows, columns: Sequence[int]) -> Floats:
    """The totals of all candidates, each by a model that has not seen its document."""
    matrix = rows.matrix[:, columns]
    totals = np.zeros(len(matrix))
    for train, test in KFold(FOLDS, shuffle=True, random_state=0).split(np.arange(len(rows.gold))):
        seen, unseen = np.isin(rows.document, train), np.isin(rows.document, test)
        totals[unseen] = fitted(matrix[seen], rows.named[seen]).decision_function(matrix[unseen])
    return totals


def ablation(rows: Rows, *, ks: Sequence[int]) -> None:
    """Print F1 with everything and with each signal left out."""
    groups = dict.fromkeys(name if kind == "signal" else kind for kind, name in rows.columns)
    for left_out in ("", *groups):
        kept = [place for place, (kind, name) in enumerate(rows.columns) if left_out not in (kind, name)]
        totals = cross_validated(rows, kept)
        figures = "  ".join(f"{rows.score(totals, k=k):6.2f}" for k in ks)
        print(f"{'- ' + left_out if left_out else 'all':16}{figures}", flush=True)


def weights(rows: Rows, *, longest: int, in_characters: bool, similarity: float) -> dict[str, Any]:
    """The model as it is stored: two decimals, which changes no figure by more than chance."""
    model = fitted(rows.matrix, rows.named)
    found: dict[str, dict[str, float]] = {}
    for (kind, name), weight in zip(rows.columns, model.coef_[0], strict=True):
        found.setdefault(kind, {})[name] = round(float(weight), 2)
    return {
        "longest": longest,
        "in_characters": in_characters,
        "bias": round(float(model.intercept_[0]), 2),
        "weights": found["signal"],
        "lengths": list(found["length"].values()),
        "first_kind": found["first word"],
        "last_kind": found["last word"],
        "similarity": similarity,
    }


def similarity_weight(path: Path) -> float:
    """What vectors of single Chinese characters add, printed, and the weight they get."""
    vectors = read_vectors_file(str(DATA / "embeddings/tencent_characters_200.vec.gz"))
    rows = read_rows(path, chinese=True, vectors=vectors)
    totals = cross_validated(rows, range(len(rows.columns)))
    figures = "  ".join(f"{rows.score(totals, k=k):6.2f}" for k in (5, 10))
    print(f"{'+ similarity':16}{figures}", flush=True)
    place = rows.columns.index(("signal", SIMILARITY))
    return round(float(fitted(rows.matrix, rows.named).coef_[0][place]), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace textpipe/resources/phrase_weights.json")
    parser.add_argument("--no-ablation", action="store_true")
    options = parser.parse_args()
    models = {}
    similarity = 0.0  # English takes the weight of Chinese: there are no English vectors to fit it with
    for language, folder, longest in (("chinese", "csl", 4), ("english", "inspec", 5)):
        rows = read_rows(DATA / "keywords" / folder / "dev.jsonl", chinese=language == "chinese")
        print(f"{folder}: {len(rows.gold)} documents, {len(rows.named)} candidates; F1@5, F1@10 in cross-validation")
        if not options.no_ablation:
            ablation(rows, ks=(5, 10))
        if language == "chinese":
            similarity = similarity_weight(DATA / "keywords/csl/dev.jsonl")
        in_characters = language == "chinese"
        models[language] = weights(rows, longest=longest, in_characters=in_characters, similarity=similarity)
        if language == "english":
            held = read_rows(DATA / "keywords/inspec/train.jsonl", chinese=False)
            totals = fitted(rows.matrix, rows.named).decision_function(held.matrix)
            print("fitted on dev, scored on train ", *(f"{held.score(totals, k=k):.2f}" for k in (5, 10)))
    if options.write:
        WEIGHTS.write_text(json.dumps(models, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
