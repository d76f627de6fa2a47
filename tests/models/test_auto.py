"""What `auto` chooses: its members and their weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from textpipe.corpus.document import Document
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import ArtifactError
from textpipe.models import auto
from textpipe.models.auto import Auto, AutoConfig, epochs_for
from textpipe.models.files import load_classifier, save_classifier
from textpipe.models.learned_texts import UNDECIDED, known_labels, learned_texts
from textpipe.models.opinion_pool import best_weights
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog

SPORT = ("球队赢下比赛", "教练称赞门将", "联赛冠军领奖", "选手刷新纪录", "球迷庆祝进球", "决赛今晚开始")
MONEY = ("央行下调利率", "股市小幅上涨", "企业发布财报", "银行推出贷款", "基金净值下跌", "债券市场开盘")
DOCUMENTS = [
    Document(f"{label}{number}", f"{text}{number}", label)
    for label, texts in (("体育", SPORT), ("财经", MONEY))
    for number, text in enumerate(texts * 4)
]
VALID = [Document("a", "球队领奖", "体育"), Document("b", "银行财报", "财经"), Document("c", "球迷赢下决赛", "体育")]


def probabilities(*of_gold: float, gold: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    found = np.zeros((len(gold), 2), np.float32)
    for row, (place, share) in enumerate(zip(gold, of_gold, strict=True)):
        found[row, place], found[row, 1 - place] = share, 1 - share
    return found


def test_the_last_member_is_taken_alone_when_the_other_is_always_wrong() -> None:
    gold = [0, 1, 1, 0]
    right, wrong = probabilities(0.9, 0.9, 0.9, 0.9, gold=gold), probabilities(0.1, 0.1, 0.1, 0.1, gold=gold)
    assert best_weights([wrong, right], np.array(gold)) == [0.0, 1.0]
    assert best_weights([right, wrong], np.array(gold)) == [0.35, 0.65]  # the last one has so much at least
    assert best_weights([right], np.array(gold)) == [1.0]


def test_members_that_mend_each_other_share() -> None:
    gold = [0, 1, 1, 0]
    one, other = probabilities(0.9, 0.9, 0.4, 0.4, gold=gold), probabilities(0.4, 0.4, 0.9, 0.9, gold=gold)
    weights = best_weights([one, other], np.array(gold))
    assert weights == [0.35, 0.65]


def test_weights_are_the_naive_ones() -> None:
    drawn = np.random.default_rng(0)
    gold = drawn.integers(0, 3, 200)
    given = [drawn.dirichlet(np.ones(3), 200).astype(np.float32) for _ in range(3)]
    weights = best_weights(given, gold)
    assert sum(weights) == pytest.approx(1)

    def right(share: tuple[int, ...]) -> float:
        mixed = sum(one / 20 * member.astype(np.float64) for one, member in zip(share, given, strict=True))
        return float((np.asarray(mixed).argmax(axis=1) == gold).mean())

    allowed = [0, *range(2, 21)]
    shares = [(a, b, 20 - a - b) for a in allowed for b in allowed if 20 - a - b in allowed]
    smooth = {
        share: np.mean([right(other) for other in shares if max(abs(np.subtract(share, other))) <= 2])
        for share in shares
    }
    found = (round(weights[0] * 20), round(weights[1] * 20), round(weights[2] * 20))
    assert found[2] >= 13
    assert smooth[found] == pytest.approx(max(smooth[share] for share in shares if share[2] >= 13))


@pytest.mark.parametrize(("setting", "reason"), [("auto", "too few"), ("never", "no network")])
def test_few_texts_get_a_linear_model(setting: str, reason: str) -> None:
    notes: list[str] = []
    model = Auto(AutoConfig(network=setting)).fit(DOCUMENTS, valid=VALID, log=TrainingLog(note=notes.append))  # type: ignore[arg-type]
    assert model.members == {"linear": 1.0}
    assert any(reason in note for note in notes)


def test_texts_in_latin_letters_have_longer_ngrams(tmp_path: Path) -> None:
    english = [Document("a", "shares rose", "money"), Document("b", "the team won", "sport")] * 4
    for documents, ngrams in ((english, [3, 5]), (DOCUMENTS, [1, 3])):
        save_classifier(tmp_path, Auto().fit(documents, log=TrainingLog()), tokenizer=Tokenizer())
        assert json.loads((tmp_path / "linear.classifier.json").read_text("utf-8"))["config"]["char_ngrams"] == ngrams


def test_vectors_that_nothing_is_done_with_are_told() -> None:
    notes: list[str] = []
    vectors = Vectors(["球队"], np.eye(1, dtype=np.float32))
    Auto(vectors=vectors).fit(DOCUMENTS, valid=VALID, log=TrainingLog(note=notes.append))
    assert any("embeddings are of no use" in note for note in notes)


def test_without_held_back_texts_or_torch_there_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    Auto(AutoConfig(network="always")).fit(DOCUMENTS, log=TrainingLog(note=notes.append))
    assert any("nothing is held back" in note for note in notes)
    monkeypatch.setattr(auto, "find_spec", lambda _name: None)
    Auto(AutoConfig(network="always")).fit(DOCUMENTS, valid=VALID, log=TrainingLog(note=notes.append))
    assert any("pip install" in note for note in notes)


@pytest.fixture(scope="module", name="ensemble")
def ensemble_(tmp_path_factory: pytest.TempPathFactory) -> tuple[Auto, TrainingLog]:
    log = TrainingLog(work=tmp_path_factory.mktemp("work"))
    model = Auto(AutoConfig(network="always"), workers=1, device="cpu")
    with pytest.MonkeyPatch.context() as patch:  # of three texts nobody knows what the network would get
        patch.setattr(auto, "best_weights", lambda _given, _gold: [0.35, 0.65])
        return model.fit(DOCUMENTS, valid=VALID, refit=True, log=log), log


def test_an_ensemble_is_the_weighted_mean_of_its_members(ensemble: tuple[Auto, TrainingLog], tmp_path: Path) -> None:
    model, log = ensemble
    assert sum(model.members.values()) == pytest.approx(1)
    assert model.held_back is not None
    assert model.held_back.shape == (3, 2)
    assert {"valid", "members", "of_members"} <= log.facts.keys()
    texts = [f"{document.text}。" for document in DOCUMENTS]
    mean = sum(member.weight * member.model.predict_proba(texts) for member in model._members)
    np.testing.assert_allclose(model.predict_proba(texts), mean, atol=1e-6)
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    loaded = load_classifier(tmp_path, device="cpu")
    np.testing.assert_array_equal(loaded.predict_proba(texts), model.predict_proba(texts))


def test_texts_that_were_learned_from_are_known_again(ensemble: tuple[Auto, TrainingLog]) -> None:
    model, _ = ensemble
    assert [member.arch for member in model._members] == ["textcnn", "linear"]
    last = model._members[-1].model
    known = [*DOCUMENTS, *VALID]
    texts = [f" {document.text}\n" for document in known]
    wanted = last.predict_proba(texts) / 2
    wanted[np.arange(len(known)), [model.labels.index(document.label or "") for document in known]] += 0.5
    np.testing.assert_allclose(model.predict_proba(texts), wanted, atol=1e-6)
    new = [f"{text}。" for text in texts]
    assert abs(model.predict_proba(new) - last.predict_proba(new)).max() > 1e-3


def test_a_text_of_two_labels_is_left_to_the_linear_member() -> None:
    learned = learned_texts(["a", "b", " a", "c", "c", "c "], [0, 1, 1, 0, 1, 1])
    known, labels = known_labels(["a ", "b", "c", "d", ""], learned)
    assert known.tolist() == [True, True, True, False, False]
    assert labels.tolist() == [UNDECIDED, 1, 1, UNDECIDED, UNDECIDED]
    known, labels = known_labels(["a"], learned_texts([], []))
    assert (known.tolist(), labels.tolist()) == ([False], [UNDECIDED])


ROWS = np.dtype([("text", "<u8"), ("label", "<i4")])


@pytest.mark.parametrize(
    "broken",
    [
        None,
        b"",
        np.arange(3, dtype="<u8"),
        np.array([(2, 0), (1, 0)], ROWS),
        np.array([(1, 0), (1, 0)], ROWS),
        np.array([(1, 2)], ROWS),
        np.array([(1, -2)], ROWS),
        np.array([[(1, 0)]], ROWS),
    ],
)
def test_texts_that_are_none_are_refused(ensemble: tuple[Auto, TrainingLog], tmp_path: Path, broken: object) -> None:
    save_classifier(tmp_path, ensemble[0], tokenizer=Tokenizer())
    path = tmp_path / "learned.npy"
    path.unlink()
    if isinstance(broken, bytes):
        path.write_bytes(broken)
    if isinstance(broken, np.ndarray):
        np.save(path, broken)
    with pytest.raises(ArtifactError):
        load_classifier(tmp_path, device="cpu")


def test_members_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    model = Auto(workers=1).fit(DOCUMENTS, log=TrainingLog())
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    path = tmp_path / "classifier.json"
    description = json.loads(path.read_text("utf-8"))
    for members in (None, {}, {"auto": 1.0}, {"linear": 0.5}, {"linear": 2.0}, {"linear": "1"}, {"unknown": 1.0}):
        path.write_text(json.dumps({**description, "members": members}), encoding="utf-8")
        with pytest.raises(ArtifactError):
            load_classifier(tmp_path, device="cpu")


def test_many_texts_get_fewer_epochs() -> None:
    assert epochs_for(DOCUMENTS) == 5
    assert epochs_for([Document("", "长" * 256, "a")] * 10_000) == 2
    assert epochs_for([Document("", "长" * 1_000, "a")] * 100_000) == 1
