"""What the loop does with any network: it learns, keeps the best, stops in time, and leaves torch as it was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from tests.training.tasks import cross_entropy, digest, network, task  # noqa: E402
from textpipe.device import usable_cores  # noqa: E402
from textpipe.errors import ResourceError, UsageError  # noqa: E402
from textpipe.store import checkpoint  # noqa: E402
from textpipe.training import loop  # noqa: E402
from textpipe.training.config import OPTIMIZERS, LossName, Optimizer, Precision, TrainingConfig  # noqa: E402
from textpipe.training.log import EpochReport, StepReport, TrainingLog  # noqa: E402
from textpipe.training.loop import Task, Trained, train  # noqa: E402
from textpipe.training.losses import class_loss  # noqa: E402
from textpipe.training.schedule import learning_rate  # noqa: E402
from textpipe.training.surroundings import moved  # noqa: E402

nn: Any = torch.nn
CONFIG = TrainingConfig(epochs=3, batch_size=16, lr=0.01, patience=0)


def trained(given: Task, config: TrainingConfig = CONFIG) -> Trained:
    return train(given, config, log=TrainingLog(), workers=1, device="cpu", fingerprint="")


@pytest.mark.parametrize("name", ["cnn", "lstm", "sparse"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_learns_by_heart(name: str, optimizer: Optimizer) -> None:
    if (name, optimizer) == ("sparse", "rmsprop"):
        pytest.skip("refused, see test_optimizers.py")
    rate = {"sgd": 0.2, "adagrad": 0.1}.get(optimizer, 0.02) * (3 if name == "lstm" else 1)
    config = replace(CONFIG, epochs=12, optimizer=optimizer, lr=rate)
    found = trained(task(network(name), scored=False), config)
    losses = [report.loss for report in found.history.epochs]
    assert losses[-1] < (0.95 if name == "lstm" else 0.8) * losses[0]
    assert found.best_score == min(losses)


@pytest.mark.parametrize("loss", ["cross_entropy", "focal", "hinge", "squared"])
def test_every_loss_falls(loss: LossName) -> None:
    config = replace(CONFIG, epochs=10, loss=loss, class_weights="balanced")
    of_classes = class_loss(config, [20, 20, 20])
    given = replace(
        task(network("cnn"), scored=False),
        loss=lambda network, batch: (of_classes(network(batch["words"]), batch["classes"]), len(batch["words"])),
    )
    losses = [report.loss for report in trained(given, config).history.epochs]
    assert losses[-1] < 0.8 * losses[0]


def test_one_seed_gives_one_result() -> None:
    first, again, other = network("cnn"), network("cnn"), network("cnn")
    for made, seed in ((first, 1), (again, 1), (other, 2)):
        trained(task(made), replace(CONFIG, seed=seed))
    assert digest(first) == digest(again) != digest(other)


def test_reports() -> None:
    steps: list[StepReport] = []
    epochs: list[EpochReport] = []
    log = TrainingLog(step=steps.append, epoch=epochs.append)
    found = train(task(network("lstm")), CONFIG, log=log, workers=1, device="cpu", fingerprint="")
    assert [report.step for report in steps] == list(range(1, 13))
    assert {report.steps for report in steps} == {12}
    assert [report.epoch for report in steps] == [1] * 4 + [2] * 4 + [3] * 4
    assert [report.examples for report in steps] == [15] * 12
    assert [report.learning_rate for report in steps] == [learning_rate(CONFIG, step, 12) for step in range(1, 13)]
    assert found.history.column("gradient_norm").tolist() == [report.gradient_norm for report in steps]
    assert found.history.epochs == tuple(epochs)
    assert epochs[1].loss == pytest.approx(np.mean([report.loss for report in steps[4:8]]))
    assert epochs[0].scores.keys() == {"accuracy", "loss"}
    assert (found.epochs, found.steps, found.stopped) == (3, 12, "epochs")
    assert found.facts["device"] == "cpu"


def test_the_network_is_left_ready() -> None:
    made = network("cnn")
    trained(task(made))
    assert not any(part.training for part in made.modules())
    assert all(weight.grad is None for weight in made.parameters())


def test_a_step_is_that_of_torch_alone() -> None:
    """The whole loop against a plain one, dropout left out."""
    config = replace(CONFIG, optimizer="sgd", lr=0.1, clip=0.5, schedule="constant", warmup=0.0, weight_decay=0.0)
    ours, theirs = network("cnn"), network("cnn")
    for made in (ours, theirs):
        made.dropout.p = 0.0
    given = task(ours, scored=False)
    found = trained(given, config)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    norms = []
    for epoch in (1, 2, 3):
        for batch in given.batches(epoch):
            optimizer.zero_grad()
            cross_entropy(theirs, batch)[0].backward()
            norms.append(float(torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)))
            optimizer.step()
    assert found.history.column("gradient_norm").tolist() == pytest.approx(norms, rel=1e-3)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert mine.detach().numpy() == pytest.approx(other.detach().numpy(), abs=1e-4)


class Table(nn.Module):  # type: ignore[misc]
    """One weight, which each step moves by the learning rate; its scores are what a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


def weight_of(network: Any) -> float:
    return float(network.weight.detach())


def told(scores: list[float], *, metric: str = "accuracy", slope: Mapping[int, float] | None = None) -> Task:
    """Two steps an epoch; after epoch n the score is scores[n - 1]; a step's slope is 1 unless told."""
    left = iter(scores)
    slopes = {1 + place: (slope or {}).get(1 + place, 1.0) for place in range(2 * len(scores))}

    def batches(epoch: int) -> list[Any]:
        return [torch.tensor(slopes[2 * epoch - 1]), torch.tensor(slopes[2 * epoch])]

    return Task(
        network=Table(),
        batches=batches,
        loss=lambda network, batch: ((network.weight * batch).sum(), 1),
        score=lambda _: {metric: next(left)},
    )


SGD = TrainingConfig(epochs=6, lr=1.0, optimizer="sgd", momentum=0.0, schedule="constant", warmup=0.0, clip=0.0)


def test_the_best_epoch_stays() -> None:
    given = told([0.1, 0.5, 0.5, 0.4, 0.3, 0.2])
    found = trained(given, replace(SGD, patience=0))
    assert (found.epochs, found.best_epoch, found.best_score) == (6, 2, 0.5)
    assert weight_of(given.network) == -4.0  # after 4 steps
    assert [report.best for report in found.history.epochs] == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("scores", "judged", "kept"),
    [
        ([0.1, 0.5, 0.46, 0.44], 100, 3),  # the standard error is 0.05
        ([0.1, 0.5, 0.46, 0.44], 0, 2),
        ([0.1, 0.5, 0.46, 0.44], 10_000, 2),
        ([0.5, 0.46, 0.42, 0.38], 100, 2),  # worse than the best one, not than the one before
        ([0.5, 0.46, 0.6, 0.54], 100, 3),
        ([0.5, math.nan, 0.5, 0.4], 100, 3),
    ],
)
def test_a_later_epoch_is_kept_that_is_worse_by_chance(scores: list[float], judged: int, kept: int) -> None:
    given = replace(told(scores), judged=judged)
    found = trained(given, replace(SGD, epochs=4, patience=0))
    assert (found.epochs, found.best_epoch, found.best_score) == (4, kept, scores[kept - 1])
    assert weight_of(given.network) == -2.0 * kept


def test_a_loss_is_no_share() -> None:
    given = replace(told([0.5, 0.2, 0.21, 0.3], metric="loss"), judged=10)
    assert trained(given, replace(SGD, epochs=4, metric="loss", patience=0)).best_epoch == 2


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 4), (4, 6), (9, 6)])
def test_patience(patience: int, epochs: int) -> None:
    found = trained(told([0.1, 0.5, 0.5, 0.4, 0.3, 0.2]), replace(SGD, patience=patience))
    assert found.epochs == epochs
    assert found.stopped == ("patience" if epochs < 6 else "epochs")
    assert found.best_epoch == 2


def test_of_losses_the_least_is_best() -> None:
    scores = [0.5, 0.2, 0.3, 0.1, 0.4, 0.6]
    found = trained(told(scores, metric="loss"), replace(SGD, metric="loss", patience=2))
    assert (found.best_epoch, found.best_score, found.epochs) == (4, 0.1, 6)


def test_a_metric_that_the_task_lacks() -> None:
    with pytest.raises(ValueError, match="macro_f1"):
        trained(told([0.5], metric="accuracy"), replace(SGD, epochs=1, metric="macro_f1"))


def test_plateau_halves_the_rate() -> None:
    config = replace(SGD, schedule="plateau", patience=0)
    found = trained(told([0.1, 0.5, 0.5, 0.4, 0.6, 0.2]), config)
    assert found.history.column("learning_rate").tolist()[::2] == [1.0, 1.0, 1.0, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("decay", [0.2, 0.9])
def test_the_average_is_evaluated_and_kept(decay: float) -> None:
    seen = []
    given = told([0.1, 0.3, 0.2])
    score = given.score
    assert score is not None

    def watched(network: Any) -> Mapping[str, float]:
        seen.append(weight_of(network))
        return score(network)

    found = trained(replace(given, score=watched), replace(SGD, epochs=3, ema=decay, patience=0))
    average, wanted = 0.0, []
    for step in range(1, 7):
        share = min(decay, (1 + step) / (10 + step))
        average = share * average + (1 - share) * -step
        wanted.append(average)
    assert seen == pytest.approx(wanted[1::2], rel=1e-5)
    assert found.best_epoch == 2
    assert weight_of(given.network) == pytest.approx(wanted[3], rel=1e-5)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_the_last_good_state_stays(bad: float) -> None:
    notes: list[str] = []
    given = told([0.1, 0.5, 0.9], slope={5: bad})
    found = train(
        given, replace(SGD, epochs=3), log=TrainingLog(note=notes.append), workers=1, device="cpu", fingerprint=""
    )
    assert (found.stopped, found.epochs, found.steps, found.best_epoch) == ("not finite", 2, 4, 2)
    assert weight_of(given.network) == -4.0
    assert len(notes) == 1
    assert "not finite at step 5" in notes[0]
    assert "lr=0.1" in notes[0]


class Root(torch.autograd.Function):  # type: ignore[misc]
    """A finite loss whose gradient is not."""

    @staticmethod
    def forward(context: Any, weight: Any) -> Any:  # noqa: ARG004
        return weight.sum() * 0.0

    @staticmethod
    def backward(context: Any, slope: Any) -> Any:  # noqa: ARG004
        return slope.reshape(1) * math.inf


def test_gradients_that_are_not_finite() -> None:
    given = replace(told([0.1]), loss=lambda network, _: (Root.apply(network.weight), 1))
    with pytest.raises(UsageError, match="the gradient is not finite at step 1") as caught:
        trained(given, replace(SGD, epochs=1))
    assert caught.value.hint is not None
    assert "--set lr=" in caught.value.hint
    assert weight_of(given.network) == 0.0


def test_scores_that_are_never_numbers() -> None:
    with pytest.raises(UsageError, match="accuracy was not finite"):
        trained(told([math.nan, math.nan]), replace(SGD, epochs=2))


def test_l1_draws_weights_to_nothing() -> None:
    sums = []
    for strength in (0.0, 0.05):
        made = network("cnn")
        trained(task(made, scored=False), replace(CONFIG, l1=strength, weight_decay=0.0, epochs=6))
        sums.append(float(made.convolution.weight.detach().abs().sum()))
    assert sums[1] < 0.8 * sums[0]


def test_scores_are_without_dropout_and_gradients() -> None:
    states = []

    def score(network: Any) -> dict[str, float]:
        states.append((network.dropout.training, torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu")))
        return {"accuracy": 0.5}

    trained(replace(task(network("cnn")), score=score), replace(CONFIG, epochs=2, precision="bfloat16"))
    assert states == [(False, True, False)] * 2


def test_torch_is_left_as_it_was() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    filling = torch.utils.deterministic.fill_uninitialized_memory
    inside = []
    given = task(network("cnn"))

    def loss(network: Any, batch: Any) -> tuple[Any, int]:
        inside.append((torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()))
        return cross_entropy(network, batch)

    train(replace(given, loss=loss), CONFIG, log=TrainingLog(), workers=3, device="cpu", fingerprint="")
    assert set(inside) == {(3, True)}
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before[1:]
    assert torch.utils.deterministic.fill_uninitialized_memory == filling
    inside.clear()
    train(replace(given, loss=loss), CONFIG, log=TrainingLog(), device="cpu", fingerprint="")
    assert inside[0][0] == usable_cores()


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "auto"])
def test_precision(precision: Precision) -> None:
    types = []
    given = task(network("cnn"), scored=False)

    def loss(network: Any, batch: Any) -> tuple[Any, int]:
        scores = network(batch["words"])
        types.append(scores.dtype)
        return nn.functional.cross_entropy(scores.float(), batch["classes"]), len(scores)

    found = trained(replace(given, loss=loss), replace(CONFIG, precision=precision, epochs=8))
    losses = [report.loss for report in found.history.epochs]
    assert losses[-1] < losses[0]
    assert set(types) == {torch.bfloat16 if precision == "bfloat16" else torch.float32}
    assert {weight.dtype for weight in given.network.parameters()} == {torch.float32}
    assert found.facts["precision"] == ("bfloat16" if precision == "bfloat16" else "float32")


def test_what_is_refused() -> None:
    with pytest.raises(UsageError, match="float16 is for GPUs"):
        trained(task(network("cnn")), replace(CONFIG, precision="float16"))
    with pytest.raises(UsageError, match="no device 'tpu'"):
        train(task(network("cnn")), CONFIG, log=TrainingLog(), device="tpu", fingerprint="")
    with pytest.raises(ValueError, match="no batches"):
        trained(replace(task(network("cnn")), batches=lambda _: []))
    with pytest.raises(ValueError, match="nothing in this network learns"):
        trained(task(network("cnn").requires_grad_(False)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="torch sees no CUDA GPU"):
        train(task(network("cnn")), CONFIG, log=TrainingLog(), device="cuda:1", fingerprint="")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")])
def test_memory_that_runs_out(error: Exception) -> None:
    def loss(_network: Any, _batch: Any) -> tuple[Any, int]:
        raise error

    with pytest.raises(ResourceError, match="not enough memory on cpu") as caught:
        trained(replace(task(network("cnn")), loss=loss))
    assert caught.value.hint is not None
    assert "batch_size=8" in caught.value.hint


def test_an_interruption_passes_through() -> None:
    def step(_report: StepReport) -> None:
        raise KeyboardInterrupt

    threads = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        train(task(network("cnn")), CONFIG, log=TrainingLog(step=step), workers=3, device="cpu", fingerprint="")
    assert torch.get_num_threads() == threads


def test_float16_leaves_out_steps_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU, where it is refused but works: the scale falls until steps are taken, and is kept to go on from."""
    monkeypatch.setattr(loop, "autocast_dtype", lambda *_: torch.float16)
    monkeypatch.setattr(checkpoint, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)

    def given() -> Task:
        made = task(network("cnn"))
        return replace(made, loss=lambda network, batch: (100 * (found := cross_entropy(network, batch))[0], found[1]))

    whole, parts = given(), given()
    found = trained(whole)
    finite = np.isfinite(found.history.column("gradient_norm"))
    assert not finite[0]
    assert finite[-1]
    assert found.facts["precision"] == "float16"
    for stop in (2, 3):
        left = iter(range(stop))

        def step(_: StepReport, left: Any = left) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(parts, CONFIG, log=TrainingLog(step=step, work=tmp_path), workers=1, device="cpu", fingerprint="")
        parts = given()
    train(parts, CONFIG, log=TrainingLog(work=tmp_path), workers=1, device="cpu", fingerprint="")
    assert digest(parts.network) == digest(whole.network)


def test_batches_are_moved_as_they_are_nested() -> None:
    class Pair(NamedTuple):
        words: Any
        rest: Any

    tensor = torch.zeros(2)
    found = moved({"a": Pair(tensor, [tensor, (tensor, None)]), "b": 3}, torch.device("meta"))
    assert found["a"].words.device.type == found["a"].rest[0].device.type == found["a"].rest[1][0].device.type == "meta"
    assert (found["a"].rest[1][1], found["b"]) == (None, 3)
    assert moved(tensor, torch.device("cpu")) is tensor
