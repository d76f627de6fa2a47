"""The page with hostile texts, and with a checker of accessibility."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.page_service import serving, until, xss_strings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, Route

pytest_plugins = ("tests.service.page_fixtures",)

STRINGS = xss_strings()
TEXT = "图书馆的新馆上周开放。读者在图书馆的阅览室里读书，学生在新馆预约座位。图书馆和学校合作，学生在阅览室上课。"
ID = "0123456789abcdef0123456789abcdef"
Open = Callable[..., "AbstractContextManager[Page]"]

# what no text may bring into the page: elements that the page never has, and attributes that run something
TROUBLE = """() => [
    ...document.querySelectorAll("script:not([src^='page/']), link:not([href^='page/']), style, base"),
    ...document.querySelectorAll("img, iframe, object, embed, math, video, marquee, template, animate, mglyph, source"),
    ...document.querySelectorAll("[srcdoc], [href^='javascript:' i], [src^='data:' i]"),
    ...[...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(({name, value}) => /^on/i.test(name)
        || (name === "style" && !/^(--share: [\\d.e-]+;|left: .*|)$/.test(value)))),
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

        def dialog_is_open(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", dialog_is_open)
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
    until(page, "window.ran === 1")
    context.close()


@pytest.mark.parametrize("mode", ["keywords", "classes", "sentences", "tokens"])
def test_texts_run_no_script(opened: Open, mode: str) -> None:
    with opened(f"#text/{mode}") as page:
        for start in range(0, len(STRINGS), 50):
            text = "。好\n".join(STRINGS[start : start + 50])
            page.get_by_label("Your text").fill(text)
            page.get_by_role("button", name="Analyse").click()
            until(
                page,
                "document.querySelector('#findings .card') && document.querySelector('#reading').ariaBusy !== 'true'",
            )
            until(
                page,
                "start => document.querySelector('#reader').textContent.includes(start)",
                arg=STRINGS[start].strip()[:10],
            )
            unharmed(page)


def hostile(route: Route) -> None:
    """Answers that hold all the strings wherever a service has a text of its own."""
    path = route.request.url.split("/v1/")[1].split("?")[0]
    word = json.loads(route.request.post_data or "{}").get("text", "")
    found = _answers(word).get(path, {"manifest": _manifest(), "names": STRINGS, "inputs": []})
    route.fulfill(status=200, content_type="application/json", body=json.dumps(found))


def _answers(word: str) -> dict[str, Any]:
    one, two = STRINGS[:2]
    artifacts = [_listed(place, text) for place, text in enumerate(STRINGS)]
    kinds = [{**artifact, "kind": kind} for kind in ("classifier", "embeddings") for artifact in artifacts[100:]]
    parts = {"score": 0.5, "decision": 1.0, "base": 0.0, "check": 0.0, "rest": 0.0, "against": None}
    explained = [{"text": text, "start": 0, "end": 1, "value": 0.1 - n % 2} for n, text in enumerate(STRINGS)]
    sentence = {"score": 1.0, "start": 0, "end": 1, "position": 1}
    return {
        "keywords": {"keywords": [{"text": text, "score": 1.0, "count": 1, "first": 0} for text in STRINGS]},
        "graph": {
            "nodes": [{"text": text, "score": 1.0, "count": 1} for text in STRINGS[::12]],
            "edges": [{"source": place, "target": 0, "weight": 1} for place in range(1, 25)],
        },
        "tokenize": {"tokens": STRINGS, "tags": STRINGS},
        "summarize": {"sentences": [{"text": text, **sentence} for text in STRINGS]},
        "classify": {"label": one, "score": 0.5, "labels": [{"label": text, "score": 0.5} for text in STRINGS]},
        "explain": {"label": one, "method": two, "tokens": explained, **parts},
        "similar": {"word": word, "neighbours": [{"word": text, "score": 0.5} for text in STRINGS]},
        "map": {"words": [_placed(place, text) for place, text in enumerate(STRINGS)]},
        "artifacts": {"artifacts": [*artifacts[:100], *kinds]},
    }


def _placed(place: int, text: str) -> dict[str, Any]:
    return {"word": text, "x": place % 20, "y": place // 20, "cluster": place % 10 + 1, "count": 5}


def _listed(place: int, text: str) -> dict[str, Any]:
    metrics = {"valid": {"accuracy": 0.5}}
    return {
        "kind": STRINGS[place % 7],
        "name": text,
        "id": f"{place:032x}",
        "stage": text,
        "made": text,
        "metrics": metrics,
    }


def _manifest() -> dict[str, Any]:
    one, two = STRINGS[:2]
    figures = dict.fromkeys(STRINGS, 0.5)
    epochs = [{f"loss {one}": 1.0}, {f"loss {one}": 0.5}]
    made_from = {text: {"digest": "", "artifact": f"{one}/{text}"} for text in STRINGS[:9]}
    return {
        "id": ID,
        "kind": one,
        "stage": two,
        "version": 1,
        "created": one,
        "params": figures,
        "inputs": made_from | {STRINGS[9]: {"digest": "", "files": 2}},
        "outputs": {text: {"size": 1, "sha256": ""} for text in STRINGS},
        "metrics": figures | {"data": {"labels": dict.fromkeys(STRINGS, 3)}, "epochs": epochs},
        "environment": {text: text for text in STRINGS},
    }


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
            until(page, "text => document.querySelector('#reader .notice strong')?.textContent === text", arg=now[0])
        unharmed(page)
        for now[0] in STRINGS[::30]:
            page.evaluate("text => { location.hash = '#words/' + encodeURIComponent(text); }", now[0])
            until(page, "text => document.querySelector('#words-notice strong')?.textContent === text", arg=now[0])
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
