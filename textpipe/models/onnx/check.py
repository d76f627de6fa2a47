"""Whether an exported graph gives what the classifier gives, run by onnxruntime on the same texts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime

from textpipe.errors import UsageError
from textpipe.models import Classifier
from textpipe.models.inputs import FIRST
from textpipe.models.onnx.encoding import encoded
from textpipe.segment.tokenizer import Tokenizer

NEAR = 1e-4  # that probabilities may differ
LEAST_AGREEMENT = 0.99  # share of texts that keep their label with int8
_HINT = "another architecture, textcnn or linear, is written otherwise"
_STATE = onnxruntime.capi.onnxruntime_pybind11_state
FAILURES = (_STATE.Fail, _STATE.InvalidArgument, _STATE.InvalidGraph, _STATE.RuntimeException, _STATE.NotImplemented)
_AT_ONCE = 32
_DRAWN, _LONGEST = 400, 40  # texts of the model's own units; units of them
_SENTENCES = (
    "球队在最后一分钟进球，赢下了这场决赛。",
    "央行宣布下调存款利率，股市收盘小幅上涨。",
    "新款手机的屏幕更亮，电池能用两天。",
    "导演说，这部电影的票房超出了所有人的预料。",
    "医生建议每天散步半小时，少吃盐，早点睡。",
    "市里新建的图书馆周末开放到晚上十点。",
    "从成都坐高铁到重庆只要一个多小时",
    "房价连续三个月下跌，中介门店关了一半",
    "这家酒店的早餐不错，就是隔音太差了！",
    "书的内容很好，印刷质量却让人失望，不推荐购买。",
    "高考报名从下周一开始，考生须携带身份证。",
    "她用 Python 3.12 写了一个爬虫，抓了 10,000 条评论。",
    "ＡＰＰＬＥ发布ｉＰｈｏｎｅ，售价５９９９元起",
    "The team won the final in the last minute.",
    "Shares closed higher after the bank cut its rates.",
    "A new library opens at the weekend, until 10 p.m.",
)
_ODD = (
    "",
    " \t\n ",
    "球",
    "a",
    "\x00",
    "🦉🎉🦉",
    "qqqq zzzz xxxx",
    "。。。！！！",
    "第一行\r\n第二行\n\n第三行",
    "两个  空格\t一个制表符\u3000全角空格",
    "球队赢了决赛" * 200,
    "The Library 图书馆 opens " * 100,
)


class Check(NamedTuple):
    """texts: how many were compared; difference: the largest of probabilities; agreement: the share of texts whose
    labels are equal; rate, rate_before: texts a second from strings, by onnxruntime and by the classifier"""

    texts: int
    difference: float
    agreement: float
    rate: float
    rate_before: float

    def as_json(self) -> dict[str, Any]:
        """What of it the file keeps: not what depends on the machine."""
        kept = {"texts": self.texts, "largest_difference": self.difference, "agreement": self.agreement}
        return {**kept, "onnxruntime": onnxruntime.__version__}


def sample(about: Mapping[str, Any]) -> list[str]:
    """Texts to compare by: sentences, odd texts, and such as are made of the model's own units, frequent ones more
    often; always the same."""
    return [*_SENTENCES, *_ODD, *_drawn(about["inputs"])]


def _drawn(inputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    chance = np.random.Generator(np.random.PCG64(0))
    share = -(-_DRAWN // max(len(inputs), 1))
    for one in inputs:
        first = {number: unit for unit, number in reversed(one["ids"].items())}
        units = [first[number] for number in sorted(first) if number >= FIRST]
        for _ in range(share if units else 0):
            places = (chance.random(int(chance.integers(1, _LONGEST))) ** 2 * len(units)).astype(np.int64)
            yield "".join(units[place] for place in places.tolist())


def compared(
    model: bytes, classifier: Classifier, texts: Sequence[str], *, about: Mapping[str, Any], tokenizer: Tokenizer
) -> Check:
    """How far the graph is from the classifier, `auto` as it is for new texts: a graph knows no text again. Raises
    UsageError when onnxruntime cannot run it."""
    session = _session(model)
    start = time.perf_counter()
    found = _run(session, texts, about, tokenizer)
    middle = time.perf_counter()
    ask = getattr(classifier, "predict_proba_as_new", classifier.predict_proba)
    parts = [ask(texts[first : first + _AT_ONCE]) for first in range(0, len(texts), _AT_ONCE)]
    end = time.perf_counter()
    wanted = np.concatenate(parts)
    difference = float(np.abs(found - wanted).max()) if np.isfinite(found).all() else float("inf")
    labels = [_labels(one, about["thresholds"]) for one in (found, wanted)]
    agreement = float((labels[0] == labels[1]).all(axis=1).mean())
    return Check(len(texts), difference, agreement, len(texts) / (middle - start), len(texts) / (end - middle))


def _labels(probabilities: npt.NDArray[np.float32], thresholds: Sequence[float] | None) -> npt.NDArray[Any]:
    """[texts, n]: which label a text gets, or whether it gets each of them."""
    if thresholds is None:
        return np.asarray(probabilities.argmax(axis=1))[:, None]
    given: npt.NDArray[Any] = probabilities >= np.asarray(thresholds, np.float32)
    return given


def _session(model: bytes) -> Any:
    try:
        return session_of(model)
    except FAILURES as error:
        raise _cannot_run(error) from None


def _run(session: Any, texts: Sequence[str], about: Mapping[str, Any], tokenizer: Tokenizer) -> npt.NDArray[np.float32]:
    """float32[texts, labels]; texts as they come, of all lengths, in batches, and none by itself."""
    parts = []
    for first in range(0, len(texts), _AT_ONCE):
        given = encoded(texts[first : first + _AT_ONCE], about["inputs"], tokenizer)
        try:
            parts.append(session.run(None, given)[0])
        except FAILURES as error:
            raise _cannot_run(error) from None
    return np.concatenate(parts)


def _cannot_run(error: Exception) -> UsageError:
    reason = str(error).strip().splitlines()[0][-200:]
    return UsageError(f"onnxruntime cannot run what was written: {reason}", hint=_HINT)


def session_of(model: bytes) -> Any:
    """onnxruntime's, which tells of errors by exceptions alone. Raises one of FAILURES."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def require_equal(check: Check, *, int8: bool) -> None:
    """Raise UsageError when the graph is not the classifier, or with int8 too far from it."""
    if int8 and check.agreement < LEAST_AGREEMENT:
        share = 1 - check.agreement
        message = (
            f"with int8 {share:.1%} of {check.texts:,} texts get another label: at most {1 - LEAST_AGREEMENT:.0%} may"
        )
        raise UsageError(message, hint="leave out --int8; --check PATHS compares on texts of yours")
    if not int8 and not check.difference <= NEAR:
        message = f"the graph is not the classifier: probabilities differ by {check.difference:.1e}, more than {NEAR:g}"
        raise UsageError(message, hint=_HINT)
