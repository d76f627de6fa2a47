"""The stages on real text: what they write, that it never changes unnoticed, that they go on after a stop."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import textpipe
from tests.conftest import DATA, Run
from tests.models import centroid
from tests.pipeline.making import made
from textpipe.errors import ArtifactError, InputError, UsageError
from textpipe.files import digest_of
from textpipe.pipeline import resume
from textpipe.pipeline.document_stages import documents_of, token_lines
from textpipe.pipeline.file import read_pipeline
from textpipe.pipeline.idf_stages import idf_of
from textpipe.pipeline.plan import run_steps
from textpipe.pipeline.raw import raw_files
from textpipe.pipeline.stage import Given, StageLog, realize
from textpipe.pipeline.word_stages import STAGES
from textpipe.segment.tokenizer_files import read_tokenizer
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact
from textpipe.text import SPACE_INSIDE
from textpipe.vocabulary import read_vocabulary

# stage → (version, digest of what it makes of data/pipeline.toml). When a digest changes, the version must rise.
GOLDEN: dict[str, tuple[int, str]] = {
    "corpus": (1, "b7a4f3208ab1ded6e075d2f0435b7d79afbe686fa7e16d85ed7b8b6c35243803"),
    "tokens": (1, "bdf4c286a029f3b61cb7ded10af3f8282bb64d111331e678514907fca68099b3"),
    "vocabulary": (1, "764b6457a8bedc8a59c17273287ba165da9770a5b1aacc497f442b5dedc392e7"),
    "idf": (2, "c08d2002e41fb0f7bcf819e9fd062a4c11e39d6cb6597481da70be91d32f4c56"),
    "idf-from-files": (1, "c08d2002e41fb0f7bcf819e9fd062a4c11e39d6cb6597481da70be91d32f4c56"),
    "embeddings": (1, "36c8f4e0042f5942e218c893a60e5e5db142c138477fd2956ed30441909c12be"),
    "classifier": (1, "00d3e329ce5a1a5f9087869d9a20e105f18e67c738d6b84a398a2b34d45f6b14"),
    "import-embeddings": (1, "dd66d3a2404ca393b49ab95d852867d191894f4cb6c34de3cca9a173617eb1be"),
    "keywords": (3, "c2dbdc88f8fa8668d3d4d1ed2007efdd5e5e39dfd335ae4259de70d754a6984d"),
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artifact]:
    """The artifacts of data/pipeline.toml, and those that no step there makes."""
    folder = tmp_path_factory.mktemp("news")
    store = Store(folder / "store")
    outcomes = run_steps(read_pipeline(str(DATA / "pipeline.toml")), store, prefix="pipeline")
    found = {outcome.step.name: outcome.artifact for outcome in outcomes if outcome.artifact is not None}
    found["idf-from-files"] = made(store, "idf-from-files", files=raw_files([str(DATA / "news.tsv")], store))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TEXTPIPE_INSTRUCTION_SET", "baseline")  # others round otherwise
        settings = {"dim": 16, "min_count": 2, "workers": 1, "engine": "native"}
        found["embeddings"] = made(store, "embeddings", settings, tokens=found["tokens"])
    with pytest.MonkeyPatch.context() as patched:
        centroid.register(patched)  # what others learn depends on their packages; the stage's own files do not
        found["classifier"] = made(store, "classifier", {"arch": "centroid"}, train=found["corpus"])
    (folder / "vectors.txt").write_text("2 3\n茶 0.5 -1 2\n山 1e-3 0 1\n", "utf-8")
    found["import-embeddings"] = made(store, "import-embeddings", files=raw_files([str(folder / "vectors.txt")], store))
    return found


@pytest.mark.parametrize("name", STAGES)
def test_golden(name: str, news: dict[str, Artifact]) -> None:
    found = STAGES[name].version, news[name].manifest.digest
    assert found == GOLDEN[name], "the output changed: raise the stage's version, and put both here"


def test_every_stage_has_a_golden_digest() -> None:
    assert GOLDEN.keys() == STAGES.keys()


def test_corpus(news: dict[str, Artifact]) -> None:
    documents = list(documents_of(news["corpus"]))
    expected = list(textpipe.read(str(DATA / "news.tsv")))
    assert [(d.id, d.text, d.label) for d in documents] == [(d.id, d.text, d.label) for d in expected]
    assert documents[0].source == "news.tsv:2", "below what was named, not where it lies"
    assert news["corpus"].manifest.metrics["documents"] == 252


def test_tokens(news: dict[str, Artifact]) -> None:
    tokenizer = textpipe.Tokenizer()
    documents = list(documents_of(news["corpus"]))
    lines = list(token_lines(news["tokens"]))
    assert lines == [[t for t in tokenizer.tokenize(d.text) if t.strip()] for d in documents]
    identities = [json.loads(line) for line in news["tokens"].file("ids.jsonl").read_text("utf-8").splitlines()]
    assert [one["id"] for one in identities] == [d.id for d in documents]
    assert [one["label"] for one in identities] == [d.label for d in documents]
    content = news["tokens"].file("tokens.txt").read_bytes()
    starts = np.load(news["tokens"].file("lines.npy"))
    assert starts.dtype == np.int64
    cut = [content[a:b].decode().rstrip("\n") for a, b in pairwise(starts.tolist())]
    assert cut == [" ".join(line) for line in lines]
    offsets = np.load(news["tokens"].file("offsets.npy"))
    assert offsets.dtype == np.int32
    places: Iterator[int] = iter(offsets.tolist())
    for document, line in zip(documents, lines, strict=True):
        for token in line:
            start = next(places)
            assert document.text[start : start + len(token)] == token
    assert next(places, None) is None


def test_any_white_space(store: Store, tmp_path: Path) -> None:
    """A line a document and one space between tokens, whatever the text holds; so gensim's LineSentence reads it."""
    odd = "中\u3000文\u2028换\x1c行\x0b和\xa0空 格\r\n第二\u0085行\t\x00尾"
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in (odd, "", " \n ", "末")))
    tokens = made(store, "tokens", corpus=made(store, "corpus", files=raw_files([str(tmp_path / "a.jsonl")], store)))
    lines = list(token_lines(tokens))
    assert len(lines) == 4
    assert lines[1] == lines[2] == []
    assert "".join(lines[0]) == "".join(character for character in odd if not character.isspace())
    with open(tokens.file("tokens.txt"), encoding="utf-8") as stream:  # as LineSentence opens and splits
        assert [line.split() for line in stream] == lines
    assert SPACE_INSIDE not in tokens.file("tokens.txt").read_text("utf-8")


def test_vocabulary(news: dict[str, Artifact]) -> None:
    vocabulary = read_vocabulary(news["vocabulary"].file("vocabulary.tsv"))
    every = [token for line in token_lines(news["tokens"]) for token in line]
    assert all(
        every.count(token) == count >= 2 for token, count in zip(vocabulary.tokens, vocabulary.counts, strict=True)
    )
    assert [vocabulary.ids[token] for token in vocabulary.tokens] == list(range(len(vocabulary)))
    order = list(zip([-count for count in vocabulary.counts], vocabulary.tokens, strict=True))
    assert order == sorted(order)


def test_idf(news: dict[str, Artifact]) -> None:
    import math

    idf, tokenizer = idf_of(news["idf"])
    table = idf.table
    assert isinstance(table, dict)
    lines = [set(line) for line in token_lines(news["tokens"])]
    for word in ("公司", "手机", "比赛"):
        having = sum(word in line for line in lines)
        assert having > 0
        assert table[word] == pytest.approx(math.log(252 / having))
    assert idf.median == pytest.approx(math.log(252)), "most words occur once"
    assert tokenizer == textpipe.Tokenizer()
    assert all(len(word) > 1 for word in table)


@pytest.mark.parametrize("lines", [False, True])
def test_straight_from_files_the_idf_is_the_same(store: Store, tmp_path: Path, lines: bool) -> None:
    """Whatever the format, the case and the lengths: the content of the artifact does not tell how it was counted."""
    (tmp_path / "words.txt").write_text("云鹊手表 5 n\n")
    long = "北京的 GPU 模型训练需要云鹊手表。" * 9_000
    texts = [long, "", "The GPU and the gpu.\r\n", "Model " * 20_000, long.replace("\n", ""), "GPU Training\r", "文"]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text, newline="")
    inputs: dict[str, Given] = {"dictionary": raw_files([str(tmp_path / "words.txt")], store)}
    files = raw_files([str(tmp_path / "*.txt"), str(DATA / "articles"), str(DATA / "news.tsv")], store)
    reading = {"lines": lines, "encoding": "auto"}
    tokens = made(store, "tokens", {"hmm": False}, corpus=made(store, "corpus", reading, files=files), **inputs)
    for params in ({"min_documents": 2}, {"formula": "sklearn"}):
        one = made(store, "idf", params, tokens=tokens)
        other = made(store, "idf-from-files", {**reading, **params, "hmm": False}, files=files, **inputs)
        assert one.manifest.digest == other.manifest.digest
        assert one.manifest.id != other.manifest.id
        assert other.manifest.metrics["documents"] == one.manifest.metrics["documents"] > 250


def test_what_is_left_out_is_told(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "模型训练"}\n{"text": 3}\n\n{"text": "模型"}\n')
    artifact = made(store, "idf-from-files", files=raw_files([str(tmp_path / "a.jsonl")], store))
    assert artifact.manifest.metrics["documents"] == 2
    assert sum(artifact.manifest.metrics["rejected"].values()) == 1
    assert list(store.tmp.iterdir()) == []


def test_keywords(news: dict[str, Artifact]) -> None:
    """The stage says what the public function says."""
    idf, tokenizer = idf_of(news["idf"])
    records = [json.loads(line) for line in news["keywords"].file("keywords.jsonl").read_text("utf-8").splitlines()]
    for document, record in zip(documents_of(news["corpus"]), records, strict=True):
        expected = textpipe.keywords(document.text, k=3, stopwords="zh", idf=idf, tokenizer=tokenizer)
        assert record["id"] == document.id
        assert [k["text"] for k in record["keywords"]] == [k.text for k in expected]
        assert [k["score"] for k in record["keywords"]] == [k.score for k in expected]


def test_textrank_takes_the_tokenizer_of_the_idf(store: Store, tmp_path: Path) -> None:
    text = "云鹊手表卖得好，云鹊手表很轻，云鹊手表的电池耐用。"
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "words.txt").write_text("云鹊手表 5 brand\n")
    corpus = made(store, "corpus", files=raw_files([str(tmp_path / "a.txt")], store))
    tokens = made(store, "tokens", corpus=corpus, dictionary=raw_files([str(tmp_path / "words.txt")], store))
    params = {"method": "textrank", "pos": ["brand", "n", "v", "a"]}
    keywords = made(store, "keywords", params, corpus=corpus, idf=made(store, "idf", tokens=tokens))
    record = json.loads(keywords.file("keywords.jsonl").read_text("utf-8"))
    assert record["keywords"][0]["text"] == "云鹊手表"
    with pytest.raises(UsageError, match="no part of speech 'brand'"):
        made(store, "keywords", params, corpus=corpus)


def test_a_moved_corpus_is_the_same(store: Store, tmp_path: Path) -> None:
    for place in ("here", "there/and/elsewhere"):
        (tmp_path / place / "sub").mkdir(parents=True)
        (tmp_path / place / "a.txt").write_text("甲")
        (tmp_path / place / "sub" / "b.txt").write_text("乙")
    one = made(store, "corpus", files=raw_files([str(tmp_path / "here")], store))
    other = made(store, "corpus", files=raw_files([str(tmp_path / "there/and/elsewhere")], store))
    assert one == other
    assert [document.id for document in documents_of(one)] == ["a.txt", "sub/b.txt"]
    os.rename(tmp_path / "here" / "a.txt", tmp_path / "here" / "c.txt")
    assert made(store, "corpus", files=raw_files([str(tmp_path / "here")], store)) != one, "names are content"


def test_the_dictionary_travels_by_content(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("石墨烯和云鹊手表")
    (tmp_path / "words.txt").write_text("石墨烯 5 n\n云鹊手表\n")
    corpus = made(store, "corpus", files=raw_files([str(tmp_path / "a.txt")], store))
    tokens = made(store, "tokens", corpus=corpus, dictionary=raw_files([str(tmp_path / "words.txt")], store))
    (tmp_path / "words.txt").unlink()
    idf = made(store, "idf", tokens=tokens)
    assert read_tokenizer(idf.folder).tokenize("石墨烯和云鹊手表") == ["石墨烯", "和", "云鹊手表"]
    assert list(token_lines(tokens)) == [["石墨烯", "和", "云鹊手表"]]
    assert made(store, "tokens", corpus=corpus) != tokens


def test_columns_by_number_and_names_in_any_bytes(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with open(os.fsencode(folder) + b"/b\xff.csv", "wb") as stream:
        stream.write("甲,乙\n".encode())
    corpus = made(store, "corpus", {"text_col": 2}, files=raw_files([str(folder)], store))
    assert [(d.id, d.text) for d in documents_of(corpus)] == [("b\\xff.csv:1", "乙")]
    assert made(store, "corpus", {"text_col": "2"}, files=raw_files([str(folder)], store)) == corpus


@pytest.mark.parametrize(
    ("stage", "params", "message"),
    [
        ("corpus", {"line": True}, "corpus has no parameter 'line'; did you mean 'lines'?"),
        ("corpus", {"lines": 1}, "lines: true or false is needed"),
        ("corpus", {"limit": 0}, "limit: a whole number from 1 is needed"),
        ("corpus", {"limit": True}, "limit: a whole number from 1 is needed"),
        ("corpus", {"input_format": "docx"}, "input_format: one of: txt, csv"),
        ("tokens", {"mode": 3}, "mode: text in quotes"),
        ("keywords", {"pos": "n"}, "pos: a list of texts"),
        ("keywords", {"stopwords": ["zh", "de"]}, "stopwords: not 'de', but of: zh, en, none"),
        ("vocabulary", {"min_count": 2.0}, "min_count: a whole number from 1"),
    ],
)
def test_parameters_are_checked(stage: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        STAGES[stage].complete(params)
    assert raised.value.message.startswith(message)


def test_a_vocabulary_of_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲 乙")
    corpus = made(store, "corpus", files=raw_files([str(tmp_path / "a.txt")], store))
    tokens = made(store, "tokens", corpus=corpus)
    with pytest.raises(InputError, match="no token occurs 2 times"):
        made(store, "vocabulary", {"min_count": 2}, tokens=tokens)
    with pytest.raises(InputError, match="no word in enough documents"):
        made(store, "idf", tokens=tokens)


def test_a_file_that_changes_meanwhile(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲")
    files = raw_files([str(tmp_path / "a.txt")], store)
    (tmp_path / "a.txt").write_text("甲乙")
    with pytest.raises(InputError, match="changed while it was read"):
        made(store, "corpus", files=files)


# ---------------------------------------------------------------------------------------------- going on after a stop


class Stopped(BaseException):
    """As a signal would."""


@pytest.mark.parametrize("stage", ["tokens", "keywords"])
@pytest.mark.parametrize("locks", [True, False])
def test_goes_on_after_a_stop(store: Store, stage: str, locks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not locks:
        monkeypatch.setattr("fcntl.flock", lambda *_: None)
    corpus = made(store, "corpus", files=raw_files([str(DATA / "news.tsv")], store))
    expected = made(Store(store.path.parent / "other"), stage, corpus=corpus).manifest.digest

    def until(limit: int) -> StageLog:
        def progress(done: int) -> None:
            if done >= limit:
                raise Stopped

        return StageLog(progress=progress, note=notes.append)

    notes: list[str] = []
    params = STAGES[stage].complete({})
    for limit in (1, 100, 200):
        with pytest.raises(Stopped):
            realize(store, STAGES[stage], params, {"corpus": corpus}, log=until(limit))
    artifact, new = realize(store, STAGES[stage], params, {"corpus": corpus}, log=until(1000))
    assert new
    assert notes == ["going on after 1 documents", "going on after 100 documents", "going on after 200 documents"]
    assert artifact.manifest.digest == expected
    assert list(store.tmp.iterdir()) == []
    if locks:
        assert list(store.work.iterdir()) == [], "state goes when it is of no use any more"


def test_state_that_is_damaged_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    def grow(*records: bytes) -> int:
        with resume.growing(tmp_path / "work", ("a",), into=tmp_path / "out") as output:
            before = output.done
            for record in records:
                output.add(record)
            if records:
                raise Stopped
        return before

    for content in (b"", b"{", b"[]", b'{"done": 1, "sizes": {"a": 99}}', b'{"done": -1, "sizes": {"a": 0}}', b"\xff"):
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
        with pytest.raises(Stopped):
            grow(b"one\n", b"two\n")
        (state,) = (tmp_path / "work").glob("*/state.json")
        assert json.loads(state.read_text()) == {"done": 2, "sizes": {"a": 8}}
        state.write_bytes(content)
        assert grow() == 0
        assert (tmp_path / "out" / "a").read_bytes() == b""


def test_a_stop_in_the_middle_of_a_record_leaves_it_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    def stopped() -> None:
        with resume.growing(tmp_path / "work", ("a", "b"), into=tmp_path / "out") as output:
            output.add(b"one\n", b"1\n")
            output._streams[0].write(b"tw")
            raise Stopped

    with pytest.raises(Stopped):
        stopped()
    with resume.growing(tmp_path / "work", ("a", "b"), into=tmp_path / "out") as output:
        assert output.done == 1
        output.add(b"two\n", b"2\n")
    assert (tmp_path / "out" / "a").read_bytes() == b"one\ntwo\n"
    assert (tmp_path / "out" / "b").read_bytes() == b"1\n2\n"


@pytest.mark.parametrize(("stage", "role"), [("tokens", "dictionary"), ("keywords", "stopword_files")])
def test_nothing_is_saved_from_a_file_that_changed(store: Store, tmp_path: Path, stage: str, role: str) -> None:
    """Else a later run, with the file as it was, would go on from what the other file made."""
    (tmp_path / "words.txt").write_text("书吧\n")
    corpus = made(store, "corpus", files=raw_files([str(DATA / "news.tsv")], store))
    files = raw_files([str(tmp_path / "words.txt")], store)
    (tmp_path / "words.txt").write_text("锅炉\n")
    inputs: dict[str, Given] = {"corpus": corpus, role: files}
    with pytest.raises(InputError, match="changed while it was read"):
        realize(store, STAGES[stage], STAGES[stage].complete({}), inputs)
    assert not list(store.work.glob("*/*"))


@pytest.mark.parametrize("name", ["zh", "en", "none"])
def test_a_list_may_have_any_name(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "a.txt").write_text("我们的语言和编程")
    (tmp_path / name).write_text("语言\n")
    monkeypatch.chdir(tmp_path)
    corpus = made(store, "corpus", files=raw_files(["a.txt"], store))
    here = made(store, "keywords", corpus=corpus, stopword_files=raw_files([name], store))
    other = Store(tmp_path / "other")
    there = made(other, "keywords", corpus=corpus, stopword_files=raw_files([str(tmp_path / name)], other))
    assert here.manifest.digest == there.manifest.digest
    assert "语言" in here.file("stopwords.txt").read_text("utf-8").split()


def test_an_id_that_looks_like_a_place_is_kept(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.jsonl").write_text('{"id": "sub/x.jsonl:1", "text": "甲"}\n')
    for folder, path in ((tmp_path, "sub/x.jsonl"), (tmp_path / "sub", "x.jsonl")):
        monkeypatch.chdir(folder)
        corpus = made(store, "corpus", files=raw_files([path, path], store))
        assert [d.id for d in documents_of(corpus)] == ["sub/x.jsonl:1"]


def test_surrogates_in_labels(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "a\\ud800", "text": "甲\\udc00", "label": "x\\ud800"}\n')
    (document,) = documents_of(made(store, "corpus", files=raw_files([str(tmp_path / "a.jsonl")], store)))
    assert (document.id, document.text, document.label) == ("a\ufffd", "甲\ufffd", "x\ufffd")


IDF_JSON = b'{"formula": "sklearn", "documents": 3, "words": 1, "total": 1, "median": 1, "jieba": "0.42.1"}'
BAD = {
    "other settings of a tokenizer": ("tokenizer.json", b'{"mode": "exact", "hmm": true, "protect": ["C++"]}'),
    "a tokenizer that is no object": ("tokenizer.json", b"[]"),
    "overlapping tokens": ("tokenizer.json", b'{"mode": "search", "hmm": true}'),
    "another formula": ("idf.json", IDF_JSON.replace(b"sklearn", b"gensim")),
    "another jieba": ("idf.json", IDF_JSON.replace(b"0.42.1", b"0.39")),
    "other documents": ("idf.json", IDF_JSON.replace(b": 3,", b": 4,")),
    "no object": ("idf.json", b"[]"),
    "no settings": ("idf.json", b"\xff"),
    "not UTF-8": ("frequencies.tsv", b"\t3\n\xff\t1\n"),
    "a number without end": ("frequencies.tsv", b"\t" + b"9" * 5000 + b"\n"),
    "no numbers": ("frequencies.tsv", b"words\n"),
    "nothing": ("frequencies.tsv", b""),
    "deep": ("tokenizer.json", b"[" * 100_000),
    "not JSON": ("tokenizer.json", b"\xff"),
    "other settings": ("tokenizer.json", b'{"mode": "fast", "hmm": true}'),
    "no dictionary": ("dictionary.jsonl", b"\xff\n"),
    "no entries": ("dictionary.jsonl", b"[1]\n"),
}


@pytest.mark.parametrize(("name", "content"), BAD.values(), ids=BAD.keys())
def test_an_artifact_in_good_order_that_makes_no_sense(store: Store, name: str, content: bytes, run: Run) -> None:
    """As somebody may craft one: every digest right, the content useless."""
    from textpipe.pipeline.stage import Stage

    def craft(folder: Path, *_rest: object) -> dict[str, Any]:
        files = {"frequencies.tsv": b"\t3\nab\t1\n", "tokenizer.json": b'{"mode": "exact", "hmm": true}'}
        files["idf.json"] = IDF_JSON
        for one, data in {**files, "dictionary.jsonl": b"", name: content}.items():
            (folder / one).write_bytes(data)
        return {}

    artifact, _ = realize(store, Stage("craft", 1, "idf", craft), {}, {})
    outcome = run("keywords", DATA / "news.tsv", "--idf", artifact.manifest.id, "--store", store.path)
    assert (outcome.code, [line.split(":")[0] for line in outcome.err.splitlines()]) == (4, ["error", "hint"])


# ---------------------------------------------------------------------------------------------- hashes of raw files


def test_large_files_are_hashed_once(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from textpipe.pipeline import raw

    store.prepare()
    path = tmp_path / "large.txt"
    path.write_text("长长的文字。\n" * 100_000)
    (tmp_path / "small.txt").write_text("短")
    hashed: list[str] = []

    def noticed(one: Path) -> tuple[int, str]:
        hashed.append(one.name)
        return digest_of(one)

    monkeypatch.setattr(raw, "digest_of", noticed)

    def files(**options: bool) -> str:
        hashed.clear()
        return raw_files([str(path), str(tmp_path / "small.txt")], store, **options).digest

    first = files()
    assert files() == first
    assert hashed == ["large.txt", "small.txt"], "a file that may still change within a tick is not trusted"
    os.utime(path, (1, 1))
    assert files() == first
    assert files() == first
    assert hashed == ["small.txt"]
    assert files(rehash=True) == first
    assert hashed == ["large.txt", "small.txt"]
    path.write_text("别的文字。\n" * 100_000)
    os.utime(path, (1, 2))
    assert files() != first
    (store.path / "hashes").write_text("{damaged")
    files()
    assert hashed == ["large.txt", "small.txt"]


def test_looking_at_files_makes_no_store(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 2_000_000)
    os.utime(tmp_path / "a.txt", (1, 1))
    raw_files([str(tmp_path / "a.txt")], Store(tmp_path / "store"))
    assert not (tmp_path / "store").exists()
    with pytest.raises(UsageError, match="standard input"):
        raw_files(["-"], Store(tmp_path / "store"))


# ---------------------------------------------------------------------------------------------- commands


def test_train_idf(tmp_path: Path, run: Run) -> None:
    store = ("--store", tmp_path / "store")
    (tmp_path / "words.txt").write_text("云鹊手表 5 n\n")
    outcome = run("train-idf", DATA / "news.tsv", "--name", "news", "--user-dict", tmp_path / "words.txt", *store)
    assert outcome.code == 0
    assert outcome.out.startswith("idf/")
    assert (
        run("train-idf", DATA / "news.tsv", "--name", "again", "--user-dict", tmp_path / "words.txt", *store) == outcome
    )
    (tmp_path / "a.txt").write_text("云鹊手表和手机，都是公司的产品。")
    options = ("--method", "tfidf", "-k", "1", "--format", "jsonl")
    found = run("keywords", tmp_path / "a.txt", "--idf", "news", *options, *store)
    assert json.loads(found.out)["keywords"][0]["text"] == "云鹊手表", "the dictionary of the artifact is used"
    assert run("keywords", tmp_path / "a.txt", "--idf", "latest", "--jobs", "2", *options, *store) == found
    without = run("keywords", tmp_path / "a.txt", *options)
    assert json.loads(without.out)["keywords"][0]["text"] != "云鹊手表"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--idf", "nwes"), 4, "error: no idf artifact 'nwes'; did you mean 'news'?"),
        (
            ("--idf", "news", "--no-hmm"),
            2,
            "error: the IDF was made with another tokenizer: hmm is on there and off here",
        ),
        (
            ("--idf", "news", "--protect", DATA / "protected-terms.txt"),
            2,
            "error: the IDF was made with another tokeni",
        ),
        (("--idf", "news", "--method", "textrank"), 2, "error: --idf belongs to phrases and tfidf"),
        (("--idf", "corpus/latest"), 2, "error: 'corpus/latest' is no idf"),
    ],
)
def test_idf_errors(tmp_path: Path, run: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    store = ("--store", tmp_path / "store")
    assert run("train-idf", DATA / "articles", "--name", "news", *store).code == 0
    made(Store(tmp_path / "store"), "corpus", files=raw_files([str(DATA / "news.tsv")], Store(tmp_path / "store")))
    outcome = run("keywords", DATA / "news.tsv", *arguments, *store)
    assert (outcome.code, outcome.err.startswith(message)) == (code, True)


def test_an_unusable_document_of_a_corpus_is_damage(tmp_path: Path, store: Store) -> None:
    (tmp_path / "a.txt").write_text("甲")
    corpus = made(store, "corpus", files=raw_files([str(tmp_path / "a.txt")], store))
    path = corpus.file("documents.jsonl")
    path.parent.chmod(0o755)
    path.chmod(0o644)
    path.write_text('{"id": 3}\n')
    with pytest.raises(ArtifactError, match="not a document"):
        list(documents_of(corpus))
