"""The one training loop of every torch model. It knows no architecture: a task brings its network, batches and loss.

task = Task(network=network, batches=batches, loss=loss, score=score)
trained = train(task, TrainingConfig(epochs=5), log=log, fingerprint=digest_of_the_data)
write_steps(folder / "steps.jsonl", trained.history)
save_weights(folder / "weights.safetensors", network)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from textpipe.device import reporting_no_memory, torch_device
from textpipe.errors import UsageError
from textpipe.store.checkpoint import Arrays, Checkpoints, Saved, checkpoints
from textpipe.training.averaging import MovingAverage, copied, put
from textpipe.training.checkpoint import (
    fingerprint_of,
    pack_optimizers,
    packed,
    room_for,
    unpack_optimizers,
    unpacked,
)
from textpipe.training.config import TrainingConfig
from textpipe.training.log import EpochReport, StepReport, TrainingLog
from textpipe.training.optimizers import add_l1, gradients, make_optimizers, scale_down, weights_of
from textpipe.training.progress import Standing, StepFigures, Stopped, score_of
from textpipe.training.schedule import learning_rate
from textpipe.training.steps import History
from textpipe.training.surroundings import autocast_dtype, evaluation, moved, reseed, surroundings

__all__ = ["Task", "Trained", "evaluation", "train"]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is learned.

    network: a torch module, on any device; its weights are where training begins (`initialisation.seeded` makes them
        follow from a seed)
    batches: of epoch 1, 2, …: a sequence of the same length every time, from which each is taken when it is needed;
        the same ones whenever it is asked. A batch is a tensor, or tensors in (named) tuples, lists and dicts, which
        are moved to the device; what else is in there stays as it is
    loss: of network and batch: a scalar, the mean over examples that are counted in the second part of the answer; what
        it draws, as dropout does, comes from torch's generators, which are seeded anew before every step
    score: of the network on held-back data, called after each epoch without dropout and gradients (the average of
        weights where there is one), always in float32; it must have config.metric. None: the metric is the
        training loss
    judged: examples whose share the metric is. An epoch that comes after the best one and is worse by less than the
        standard error of such a share (the rule of Breiman et al. 1984) is kept instead, having ended at a lower
        learning rate. 0: the best one is kept
    """

    network: Any
    batches: Callable[[int], Sequence[Any]]
    loss: Callable[[Any, Any], tuple[Any, int]]
    score: Callable[[Any], Mapping[str, float]] | None = None
    judged: int = 0


@dataclass(frozen=True, kw_only=True)
class Trained:
    """How a training went; its network holds the best weights.

    epochs, steps: how many there were; best_epoch: the one kept, from 1; best_score: its metric; scores: all of
        its scores
    stopped: `epochs` (all done), `patience`, or `not finite`
    history: of all steps and epochs; facts: for the manifest
    """

    epochs: int
    steps: int
    best_epoch: int
    best_score: float
    scores: Mapping[str, float]
    stopped: Stopped
    history: History
    facts: Mapping[str, object]


def train(
    task: Task,
    config: TrainingConfig,
    *,
    log: TrainingLog,
    workers: int | None = None,
    device: str | None = None,
    until: int | None = None,
    fingerprint: str,
) -> Trained:
    """Train task.network in place: afterwards it holds the weights of the best epoch (their average, with config.ema),
    is on the device and in evaluation mode.

    workers: threads, None for all usable cores; device: `cpu`, `cuda` or `cuda:N`, None for the best
    until: the epoch to end with, though the learning rate goes as for config.epochs: as it was when that one was best
    fingerprint: of data and all else that batches, loss and score depend on; settings and first weights are added here.
    With log.work training goes on from the last state that an interrupted one has left there, to the same bits on the
    same CPU and number of threads. On a GPU additions come in any order.

    Raises UsageError for a device that is not there, and when the loss or the gradient is not finite before an epoch
    has ended well; later that ends training, with a note. Raises ResourceError when memory runs out. Interruptions
    pass through.
    """
    place = torch_device(device)
    memory = reporting_no_memory(
        f"not enough memory on {place} for batches of {config.batch_size}",
        hint=f"--set batch_size={max(config.batch_size // 2, 1)}, or a smaller network",
    )
    with memory, surroundings(place, workers) as threads:
        facts: dict[str, object] = {"device": str(place), "threads": threads, "torch": str(torch.__version__)}
        mark = (
            ""
            if log.work is None
            else fingerprint_of(task.network, config, fingerprint if until is None else f"{fingerprint} {until}")
        )
        run = _Run(task, config, place, log, facts, until)
        with checkpoints(log.work, mark, arrays=run.arrays, room=room_for(run.live)) as (saving, saved):
            if saved is not None:
                run.restore(saved)
            run.go_on(saving)
        return run.end()


class _Run:
    """A training under way."""

    def __init__(
        self,
        task: Task,
        config: TrainingConfig,
        device: Any,
        log: TrainingLog,
        facts: dict[str, object],
        until: int | None,
    ) -> None:
        self.until = until
        self.task, self.config, self.device, self.log, self.facts = task, config, device, log, facts
        self.dtype = autocast_dtype(config.precision, device)
        self.network = task.network.to(device)
        self.weights = weights_of(self.network)
        self.learning = [*self.weights.decaying, *self.weights.others, *self.weights.sparse]
        if not self.learning:
            raise ValueError("nothing in this network learns")
        self.optimizers = make_optimizers(self.weights, config)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.dtype == torch.float16)
        self.live = _changing(self.network)
        self.average = MovingAverage(self.live, config.ema) if config.ema else None
        self.best: dict[str, Any] = {}
        self.standing = Standing()
        self.figures = StepFigures()
        self.an_epoch = len(task.batches(1))
        if not self.an_epoch:
            raise ValueError("there is nothing to learn from: no batches")

    def arrays(self) -> Arrays:
        """All that a state has but JSON."""
        average = {} if self.average is None else self.average.values
        return {
            **packed("network", self.live),
            **packed("average", average),
            **packed("best", self.best),
            **pack_optimizers(self.optimizers)[0],
            "steps": self.figures.rows(),
        }

    def _save(self, saving: Checkpoints) -> None:
        state = {
            "standing": self.standing.as_json(),
            "optimizers": pack_optimizers(self.optimizers)[1],
            "scaler": self.scaler.state_dict(),
            "facts": self.facts,
        }
        saving.save(self.standing.place, state)

    def restore(self, saved: Saved) -> None:
        """Stand where an earlier run stood, and tell of the epochs that have ended."""
        arrays, state = saved.arrays, saved.state
        put(unpacked("network", arrays), self.live)
        if self.average is not None:
            put(unpacked("average", arrays), self.average.values)
        self.best = {name: tensor.to(self.device) for name, tensor in unpacked("best", arrays).items()}
        unpack_optimizers(self.optimizers, arrays, state["optimizers"])
        if self.scaler.is_enabled():
            self.scaler.load_state_dict(state["scaler"])
        self.figures.put(arrays["steps"])
        self.standing = Standing.of_json(state["standing"])
        self.log.note(f"goes on after step {self.standing.step:,} of {self.an_epoch * self.config.epochs:,}")
        if state["facts"] != self.facts:
            before, now = (
                ", ".join(f"{name} {value}" for name, value in facts.items()) for facts in (state["facts"], self.facts)
            )
            self.log.note(f"it began with {before}, now it is {now}: the last bits of the weights may differ")
        for report in self.standing.epochs:
            self.log.epoch(report)

    def go_on(self, saving: Checkpoints) -> None:
        """To the end, from wherever it stands."""
        known = self.standing.ended
        self.network.train()
        while not self.standing.ended:
            self._epoch(saving)
        if not known:
            self._save(saving)  # whoever could not keep the result need not train again

    def _epoch(self, saving: Checkpoints) -> None:
        standing = self.standing
        batches = self.task.batches(len(standing.epochs) + 1)
        if len(batches) != self.an_epoch:
            raise ValueError(f"an epoch has {len(batches)} batches, the first had {self.an_epoch}")
        began = time.perf_counter() - standing.seconds
        while standing.step < (len(standing.epochs) + 1) * self.an_epoch:
            report = self._step(batches[standing.step % self.an_epoch])
            if report is None:
                return
            standing.seconds = time.perf_counter() - began
            self.log.step(report)
            if saving.due:
                self._save(saving)
        self.log.epoch(self._end_of_epoch(began))
        if saving.due and not standing.ended:
            self._save(saving)

    def _step(self, batch: Any) -> StepReport | None:
        """None when its figures are not finite: then no weight has changed, and training has ended."""
        standing, config = self.standing, self.config
        step, steps = standing.step + 1, self.an_epoch * config.epochs
        reseed(self.device, config.seed, step)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype is not None):
            mean, examples = self.task.loss(self.network, moved(batch, self.device))
        self.scaler.scale(mean).backward()
        for optimizer in self.optimizers:
            self.scaler.unscale_(optimizer)
        add_l1(self.weights.decaying, config.l1)
        found = gradients(self.learning)
        loss, norm = torch.stack([mean.detach().double(), torch.nn.utils.get_total_norm(found).double()]).tolist()
        if not self._finite(loss, norm):
            self._stop_for(step, "loss" if not math.isfinite(loss) else "gradient")
            return None
        scale_down(found, norm, most=config.clip)
        rate = learning_rate(config, step, steps, factor=standing.factor)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            self.scaler.step(optimizer)  # which leaves out a step whose gradients were too large for float16
        self.scaler.update()
        if self.average is not None:
            self.average.update(step)
        standing.step = step
        report = StepReport(step, steps, len(standing.epochs) + 1, examples, loss, rate, norm)
        self.figures.add(report)
        return report

    def _finite(self, loss: float, norm: float) -> bool:
        """With float16 a norm that is not finite shows a scale that is too large, unless that is small already."""
        return math.isfinite(loss) and (
            math.isfinite(norm) or (self.scaler.is_enabled() and self.scaler.get_scale() > 1)
        )

    def _end_of_epoch(self, began: float) -> EpochReport:
        standing, config = self.standing, self.config
        kept = self.live if self.average is None else self.average.values
        scores: dict[str, float] = {}
        if self.task.score is not None:
            scores = self._scores(kept)
        standing.seconds = time.perf_counter() - began
        loss = self.figures.mean_loss(len(standing.epochs) + 1)
        report = standing.close(loss, scores, config, judged=self.task.judged)
        if standing.stopped is None and len(standing.epochs) == self.until:
            standing.stopped = "epochs"
        if report.best:
            self.best = copied(kept)
        return report

    def _scores(self, kept: Mapping[str, Any]) -> dict[str, float]:
        """Of the weights that would be kept; the others are back afterwards."""
        assert self.task.score is not None
        aside = copied(self.live) if self.average is not None else {}
        if aside:
            put(kept, self.live)
        with evaluation(self.network):
            scores = {name: float(value) for name, value in self.task.score(self.network).items()}
        if aside:
            put(aside, self.live)
        if self.config.metric not in scores:
            raise ValueError(f"the task has no score {self.config.metric!r}")
        return scores

    def _stop_for(self, step: int, what: str) -> None:
        standing = self.standing
        advice = f"a lower learning rate: --set lr={self.config.lr / 10:g}"
        if standing.best is None:
            raise UsageError(f"the {what} is not finite at step {step}, before any good epoch", hint=advice)
        self.log.note(
            f"the {what} is not finite at step {step}: training ends, the weights of epoch {standing.best_epoch} stay; "
            f"try {advice}"
        )
        standing.stopped = "not finite"

    def end(self) -> Trained:
        """The best weights into the network."""
        standing, best = self.standing, self.standing.best
        assert standing.stopped is not None
        if best is None:
            raise UsageError(f"{self.config.metric} was not finite in any epoch", hint="a lower --set lr=…")
        put(self.best, self.live)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        self.network.eval()
        return Trained(
            epochs=len(standing.epochs),
            steps=standing.step,
            best_epoch=standing.best_epoch,
            best_score=score_of(best.loss, best.scores, self.config),
            scores=best.scores,
            stopped=standing.stopped,
            history=History(self.figures.rows(), tuple(standing.epochs)),
            facts={
                **self.facts,
                "parameters": sum(weight.numel() for weight in self.learning),
                "precision": "float32" if self.dtype is None else str(self.dtype).removeprefix("torch."),
                "seconds": round(sum(report.seconds for report in standing.epochs), 3),
            },
        )


def _changing(network: Any) -> dict[str, Any]:
    """What training changes, by name: not the weights that are frozen."""
    frozen = {name for name, weight in network.named_parameters(remove_duplicate=False) if not weight.requires_grad}
    return {name: tensor for name, tensor in network.state_dict().items() if name not in frozen}
