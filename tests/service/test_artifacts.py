"""Artifacts of a service: by name, lazily, several at once, changed when a name moves, checked before use."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import DATA
from tests.service.processes import Service, until
from textpipe.cli.process import run as run_line
from textpipe.errors import ArtifactError, UsageError
from textpipe.service import artifacts as module
from textpipe.service.app import build_app
from textpipe.service.artifacts import Artifacts, Loaded
from textpipe.service.settings import ServiceSettings
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, folder_of, remove
from textpipe.store.refs import remove_ref, resolved_address, set_ref

TEXT = "球队赢了决赛"


@pytest.fixture(scope="module", name="template")
def template_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two classifiers (first, second), word vectors (sample) and word weights (weights)."""
    folder = tmp_path_factory.mktemp("service") / "store"
    for line in (
        ("train-classifier", DATA / "news.tsv", "--arch", "linear", "--name", "first"),
        ("train-classifier", DATA / "news.tsv", "--arch", "linear", "--unit", "char", "--name", "second"),
        ("import", DATA / "word-vectors.txt", "--name", "sample"),
        ("train-idf", DATA / "articles", "--name", "weights"),
    ):
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            assert run_line([*map(str, line), "--store", str(folder)]) == 0
    return folder


@pytest.fixture(name="store")
def store_(template: Path, tmp_path: Path) -> Store:
    shutil.copytree(template, tmp_path / "store")
    return Store(tmp_path / "store")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are looked at whenever they are asked for."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)


@pytest.fixture(name="reads")
def reads_(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses of what was loaded, in order."""
    found: list[str] = []
    before = Artifacts._read

    def read(self: Artifacts, kind: str, artifact: Artifact) -> Any:
        value = before(self, kind, artifact)
        found.append(artifact.address)
        return value

    monkeypatch.setattr(Artifacts, "_read", read)
    return found


def address(store: Store, name: str) -> str:
    return resolved_address(store, name)


async def changed(get: Callable[[], Awaitable[Loaded]], before: Loaded) -> Loaded:
    """What is given once it is something else."""
    for _ in range(500):
        found = await get()
        if found is not before:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it did not change")


@contextmanager
def damaged(store: Store, where: str) -> Iterator[None]:
    """One bit of its weights is another one, in the block."""
    path = max(folder_of(store, where).iterdir(), key=lambda one: one.stat().st_size)
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    yield
    path.write_bytes(content)


def test_kinds_and_names(store: Store, reads: list[str]) -> None:
    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        first = await artifacts.classifier("first")
        assert first.value.predict([TEXT])[0] in first.value.labels
        assert "女王" in (await artifacts.vectors()).value
        _weights, tokenizer = (await artifacts.weights("weights")).value
        assert tokenizer.mode == "exact"
        identity = first.artifact.manifest.id
        for name in (f"classifier/{identity}", identity, identity[:8], "classifier/first"):
            assert await artifacts.classifier(name) is first

    asyncio.run(check())
    assert len(reads) == 3, "each is loaded once, whatever it is called"


def test_one_load_for_all_who_ask(store: Store, reads: list[str]) -> None:
    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        asking = [asyncio.create_task(artifacts.classifier("first")) for _ in range(20)]
        await asyncio.sleep(0.001)
        asking[0].cancel()  # a client goes away
        found = await asyncio.gather(*asking[1:])
        assert all(one is found[0] for one in found)

    asyncio.run(check())
    assert len(reads) == 1


def test_a_name_that_moves(store: Store, reads: list[str]) -> None:
    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        set_ref(store, address(store, "first"), "mine")
        assert artifacts.address("classifier", "mine") is None, "it is not in memory"
        before = await artifacts.classifier("mine")
        assert artifacts.address("classifier", "classifier/mine") == address(store, "first")
        set_ref(store, address(store, "second"), "mine")
        assert await artifacts.classifier("mine") is before, "until the other is loaded"
        after = await changed(lambda: artifacts.classifier("mine"), before)
        assert artifacts.address("classifier", "mine") == after.artifact.address == address(store, "second")
        assert artifacts.addresses == (after.artifact.address,), "nothing means the first any more"

    asyncio.run(check())
    assert reads == [address(store, "first"), address(store, "second")]


def test_a_name_that_moves_is_loaded_before_it_is_asked_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)

    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        watching = asyncio.create_task(artifacts.watch())
        set_ref(store, address(store, "first"), "mine")
        await artifacts.classifier("mine")
        set_ref(store, address(store, "second"), "mine")
        for _ in range(500):
            await asyncio.sleep(0.01)
            if artifacts.addresses == (address(store, "second"),):
                break
        assert (await artifacts.classifier("mine")).artifact.address == address(store, "second")
        watching.cancel()

    asyncio.run(check())


def test_a_damaged_one_does_not_take_the_place_of_a_good_one(
    store: Store, reads: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        set_ref(store, address(store, "first"), "mine")
        before = await artifacts.classifier("mine")
        with damaged(store, address(store, "second")):
            set_ref(store, address(store, "second"), "mine")
            for _ in range(20):
                assert await artifacts.classifier("mine") is before
                await asyncio.sleep(0.01)
        after = await changed(lambda: artifacts.classifier("mine"), before)  # mended
        assert after.artifact.address == address(store, "second")

    asyncio.run(check())
    told = capfd.readouterr().err
    assert told.count("artifact-failed") == 1, "said once"
    assert "has changed" in told
    assert len(reads) == 2


def test_a_damaged_one_from_the_start(store: Store, monkeypatch: pytest.MonkeyPatch, reads: list[str]) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 60.0)

    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        with damaged(store, address(store, "first")):
            for _ in range(3):
                with pytest.raises(ArtifactError, match="has changed"):
                    await artifacts.classifier("first")
        with pytest.raises(ArtifactError, match="has changed"):
            await artifacts.classifier("first")  # not read again for every request
        assert (await artifacts.classifier("second")).artifact.address == address(store, "second")

    asyncio.run(check())
    assert reads == [address(store, "second")]


def test_a_name_that_is_taken_away(store: Store) -> None:
    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        before = await artifacts.classifier("first")
        remove_ref(store, "classifier", "first")
        with pytest.raises(ArtifactError, match="no classifier artifact 'first'"):
            await changed(lambda: artifacts.classifier("first"), before)
        assert artifacts.addresses == ()

    asyncio.run(check())


def test_an_artifact_that_is_collected_goes_on(store: Store) -> None:
    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        before = await artifacts.vectors("sample")
        remove(store, before.artifact.address)
        assert await artifacts.vectors("sample") is before
        assert before.value.similar("女王", 1)[0].word == "公主", "its file is mapped, and stays as long as it is"

    asyncio.run(check())


def test_what_was_not_asked_for_the_longest_has_to_go(store: Store, reads: list[str]) -> None:
    first, second, sample = (address(store, name) for name in ("first", "second", "sample"))

    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path, max_artifacts=2))
        await artifacts.classifier("first")
        await artifacts.classifier("second")
        await artifacts.classifier("first")
        await artifacts.vectors("sample")
        assert {*artifacts.addresses} == {first, sample}
        await artifacts.classifier("second")
        assert {*artifacts.addresses} == {sample, second}

    asyncio.run(check())
    assert reads == [first, second, sample, second]


def test_named_artifacts_never_have_to_go(store: Store) -> None:
    async def check() -> None:
        settings = ServiceSettings(store=store.path, max_artifacts=1, artifacts=("classifier/first", "sample"))
        artifacts = Artifacts(settings)
        assert {*artifacts.missing} == {"classifier/first", "sample"}
        await artifacts.load_named()
        assert artifacts.missing == {}
        for name in ("second", "first"):
            await artifacts.classifier(name)
        await artifacts.weights()
        assert {*artifacts.addresses} == {address(store, name) for name in ("first", "sample", "weights")}

    asyncio.run(check())


@pytest.mark.parametrize(
    "name",
    [
        "none",
        "",
        "..",
        "../objects",
        "classifier/..",
        "/etc/passwd",
        "a\0b",
        "first/../second",
        "\ud800",
        "x" * 5000,
        "é%2f",
    ],
)
def test_names_that_mean_nothing(store: Store, name: str) -> None:
    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=store.path))
        with pytest.raises((ArtifactError, UsageError)):
            await artifacts.classifier(name)
        assert not artifacts._names, "names that clients make up are not kept"

    asyncio.run(check())


def test_without_a_store(tmp_path: Path, template: Path) -> None:
    """It may come later."""

    async def check() -> None:
        artifacts = Artifacts(ServiceSettings(store=tmp_path / "later"))
        with pytest.raises(ArtifactError, match="no store"):
            await artifacts.classifier()
        shutil.copytree(template, tmp_path / "later")
        assert (await artifacts.classifier()).artifact.address == address(Store(tmp_path / "later"), "second")

    asyncio.run(check())


# ---------------------------------------------------------------------------------------------- readiness


def test_ready_when_named_artifacts_are_loaded(store: Store) -> None:
    app = build_app(ServiceSettings(store=store.path, artifacts=("first",)))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        found = client.get("/readyz")
        assert found.status_code == 503
        assert found.json() == {"status": "not ready", "reasons": ["artifact first: not loaded yet"]}
        assert found.headers["retry-after"] == "1"
        assert client.portal is not None
        client.portal.call(app.state.service.artifacts.load_named)
        assert client.get("/readyz").json() == {"status": "ready"}
        app.state.service.readiness.draining = True
        assert client.get("/readyz").json()["reasons"] == ["the service is stopping"]
        app.state.service.readiness.draining = False
        app.state.service.work.fullness = lambda: 0.81
        assert client.get("/readyz").json()["reasons"] == ["the queue is 81% full"]
        assert client.get("/healthz").status_code == 200


def test_a_running_service_takes_what_is_trained_meanwhile(template: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with Service("--workers", 2, "--store", store.path, "--artifact", "classifier/latest") as service:
        until(lambda: "there is no store" in service.ask("/readyz").body["reasons"][0])
        assert service.ask("/v1/classify", {"text": TEXT}).status == 404
        shutil.copytree(template, tmp_path / "copy")
        (tmp_path / "copy").rename(store.path)
        until(lambda: service.ask("/readyz").status == 200)
        until(lambda: len({event["pid"] for event in service.events("artifact-loaded")}) == 2)
        labels = [one["label"] for one in service.ask("/v1/classify", {"text": TEXT}).body["labels"]]
        before = service.ask("/v1/classify", {"text": TEXT}).body
        set_ref(store, address(store, "first"), "latest")
        until(lambda: len({event["pid"] for event in service.events("artifact-changed")}) == 2)
        after = service.ask("/v1/classify", {"text": TEXT}).body
    assert {one["label"] for one in after["labels"]} == {*labels}
    assert after != before
