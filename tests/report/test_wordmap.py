"""The map's page: what is on it with and without its script, and what cannot get into it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.embeddings.making import random_matrix
from tests.report.pages import Element, check_page, data_of
from tests.report.test_pages import HOSTILE
from textpipe.embeddings.projection import MapConfig, map_words
from textpipe.report.characters import displayed
from textpipe.report.network import ems
from textpipe.report.wordmap import wordmap_page

WORDS = [f"词{number}" for number in range(120)]


def page_of(words: list[str], *, counted: bool = True, clusters: int = 4, title: str = "news") -> bytes:
    matrix = random_matrix(len(words))
    counts = np.arange(len(words), 0, -1) * 1000 if counted else None
    found = map_words(words, matrix, counts=counts, config=MapConfig("pca", clusters=clusters))
    return wordmap_page(found, title=title, total=9999)


def test_what_the_script_reads() -> None:
    matrix = random_matrix(len(WORDS))
    found = map_words(WORDS, matrix, config=MapConfig("pca", clusters=4))
    data = data_of(check_page(wordmap_page(found, title="news", total=120)))
    assert data["words"] == WORDS
    assert data["counts"] is None
    assert data["neighbours"] == found.neighbours.tolist()
    assert data["clusters"] == found.cluster.tolist()
    assert np.array(data["similarities"]) / 1000 == pytest.approx(found.similarities, abs=6e-4)
    shown = np.stack([data["x"], data["y"]], axis=1) / 10_000
    assert shown.min() >= 0
    assert shown.max() <= 1
    scale = np.ptp(found.places, axis=0).max()
    assert np.diff(shown, axis=0) * scale * [1, -1] == pytest.approx(np.diff(found.places, axis=0), abs=scale * 2e-4)


def test_without_a_script_there_is_a_picture_and_a_list() -> None:
    root = check_page(page_of(WORDS))
    assert "120 of 9,999 words" in root.text
    assert all(
        "hidden" in part.attributes for part in root.all("*") if "with-script" in part.attributes.get("class", "")
    )
    for picture in root.all("svg", role="img"):
        assert sum(path.attributes["d"].count("M") for path in picture.all("path")) == len(WORDS)
        assert {text.text for text in picture.all("text")} <= set(WORDS)
        assert picture.all("text")[0].text == "词0"  # the most frequent word comes first
        check_labels(picture)
    rows = root.all("tbody")[0].all("tr")
    data = data_of(root)
    assert [row.all("th")[0].text for row in rows] == WORDS
    assert rows[0].all("td")[0].text == "120,000"
    assert [word.text for word in rows[5].all("td")[-1].all("bdi")] == [WORDS[near] for near in data["neighbours"][5]]


def check_labels(picture: Element) -> None:
    """They overlap neither each other nor the frame."""
    _, _, width, height = map(float, picture.attributes["viewbox"].split())
    boxes = []
    for text in picture.all("text"):
        letters = float(text.attributes["font-size"])
        half, x, y = ems(text.text) * letters / 2, float(text.attributes["x"]), float(text.attributes["y"])
        boxes.append((x - half, y - letters / 2, x + half, y + letters / 2))
    assert len(boxes) > 10
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height
        for other in boxes[:number]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_dots_lie_in_the_frame() -> None:
    for picture in check_page(page_of(WORDS)).all("svg", role="img"):
        _, _, width, height = map(float, picture.attributes["viewbox"].split())
        for path in picture.all("path"):
            for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", path.attributes["d"]):
                assert 0 < float(x) < width
                assert 0 < float(y) < height


def test_the_legend_names_clusters() -> None:
    root = check_page(page_of(WORDS, clusters=7))
    (legend,) = root.all("ol", class_="legend")
    items = legend.all("li")
    assert len(items) == 7
    sizes = [int(item.all("span", class_="size")[0].text) for item in items]
    assert sum(sizes) == len(WORDS)
    clusters = data_of(root)["clusters"]
    for number, item in enumerate(items):
        assert item.all("circle", class_=f"c{number + 1}")
        assert {clusters[WORDS.index(word.text)] for word in item.all("bdi")} == {number}
    assert "k-means" in root.text


def test_words_without_counts() -> None:
    root = check_page(page_of(WORDS, counted=False))
    assert [cell.text for cell in root.all("thead")[0].all("th")] == ["word", "cluster", "nearest words"]


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_words_are_only_text(title: str) -> None:
    words = [*HOSTILE, "__proto__", "x" * 500, "", " ", "茶"]
    root = check_page(page_of(words, title=title))
    assert data_of(root)["words"] == [displayed(word) for word in words]
    assert [row.all("th")[0].text for row in root.all("tbody")[0].all("tr")] == [displayed(word) for word in words]
    assert root.all("title")[0].text == displayed(f"Map of {title}")


@pytest.mark.parametrize("size", [1, 2, 3, 12])
def test_a_few_words(size: int) -> None:
    root = check_page(page_of(WORDS[:size]))
    assert len(root.all("tbody")[0].all("tr")) == size


def test_the_same_bytes() -> None:
    assert page_of(WORDS) == page_of(WORDS)
