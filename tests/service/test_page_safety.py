"""The page with hostile texts, and with a checker of accessibility."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.page_service import serving, xss_strings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

STRINGS = xss_strings()
TEXT = "图书馆的新馆上周开放。读者在图书馆的阅览室里读书，学生在新馆预约座位。图书馆和学校合作，学生在阅览室上课。"
ID = "0123456789abcdef0123456789abcdef"
Open = Callable[..., "AbstractContextManager[Page]"]

# what no text may bring into the page: elements that the page never has, and attributes that run something
TROUBLE = """() => [
    ...document.querySelectorAll("script:not([src^='page/']), img, iframe, object, embed, math, video, marquee, style, template, base"),
    ...document.querySelectorAll("link:not([href^='page/']), meta[http-equiv], animate, [srcdoc], [href^='javascript:' i]"),
    ...[...document.querySelectorAll("*")].filter((one) => [...one.attributes].some((other) => /^on|^style$/i.test(other.name)
        && !(other.name === "style" && /^(--share: [\\d.e-]+;|left: .*|)$/.test(other.value)))),
].map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def address(page_store: Path) -> Iterator[str]:
    with serving(page_store) as found:
        yield found


@pytest.fixture(name="opened")
def opened_(browser: Browser, address: str) -> Open:
    @contextmanager
    def open_page(place: str = "", **settings: Any) -> Iterator[Page]:
        context = browser.new_context(**{"locale": "en-US", "reduced_motion": "reduce", **settings})
        page = context.new_page()
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        try:
            page.goto(f"{address}{place}")
            yield page
            assert not dialogs
        finally:
            context.close()

    return open_page


def unharmed(page: Page) -> None:
    page.wait_for_timeout(30)  # for what would run later
    assert page.evaluate("window.ran") is None
    assert page.evaluate(TROUBLE) == []


def test_there_are_300_different_strings_and_they_would_run(browser: Browser) -> None:
    """The strings are dangerous where HTML is made of them: else this file would prove nothing."""
    assert len(set(STRINGS)) == 300
    context = browser.new_context()
    page = context.new_page()
    page.set_content("<body></body>")
    page.evaluate(
        "strings => { for (const one of strings) document.body.insertAdjacentHTML('beforeend', one); }", STRINGS
    )
    page.wait_for_function("window.ran === 1")
    context.close()


@pytest.mark.parametrize("mode", ["keywords", "classes", "sentences", "tokens"])
def test_texts_run_no_script(opened: Open, mode: str) -> None:
    with opened(f"#text/{mode}") as page:
        for start in range(0, len(STRINGS), 50):
            text = "。好\n".join(STRINGS[start : start + 50])
            page.get_by_label("Your text").fill(text)
            page.get_by_role("button", name="Analyse").click()
            page.wait_for_function(
                "document.querySelector('#findings .card') && document.querySelector('#reading').ariaBusy !== 'true'"
            )
            page.wait_for_function(
                "start => document.querySelector('#reader').textContent.includes(start)",
                arg=STRINGS[start].strip()[:10],
            )
            unharmed(page)


def hostile(route: Route) -> None:
    """Answers that hold all the strings wherever a service has a text of its own."""
    path = route.request.url.split("/v1/")[1].split("?")[0]
    given = json.loads(route.request.post_data or "{}")
    score = [{"label": one, "score": 0.5} for one in STRINGS]
    tokens = [{"text": one, "start": 0, "end": 1, "value": 0.1 - place % 2} for place, one in enumerate(STRINGS)]
    named = {one: 0.5 for one in STRINGS}
    manifest = {
        "id": ID, "kind": STRINGS[0], "stage": STRINGS[1], "version": 1, "created": STRINGS[3], "params": named,
        "inputs": {one: {"digest": "", "artifact": f"{STRINGS[0]}/{one}"} for one in STRINGS[:9]} | {STRINGS[9]: {"digest": "", "files": 2}},
        "outputs": {one: {"size": 1, "sha256": ""} for one in STRINGS},
        "metrics": named | {"data": {"labels": {one: 3 for one in STRINGS}}, "epochs": [{f"loss {STRINGS[2]}": 1.0}, {f"loss {STRINGS[2]}": 0.5}]},
        "environment": {one: one for one in STRINGS},
    }  # fmt: skip
    listed = [
        {"kind": STRINGS[place % 7], "name": one, "id": f"{place:032x}", "stage": one, "made": one, "metrics": {"valid": {"accuracy": 0.5}}}
        for place, one in enumerate(STRINGS)
    ]  # fmt: skip
    answers: dict[str, Any] = {
        "keywords": {"id": "text", "keywords": [{"text": one, "score": 1.0, "count": 1, "first": 0} for one in STRINGS]},
        "graph": {
            "nodes": [{"text": one, "score": 1.0, "count": 1} for one in STRINGS[::12]],
            "edges": [{"source": place, "target": 0, "weight": 1} for place in range(1, 25)],
        },
        "tokenize": {"id": "text", "tokens": STRINGS, "tags": STRINGS},
        "summarize": {
            "id": "text",
            "sentences": [{"text": one, "score": 1.0, "start": 0, "end": 1, "position": 1} for one in STRINGS],
        },
        "classify": {"id": "text", "label": STRINGS[0], "score": 0.5, "labels": score},
        "explain": {
            "id": "text", "label": STRINGS[0], "against": None, "score": 0.5, "decision": 1.0, "base": 0.0, "method": STRINGS[4],
            "check": 0.0, "rest": 0.0, "tokens": tokens,
        },
        "similar": {"word": given.get("text", ""), "neighbours": [{"word": one, "score": 0.5} for one in STRINGS]},
        "map": {"words": [{"word": one, "x": place % 20, "y": place // 20, "cluster": place % 10 + 1, "count": 5} for place, one in enumerate(STRINGS)]},
        "artifacts": {"artifacts": [*listed[:100], *({**one, "kind": kind} for kind in ("classifier", "embeddings") for one in listed[100:])]},
    }  # fmt: skip
    found = answers.get(path, {"manifest": manifest, "names": STRINGS, "inputs": []})
    route.fulfill(status=200, content_type="application/json", body=json.dumps(found))


def test_answers_run_no_script(opened: Open) -> None:
    with opened() as page:
        page.route("**/v1/**", hostile)
        for mode in ("keywords", "classes", "sentences", "tokens"):
            page.evaluate(f"location.hash = '#text/{mode}'")
            page.get_by_label("Your text").fill(f"{mode} {STRINGS[0]} {STRINGS[40]}")
            page.get_by_role("button", name="Analyse").click()
            page.locator("#findings .card").first.wait_for()
            page.locator("#findings button").first.hover()
            page.locator("#findings button").first.click()
            unharmed(page)
        page.evaluate("location.hash = '#words/' + encodeURIComponent('<img src=x onerror=window.ran=1>')")
        page.locator(".near-card .row").nth(299).wait_for(state="attached")
        page.locator("canvas").hover()
        unharmed(page)
        page.evaluate(f"location.hash = '#artifacts/{ID}'")
        page.locator(".lineage .box").first.wait_for()
        for folded in page.locator(".detail summary").all():
            folded.click()
        unharmed(page)


def test_errors_run_no_script(opened: Open) -> None:
    with opened() as page:
        now = [""]

        def refuse(route: Route) -> None:
            body = json.dumps({"error": {"message": now[0], "hint": f"near spellings: {now[0]}, {now[0]}"}})
            route.fulfill(status=422, content_type="application/json", body=body)

        page.route("**/v1/keywords", refuse)
        page.route("**/v1/similar", refuse)
        for place, now[0] in enumerate(STRINGS[::15]):
            page.get_by_label("Your text").fill(f"text {place}")
            page.get_by_role("button", name="Analyse").click()
            page.wait_for_function(
                "text => document.querySelector('#reader .notice strong')?.textContent === text", arg=now[0]
            )
        unharmed(page)
        for now[0] in STRINGS[::30]:
            page.evaluate("text => { location.hash = '#words/' + encodeURIComponent(text); }", now[0])
            page.wait_for_function(
                "text => document.querySelector('#words-notice strong')?.textContent === text", arg=now[0]
            )
        unharmed(page)


# ---------------------------------------------------------------------------------------------- accessibility


@pytest.fixture(scope="module")
def checker() -> str:
    """axe-core, as a script."""
    pytest.importorskip(
        "axe_playwright_python", reason="THE PAGE'S ACCESSIBILITY IS NOT TESTED: needs axe-playwright-python"
    )
    return importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


@pytest.mark.parametrize(
    ("colours", "width"),
    [
        ("light", 1280),
        ("dark", 390),
        pytest.param("dark", 1280, marks=pytest.mark.long),
        pytest.param("light", 390, marks=pytest.mark.long),
    ],
)
def test_no_barrier_for_anybody(opened: Open, checker: str, colours: str, width: int) -> None:
    with opened(
        color_scheme=colours, viewport={"width": width, "height": 800}, locale="zh-CN" if width == 390 else "en-US"
    ) as page:
        page.evaluate(f"() => {{ {checker} }}")
        found: dict[str, list[str]] = {}

        def check(place: str, ready: str) -> None:
            page.evaluate("place => { location.hash = place; }", place)
            page.locator(ready).first.wait_for()
            page.wait_for_timeout(300)  # a fading is over
            result = page.evaluate("() => window.axe.run(document, {resultTypes: ['violations']})")
            for one in result["violations"]:
                found[f"{place} {one['id']} ({one['impact']})"] = [
                    f"{node['html'][:160]} {[why.get('data') for why in node['any']]}" for node in one["nodes"][:3]
                ]

        check("#text", ".samples")
        page.locator("#text").fill(TEXT)
        check("#text/keywords", ".node")
        page.locator(".ranked .row").first.click()
        check("#text/keywords", ".node.on")
        check("#text/classes", ".probabilities")
        check("#text/sentences", ".quote")
        check("#text/tokens", ".token")
        page.locator(".elsewhere summary").click()
        check("#text/tokens", ".command")
        check("#words", "canvas")
        check("#words/国王", ".near-card .row")
        check("#words/国王的", "#words-notice .chip")
        check("#artifacts", ".artifacts a")
        page.locator(".artifacts a").first.click()
        page.locator(".lineage .box").first.wait_for()
        for folded in page.locator(".detail summary").all():
            folded.click()
        check(page.evaluate("location.hash"), ".lineage")
        assert found == {}
