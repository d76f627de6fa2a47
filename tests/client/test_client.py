"""`textpipe.Client`, against a service and against servers that misbehave."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import textpipe
from tests.client.told import Told, answer
from tests.conftest import DATA, ROOT
from textpipe.client import batches
from textpipe.client.client import Text
from textpipe.client.http import address_of

TEXTS = ["球队赢了决赛", "股市今天大涨，银行下调利率。", ""]
TOKENS = answer(b'{"id": "text", "tokens": ["x"]}')


@pytest.fixture(name="client")
def client_(service: str) -> Iterator[textpipe.Client]:
    with textpipe.Client(service) as client:
        yield client


# ---------------------------------------------------------------------------------------------- questions


def test_one_text_is_a_record(client: textpipe.Client) -> None:
    assert client.tokenize("我来到北京清华大学") == {"id": "text", "tokens": ["我", "来到", "北京", "清华大学"]}
    assert client.keywords("石墨烯电池的石墨烯电极", top=1)["keywords"][0]["text"] == "石墨"
    assert client.summarize("第一句。第二句。", sentences=1)["sentences"][0]["text"] == "第一句。"
    assert client.classify("球队赢了决赛", model="news")["label"] == "sports"
    assert client.explain("球队赢了决赛", model="news", top=1)["label"] == "sports"
    assert client.similar("巴黎", model="words", top=1)["neighbours"] == [{"word": "铁塔", "score": 0.616188}]


@pytest.mark.parametrize("question", ["tokenize", "keywords", "summarize", "classify", "explain"])
def test_several_texts_are_a_list_of_the_same_records(client: textpipe.Client, question: str) -> None:
    ask: Callable[..., Any] = getattr(client, question)
    options = {"model": "news"} if question in ("classify", "explain") else {}
    found = ask(TEXTS, **options)
    assert [record["id"] for record in found] == ["0", "1", "2"]
    assert found == [{**ask(text, **options), "id": str(number)} for number, text in enumerate(TEXTS)]
    assert ask([], **options) == []


def test_documents_and_mappings(client: textpipe.Client) -> None:
    given: list[Text] = [
        textpipe.Document("a", "北京", source="f:1"),
        {"id": "b", "text": "上海", "more": 1},
        {"text": "广州"},
        "天津",
    ]
    assert [one["id"] for one in client.tokenize(given)] == ["a", "b", "2", "3"]
    assert [one.id for one, _ in client.records("keywords", iter(given), top=1)] == ["a", "b", "2", "3"]
    read = client.classify(textpipe.read(str(DATA / "news.tsv"), limit=3), model="news")
    assert [one["id"] for one in read] == ["travel-01", "technology-01", "health-01"]


def test_records_equal_those_of_this_process(client: textpipe.Client) -> None:
    texts = [document.text for document in textpipe.read(str(DATA / "news.tsv"))]
    found = client.keywords(texts, method="tfidf", top=3)
    own = [[keyword._asdict() for keyword in textpipe.keywords(text, method="tfidf", k=3)] for text in texts]
    assert [record["keywords"] for record in found] == own
    assert [record["tokens"] for record in client.tokenize(texts)] == [textpipe.Tokenizer().tokenize(t) for t in texts]


def test_a_text_with_several_labels_has_a_record_for_each(client: textpipe.Client) -> None:
    found = client.explain(["球队赢了比赛", "股市涨了"], model="sets")
    assert [(one["id"], one["label"]) for one in found] == [("0", "a"), ("0", "b"), ("1", "b")]
    alone = client.explain("球队赢了比赛", model="sets")
    assert (alone["id"], alone["label"]) in {("text", "a"), ("text", "b")}


def test_artifacts(client: textpipe.Client) -> None:
    found = client.artifacts()
    assert {one["kind"] for one in found} >= {"classifier", "embeddings", "idf"}
    manifest = client.artifact("news")["manifest"]
    assert manifest["kind"] == "classifier"
    assert client.artifact("classifier/latest")["manifest"]["id"] == manifest["id"]
    with pytest.raises(textpipe.ArtifactError, match="nothing"):
        client.artifact("nothing")
    with pytest.raises(textpipe.TextpipeError):
        client.artifact("../../etc/passwd")


def test_words(client: textpipe.Client) -> None:
    found = client.similar(["巴黎", "xyz"], model="words", top=1)
    assert [(one["word"], len(one["neighbours"])) for one in found] == [("巴黎", 1), ("xyz", 0)]
    with pytest.raises(textpipe.InputError, match="no vector for the word '巴黎铁'") as caught:
        client.similar("巴黎铁", model="words")
    assert caught.value.hint is not None
    assert "巴黎" in caught.value.hint


def test_what_is_refused(client: textpipe.Client) -> None:
    with pytest.raises(textpipe.UsageError, match="tpo") as caught:
        client.keywords("文本", tpo=3)
    assert "top" in str(caught.value)
    with pytest.raises(textpipe.UsageError, match="nonsense"):
        client.keywords("文本", pos="nonsense")
    with pytest.raises(textpipe.ArtifactError, match="'nothing'"):
        client.classify("文本", model="nothing")
    with pytest.raises(textpipe.InputError, match="more than 20,000"):
        client.keywords("很长" * 20_000)
    with pytest.raises(textpipe.InputError, match=r"^the text has 40,000 characters, more than 20,000 \(long\)$"):
        client.keywords(["短", {"id": "long", "text": "很长" * 20_000}])
    with pytest.raises(textpipe.InputError, match="lone surrogate"):
        client.tokenize("\ud800")
    with pytest.raises(textpipe.UsageError, match="is no option"):
        client.tokenize("文本", documents=[])
    with pytest.raises(textpipe.UsageError, match="cannot be asked"):
        client.keywords("文本", mmr=float("nan"))
    with pytest.raises(textpipe.UsageError, match="no question 'guess'"):
        list(client.records("guess", ["文本"]))


def test_threads_share_a_client(client: textpipe.Client) -> None:
    texts = [f"第{number}次来到北京清华大学" for number in range(40)]
    found: dict[int, Any] = {}

    def ask(number: int) -> None:
        found[number] = [client.tokenize(text)["tokens"] for text in texts[number::8]]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own = textpipe.Tokenizer()
    assert found == {n: [own.tokenize(text) for text in texts[n::8]] for n in range(8)}


# ---------------------------------------------------------------------------------------------- servers


def test_a_line_is_kept() -> None:
    with Told([TOKENS] * 3) as told, textpipe.Client(told.url) as client:
        for _ in range(3):
            client.tokenize("文")
        assert (len(told.asked), told.lines) == (3, 1)


def test_a_line_that_was_kept_too_long_is_made_again() -> None:
    closing = answer(b'{"id": "text", "tokens": []}', "200 OK", "Connection: close")
    with Told([TOKENS, None, TOKENS, closing, TOKENS]) as told, textpipe.Client(told.url) as client:
        for _ in range(4):
            client.tokenize("文")
        assert (len(told.asked), told.lines) == (5, 3)


def test_what_a_request_says() -> None:
    with Told([TOKENS]) as told, textpipe.Client(f"{told.url}/under/", token="secret") as client:
        client.tokenize("文\n", mode="full")
        head, _, body = told.asked[0].partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    assert lines[0] == "POST /under/v1/tokenize HTTP/1.1"
    port = told.url.rpartition(":")[2]
    assert {f"Host: 127.0.0.1:{port}", "Authorization: Bearer secret", "Content-Type: application/json"} < set(lines)
    assert json.loads(body) == {"text": "文\n", "mode": "full"}


def test_the_token_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTPIPE_SERVER_TOKEN", "from-there")
    with Told([TOKENS, TOKENS]) as told:
        with textpipe.Client(told.url) as client:
            client.tokenize("文")
        with textpipe.Client(told.url, token="given") as client:
            client.tokenize("文")
        assert [b"Bearer from-there" in told.asked[0], b"Bearer given" in told.asked[1]] == [True, True]


@pytest.mark.parametrize("token", ["", "a b", "a\r\nHost: evil", "口令"])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(textpipe.UsageError, match="token"):
        textpipe.Client("http://127.0.0.1:9", token=token)


def test_busy_services_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    error = b'{"error": {"message": "too much is waiting", "hint": "later"}}'
    busy = [answer(error, "503 Service Unavailable", f"Retry-After: {after}") for after in ("2", "0", "soon", "999")]
    with Told([*busy, TOKENS]) as told, textpipe.Client(told.url) as client:
        assert client.tokenize("文")["tokens"] == ["x"]
        assert waited == [2.0, 0.0, 1.0, 10.0]
    with Told([busy[0]]) as told, textpipe.Client(told.url, patience=1) as client:
        with pytest.raises(textpipe.ResourceError, match="too much is waiting") as caught:
            client.tokenize("文")
        assert caught.value.exit_code == 6


def test_a_service_that_takes_less_at_once_is_asked_in_halves() -> None:
    def records(count: int) -> bytes:
        return json.dumps({"documents": [{"id": str(n), "tokens": [str(n)]} for n in range(count)]}).encode()

    too_much = answer(b'{"error": {"message": "too many", "hint": null}}', "413 Content Too Large")
    with Told([too_much, answer(records(2)), too_much, answer(records(1)), too_much]) as told:
        with textpipe.Client(told.url) as client, pytest.raises(textpipe.InputError, match=r"too many \(3\)"):
            client.tokenize(["a", "b", "c", "d"])
        sizes = [len(json.loads(one.partition(b"\r\n\r\n")[2])["documents"]) for one in told.asked]
    assert sizes == [4, 2, 2, 1, 1]


@pytest.mark.parametrize(
    ("sent", "kind", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", textpipe.OutputError, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", textpipe.OutputError, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500 + b"\r\n", textpipe.OutputError, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", textpipe.OutputError, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", textpipe.OutputError, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", textpipe.OutputError, "does not speak HTTP"),
        (answer(b"<html>"), textpipe.OutputError, "no JSON"),
        (answer(b"[1]"), textpipe.OutputError, "has no 'documents'"),
        (answer(b'{"documents": []}'), textpipe.OutputError, "does not fit"),
        (answer(b'{"documents": [{"id": "1"}]}'), textpipe.OutputError, "does not fit"),
        (answer(b'{"documents": [{"id": "0"}, 7]}'), textpipe.OutputError, "does not fit"),
        (answer(b"<html>", "404 Not Found"), textpipe.OutputError, "no service of textpipe: status 404"),
        (answer(b'{"detail": 1}', "500 Oh"), textpipe.OutputError, "status 500"),
        (answer(b'{"error": {"message": "a token"}}', "401 No"), textpipe.UsageError, "a token"),
        (answer(b'{"error": {"message": "not you"}}', "403 No"), textpipe.OutputError, "not you"),
        (answer(b'{"error": {"message": "gone"}}', "404 No"), textpipe.ArtifactError, "gone"),
        (answer(b'{"error": {"message": "bad"}}', "422 No", "Textpipe-Error: InputError"), textpipe.InputError, "bad"),
        (answer(b'{"error": {"message": "bad"}}', "422 No", "Textpipe-Error: SystemExit"), textpipe.UsageError, "bad"),
    ],
)
def test_answers_that_are_none(sent: bytes, kind: type[textpipe.TextpipeError], message: str) -> None:
    closing = sent.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) if sent.startswith(b"HTTP") else sent
    with Told([closing]) as told, textpipe.Client(told.url) as client, pytest.raises(kind, match=message) as caught:
        client.tokenize(["文"])
    assert type(caught.value) is kind


@pytest.mark.parametrize("broken", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\n{"])
def test_lines_that_break(broken: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with Told([broken, broken, TOKENS]) as told, textpipe.Client(told.url) as client:
        assert client.tokenize("文")["tokens"] == ["x"]
    with Told([broken] * 9) as told, textpipe.Client(told.url) as client:
        with pytest.raises(textpipe.OutputError, match="hung up"):
            client.tokenize("文")
        assert len(told.asked) == 4


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"0;last=1\r\nTrailer: x\r\n\r\n"])
def test_answers_in_chunks_and_interim_ones(end: bytes) -> None:
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = json.dumps({"id": "text", "tokens": ["京"]}).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    with Told([head + chunks + end, TOKENS]) as told, textpipe.Client(told.url) as client:
        assert client.tokenize("文")["tokens"] == ["京"]
        assert client.tokenize("文")["tokens"] == ["x"]
        assert told.lines == 1


def test_an_answer_without_a_length_ends_with_the_line() -> None:
    closing = b'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n{"id": "text", "tokens": []}'
    with Told([closing, TOKENS]) as told, textpipe.Client(told.url) as client:
        assert client.tokenize("文")["tokens"] == []
        assert client.tokenize("文")["tokens"] == ["x"]


def test_no_answer_in_time() -> None:
    never = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"
    problem = r"no answer within 0.05 seconds \(http"
    with (
        Told([never]) as told,
        textpipe.Client(told.url, timeout=0.05) as client,
        pytest.raises(textpipe.OutputError, match=problem),
    ):
        client.tokenize("文")


# ---------------------------------------------------------------------------------------------- parts


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", ""),
        ("localhost:8000/", "localhost:8000", ""),
        ("http://[::1]:8000", "[::1]:8000", ""),
        ("http://HOST/a/b/", "host", "/a/b"),
        ("https://host", "host", ""),
    ],
)
def test_urls(url: str, authority: str, path: str) -> None:
    found = address_of(url)
    assert (found.authority, found.path) == (authority, path)


@pytest.mark.parametrize(
    "url", ["", "http://", "file:///etc", "http://h:x", "http://h\r\nX: y", "http://主机", "http://h?a"]
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(textpipe.UsageError, match=r"URL of a service|has more than"):
        textpipe.Client(url)


def test_batches_keep_the_order_and_the_limits() -> None:
    sizes = [5, 3, 200, 1, 1, *[2] * 1_000]
    found = list(batches.batches(sizes, size=int, limit=100))
    assert [size for batch in found for size in batch] == sizes
    assert all(sum(batch) <= 100 or len(batch) == 1 for batch in found)
    many = [len(batch) for batch in batches.batches(range(2_000), size=lambda _: 0, limit=100)]
    assert many[:6] == [8, 16, 32, 64, 128, 256]
    assert max(many) == 256


def test_what_was_read_before_an_error_is_asked() -> None:
    def texts() -> Iterator[str]:
        yield from ("a", "b")
        raise textpipe.InputError("broken")

    batch = batches.batches(texts(), size=len, limit=100)
    assert next(batch) == ["a", "b"]
    with pytest.raises(textpipe.InputError, match="broken"):
        next(batch)


def test_a_process_that_asks_loads_little(service: str) -> None:
    code = """
import sys
from textpipe.cli.process import run
code = run(sys.argv[1:])
sys.stderr.write(" ".join(sys.modules))
sys.exit(code)
"""
    for words in (("keywords", "-"), ("classify", "-", "--model", "news"), ("tokenize", "-")):
        command = [sys.executable, "-S", "-c", code, "--server", service, *words]
        path = ":".join([str(ROOT), *sys.path])
        done = subprocess.run(
            command, input="石墨烯电池".encode(), capture_output=True, check=True, env={"PYTHONPATH": path, "PATH": ""}
        )
        loaded = set(done.stderr.decode().split())
        assert done.stdout
        assert "textpipe.client.http" in loaded
        heavy = {"numpy", "rich", "jieba", "ssl", "email", "http.client", "hashlib", "shutil", "zipfile", "csv"}
        assert not heavy & loaded
        assert not [
            name for name in loaded if name.startswith(("textpipe.segment", "textpipe.keywords", "textpipe.models"))
        ]


def test_the_service_s_name_in_the_public_door() -> None:
    assert textpipe.Client.__module__ == "textpipe.client.client"
    assert Path(sys.modules["textpipe.client"].__file__ or "").parent.name == "client"
