"""Artifacts by name: loaded when they are asked for, checked before use, changed when their name moves."""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from textpipe.embeddings.files import read_vectors
from textpipe.errors import ArtifactError, TextpipeError, UsageError
from textpipe.models.files import load_classifier
from textpipe.operations.open_artifact import artifact_of_kind
from textpipe.operations.open_classifier import KIND as CLASSIFIER
from textpipe.operations.open_classifier import classifier_artifact
from textpipe.operations.open_vectors import KIND as EMBEDDINGS
from textpipe.operations.open_vectors import embeddings_artifact
from textpipe.pipeline.idf_stages import idf_of
from textpipe.service.events import tell
from textpipe.service.garbage import settle
from textpipe.service.measurements import Measurements
from textpipe.service.settings import SERVED_KINDS, ServiceSettings
from textpipe.store.layout import Store
from textpipe.store.manifest import is_id
from textpipe.store.objects import Artifact, verified
from textpipe.store.refs import LATEST, resolve, usable_name

T = TypeVar("T")
IDF = "idf"
LOOK_SECONDS = 0.25  # how often a name is looked at, to see whether it moved
AGAIN_SECONDS = 5.0  # until what could not be loaded is tried again
_MOST_NAMES = 256  # that are remembered
_LONGEST_NAME = 300
_FIRST_TEXTS = ["先读词典", "再读权重"]


class Loaded(NamedTuple):
    """artifact: what is on disk; value: the Classifier, the Vectors, or of an idf (weights, tokenizer)"""

    artifact: Artifact
    value: Any


@dataclass
class _Name:
    """What a name means. mark: of its file, by which a move is noticed; looked: when; error: why what it means now
    could not be loaded, failed: when; loading: what goes on"""

    loaded: Loaded | None = None
    mark: tuple[int, ...] | None = None
    looked: float = 0.0
    error: TextpipeError | None = None
    failed: float = 0.0
    loading: asyncio.Task[Loaded] | None = None


class Artifacts:
    """Those of a store that are in use. Files are mapped into memory where they are large, which workers share."""

    def __init__(self, settings: ServiceSettings, measurements: Measurements | None = None) -> None:
        self.store = Store(settings.store)
        self.missing: dict[str, str] = dict.fromkeys(settings.artifacts, "not loaded yet")  # name → why
        self._settings = settings
        self._measurements = measurements or Measurements()
        self._names: OrderedDict[tuple[str, str], _Name] = OrderedDict()
        self._kept: OrderedDict[str, Loaded] = OrderedDict()  # by address, those that were asked for last at the end
        self._pinned: set[tuple[str, str]] = set()  # names whose artifacts never have to go for others
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="textpipe-load")

    async def classifier(self, name: str = LATEST) -> Loaded:
        """Raises ArtifactError where there is none of that name, or it is damaged."""
        return await self.get(CLASSIFIER, name)

    async def vectors(self, name: str = LATEST) -> Loaded:
        """Raises ArtifactError where there are none of that name, or they are damaged."""
        return await self.get(EMBEDDINGS, name)

    async def weights(self, name: str = LATEST) -> Loaded:
        """Of words, as train-idf made them. Raises ArtifactError where there are none of that name, or damaged ones."""
        return await self.get(IDF, name)

    async def get(self, kind: str, name: str) -> Loaded:
        """What a name means, from memory where it is there. When the name has moved, the artifact that it meant is
        given until the new one is loaded; where that is damaged, for good.

        Raises ArtifactError where there is nothing to give, UsageError for what may mean several.
        """
        name = _bare(kind, name)
        entry = self._names.get((kind, name))
        now = time.monotonic()
        if entry is None:
            return await self._first(kind, name)
        if now >= entry.looked + LOOK_SECONDS:
            self._look(kind, name, entry, now)
        if entry.loaded is not None:
            self._kept.move_to_end(entry.loaded.artifact.address)
            self._names.move_to_end((kind, name))
            return entry.loaded
        if entry.loading is None and entry.error is not None:
            raise entry.error
        return await self._wait(kind, name, entry)

    def address(self, kind: str, name: str) -> str | None:
        """`kind/id` of what a name means, where that is in memory."""
        entry = self._names.get((kind, _bare(kind, name)))
        return None if entry is None or entry.loaded is None else entry.loaded.artifact.address

    async def watch(self) -> None:
        """Look at all names now and then, so that one that moved is loaded before it is asked for. For ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for (kind, name), entry in list(self._names.items()):
                self._look(kind, name, entry, now)

    async def load_named(self) -> None:
        """Return when the artifacts are loaded that the settings name: those that are missing are waited for."""
        while self.missing:
            await asyncio.gather(*(self._load_named_one(name) for name in list(self.missing)))
            if self.missing:
                await asyncio.sleep(LOOK_SECONDS)

    @property
    def addresses(self) -> tuple[str, ...]:
        """`kind/id` of what is in memory."""
        return tuple(self._kept)

    async def _load_named_one(self, name: str) -> None:
        try:
            artifact = await self._in_thread(lambda: resolve(self.store, name))
            kind = artifact.manifest.kind
            if kind not in SERVED_KINDS:
                raise UsageError(f"nothing is asked of a {kind}")
            self._pinned.add((kind, _bare(kind, name)))  # before another one that is loaded makes room for itself
            await self.get(kind, name)
        except TextpipeError as error:
            self.missing[name] = error.message  # where it lies is nobody's business
            return
        del self.missing[name]

    # ------------------------------------------------------------------------------------------ names

    async def _first(self, kind: str, name: str) -> Loaded:
        """A name that nobody has asked for yet: it is remembered once it is known to mean something."""
        mark = self._mark(kind, name)
        artifact = await self._in_thread(lambda: self._artifact(kind, name))
        entry = self._names.setdefault((kind, name), _Name(mark=mark, looked=time.monotonic()))
        if entry.loaded is None and entry.loading is None:
            known = self._kept.get(artifact.address)
            if known is not None:
                entry.loaded = known
                self._kept.move_to_end(artifact.address)
                return known
        self._forget_some()
        return await self._wait(kind, name, entry)

    def _forget_some(self) -> None:
        while len(self._names) > _MOST_NAMES:
            self._names.popitem(last=False)

    def _artifact(self, kind: str, name: str) -> Artifact:
        """Of a name as the command line takes it."""
        if len(name) > _LONGEST_NAME or "\0" in name:
            raise ArtifactError(f"no artifact {name[:60]!r}", hint="GET /v1/artifacts")
        if kind == CLASSIFIER:
            return classifier_artifact(self.store, name)
        if kind == EMBEDDINGS:
            return embeddings_artifact(self.store, name)
        assert kind == IDF
        what, use = "word weights", "textpipe keywords PATHS --idf"
        return artifact_of_kind(self.store, name, kind=IDF, what=what, use=use, hint="textpipe train-idf PATHS")

    def _mark(self, kind: str, name: str) -> tuple[int, ...] | None:
        """By which a name's file is known to be the same; None where there is none, as of an id."""
        if not usable_name(name) or is_id(name):
            return None
        try:
            found = os.stat(self.store.refs / kind / name)
        except (OSError, ValueError):
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _look(self, kind: str, name: str, entry: _Name, now: float) -> None:
        """Begin to load what a name means now, where that is something else, or failed some time ago."""
        entry.looked = now
        mark = self._mark(kind, name)
        if entry.loading is not None or (mark is None and entry.mark is not None and not self.store.refs.is_dir()):
            return  # without its folder no name can be said to be taken away
        moved = mark != entry.mark
        if moved or (entry.error is not None and now >= entry.failed + AGAIN_SECONDS):
            entry.mark = mark
            self._begin(kind, name, entry)

    async def _wait(self, kind: str, name: str, entry: _Name) -> Loaded:
        """For what is being loaded, together with all others who ask for it; one who gives up does not stop it."""
        task = entry.loading or self._begin(kind, name, entry)
        return await asyncio.shield(task)

    def _begin(self, kind: str, name: str, entry: _Name) -> asyncio.Task[Loaded]:
        task = asyncio.create_task(self._loading(kind, name, entry))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is told by `_failed`
        entry.loading = task
        return task

    # ------------------------------------------------------------------------------------------ loading

    async def _loading(self, kind: str, name: str, entry: _Name) -> Loaded:
        try:
            artifact = await self._in_thread(lambda: self._artifact(kind, name))
            loaded = self._kept.get(artifact.address) or await self._load(kind, artifact)
        except TextpipeError as error:
            self._failed(kind, name, entry, error)
            raise
        finally:
            entry.loading = None
        before = entry.loaded
        entry.loaded, entry.error = loaded, None
        self._keep(loaded)
        if before is not None and before.artifact.address != loaded.artifact.address:
            tell("artifact-changed", name=f"{kind}/{name}", before=before.artifact.address, now=artifact.address)
            self._drop_unnamed(before)
        return loaded

    async def _load(self, kind: str, artifact: Artifact) -> Loaded:
        began = time.monotonic()
        loaded = Loaded(artifact, await self._in_thread(lambda: self._read(kind, artifact)))
        seconds = round(time.monotonic() - began, 3)
        self._measurements.loaded(kind)
        tell("artifact-loaded", artifact=artifact.address, seconds=seconds)
        return loaded

    def _read(self, kind: str, artifact: Artifact) -> Any:
        """Every byte is held against its digest before it is used."""
        if kind == CLASSIFIER:
            found: Any = load_classifier(verified(artifact).folder, device=self._settings.device)
            found.predict_proba(_FIRST_TEXTS)  # the first ones take much longer than those that will be measured
        else:
            found = read_vectors(artifact) if kind == EMBEDDINGS else idf_of(artifact)
        settle()
        return found

    def _keep(self, loaded: Loaded) -> None:
        """Have it in memory, and let those go that nobody has asked for the longest time."""
        self._kept[loaded.artifact.address] = loaded
        self._kept.move_to_end(loaded.artifact.address)
        named = {
            entry.loaded.artifact.address for key in self._pinned if (entry := self._names.get(key)) and entry.loaded
        }
        others = [address for address in self._kept if address not in named and address != loaded.artifact.address]
        for address in others[: max(0, len(others) + 1 - self._settings.max_artifacts)]:
            self._drop(address)
            tell("artifact-dropped", artifact=address, most=self._settings.max_artifacts)
        self._measurements.in_memory(len(self._kept))

    def _drop(self, address: str) -> None:
        del self._kept[address]
        for key, entry in list(self._names.items()):
            if entry.loaded is not None and entry.loaded.artifact.address == address:
                del self._names[key]

    def _failed(self, kind: str, name: str, entry: _Name, error: TextpipeError) -> None:
        """What was loaded before goes on, unless the name was taken away."""
        again = entry.error is not None and str(entry.error) == str(error)
        entry.error, entry.failed = error, time.monotonic()
        if entry.mark is None and entry.loaded is not None and self._names.get((kind, name)) is entry:
            del self._names[kind, name]
            self._drop_unnamed(entry.loaded)
        self._measurements.not_loaded(kind)
        if not again:
            kept = None if entry.loaded is None else entry.loaded.artifact.address
            tell("artifact-failed", name=f"{kind}/{name}", error=str(error), still=kept)

    def _drop_unnamed(self, before: Loaded) -> None:
        """What no name means any more need not wait until it has to go for others."""
        if not any(entry.loaded is before for entry in self._names.values()):
            self._kept.pop(before.artifact.address, None)
            self._measurements.in_memory(len(self._kept))

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)


def _bare(kind: str, name: str) -> str:
    """A name without its kind, that what is one is loaded and watched once."""
    return name.removeprefix(f"{kind}/")
