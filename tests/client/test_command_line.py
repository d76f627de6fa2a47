"""`textpipe --server URL COMMAND`: the same output and exit codes as without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.told import Told, answer
from tests.conftest import DATA, ROOT, Outcome, Run
from textpipe.cli.remote import TAKEN

ARTICLES, NEWS = DATA / "articles", DATA / "news.tsv"
SAME = [
    f"tokenize {ARTICLES}",
    f"tokenize {ARTICLES} --format jsonl --spans --tags",
    f"tokenize {ARTICLES} --format csv --mode search",
    f"tokenize {ARTICLES}/city-library.txt --lines --no-hmm",
    f"tokenize {NEWS} --format json --limit 20 --traditional --jobs 2",
    f"keywords {ARTICLES}",
    f"keywords {ARTICLES} --format csv -k 3 --method tfidf --idf articles",
    f"keywords {ARTICLES} --method textrank --converge --pos n,v --stopwords zh,en",
    f"keywords {ARTICLES} --mmr 0.8 --keep-case --vectors words",
    f"keywords {NEWS} --explain -k 2 --format tsv --sample 20 --jobs 0",
    f"keywords {NEWS} --stopwords none --limit 300 --format table",
    f"summarize {ARTICLES} --format csv",
    f"summarize {ARTICLES} --ratio 0.2 --by-score --method mmr --format table",
    f"classify {NEWS} --model news",
    f"classify {NEWS} --model news -k 9 --format csv",
    f"classify {NEWS} --model news --threshold 0.9 --format table --limit 30",
    f"classify {NEWS} --model sets --format csv --limit 50",
    f"classify {NEWS} --model news --threshold 1",
    f"explain news {NEWS} --limit 40 -k 3 --format csv",
    f"explain news {NEWS} --limit 10 --format table --label sports --against finance",
    f"explain news {NEWS} --limit 10 --format html --unit char",
    f"explain sets {NEWS} --limit 40",
    "explain news 球队赢了决赛",
    "similar 巴黎 北京 --model words --exact",
    "similar 巴黎 -k 2 --model words --format table",
    # what goes wrong
    "similar 巴黎铁 --model words",
    f"explain news {NEWS} --label nothing",
    f"explain news {NEWS} --method gradients",
    f"keywords {NEWS} --converge --limit 3",
    f"classify {NEWS} --model news -k 0",
    f"classify {NEWS} --model news --format nonsense",
    "classify missing.txt --model news",
    "keywords /dev/null",
    "tokenize",
]


SAME_BUT_FOR_WORDS = [f"summarize {NEWS} --ratio 7", f"summarize {NEWS} --ratio nan", f"keywords {NEWS} --pos nonsense"]


def both(run: Run, service: str, store: Path, line: str, stdin: bytes = b"") -> tuple[Outcome, Outcome]:
    """(what it does with a service, what it does without)"""
    command, *words = line.split(" ")
    at = ["--store", store] if command in ("classify", "explain", "similar") or "--idf" in words else []
    at = ["--store", store] if command == "keywords" else at
    local = run(command, *words, *at, stdin=stdin)
    return run("--server", service, command, *words, stdin=stdin), local


@pytest.mark.parametrize("line", SAME, ids=lambda line: line.replace(str(DATA), "data")[:60])
def test_output_errors_and_exit_code_are_those_of_the_command(run: Run, service: str, store: Path, line: str) -> None:
    remote, local = both(run, service, store, line)
    assert remote == local
    assert local.out or local.err


@pytest.mark.parametrize("line", SAME_BUT_FOR_WORDS, ids=lambda line: line.replace(str(DATA), "data"))
def test_exit_codes_of_what_the_service_says_in_words_of_its_own(
    run: Run, service: str, store: Path, line: str
) -> None:
    remote, local = both(run, service, store, line)
    assert remote[:2] == local[:2]
    assert remote.err.startswith("error: ")


@pytest.mark.parametrize(
    "command", ["tokenize - --lines", "keywords - --lines", "summarize -", "classify - --model news"]
)
def test_standard_input(run: Run, service: str, store: Path, command: str) -> None:
    text = "我来到北京清华大学\n\n球队赢了决赛\r\n😀\n\x00\n".encode()
    remote, local = both(run, service, store, command, stdin=text)
    assert remote == local


def test_words_of_standard_input(run: Run, service: str, store: Path) -> None:
    remote, local = both(run, service, store, "similar - --model words", stdin="巴黎\nxyz\n北京\n".encode())
    assert remote == local
    assert "no vector for 1 of 3 words" in local.err
    remote, local = both(run, service, store, "similar - --model words", stdin=b"xyz\nabc\n")
    assert remote == local
    assert local.code == 3


def test_encodings_and_files_are_this_side_s(run: Run, service: str, store: Path, tmp_path: Path) -> None:
    path = tmp_path / "新闻.txt"
    path.write_bytes("球队赢了决赛，教练称赞门将。".encode("gb18030"))
    remote, local = both(run, service, store, f"classify {path} --model news")
    assert remote == local
    assert json.loads(remote.out)["id"] == str(path)
    output = tmp_path / "found.csv"
    assert run("--server", service, "keywords", path, "-o", output).code == 0
    assert output.read_text("utf-8").startswith("id,text,score,count,first\n")
    again = run("--server", service, "keywords", path, "-o", output)
    assert again.code == 5
    assert "--force" in again.err


def test_texts_that_are_longer_than_the_service_takes(run: Run, service: str, store: Path, tmp_path: Path) -> None:
    """Cutting has no limit; what needs a text whole names it."""
    path = tmp_path / "long.txt"
    path.write_text("我来到北京清华大学，他来到了网易杭研大厦。English words too.\n" * 4_000, "utf-8")
    for line in (f"tokenize {path}", f"tokenize {path} --format jsonl --spans --tags"):
        remote, local = both(run, service, store, line)
        assert remote == local
    remote = run("--server", service, "summarize", path)
    assert remote.code == 3
    assert "characters, more than 20,000" in remote.err
    assert str(path) in remote.err


def test_more_texts_than_a_request_has(run: Run, service: str, store: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"第{number}句话，说的是北京。\n" for number in range(2_000)), "utf-8")
    for command in ("tokenize", "keywords", "classify --model news"):
        name, _, rest = command.partition(" ")
        line = f"{name} {path} --lines --format jsonl {rest}".strip()
        remote, local = both(run, service, store, line)
        assert remote == local
        assert remote.out.count("\n") == 2_000


def test_artifacts_that_are_not_there(run: Run, service: str) -> None:
    for line in ("classify x.txt --model nothing", "explain nothing 文本", "similar 北京 --model nothing"):
        found = run("--server", service, *line.split(" "))
        assert found.code == 4, found
        assert f"'nothing' ({service})" in found.err


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("keywords x.txt --corpus", "--corpus"),
        ("keywords x.txt --html x.html", "--html"),
        ("keywords x.txt --user-dict words.txt", "--user-dict"),
        ("keywords x.txt --stopwords mine.txt", "--stopwords mine.txt"),
        ("tokenize x.txt --explain", "--explain"),
        ("tokenize x.txt --protect terms.txt", "--protect"),
        ("similar 北京 --vectors x.txt", "--vectors"),
        ("similar 北京 --approximate", "--approximate"),
        ("classify x.txt --store elsewhere", "--store"),
        ("classify x.txt --device cpu", "--device"),
    ],
)
def test_options_that_no_service_takes(run: Run, line: str, option: str) -> None:
    found = run("--server", "http://127.0.0.1:9", *line.split(" "))
    assert found.code == 2
    assert found.err.startswith(f"error: {option} does not go with --server\nhint: ")


def test_settings_of_this_machine_are_no_options(run: Run, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTPIPE_STORE", "elsewhere")
    monkeypatch.setenv("TEXTPIPE_SERVER", service)
    found = run("classify", NEWS, "--model", "news", "--limit", 3)
    assert found.code == 0
    monkeypatch.setenv("TEXTPIPE_KEYWORDS_TOP", "2")
    few = run("keywords", ARTICLES / "city-library.txt")
    assert len(json.loads(few.out)["keywords"]) == 2
    monkeypatch.setenv("TEXTPIPE_KEYWORDS_USER_DICT", "words.txt")
    assert run("keywords", ARTICLES).code == 2


def test_commands_that_ask_no_service(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run("--server", "http://127.0.0.1:9", "stats", NEWS)
    assert found.code == 2
    assert "stats does not go with --server" in found.err
    monkeypatch.setenv("TEXTPIPE_SERVER", "http://127.0.0.1:9")
    assert run("stats", NEWS).code == 0
    assert run("keywords", NEWS, "--limit", 1).code == 5
    assert run("--server", "", "keywords", NEWS, "--limit", 1).code == 0


def test_no_service(run: Run) -> None:
    found = run("--server", "http://127.0.0.1:9", "keywords", NEWS)
    assert found == Outcome(5, "", "error: no service answers (http://127.0.0.1:9)\nhint: textpipe serve starts one\n")
    for url in ("ftp://here", "http://", "http://a b", "http://host:99999", "http://host/?a=1", "http://me:you@host"):
        assert run("--server", url, "keywords", NEWS).code == 2
    assert run("--server-token", "x", "keywords", NEWS).code == 2


def test_a_result_that_breaks_off_leaves_no_file(run: Run, tmp_path: Path) -> None:
    """The first batch is answered, the second is not."""
    texts, output = tmp_path / "texts.txt", tmp_path / "found.jsonl"
    texts.write_text("句子\n" * 20, "utf-8")
    records = b",".join(b'{"id": "%d", "tokens": []}' % number for number in range(8))
    error = answer(b'{"error": {"message": "no", "hint": null}}', "500 Internal Server Error")
    with Told([answer(b'{"documents": [' + records + b"]}"), error]) as told:
        found = run("--server", told.url, "tokenize", texts, "--lines", "-o", output)
    assert found.code == 5
    assert not output.exists()


def test_paths_are_not_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "private-name.txt"
    path.write_text("句子", "utf-8")
    with Told([answer(b'{"documents": [{"id": "0", "tokens": ["x"]}]}')]) as told:
        found = run("--server", told.url, "tokenize", path, "--format", "jsonl")
        assert json.loads(found.out) == {"id": str(path), "tokens": ["x"]}
        assert b"private" not in b"".join(told.asked)


def test_what_is_taken_is_what_the_service_has() -> None:
    """The client knows fields by heart: what the table of the service has, by the same defaults."""
    from textpipe.cli import cli
    from textpipe.service.fields import ENDPOINTS

    fields = {endpoint.name: {field.name: field for field in endpoint.fields} for endpoint in ENDPOINTS}
    for command, taken in TAKEN.items():
        known = fields[command]
        assert taken | ({"model"} if command == "explain" else set()) == set(known)
        context = cli.make_context("textpipe", ["--help"], resilient_parsing=True)
        found = cli.get_command(context, command)
        assert found is not None
        defaults = {one.name: one.get_default(context) for one in found.params}
        for name in taken:
            own = defaults[name] if isinstance(defaults[name], bool | int | float | str) else None
            assert (own or None) == (known[name].default or None), f"{command} {name}"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("textpipe keywords $NEWS | head -c 9", 0),
        ("textpipe keywords $NEWS > /dev/full", 5),
        ("textpipe keywords $NEWS >&-", 5),
        ("textpipe keywords missing", 3),
        ("textpipe classify $NEWS --model nothing", 4),
        ("textpipe classify $NEWS --model news --threshold 1 > found; wc -l < found; exit 1", 1),
        ("textpipe keywords --nonsense", 2),
    ],
)
def test_processes_end_as_they_should(service: str, tmp_path: Path, line: str, code: int) -> None:
    """They leave without the interpreter's own end: everything has to be written before."""
    program = f'textpipe() {{ {sys.executable} -m textpipe "$@"; }}; set -o pipefail; '
    environment = {"PYTHONPATH": str(ROOT), "TEXTPIPE_SERVER": service, "NEWS": str(NEWS), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-c", program + line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if "wc" in line:
        assert int(done.stdout) == 252
