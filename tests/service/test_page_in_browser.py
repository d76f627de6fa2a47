"""The page in a browser: everything on it clicked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.page_service import serving, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytest_plugins = ("tests.service.page_fixtures",)

Open = Callable[..., "AbstractContextManager[Page]"]
TEXT = "图书馆的新馆上周开放。读者在图书馆的阅览室里读书，学生在新馆预约座位。图书馆和学校合作，学生在阅览室上课。"
SPORT = "昨晚的决赛踢满了一百二十分钟，主队的门将扑出两个点球，球队时隔九年再次夺得冠军。"


@pytest.fixture(scope="module")
def address(page_store: Path) -> Iterator[str]:
    with serving(page_store) as found:
        yield found


@pytest.fixture(name="opened")
def opened_(browser: Browser, address: str) -> Open:
    """Opens a page of its own: `with opened("#words") as page`; nothing that it says or asks may be amiss after it.

    quiet: whether the browser may have nothing to say; it names every answer that is an error
    """

    @contextmanager
    def open_page(place: str = "", *, quiet: bool = True, at: str = address, **settings: Any) -> Iterator[Page]:
        context = browser.new_context(**{"locale": "en-US", "reduced_motion": "reduce", **settings})
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        try:
            page.goto(f"{at}{place}")
            yield page
        finally:
            context.close()
        assert [one for one in said if quiet or "Failed to load resource" not in one] == []
        assert [url for url in asked if not url.startswith((at, "data:", "blob:"))] == []

    return open_page


def analyse(page: Page, text: str = TEXT) -> None:
    page.get_by_label("Your text").fill(text)
    page.get_by_role("button", name="Analyse").click()
    page.locator("#findings .card").first.wait_for()


def test_keywords_are_marked_ranked_and_linked(opened: Open) -> None:
    with opened() as page:
        analyse(page)
        assert page.locator("#count").inner_text() == f"{len(TEXT)} characters"
        assert page.locator("#reader").inner_text() == TEXT
        first = page.locator(".ranked .row").first
        word = first.locator("bdi").inner_text()
        marks = page.locator("#reader mark.k5")
        assert word in marks.all_inner_texts()
        first.click()
        assert first.get_attribute("aria-pressed") == "true"
        on = page.locator("#reader mark.on").all_inner_texts()
        assert on
        assert set(on) == {word}
        assert page.locator(".node.on").get_attribute("aria-label").startswith(word)  # type: ignore[union-attr]
        page.keyboard.press("Escape")
        assert page.locator("#reader mark.on").count() == 0
        page.get_by_label("Number").select_option("10")
        until(page, "document.querySelectorAll('.ranked .row').length <= 10")
        page.get_by_label("Method").select_option("textrank")
        until(page, "document.querySelector('.ranked .row .figure').textContent === '1.000'")


def test_the_graph_by_keyboard_and_pointer(opened: Open) -> None:
    with opened() as page:
        analyse(page)
        nodes = page.locator(".node")
        assert nodes.count() >= 6
        assert page.locator(".node[tabindex='0']").count() == 1
        assert page.locator(".graph line").count() >= 5
        nodes.and_(page.locator("[tabindex='0']")).focus()
        for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"):
            page.keyboard.press(key)
        here = page.locator(".node:focus")
        assert here.get_attribute("tabindex") == "0"
        page.keyboard.press("Enter")
        assert here.get_attribute("aria-pressed") == "true"
        assert page.locator("#told").inner_text().endswith("in the text")
        page.keyboard.press("Enter")
        assert here.get_attribute("aria-pressed") == "false"
        box = nodes.first.locator("circle").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y + 30, steps=4)
        page.mouse.up()
        moved = nodes.first.locator("circle").bounding_box()
        assert moved is not None
        assert moved["x"] != box["x"]


def test_a_text_of_a_file_whatever_its_encoding(opened: Open, tmp_path: Path) -> None:
    with opened() as page:
        chinese = tmp_path / "旧.txt"
        chinese.write_bytes(TEXT.encode("gb18030"))
        page.locator("#file").set_input_files(chinese)
        page.locator("#findings .card").first.wait_for()
        assert page.get_by_label("Your text").input_value() == TEXT
        assert "read as GB18030" in page.locator("#banner").inner_text()
        page.get_by_role("button", name="Close").click()
        assert page.locator("#banner").inner_text() == ""
        drop = """([text]) => {
            const files = new DataTransfer();
            files.items.add(new File([text], "new.txt"));
            for (const kind of ["dragenter", "drop"]) {
                const event = new DragEvent(kind, {dataTransfer: files, bubbles: true});
                document.querySelector("#drop").dispatchEvent(event);
            }
        }"""
        page.evaluate(drop, [SPORT])
        until(page, "text => document.querySelector('#text').value === text", arg=SPORT)
        (tmp_path / "picture").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        page.locator("#file").set_input_files(tmp_path / "picture")
        page.get_by_text("is not a text file").wait_for()
        page.get_by_role("button", name="Clear").click()
        assert page.locator(".samples .chip").count() == 3
        page.locator(".samples .chip").last.click()
        page.get_by_text("word vectors", exact=True).first.wait_for()


def test_labels_with_their_probabilities_and_the_words_that_carried_them(opened: Open) -> None:
    with opened("#text/classes") as page:
        analyse(page, SPORT)
        page.get_by_label("Classifier").select_option("news")
        page.locator(".verdict", has_text="sports").wait_for()
        labels = page.locator(".probabilities .row")
        assert labels.count() == 6
        shares = [
            float(text.rstrip("%")) for text in page.locator(".probabilities .figure:last-child").all_inner_texts()
        ]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(100, abs=0.5)
        assert page.locator("#reader mark[class^=for]").count() > 2
        assert page.locator("#reader").inner_text() == SPORT
        labels.filter(has_text="travel").click()
        page.get_by_role("heading", name="Words for and against “travel”").wait_for()
        assert labels.filter(has_text="travel").get_attribute("aria-pressed") == "true"
        assert page.locator("#reader mark[class^=against]").count() > 2
        word = page.locator(".signed").first
        word.click()
        assert page.locator("#reader mark.on").first.inner_text() == word.locator("bdi").inner_text()
        page.get_by_label("Classifier").select_option("topics")
        page.get_by_label("Your text").fill("新建的地铁线路缓解了交通拥堵，学校门口的道路也更安全了。")
        page.locator(".verdict", has_text="traffic").wait_for()


def test_the_places_of_tokens_are_those_of_the_text_also_after_an_emoji(opened: Open) -> None:
    text = f"😀🎉{SPORT}😀"
    with opened("#text/classes") as page:
        analyse(page, text)
        assert page.locator("#reader").inner_text() == text
        page.goto(re.sub("#.*", "#text/sentences", page.url))
        page.locator("#reader mark.sentence").first.wait_for()
        assert page.locator("#reader").inner_text() == text
        assert "\ufffd" not in "".join(page.locator("#reader mark").all_inner_texts())


def test_key_sentences_and_tokens(opened: Open) -> None:
    with opened("#text/sentences") as page:
        analyse(page)
        assert page.locator(".quote").count() == 3
        page.get_by_label("Number").select_option("1")
        until(page, "document.querySelectorAll('.quote').length === 1")
        page.locator(".quote").click()
        assert page.locator("#reader mark.on").inner_text() == page.locator(".quote bdi").inner_text()
        page.get_by_role("link", name="Tokens").click()
        page.locator(".token.t-noun").first.wait_for()
        assert page.locator("#reader").inner_text() == TEXT
        assert "图书馆" in page.locator("#reader .t-noun").all_inner_texts()
        page.locator(".rows .row", has_text="图书馆").click()
        assert set(page.locator("#reader .on").all_inner_texts()) == {"图书馆"}
        page.get_by_text("The same without this page").click()
        assert '"tags":true' in page.locator(".command code").first.inner_text()


def test_what_is_typed_is_analysed_after_a_pause(opened: Open) -> None:
    with opened() as page:
        page.get_by_label("Your text").press_sequentially("word vectors and word classes", delay=1)
        page.locator(".ranked .row").first.wait_for()
        assert "word" in page.locator(".ranked").inner_text()
        page.get_by_label("Your text").press("Control+a")
        page.get_by_label("Your text").press("Delete")
        page.locator(".samples").wait_for()
        assert page.locator(".ranked .row").count() == 0


def test_neighbours_and_the_map(opened: Open) -> None:
    with opened("#words", quiet=False) as page:
        page.get_by_text("26 most frequent words").wait_for()
        page.get_by_label("Word", exact=True).fill("国王")
        page.get_by_role("button", name="Look up").click()
        page.locator(".near-card .row").first.wait_for()
        assert page.url.endswith("#words/%E5%9B%BD%E7%8E%8B")
        first = page.locator(".near-card .row").first
        word = first.locator("bdi").inner_text()
        first.hover()
        first.click()
        page.locator(".near-card .verdict", has_text=word).wait_for()
        page.locator(".near-card .chip", has_text="国王").click()
        page.locator(".near-card .verdict", has_text="国王").wait_for()
        page.get_by_label("Word", exact=True).fill("国王的")
        page.keyboard.press("Enter")
        page.locator("#words-notice .chip").first.click()
        page.locator(".near-card .row").first.wait_for()
        page.go_back()
        page.locator("#words-notice code", has_text="near spellings").wait_for()


def test_the_map_is_moved_zoomed_and_chosen_from(opened: Open) -> None:
    with opened("#words") as page:
        page.get_by_text("26 most frequent words").wait_for()
        canvas = page.locator("canvas")
        pixels = "() => document.querySelector('canvas').toDataURL()"

        def changed(act: Callable[[], None]) -> None:
            before = page.evaluate(pixels)
            act()
            until(page, f"before => ({pixels})() !== before", arg=before)

        for name in ("Zoom in", "Zoom out", "Zoom in", "Whole map"):
            changed(page.get_by_role("button", name=name).click)
        box = canvas.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        changed(lambda: page.mouse.wheel(0, -300))

        def drag() -> None:
            page.mouse.down()
            page.mouse.move(x + 60, y + 40, steps=3)
            page.mouse.up()

        changed(drag)
        canvas.focus()
        for key in ("0", "ArrowLeft", "ArrowUp", "+", "-"):
            changed(lambda key=key: page.keyboard.press(key))  # type: ignore[misc]
        told = page.locator("#told").inner_text()
        page.keyboard.press("Enter")
        page.locator(".near-card .verdict strong").wait_for()
        assert page.locator(".near-card .verdict strong").inner_text() == told
        page.locator(".cluster").first.click()
        assert page.locator(".cluster").first.get_attribute("aria-pressed") == "true"


def test_artifacts_with_their_lineage_and_metrics(opened: Open) -> None:
    with opened("#artifacts") as page:
        page.locator(".artifacts a", has_text="news").click()
        page.get_by_role("heading", name="news", exact=True).wait_for()
        assert "accuracy" in page.locator(".detail .figures").inner_text()
        assert page.locator(".counts .row").count() == 6
        page.get_by_text("All figures").click()
        assert "macro_f1" in page.locator(".detail .pairs").first.inner_text()
        assert page.locator(".lineage .box").count() == 3
        page.get_by_text("Files", exact=True).click()
        page.get_by_text("Environment", exact=True).click()
        assert "python" in page.locator(".pairs").last.inner_text()
        page.locator(".lineage a.box").click()
        page.locator(".badge", has_text="corpus").wait_for()
        page.get_by_label("Kind").select_option("embeddings")
        assert page.locator(".artifacts a").all_inner_texts()[0].startswith("made-up")
        page.go_back()
        page.locator(".badge", has_text="classifier").wait_for()


def test_language_and_colours_are_kept(opened: Open) -> None:
    with opened() as page:
        analyse(page)
        page.get_by_role("button", name="中文").click()
        assert page.locator("html").get_attribute("lang") == "zh-Hans"
        assert page.title() == "文本 · textpipe"
        assert page.get_by_role("heading", name="关键词", exact=True).count() == 1
        dark = "() => getComputedStyle(document.body).backgroundColor"
        before = page.evaluate(dark)
        page.get_by_role("button", name="切换到深色").click()
        assert page.evaluate(dark) != before
        page.reload()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        for view in ("词汇", "产物", "文本"):
            page.get_by_role("link", name=view, exact=True).click()
            until(page, "title => document.title === title", arg=f"{view} · textpipe")
        page.get_by_role("button", name="English").click()
        page.get_by_role("button", name="Light colours").click()
        assert page.evaluate(dark) == before
    with opened(locale="zh-CN", color_scheme="dark") as page:
        page.get_by_role("heading", name="读懂一段文本").wait_for()
        assert page.evaluate(dark) != before
        page.emulate_media(color_scheme="light")  # the system's choice, as long as there is no other
        until(page, "light => getComputedStyle(document.body).backgroundColor === light", arg=before)


@pytest.mark.parametrize("place", ["#text/keywords", "#text/classes", "#text/tokens", "#words/国王", "#artifacts"])
@pytest.mark.parametrize("width", [390, 320])
def test_nothing_is_wider_than_a_phone(opened: Open, place: str, width: int) -> None:
    with opened(place, viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True) as page:
        if "text" in place:
            analyse(page)
        elif "artifacts" in place:
            page.locator(".artifacts a").first.click()
            page.locator(".lineage").wait_for()
        else:
            page.locator(".near-card .row").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small = """() => [...document.querySelectorAll('button, select, input:not([hidden]), .main-nav a')]
            .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 32)
            .map((one) => one.className || one.id)"""
        assert page.evaluate(small) == [], "too small for a finger"


def test_by_keyboard_alone(opened: Open) -> None:
    with opened() as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "text":
                break
        page.keyboard.insert_text(TEXT)
        page.keyboard.press("Control+Enter")
        page.locator(".ranked .row").first.wait_for()
        for _ in range(12):
            page.keyboard.press("Tab")
            if "row" in page.evaluate("document.activeElement.className").split():
                break
        page.keyboard.press("Enter")
        assert page.locator(".ranked .row").first.get_attribute("aria-pressed") == "true"


def test_an_empty_store_says_what_fills_it(opened: Open, tmp_path: Path) -> None:
    with serving(tmp_path / "none") as at:
        with opened("#text/classes", at=at, quiet=False) as page:
            page.get_by_label("Your text").fill(TEXT)
            page.locator("#reader code", has_text="train-classifier").wait_for()
        with opened("#words", at=at, quiet=False) as page:
            page.locator("#words-notice code", has_text="train-embeddings").wait_for()
        with opened("#artifacts", at=at) as page:
            page.locator("#artifact-list code", has_text="train-classifier").wait_for()


def test_a_service_that_is_busy_is_asked_again(opened: Open) -> None:
    with opened(quiet=False) as page:
        busy = [2]

        def answer(route: Route) -> None:
            if busy[0]:
                busy[0] -= 1
                body = '{"error": {"message": "too much is waiting", "hint": null}}'
                route.fulfill(status=503, headers={"Retry-After": "0.2"}, content_type="application/json", body=body)
            else:
                route.continue_()

        page.route("**/v1/keywords", answer)
        analyse(page)
        assert page.locator(".ranked .row").count() > 3


def test_a_service_that_is_gone(opened: Open) -> None:
    with opened(quiet=False) as page:
        page.route("**/v1/**", lambda route: route.abort())
        page.get_by_label("Your text").fill(TEXT)
        page.get_by_text("The service does not answer").wait_for()
        page.unroute("**/v1/**")
        page.get_by_role("button", name="Try again").click()
        page.locator(".ranked .row").first.wait_for()
        assert not page.get_by_text("The service does not answer").is_visible()


def test_a_token_is_asked_for_once(opened: Open) -> None:
    def answer(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer open-sesame":
            route.continue_()
        else:
            route.fulfill(
                status=401, content_type="application/json", body='{"error": {"message": "a token is needed"}}'
            )

    with opened(quiet=False) as page:
        page.route("**/v1/**", answer)
        page.get_by_label("Your text").fill(TEXT)
        page.get_by_label("Token", exact=True).fill("wrong")
        page.get_by_role("button", name="Go on").click()
        until(page, "document.querySelector('#ask-token').open && !document.querySelector('#token').value")
        page.get_by_label("Token", exact=True).fill("open-sesame")
        page.get_by_role("button", name="Go on").click()
        page.locator(".ranked .row").first.wait_for()
        page.reload()
        page.get_by_label("Your text").fill(SPORT)
        page.locator(".ranked .row").first.wait_for()
        assert not page.locator("#ask-token").is_visible()
        page.evaluate("sessionStorage.clear()")
        page.reload()
        page.get_by_label("Your text").fill(TEXT)
        page.get_by_role("button", name="Not now").click()
        page.get_by_text("a token is needed").wait_for()
