"""Pages taken apart by an HTML parser, as a browser would read them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "link", "br", "img", "input", "hr"}
LOADING = {"src", "srcset", "data", "action", "formaction", "poster", "background", "ping", "style"}

_NEVER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass
class Element:
    """An element: its name, its attributes, and what it holds."""

    name: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def all(self, name: str, **attributes: str) -> list[Element]:
        """The elements inside with this name (`*` for any) and these attributes; `class_` is class."""
        wanted = {key.rstrip("_"): value for key, value in attributes.items()}
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if name in ("*", child.name) and wanted.items() <= child.attributes.items():
                    found.append(child)
                found += child.all(name, **attributes)
        return found

    @property
    def text(self) -> str:
        """The text inside."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        assert len(element.attributes) == len(attrs), f"an attribute twice: {attrs}"
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"<{self.open[-1].name}> ended by </{tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(page: bytes) -> Element:
    """The page as a tree; every element is closed where it should be."""
    parser = _Parser()
    parser.feed(page.decode("utf-8"))
    parser.close()
    assert len(parser.open) == 1
    return parser.root


def data_of(page: Element) -> Any:
    """What the page's script reads."""
    (island,) = page.all("script", type="application/json")
    return json.loads(island.text)


def check_page(page: bytes) -> Element:
    """The page as a tree, when it loads nothing, runs nothing but our script, and can be read by everybody."""
    root = parsed(page)
    for element in root.all("*"):
        assert element.name not in {"link", "img", "iframe", "object", "embed", "base", "form", "audio", "video"}
        assert not LOADING & element.attributes.keys(), element
        assert not any(name.startswith("on") for name in element.attributes), element
        href = element.attributes.get("href") or element.attributes.get("xlink:href")
        assert href is None or href.startswith("#"), href
    (style,) = root.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text
    scripts = root.all("script")
    assert [script.attributes.get("type") for script in scripts] == ["application/json", None]
    (policy,) = (meta for meta in root.all("meta") if "http-equiv" in meta.attributes)
    for kind, text in (("script", scripts[1].text), ("style", style.text)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy.attributes["content"]
    assert policy.attributes["content"].startswith("default-src 'none';")
    values = "".join(value for element in root.all("*") for value in element.attributes.values())
    assert _NEVER.search(root.text + values) is None
    ids = [element.attributes["id"] for element in root.all("*") if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in root.all("*"):
        for name in ("href", "aria-labelledby"):
            if name in element.attributes:
                assert element.attributes[name].lstrip("#") in ids
    assert root.all("html")[0].attributes["lang"]
    assert len(root.all("h1")) == 1
    return root
