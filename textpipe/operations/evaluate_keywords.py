"""Keywords against those that people gave, as records: our methods and other tools' lists by one scorer."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypedDict

from textpipe.errors import InputError
from textpipe.keywords.extract import KeywordSettings, keywords_of
from textpipe.metrics.comparison import ComparedF1, compare_f1
from textpipe.metrics.keywords import DocumentScores, Judgement, Judgements, judge, summary
from textpipe.metrics.matching import distinct, folded, occurs
from textpipe.operations.gold_keywords import LINE, GoldDocument, SystemKeywords
from textpipe.operations.parallel import Item, ordered_map
from textpipe.text import split_pieces


class KeywordScoreRecord(TypedDict):
    """How well one method's k best keywords meet the gold ones.

    gold, in_text: gold keywords, and how many of them occur in their texts
    found, correct: keywords of the method, k a document at most, and how many of them are gold
    *_micro: of the sums over documents; *_macro, map, ndcg: means over documents
    recall_ceiling_*: the recall of a list of all gold keywords that occur in the texts
    f1_*_low, f1_*_high: the bootstrap interval of F1
    p_*: of the randomization test of the difference to `reference` in F1; None for the reference itself
    """

    id: str
    method: str
    k: int
    documents: int
    gold: int
    in_text: int
    found: int
    correct: int
    precision_micro: float
    recall_micro: float
    recall_ceiling_micro: float
    f1_micro: float
    f1_micro_low: float
    f1_micro_high: float
    precision_macro: float
    recall_macro: float
    recall_ceiling_macro: float
    f1_macro: float
    f1_macro_low: float
    f1_macro_high: float
    map: float
    ndcg: float
    reference: str
    p_micro: float | None
    p_macro: float | None


@dataclass
class Account:
    """What happened to the documents: those that are scored, and what a reader should know of them."""

    documents: int = 0
    without_gold: int = 0  # left out of all figures
    without_text: int = 0  # of the scored ones: nothing can be found there
    first_without_gold: str = ""
    first_without_text: str = ""

    def count(self, document: GoldDocument) -> bool:
        """Whether the document is scored."""
        if not document.keywords:
            self.without_gold += 1
            self.first_without_gold = self.first_without_gold or document.place
            return False
        self.documents += 1
        if not document.text.strip():
            self.without_text += 1
            self.first_without_text = self.first_without_text or document.place
        return True


class DocumentJudgement(NamedTuple):
    """A document: of its `gold` keywords, how many occur in the text; a judgement for each method and system."""

    gold: int
    in_text: int
    judgements: tuple[Judgement, ...]


class _Task(NamedTuple):
    """A document to be judged: its text, gold keywords, and those of each system."""

    text: str
    gold: Sequence[str]
    others: tuple[Sequence[str], ...]


def judge_documents(
    documents: Iterable[GoldDocument],
    *,
    methods: Mapping[str, KeywordSettings],
    systems: Sequence[SystemKeywords] = (),
    stem: bool = False,
    jobs: int = 1,
    account: Account | None = None,
) -> Generator[DocumentJudgement]:
    """Hold the keywords of each method, then of each system, against the gold ones, document by document.

    Duplicates are removed on both sides, after folding. Raises UsageError when `stem` lacks its package, InputError
    when a system's documents are not the gold file's.
    """
    if stem:
        folded("a", stem=True)  # a missing package shows before anything is read
    account = account if account is not None else Account()
    work = partial(_judge, settings=tuple(methods.values()), stem=stem)
    for _, judgement in ordered_map(work, _items(documents, systems, account), jobs=jobs):
        yield judgement
    for system in systems:
        system.finish()


def _items(documents: Iterable[GoldDocument], systems: Sequence[SystemKeywords], account: Account) -> Iterator[Item]:
    for document in documents:
        others = tuple(system.take(document) for system in systems)
        if account.count(document):
            yield Item(None, _Task(document.text, document.keywords, others), len(document.text))


def _judge(task: _Task, *, settings: tuple[KeywordSettings, ...], stem: bool) -> DocumentJudgement:
    gold = frozenset(distinct(task.gold, stem=stem))
    text = folded(task.text, stem=stem)
    ours = ([keyword.text for keyword in keywords_of(split_pieces(iter((task.text,))), one)] for one in settings)
    found = (distinct(keywords, stem=stem) for keywords in (*ours, *task.others))
    in_text = sum(occurs(phrase, text) for phrase in gold)
    return DocumentJudgement(len(gold), in_text, tuple(judge(gold, keywords) for keywords in found))


def keyword_scores(
    documents: Iterable[DocumentJudgement],
    names: Sequence[str],
    *,
    ks: Sequence[int],
    where: str,
    resamples: int = 1000,
    seed: int = 0,
) -> list[KeywordScoreRecord]:
    """A record for each k and name, the first of the names being the reference; `where` names the gold file.

    resamples, seed: how intervals and p-values are drawn, see textpipe.metrics.resampling
    Raises InputError when there are no documents.
    """
    judged = list(documents)
    if not judged:
        raise InputError("no gold keywords", where=where, hint=LINE)
    columns = [Judgements(document.judgements[number] for document in judged) for number in range(len(names))]
    scores = [[judgements.at(k) for k in ks] for judgements in columns]
    compared = compare_f1(scores, resamples=resamples, seed=seed)
    counts = _Counts(
        where,
        len(judged),
        sum(document.gold for document in judged),
        sum(document.in_text for document in judged),
        sum(document.in_text / document.gold for document in judged) / len(judged),
        names[0],
    )
    return [
        _record(name, k, scores[number][place], compared[number][place], counts)
        for place, k in enumerate(ks)
        for number, name in enumerate(names)
    ]


class _Counts(NamedTuple):
    """What all records have in common."""

    where: str
    documents: int
    gold: int
    in_text: int
    ceiling_macro: float
    reference: str


def _record(name: str, k: int, scores: DocumentScores, compared: ComparedF1, counts: _Counts) -> KeywordScoreRecord:
    score = summary(scores)
    return KeywordScoreRecord(
        id=counts.where,
        method=name,
        k=k,
        documents=counts.documents,
        gold=counts.gold,
        in_text=counts.in_text,
        found=int(scores.found.sum()),
        correct=int(scores.correct.sum()),
        precision_micro=score.precision_micro,
        recall_micro=score.recall_micro,
        recall_ceiling_micro=counts.in_text / counts.gold,
        f1_micro=score.f1_micro,
        f1_micro_low=compared.f1_micro_low,
        f1_micro_high=compared.f1_micro_high,
        precision_macro=score.precision_macro,
        recall_macro=score.recall_macro,
        recall_ceiling_macro=counts.ceiling_macro,
        f1_macro=score.f1_macro,
        f1_macro_low=compared.f1_macro_low,
        f1_macro_high=compared.f1_macro_high,
        map=score.map,
        ndcg=score.ndcg,
        reference=counts.reference,
        p_micro=compared.p_micro,
        p_macro=compared.p_macro,
    )
