"""Bodies: what is one text, what are several, what is neither; JSON lines in and out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.conftest import DATA
from tests.service.conftest import client_of, run_command
from textpipe.service.streams import _parts, streamed

JSON, LINES = {"content-type": "application/json"}, {"content-type": "application/jsonl"}


@pytest.fixture(scope="module", name="client")
def client_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Of a service without a store, whose limits are small."""
    store = tmp_path_factory.mktemp("bodies") / "none"
    with client_of(store, max_body=20_000, max_text=100, max_texts=3) as client:
        yield client


def refusal(client: TestClient, status: int, path: str, content: Any, headers: dict[str, str] = JSON) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    found = client.post(path, content=raw, headers=headers)
    assert found.status_code == status, found.text
    assert found.headers["content-type"] == "application/json"
    error = found.json()["error"]
    assert set(found.json()) == {"error"}
    assert set(error) == {"message", "hint"}
    return str(error["message"])


def test_one_and_several(client: TestClient) -> None:
    one = client.post("/v1/tokenize", json={"text": "我来到北京"}).json()
    assert one == {"id": "text", "tokens": ["我", "来到", "北京"]}
    documents = [{"id": "a", "text": "我来到北京", "label": 7}, {"text": ""}, {"id": None, "text": "北京"}]
    several = client.post("/v1/tokenize", json={"documents": documents}).json()
    assert [record["id"] for record in several["documents"]] == ["a", "1", "2"]
    assert [record["tokens"] for record in several["documents"]] == [["我", "来到", "北京"], [], ["北京"]]
    assert client.post("/v1/tokenize", json={"documents": []}).json() == {"documents": []}


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (400, b"", "not JSON|empty"),
        (400, b"{", "not JSON"),
        (400, b'{"text": "\xff"}', "not JSON"),
        (400, b'{"text": NaN}', "not JSON"),
        (400, rb'{"text": "\ud800"}', "not JSON"),
        (422, b"[]", "not an object"),
        (422, b"null", "not an object"),
        (422, {}, "no text"),
        (422, {"text": None}, "no text"),
        (422, {"text": 3}, "no text"),
        (422, {"text": ["a"]}, "no text"),
        (422, {"text": "a", "documents": []}, "not both"),
        (422, {"documents": {"text": "a"}}, "no text"),
        (422, {"documents": ["a"]}, "document 0 is not an object"),
        (422, {"documents": [{"text": "a"}, {"id": "b"}]}, "document 1 has no text"),
        (422, {"documents": [{"text": 1}]}, "document 0 has no text"),
        (422, {"documents": [{"text": "a", "id": 1}]}, "id of document 0"),
        (422, {"documents": [{"text": "a", "id": "x" * 1_001}]}, "id of document 0"),
        (422, {"text": "a", "label": "x"}, "no field 'label'"),
        (422, {"text": "a", "mode": "search", "tags": True}, "mode exact"),
        (413, {"text": "a" * 101}, "101 characters"),
        (413, {"documents": [{"text": "a"}, {"text": "b" * 101}]}, "document 1 has 101 characters"),
        (413, {"documents": [{"text": "a"}] * 4}, "4 texts"),
        (413, b" " * 20_001, "20,000 bytes"),
    ],
)
def test_what_is_no_body(client: TestClient, status: int, content: Any, message: str) -> None:
    import re

    assert re.search(message, refusal(client, status, "/v1/tokenize", content))


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_what_is_no_json_by_its_type(client: TestClient, kind: str) -> None:
    refusal(client, 415, "/v1/tokenize", {"text": "a"}, {"content-type": kind})


def test_one_text_only(client: TestClient) -> None:
    assert "no text" in refusal(client, 422, "/v1/graph", {"documents": [{"text": "a"}]})
    refusal(client, 415, "/v1/graph", b'{"text": "a"}\n', LINES)


def test_other_routes_and_methods(client: TestClient) -> None:
    for method, path, status in (("GET", "/v1/tokenize", 405), ("POST", "/healthz", 405), ("GET", "/v1/nothing", 404)):
        found = client.request(method, path, json={})
        assert found.status_code == status
        assert set(found.json()["error"]) == {"message", "hint"}


# ------------------------------------------------------------------------------------------------------ JSON lines


def test_lines_in_and_out(client: TestClient) -> None:
    raw = '{"id": "a", "text": "我来到北京"}\r\n\n  \n{"text": "北京", "label": 1}'.encode()
    found = client.post("/v1/tokenize?spans=true&hmm=false", content=raw, headers=LINES)
    assert found.headers["content-type"] == "application/jsonl"
    assert [json.loads(line) for line in found.text.splitlines()] == [
        {"id": "a", "tokens": ["我", "来到", "北京"], "spans": [[0, 1], [1, 3], [3, 5]]},
        {"id": "1", "tokens": ["北京"], "spans": [[0, 2]]},
    ]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/jsonl"),
        ("application/json", "application/json"),
        ("application/x-ndjson", "application/jsonl"),
    ],
)
def test_lines_in_as_accepted(client: TestClient, accept: str, expected: str) -> None:
    found = client.post("/v1/tokenize", content=b'{"text": "a"}\n', headers={**LINES, "accept": accept})
    assert found.headers["content-type"] == expected
    record = {"id": "0", "tokens": ["a"]}
    assert found.json() == ({"documents": [record]} if expected == "application/json" else record)


def test_lines_out(client: TestClient) -> None:
    for content in ({"text": "a"}, {"documents": [{"id": "text", "text": "a"}]}):
        found = client.post("/v1/tokenize", json=content, headers={"accept": "application/jsonl"})
        assert found.content == b'{"id":"text","tokens":["a"]}\n'
    found = client.post("/v1/tokenize", content=b"", headers=LINES)
    assert (found.status_code, found.content) == (200, b"")


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (400, b'{"text": "a"}\n{"text": \n', "line 2: it is not JSON"),
        (422, b'{"text": "a"}\n\n["a"]\n', "line 3: it is not an object"),
        (422, b'{"id": "a"}\n', "line 1 has no text"),
        (413, b'{"text": "a"}\n' + json.dumps({"text": "b" * 101}).encode(), "line 2 has 101 characters"),
    ],
)
def test_lines_that_are_wrong(client: TestClient, status: int, content: bytes, message: str) -> None:
    """All are looked at before any is answered."""
    assert message in refusal(client, status, "/v1/tokenize", content, LINES)


def test_more_lines_than_texts_of_a_request(client: TestClient) -> None:
    """They are worked on in parts."""
    raw = b"".join(b'{"id": "%d", "text": "%d"}\n' % (n, n) for n in range(400))
    found = client.post("/v1/tokenize", content=raw, headers=LINES)
    assert [json.loads(line)["tokens"] for line in found.text.splitlines()] == [[str(n)] for n in range(400)]


def test_parts_are_bounded() -> None:
    from textpipe.corpus.document import Document

    documents = [Document(str(n), "a" * (n % 3 * 5_000)) for n in range(500)]
    parts = list(_parts(documents))
    assert [one for part in parts for one in part] == documents
    assert all(len(part) <= 64 and sum(len(one.text) for one in part) < 26_000 for part in parts)


def test_an_error_in_the_middle_is_the_last_line() -> None:
    """The status has been sent by then."""
    import asyncio

    from textpipe.corpus.document import Document
    from textpipe.errors import ArtifactError

    calls: list[int] = []

    async def records(documents: Any, *, patient: bool = False) -> list[Any]:
        assert patient == (len(calls) > 0)
        calls.append(len(documents))
        if len(calls) == 3:
            raise ArtifactError("damaged", hint="repair it")
        return [{"id": one.id} for one in documents]

    async def run() -> list[Any]:
        found: Any = await streamed([Document(str(n), "a") for n in range(300)], records)
        return [
            json.loads(line) for block in [part async for part in found.body_iterator] for line in block.splitlines()
        ]

    lines = asyncio.run(run())
    assert lines[:-1] == [{"id": str(n)} for n in range(128)]
    assert lines[-1] == {"error": {"message": "damaged", "hint": "repair it"}}
    assert calls == [64, 64, 64]


_LINE = st.one_of(
    st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")),
    st.dictionaries(
        st.sampled_from(["id", "text", "label"]), st.one_of(st.text(max_size=20), st.integers(), st.none())
    ).map(lambda one: json.dumps(one).encode()),
)


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(_LINE, max_size=6), query=st.sampled_from(["", "?tags=true", "?mode=full", "?top=1", "?mode=1"]))
def test_any_lines_are_answered(client: TestClient, lines: list[bytes], query: str) -> None:
    found = client.post(f"/v1/tokenize{query}", content=b"\n".join(lines), headers=LINES)
    assert found.status_code in (200, 400, 413, 422)
    if found.status_code == 200:
        assert len(found.content.splitlines()) == sum(bool(line.strip()) for line in lines)


# --------------------------------------------------------------------------------------------------- words, artifacts


def test_words(sample_client: TestClient) -> None:
    one = sample_client.post("/v1/similar", json={"word": "女王", "top": 2}).json()
    assert one == {
        "word": "女王",
        "neighbours": [{"word": "公主", "score": 0.861639}, {"word": "女人", "score": 0.819728}],
    }
    assert sample_client.post("/v1/similar", json={"text": "女王", "top": 2}).json() == one
    unknown = {"word": "龙", "neighbours": []}
    several = sample_client.post("/v1/similar", json={"words": ["女王", "龙"], "top": 2}).json()
    assert several == {"words": [one, unknown]}
    documents = sample_client.post("/v1/similar", json={"documents": [{"text": "女王"}], "top": 2}).json()
    assert documents == {"documents": [one]}
    found = sample_client.post("/v1/similar?top=2", content='{"word": "女王"}\n{"text": "龙"}'.encode(), headers=LINES)
    assert [json.loads(line) for line in found.text.splitlines()] == [one, unknown]


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (422, {"word": "葡萄汁"}, "no vector"),
        (422, {"word": ""}, "no vector"),
        (422, {}, "no word"),
        (422, {"word": "a", "text": "b"}, "both"),
        (422, {"words": "女王"}, "no word"),
        (422, {"words": [1]}, "document 0 has no text"),
        (413, {"word": "女" * 201}, "201 characters"),
        (404, {"word": "女王", "model": "nothing"}, "nothing"),
        (422, {"word": "女王", "model": "classifier/news"}, "embeddings"),
    ],
)
def test_words_that_are_wrong(sample_client: TestClient, status: int, content: Any, message: str) -> None:
    assert message in refusal(sample_client, status, "/v1/similar", content)


def test_a_text_of_several_labels(sample_client: TestClient) -> None:
    """A record for each label, or that of the likeliest."""
    text = "地铁新线通车，空气更好"
    asked = {"model": "topics", "top": 1}
    every = sample_client.post("/v1/explain", json={"documents": [{"id": "text", "text": text}], **asked}).json()[
        "documents"
    ]
    one = sample_client.post("/v1/explain", json={"text": text, **asked}).json()
    assert len(every) > 1
    assert one == max(every, key=lambda record: record["score"])
    assert "itself" in refusal(sample_client, 422, "/v1/explain", {"text": "a", "label": "news", "against": "news"})
    assert "no label" in refusal(sample_client, 422, "/v1/explain", {"text": "a", "label": "nothing"})


def test_a_graph(sample_store: Path, sample_client: TestClient, tmp_path: Path) -> None:
    """That of the command's --graph: its nodes and weights, here the best of them and what is between these."""
    import networkx

    text = (DATA / "articles" / "tea-mountain.txt").read_text("utf-8")
    target = tmp_path / "graph.graphml"
    run_command(
        sample_store, "keywords", DATA / "articles" / "tea-mountain.txt", "--method", "textrank", "--graph", target
    )
    expected = networkx.read_graphml(target)
    found = sample_client.post("/v1/graph", json={"text": text, "top": 30}).json()
    nodes = found["nodes"]
    assert len(nodes) == 30
    scores = sorted((data["score"] for _, data in expected.nodes(data=True)), reverse=True)
    assert [node["score"] for node in nodes] == pytest.approx(scores[:30])
    assert all(node["count"] == expected.nodes[node["text"]]["count"] for node in nodes)
    edges = {
        frozenset((nodes[one["source"]]["text"], nodes[one["target"]]["text"])): one["weight"] for one in found["edges"]
    }
    between = expected.subgraph(node["text"] for node in nodes).edges(data="weight")
    assert edges == {frozenset((left, right)): weight for left, right, weight in between if left != right}
    assert sample_client.post("/v1/graph", json={"text": ""}).json() == {"nodes": [], "edges": []}


def test_a_map_is_made_once(sample_client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from textpipe.service import maps

    made: list[int] = []
    original = maps._map

    def counted(*given: Any) -> bytes:
        made.append(given[1])
        return original(*given)

    monkeypatch.setattr(maps, "_map", counted)
    asked = {"model": "words", "top": 20, "method": "pca"}
    first, second = (sample_client.post("/v1/map", json=asked) for _ in range(2))
    assert first.content == second.content
    assert made == [20]
    words = first.json()["words"]
    assert len(words) == 20
    assert set(words[0]) == {"word", "x", "y", "cluster", "count"}


def test_artifacts(sample_store: Path, sample_client: TestClient) -> None:
    listed = sample_client.get("/v1/artifacts").json()["artifacts"]
    names = {(one["kind"], one["name"]) for one in listed}
    assert {("classifier", "news"), ("classifier", "topics"), ("embeddings", "words"), ("idf", "weights")} <= names
    found = sample_client.get("/v1/artifacts/news").json()
    manifest = found["manifest"]
    written = json.loads(
        (sample_store / "objects" / "classifier" / manifest["id"] / "manifest.json").read_text("utf-8")
    )
    assert manifest == {name: value for name, value in written.items() if name != "checksum"}
    assert manifest["metrics"]["valid"]["accuracy"] > 0.5
    assert "news" in found["names"]
    assert found["inputs"] == [one["address"] for one in found["lineage"]]
    assert sample_client.get(f"/v1/artifacts/{manifest['id'][:12]}").json() == found
    assert sample_client.get("/v1/artifacts/weights?kind=idf").json()["manifest"]["kind"] == "idf"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing", 404),
        ("news?kind=idf", 404),
        ("latest", 422),
        ("news?kind=../x", 422),
        ("..", 404),
        ("%2e%2e", 404),
        ("..%2fnews", 404),
        ("classifier%2fnews", 404),
        (".hidden", 404),
        ("a%00b", 404),
        ("a" * 300, 404),
        ("-", 404),
    ],
)
def test_artifacts_that_are_not_there(sample_client: TestClient, path: str, status: int) -> None:
    found = sample_client.get(f"/v1/artifacts/{path}")
    assert found.status_code == status
    assert set(found.json()["error"]) == {"message", "hint"}


def test_no_store(client: TestClient) -> None:
    """A service starts without one, and says what is missing."""
    assert client.get("/v1/artifacts").json() == {"artifacts": []}
    for path in ("classify", "explain", "similar", "map"):
        asked = {} if path == "map" else {"text": "a"}
        assert "store" in refusal(client, 404, f"/v1/{path}", asked)
