"""Labelled texts that networks learn from in tests, and ways to do so quickly."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from textpipe.corpus.document import Document
from textpipe.training.log import TrainingLog

_WORDS = {
    "体育": ["球队", "比赛", "教练", "进球", "联赛", "冠军", "决赛", "主场", "射门", "球员"],
    "财经": ["股市", "银行", "基金", "利率", "投资", "上涨", "债券", "市场", "收益", "央行"],
    "娱乐": ["电影", "演员", "导演", "票房", "歌手", "专辑", "首映", "剧组", "粉丝", "综艺"],
}


def documents(count: int = 90, *, seed: int = 0, longest: int = 8) -> list[Document]:
    """Texts of words of their label and of others'."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        label = list(_WORDS)[number % len(_WORDS)]
        words = [chance.choice(_WORDS[label]) for _ in range(chance.randint(2, longest))]
        words.insert(chance.randint(0, len(words)), chance.choice(_WORDS[chance.choice(list(_WORDS))]))
        found.append(Document(id=str(number), text="".join(words), label=label))
    return found


def trained(kind: Any, *, valid: int = 30, log: TrainingLog | None = None, workers: int = 1, **settings: Any) -> Any:
    """A classifier of that class after training on a CPU."""
    small = {"unit": "char", "epochs": 3, "dim": 12, "batch_size": 16, "lr": 0.01, **settings}
    model = kind(kind.Config(**small), workers=workers, device="cpu")
    return model.fit(documents(), valid=documents(valid, seed=1), log=log or TrainingLog())


def check_learned_and_apart(model: Any) -> None:
    """It tells new texts' labels, and no text's probabilities depend on those beside it."""
    held = documents(30, seed=1)
    texts = [one.text for one in held] + ["球", "", "球队" * 300]
    together = model.predict_proba(texts)
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    right = [label == one.label for label, one in zip(model.predict(texts), held, strict=False)]
    assert np.mean(right) > 0.7
