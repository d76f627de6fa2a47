"""Whole pages: what is in them, what cannot get into them, the same bytes each time."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import textpipe
from tests.conftest import DATA
from tests.report.pages import check_page, data_of
from textpipe.corpus.document import Document, Piece
from textpipe.errors import UsageError
from textpipe.keywords.extract import keyword_settings
from textpipe.report.characters import displayed
from textpipe.report.documents import MOST_CHARACTERS, MOST_DOCUMENTS, MOST_IN_ALL, ShownDocuments
from textpipe.report.keywords import MOST_KEYWORDS, keywords_page
from textpipe.report.newwords import MOST_WORDS, newwords_page
from textpipe.report.page import json_island, make_page
from textpipe.report.stats import stats_page
from textpipe.report.summary import summary_page

ARTICLE = (DATA / "articles" / "tea-mountain.txt").read_text("utf-8")
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><b onclick=alert(1)>&lt;&amp;",
    "{{ 7 * 7 }}{% raw %}",
    "</title></style></textarea><!--",
    "\u202eright\u2066to left\x00\x1b[31m\ud800\u2028\u2029\ufeff\uffff",
    "javascript:alert(1)",
    "]]>\r\n\t\r",
]


def keyword(text: str, *, score: float = 1.0, count: int = 1, **more: Any) -> dict[str, Any]:
    return {"text": text, "score": score, "count": count, "first": 0, **more}


def shown(*documents: tuple[str, str, dict[str, Any]]) -> ShownDocuments:
    """(id, text, record) of each document, as they come from a command."""
    found = ShownDocuments()
    for identity, text, record in documents:
        assert list(found.watch([Piece(Document(identity, text))]))
        found.add(record)
    return found


def article_record(k: int = 20) -> dict[str, Any]:
    return {"id": "tea", "keywords": [found._asdict() for found in textpipe.keywords(ARTICLE, k=k)]}


def article_page(k: int = 20) -> bytes:
    return keywords_page(shown(("tea.txt", ARTICLE, article_record(k))), tokenize=keyword_settings().tokens)


# ---------------------------------------------------------------------------------------------- keywords


def test_the_text_is_there_and_every_keyword_marked_in_it() -> None:
    page = check_page(article_page())
    (text,) = page.all("div", class_="text")
    assert text.text == ARTICLE
    assert text.attributes["lang"] == "zh-Hans"
    words = data_of(page)["words"]
    marked: dict[str, list[int]] = {word: [] for word in words}
    place = 0
    open_now: dict[str, str] = {}
    for child in [*text.children, ""]:
        shown_text = child if isinstance(child, str) else child.text
        held = child.attributes["data-k"].split() if not isinstance(child, str) and child.name == "mark" else []
        if shown_text or child == "":  # not an anchor
            for number in open_now.keys() - set(held):
                word = words[int(number)]
                assert open_now.pop(number) == word  # whole, over as many marks as it takes
                marked[word].append(place - len(word))
        for number in held:
            open_now[number] = open_now.get(number, "") + shown_text
        place += len(shown_text)
    assert any(len(mark.attributes["data-k"].split()) > 1 for mark in text.all("mark"))  # one inside another
    for found in article_record()["keywords"]:
        assert len(marked[found["text"]]) == found["count"]
        assert marked[found["text"]][0] == found["first"]


def test_numbers_stand_beside_bars() -> None:
    page = check_page(article_page())
    (table,) = page.all("table")
    rows = table.all("tbody")[0].all("tr")
    expected = article_record()["keywords"]
    assert [row.all("th")[0].text for row in rows] == [found["text"] for found in expected]
    cells = [[cell.text for cell in row.all("td", class_="number")] for row in rows]
    assert cells == [[f"{found['score']:.4f}", str(found["count"])] for found in expected]
    widths = [float(row.all("rect")[0].attributes["width"]) for row in rows]
    best = expected[0]["score"]
    assert widths == [pytest.approx(100 * found["score"] / best, abs=0.06) for found in expected]


def test_the_graph_is_drawn_for_two_widths() -> None:
    page = check_page(article_page())
    wide, narrow = page.all("svg", role="group")
    assert (wide.attributes["class"], narrow.attributes["class"]) == ("graph wide", "graph narrow")
    words = data_of(page)["words"]
    for picture in (wide, narrow):
        nodes = picture.all("a", class_="node")
        assert len(nodes) == 20
        for node in nodes:
            assert node.text == words[int(node.attributes["data-k"])]
        for line in picture.all("line"):
            first, second = nodes[int(line.attributes["data-a"])], nodes[int(line.attributes["data-b"])]
            sentence = {first.text, second.text}
            assert any(
                sentence <= {w for w in sentence if w in part} for part in ARTICLE.replace("！", "。").split("。")
            )
            assert first.attributes["transform"] == f"translate({line.attributes['x1']} {line.attributes['y1']})"


def test_the_same_bytes() -> None:
    assert article_page() == article_page()
    assert article_page() != article_page(k=19)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    """In texts, ids, keywords and labels: nothing of it becomes markup, and the text reads as it was."""
    record = {"id": text, "keywords": [keyword(text, score=2.0), keyword("茶")]}
    page = check_page(keywords_page(shown((text, f"茶{text}茶 {text}", record))))
    assert page.all("div", class_="text")[0].text == displayed(f"茶{text}茶 {text}")
    assert page.all("h2", id="d1")[0].text == displayed(text)
    assert data_of(page)["words"][0] == text
    assert page.all("title")[0].text == displayed(f"Keywords of {text}")
    sentence = {"text": text, "score": 1.0, "start": 0, "end": len(text), "position": 1}
    page = check_page(summary_page(shown((text, text, {"sentences": [sentence]}))))
    assert page.all("div", class_="text")[0].text == displayed(text)
    word = new_word(text)
    page = check_page(newwords_page([word, word | {"pmi": 3.0}], title=text))
    assert page.all("tr", id="w1")[0].all("th")[0].text.strip() == displayed(text).strip()
    found = copy.deepcopy(STATISTICS)
    found["paths"] = [text]
    found["terms"] = [{"text": text, "count": 1, "documents": 1}]
    found["labels"]["labels"] = [{"label": text, "documents": 1, "share": 1.0}]
    found["duplicates"]["largest"][0]["ids"] = [text, text]
    assert displayed(text) in check_page(stats_page(found)).all("table")[-2].text


def test_carriage_returns_survive_a_parser() -> None:
    page = keywords_page(shown(("a", "茶\r\n叶\r", {"keywords": []})))
    assert "茶&#13;\n叶&#13;</div>" in page.decode()


def test_signs_are_counted() -> None:
    page = check_page(keywords_page(shown(("a", "茶\x00叶\u202e", {"keywords": []}))))
    assert "2 control characters are shown as signs." in page.text


def test_json_in_a_page() -> None:
    text = "".join(HOSTILE)
    island = json_island({"a": [text, None, 1.5]})
    assert island.isascii()
    assert not set("<>&'") & set(island)
    with pytest.raises(ValueError, match="Out of range"):
        json_island(float("nan"))


def test_keywords_overlap() -> None:
    record = {"keywords": [keyword("石墨烯电池"), keyword("石墨烯", score=0.5, count=2), keyword("电池", score=0.4)]}
    page = check_page(keywords_page(shown(("a", "石墨烯电池用石墨烯。", record))))
    marks = page.all("mark")
    assert [(mark.text, mark.attributes["data-k"]) for mark in marks] == [
        ("石墨烯", "0 1"),
        ("电池", "0 2"),
        ("石墨烯", "1"),
    ]
    assert page.all("div", class_="text")[0].text == "石墨烯电池用石墨烯。"


def test_no_keywords_and_no_text() -> None:
    page = check_page(keywords_page(shown(("a", "", {"keywords": []}), ("b", "茶", {"keywords": []}))))
    assert page.text.count("No keywords were found.") == 2
    assert page.all("svg", role="group") == []
    page = check_page(summary_page(shown(("a", "", {"sentences": []}))))
    assert "No sentences were found." in page.text
    page = check_page(keywords_page(shown(("a", "茶", {"keywords": [keyword("水", score=0.0)]}))))
    assert page.all("a", class_="word") == []  # it stands nowhere


def test_keywords_of_all_documents() -> None:
    listed = {
        "id": "news",
        "documents": 2,
        "keywords": [keyword("茶", documents=2, count=3), keyword("水", documents=1)],
    }
    page = check_page(keywords_page(shown(("a", "茶水", {}), ("b", "茶茶", {})), of_all=listed))
    assert page.all("h1")[0].text == "Keywords of news"
    (table,) = page.all("table")
    assert [cell.text for cell in table.all("tbody")[0].all("td", class_="number")] == [
        "1.0000", "3", "2", "1.0000", "1", "1",
    ]  # fmt: skip
    assert [mark.text for mark in page.all("mark")] == ["茶", "水", "茶", "茶"]
    assert "What 2 documents are about." in page.text


def test_more_documents_than_are_shown() -> None:
    documents = [(f"doc-{number}", "茶好喝。", {"keywords": [keyword("茶")]}) for number in range(MOST_DOCUMENTS + 7)]
    page = check_page(keywords_page(shown(*documents)))
    assert len(page.all("section", class_="document")) == MOST_DOCUMENTS
    assert f"The first {MOST_DOCUMENTS} of {MOST_DOCUMENTS + 7} documents are shown; 7 more are not." in page.text
    assert "doc-49" in page.text
    assert "doc-50" not in page.text


def test_a_long_document_is_cut() -> None:
    text = "茶叶好。" * (MOST_CHARACTERS // 4 + 5)
    record = {"keywords": [keyword("茶叶", count=len(text) // 4), keyword("末尾")]}
    end = {"text": "末尾", "score": 1.0, "start": len(text), "end": len(text) + 2, "position": 9}
    found = ShownDocuments()
    pieces = [Piece(Document("a", text), 0, last=False), Piece(Document("a", "末尾"), len(text), last=True)]
    assert list(found.watch(pieces)) == pieces
    found.add(record)
    page = check_page(keywords_page(found))
    assert page.all("div", class_="text")[0].text == text[:MOST_CHARACTERS]
    assert f"The first 100,000 of {len(text) + 2:,} characters are shown." in page.text
    found.documents[0].record = {"sentences": [end]}
    page = check_page(summary_page(found))
    assert page.all("mark") == []
    assert page.all("a", class_="plain") == []


def test_all_texts_together_have_an_end() -> None:
    found = ShownDocuments()
    assert sum(1 for _ in found.watch(Piece(Document(str(n), "茶" * MOST_CHARACTERS)) for n in range(20))) == 20
    assert sum(len(document.text) for document in found.documents) == MOST_IN_ALL
    assert [document.is_cut for document in found.documents] == [False] * 10 + [True] * 10


def test_many_keywords() -> None:
    record = {"keywords": [keyword(f"词{number}号", score=1 / (1 + number)) for number in range(MOST_KEYWORDS + 3)]}
    page = check_page(keywords_page(shown(("a", " ".join(k["text"] for k in record["keywords"]), record))))
    assert "3 more keywords are not shown." in page.text
    assert "140 more keywords are not drawn." in page.text


# ------------------------------------------------------------------------------------------- the others


def test_summary() -> None:
    spans = [(0, 7), (20, 30), (30, 41)]
    scores = [0.25, 1.0, 0.5]
    sentences = [
        {"text": ARTICLE[start:end], "score": score, "start": start, "end": end, "position": number}
        for number, ((start, end), score) in enumerate(zip(spans, scores, strict=True), start=1)
    ]
    page = check_page(summary_page(shown(("tea", ARTICLE, {"sentences": sentences}))))
    (text,) = page.all("div", class_="text")
    assert text.text == ARTICLE
    assert [mark.text for mark in text.all("mark")] == [sentence["text"] for sentence in sentences]
    assert [mark.attributes["class"] for mark in text.all("mark")] == ["level2", "level4", "level3 beside"]
    strip = page.all("svg", class_="strip")[0].all("rect")[1:]
    assert [float(rect.attributes["x"]) for rect in strip] == [
        pytest.approx(1000 * start / len(ARTICLE), abs=0.06) for start, _ in spans
    ]


def new_word(text: str, **values: float) -> dict[str, Any]:
    return {
        "text": text, "count": 9, "documents": 3, "pmi": 8.5, "left_entropy": 2.25, "right_entropy": 1.5, "score": 1.25,
    } | values  # fmt: skip


def test_new_words() -> None:
    words = [new_word(f"新词{number}", count=10 + number) for number in range(MOST_WORDS + 5)]
    page = check_page(newwords_page(words))
    rows = page.all("tbody")[0].all("tr")
    assert len(rows) == MOST_WORDS
    assert [cell.text for cell in rows[0].all("td")] == ["1.2500", "10", "3", "8.50", "2.25", "1.50"]
    assert "505 words were found that the dictionary lacks. The first 500 are shown; 5 more are not." in page.text
    assert len(page.all("circle")) == 200
    page = check_page(newwords_page(words[:1]))
    assert "1 word was found" in page.text
    assert "0 words were found" in check_page(newwords_page([])).text


STATISTICS: dict[str, Any] = {
    "paths": ["news", "more"],
    "documents": {
        "documents": 12, "empty": 1, "with_han": 11, "files": 2, "bytes": 3456,
        "skipped": {"blank rows": 2}, "rejected": {"too long": 1},
    },
    "lengths": {
        unit: {"total": 120, "min": 0, "q1": 5, "median": 9, "q3": 14, "p95": 30, "max": 1234, "mean": 10.0}
        for unit in ("characters", "tokens")
    } | {"histogram": {unit: [{"first": 0, "last": 0, "documents": 1}, {"first": 1, "last": 2, "documents": 11}]
                       for unit in ("characters", "tokens")}},
    "encodings": {"files": [{"encoding": "gb18030", "files": 2, "first": "a"}], "byte_order_marks": 0,
                  "line_ends": {}, "replaced": 0},
    "characters": {"total": 120, "distinct": 50, "kinds": [
        {"kind": "han", "count": 100, "distinct": 40, "share": 0.8},
        {"kind": "kana", "count": 0, "distinct": 0, "share": 0.0},
    ]},
    "labels": {"documents": 12, "distinct": 1, "labels": [{"label": "x", "documents": 12, "share": 1.0}]},
    "duplicates": {
        "documents": 3, "share": 0.25, "conflicting": 1, "exact": {"groups": 1, "documents": 2},
        "near": {"threshold": 0.8, "permutations": 128, "shingle": 3, "standard_error": 0.04, "groups": 1,
                 "documents": 1, "unchecked": 0},
        "largest": [
            {"kind": "exact", "documents": 3, "texts": 1, "labels": 2, "least_similarity": 1.0, "ids": ["a", "b"]},
        ],
    },
    "vocabulary": {
        "words": 5000, "distinct": 900, "type_token_ratio": 0.18, "hapaxes": 400, "unknown": 20, "unknown_distinct": 9,
        "growth": [[1000, 400], [2000, 600], [5000, 900]], "heaps": {"k": 10.0, "beta": 0.512},
    },
    "terms": [{"text": "茶", "count": 10, "documents": 4}, {"text": "水", "count": 5, "documents": 4}],
    "characteristic": [{"text": "茶", "count": 10, "documents": 4, "score": 0.25}],
}  # fmt: skip


def test_statistics() -> None:
    page = check_page(stats_page(STATISTICS))
    facts = {fact.all("dt")[0].text: fact.all("dd")[0].text for fact in page.all("dl")[0].all("div")}
    assert (facts["documents"], facts["bytes"], facts["duplicates"]) == ("12", "3,456", "3")
    assert "Not used: 2 blank rows; 1 too long." in page.text
    captions = [caption.text for caption in page.all("caption")]
    assert captions[1:6] == ["Length in characters", "Length in tokens", "Encodings", "Characters", "Labels"]
    assert "kana" not in page.text
    assert "1–2" in page.text
    (curve,) = page.all("polyline")
    assert len(curve.attributes["points"].split()) == 4
    assert "0.512" in page.text
    assert "3 documents are there again" in page.text


def test_statistics_of_little() -> None:
    record = copy.deepcopy(STATISTICS)
    record["duplicates"] |= {"documents": 0, "near": None, "largest": []}
    record["vocabulary"] |= {"growth": [], "heaps": None}
    record |= {"terms": [], "characteristic": []}
    record["labels"]["labels"] = []
    record["documents"] |= {"skipped": {}, "rejected": {}}
    page = check_page(stats_page(record))
    assert "No document is there more than once." in page.text
    assert page.all("polyline") == []


def test_without_jinja2(monkeypatch: pytest.MonkeyPatch) -> None:
    from textpipe.report import page

    page._environment.cache_clear()
    monkeypatch.setattr(page, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="HTML reports need Jinja2") as caught:
        make_page("newwords.html")
    assert caught.value.hint == "pip install 'textpipe-zh[report]'"
