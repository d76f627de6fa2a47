"""The page's files: what is served, and what may stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.service.page_service import serving_address
from textpipe.service import page
from textpipe.service.app import build_app
from textpipe.service.settings import ServiceSettings

FOLDER = Path(page.__file__).parent / "page"
SCRIPTS = sorted(FOLDER.glob("*.js"))
MARKUP = (FOLDER / "index.html").read_text("utf-8")


@pytest.fixture(name="client")
def client_(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(build_app(ServiceSettings(store=tmp_path / "none")), base_url=serving_address()) as client:
        yield client


def test_every_file_is_served_with_its_type_and_tag(client: TestClient) -> None:
    table = page.page_files()
    assert {path.name for path in FOLDER.iterdir()} == set(table), "a file of another kind would be left out"
    for name, file in table.items():
        found = client.get(f"/page/{name}")
        assert (found.status_code, found.content, found.headers["content-type"]) == (200, file.content, file.media_type)
        again = client.get(f"/page/{name}", headers={"If-None-Match": found.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get("/").content == table["index.html"].content
    assert client.head("/").headers["etag"] == table["index.html"].tag


@pytest.mark.parametrize(
    "path",
    ["../page.py", "..%2fpage.py", "%2e%2e/page.py", "", "index", "INDEX.HTML", "a/b.js", "%00", "main.js%00", "."],
)
def test_what_is_not_in_the_table_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/page/{path}").status_code in (400, 404)


def test_nothing_is_asked_of_another_host() -> None:
    for path in FOLDER.iterdir():
        addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'<>]*", path.read_text("utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name


def test_no_text_can_become_html() -> None:
    """What parses HTML, or runs a text, is not used anywhere."""
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|setHTML"
        r"|\beval\b|\bFunction\(|setTimeout\(\s*[\"'`]|import\(|\.cookie"
    )
    for path in SCRIPTS:
        assert not forbidden.search(path.read_text("utf-8")), path.name


def test_the_markup_needs_no_inline_script_or_style() -> None:
    assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:", MARKUP)
    assert all('src="page/' in script for script in re.findall(r"<script[^>]*>", MARKUP))
    assert re.findall(r"<script[^>]*>([^<]+)</script>", MARKUP) == []


def _strings() -> dict[str, tuple[str, str]]:
    text = (FOLDER / "strings.js").read_text("utf-8")
    found = re.findall(r"(\w+): \[\s*\"((?:[^\"\\]|\\.)*)\",\s*\"((?:[^\"\\]|\\.)*)\"\]", text)
    return {key: (english, chinese) for key, english, chinese in found}


def test_every_string_is_there_in_both_languages() -> None:
    strings = _strings()
    assert len(strings) > 100
    for key, (english, chinese) in strings.items():
        assert english, key
        assert chinese, key
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese)), key
        assert re.search(r"[\u3000-\u9fff\uff00-\uffef]", chinese), f"{key} is not Chinese"


def test_every_string_that_is_asked_for_exists_and_no_other() -> None:
    """Keys stand in quotation marks, in scripts or in attributes; those with `n_` are put together."""
    strings = _strings()
    source = "".join(path.read_text("utf-8") for path in SCRIPTS if path.name != "strings.js") + MARKUP
    asked = set(re.findall(r"\bt\(\s*\"(\w+)\"", source)) | set(re.findall(r"data-t(?:-label)?=\"(\w+)\"", MARKUP))
    assert asked <= set(strings)
    unused = [key for key in strings if f'"{key}"' not in source and not key.startswith("n_")]
    assert unused == []
