"""What the service answers is what the command prints: a thousand texts through both, by every route."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import DATA
from tests.service.conftest import run_command, sample_texts
from textpipe.operations.record_schemas import record_schema

COUNT = 1_000
CASES: dict[str, tuple[list[str], str, dict[str, Any]]] = {
    "tokenize": (["tokenize"], "tokenize", {}),
    "tokenize-tags": (
        ["tokenize", "--tags", "--spans", "--no-hmm"],
        "tokenize",
        {"tags": True, "spans": True, "hmm": False},
    ),
    "tokenize-search": (["tokenize", "--mode", "search"], "tokenize", {"mode": "search"}),
    "keywords": (["keywords"], "keywords", {}),
    "keywords-tfidf": (
        ["keywords", "--method", "tfidf", "-k", "5", "--stopwords", "zh,en"],
        "keywords",
        {"method": "tfidf", "top": 5, "stopwords": ["zh", "en"]},
    ),
    "keywords-textrank": (
        ["keywords", "--method", "textrank", "--pos", "n,v", "--converge", "--lowercase"],
        "keywords",
        {"method": "textrank", "pos": "n,v", "converge": True, "lowercase": True},
    ),
    "keywords-explain": (
        ["keywords", "--explain", "-k", "3", "--idf", "weights", "--vectors", "words", "--mmr", "0.8"],
        "keywords",
        {"explain": True, "top": 3, "idf": "weights", "vectors": "words", "mmr": 0.8},
    ),
    "summarize": (["summarize"], "summarize", {}),
    "summarize-mmr": (
        ["summarize", "--method", "mmr", "--ratio", "0.5", "--by-score"],
        "summarize",
        {"method": "mmr", "ratio": 0.5, "by_score": True},
    ),
    "classify": (["classify", "--top", "3"], "classify", {"top": 3}),
    "classify-topics": (
        ["classify", "--model", "topics", "--threshold", "0.4"],
        "classify",
        {"model": "topics", "threshold": 0.4},
    ),
    "explain": (["explain", "news", "--top", "4"], "explain", {"model": "news", "top": 4}),
    "explain-topics": (["explain", "topics", "--unit", "char"], "explain", {"model": "topics", "unit": "char"}),
}
FEWER = 200  # texts of every further case of a command, unless --long
CHECKED = 200  # records, against the schema


@pytest.fixture(scope="module", name="texts")
def texts_(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[str]]:
    """A file of JSON lines and the texts in it, whose ids are their numbers."""
    texts = sample_texts(COUNT)
    path = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts)), "utf-8")
    return path, texts


def in_batches(client: TestClient, path: str, texts: Sequence[str], options: dict[str, Any]) -> Iterator[Any]:
    """Records of {"documents": …}, 200 texts a request."""
    for start in range(0, len(texts), 200):
        some = [{"id": str(start + n), "text": text} for n, text in enumerate(texts[start : start + 200])]
        found = client.post(path, json={"documents": some, **options})
        assert found.status_code == 200, found.text
        yield from found.json()["documents"]


@pytest.mark.parametrize("case", CASES)
def test_the_service_answers_what_the_command_prints(
    case: str,
    sample_store: Path,
    sample_client: TestClient,
    texts: tuple[Path, Sequence[str]],
    request: pytest.FixtureRequest,
) -> None:
    from jsonschema import Draft202012Validator

    command, endpoint, options = CASES[case]
    every = case == endpoint or request.config.getoption("--long")
    path, given = texts[0], texts[1][: COUNT if every else FEWER]
    printed = run_command(sample_store, *command, path, "--limit", len(given), "--format", "jsonl", "--quiet")
    records = [json.loads(line) for line in printed.splitlines()]
    assert len({record["id"] for record in records}) == len(given)
    assert list(in_batches(sample_client, f"/v1/{endpoint}", given, options)) == records
    validator = Draft202012Validator(record_schema(command[0]))
    for record in records[:CHECKED]:
        validator.validate(record)


def test_words_as_the_command_finds_them(sample_store: Path, sample_client: TestClient) -> None:
    from jsonschema import Draft202012Validator

    words = [line.partition(" ")[0] for line in (DATA / "word-vectors.txt").read_text("utf-8").splitlines()[1:]]
    words = (words + [f"{word}们" for word in words]) * 20
    printed = run_command(sample_store, "similar", "-", "-k", 5, "--format", "jsonl", given="\n".join(words[:COUNT]))
    records = [json.loads(line) for line in printed.splitlines()]
    assert len(records) == COUNT
    found = []
    for start in range(0, COUNT, 250):
        found += sample_client.post("/v1/similar", json={"words": words[start : start + 250], "top": 5}).json()["words"]
    assert found == records
    assert not records[26]["neighbours"]
    for record in records[:CHECKED]:
        Draft202012Validator(record_schema("similar")).validate(record)


def test_json_lines_hold_the_same(
    sample_store: Path, sample_client: TestClient, texts: tuple[Path, Sequence[str]]
) -> None:
    path, _ = texts
    printed = run_command(sample_store, "keywords", path, "--top", "7", "--format", "jsonl", "--quiet")
    found = sample_client.post(
        "/v1/keywords?top=7", content=path.read_bytes(), headers={"content-type": "application/x-ndjson"}
    )
    assert found.headers["content-type"] == "application/jsonl"
    assert [json.loads(line) for line in found.content.splitlines()] == [
        json.loads(line) for line in printed.splitlines()
    ]


def test_one_text_has_the_record_of_many(sample_client: TestClient) -> None:
    text = sample_texts(40)[30]
    for endpoint, options in (("tokenize", {"tags": True}), ("keywords", {}), ("summarize", {}), ("classify", {})):
        one = sample_client.post(f"/v1/{endpoint}", json={"text": text, **options}).json()
        many = sample_client.post(
            f"/v1/{endpoint}", json={"documents": [{"id": "text", "text": text}], **options}
        ).json()
        assert many == {"documents": [one]}


@pytest.mark.long
def test_a_network_answers_the_same(
    sample_store: Path, sample_client: TestClient, texts: tuple[Path, Sequence[str]]
) -> None:
    """To the last digit: what is summed depends on the texts that are predicted together."""
    pytest.importorskip("torch")
    run_command(sample_store, "train-classifier", DATA / "news.tsv", "--arch", "textcnn", "--name", "cnn")
    path, given = texts
    printed = run_command(sample_store, "classify", path, "--model", "cnn", "--top", 6, "--format", "jsonl", "--quiet")
    records = [json.loads(line) for line in printed.splitlines()]
    found = list(in_batches(sample_client, "/v1/classify", given, {"model": "cnn", "top": 6}))
    assert [one["id"] for one in found] == [one["id"] for one in records]
    for one, other in zip(found, records, strict=True):
        scores, others = ({label["label"]: label["score"] for label in record["labels"]} for record in (one, other))
        assert scores == pytest.approx(others, abs=1.5e-6)
