"""Text to sentences: Chinese, English and mixed, in linear time, as offsets into the text as given.

Every character that is no white space belongs to exactly one sentence. docs/summarize.md states the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from textpipe.text import split_pieces

LONGEST = 2000  # code points: what has no end for longer is cut, after punctuation where there is any

_WIDE = "\u2e80-\u303f\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffee\U00020000-\U0003ffff"
_LINE_ENDS = "\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"  # those of str.splitlines
_CLOSING = "”’」』）)\\]】〕〗}｝］»"
_MARKS = "。｡！？‼⁇⁈⁉!?.．…"
_OPENING = "\"'“‘「『（(\\[【〔〖《〈{｛［«"

_PLACE = re.compile(
    rf"(?:https?|ftp)://[!-~]*[A-Za-z0-9/]|[{_MARKS}][{_MARKS}{_CLOSING}]*",  # an address, or marks that may be an end
    re.IGNORECASE,
)
_MORE_MARKS = re.compile(f"[{_MARKS}{_CLOSING}]*")
_FULL_STOPS = re.compile("[。｡！？‼⁇⁈⁉]")
_ASKS = re.compile("[!?]")
_ELLIPSIS = re.compile(r"[.．…]*(?:…|[.．]{2})")
_GOES_ON = re.compile("[，、；：,;:—～~》〉]")  # what follows belongs to the same sentence; a title ends with 》
_AFTER = re.compile(rf"(\s*)[{_OPENING}]*([^\W\d_]{{0,16}})")
_WIDE_NEXT = re.compile(f"[{_WIDE}“‘]")
_LINE = re.compile(f"[^{_LINE_ENDS}]*")
_ANY_LINE_END = re.compile(f"\r\n|[{_LINE_ENDS}]")
_WORD = re.compile(r"[^\W_]")

_LAST_WORD = re.compile(r"(?<![A-Za-z])(?:[A-Za-z]+\.)*[A-Za-z]+$")
_REACH = 24  # characters before a full stop in which its word is looked for
_MARKER = re.compile(r"[(（\[]?(?:[0-9０-９]{1,3}(?:\.[0-9]{1,3})*|[A-Za-z]|[ivxIVX]{1,5})")  # 3. or b. before an item
_ITEM = re.compile(r"[-*+•·●○▪◦–—>#|]|[(（\[]?(?:[0-9０-９]{1,3}|[A-Za-z])[.．)）\]、]")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NEVER_LAST = _set(
    "mr mrs ms messrs dr prof gen sen lt capt cpt sgt maj cmdr rev hon pres gov mt e.g i.e eg ie vs v cf viz resp incl "
    "excl fig figs eq eqs chap vol vols p pp eds"
)
_BEFORE_NUMBERS = _set("no nos art op ca approx jan feb mar apr jun jul aug sep sept oct nov dec")
_SOMETIMES_LAST = _set(
    "al inc ltd co corp jr sr bros dept univ assn est min max st ave blvd rd ft sec secs ch col rep ed ref refs tab"
)
_STARTERS = _set(
    "a after all although an and as at because before both but by during each even for from he her here his how "
    "however i if in it its many more most no now of on one our she since so some such that the their then there "
    "therefore these they this those though thus to two we what when where which while who why with yet you"
)
_NARROWEST_WRAP, _WIDEST_WRAP = 40, 120  # columns of lines that were broken by a program or a typist


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of every sentence, in order: code points of the text as given, no white space at either end.

    Between two spans there is white space or nothing; no span is longer than LONGEST. A line of marks alone
    is a span too. Time is linear in the length of the text.
    """
    cased = text.lower() != text
    return [
        span
        for start, end in _paragraphs(text)
        for sentence in _sentences(text, start, end, cased=cased)
        for span in _bounded(text, *sentence)
    ]


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span without its outer white space, in parts of at most LONGEST."""
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    start, end = start + left, start + len(part.rstrip())
    if start >= end:
        return
    if end - start <= LONGEST:
        yield start, end
        return
    for piece in split_pieces(iter((text[start:end],)), limit=LONGEST):
        if (left := len(piece) - len(piece.lstrip())) < len(piece):
            yield start + left, start + len(piece.rstrip())
        start += len(piece)


# ------------------------------------------------------------------------------------------------ ends in a paragraph


def _sentences(text: str, start: int, stop: int, *, cased: bool) -> Iterator[tuple[int, int]]:
    """The sentences of a paragraph, with the white space before them."""
    quotes = _Quotes(text, start)
    word = -1  # where the first word of the sentence is: without one, marks end nothing
    address = -1
    place = _PLACE.search(text, start, stop)
    while place is not None:
        end = place.end()
        if text[place.start()] not in _MARKS:
            address = end
        else:
            end = _after_quotes(text, end, stop, quotes)
            if word < start:
                found = _WORD.search(text, start, stop)
                word = found.start() if found else stop
            if word < place.start() and end < stop:
                mark = _Marks(place.start(), end, cased=cased, after_address=address == place.start())
                if _is_end(text, start, stop, mark):
                    yield start, end
                    start = end
        place = _PLACE.search(text, end, stop)
    if start < stop:
        yield start, stop


class _Quotes:
    """Whether a straight quotation mark closes: after an even number of them in the paragraph it opens."""

    def __init__(self, text: str, start: int) -> None:
        self._text, self._seen, self._count = text, start, 0

    def closes(self, place: int) -> bool:
        self._count += self._text.count('"', self._seen, place)
        self._seen = place
        return self._count % 2 == 1


def _after_quotes(text: str, end: int, stop: int, quotes: _Quotes) -> int:
    """The end of marks that straight quotation marks may follow."""
    while end < stop:
        closes = text[end] == '"' and quotes.closes(end)
        if not closes and (text[end] != "'" or text[end + 1 : end + 2].isalnum()):
            break
        end += 1
        found = _MORE_MARKS.match(text, end, stop)
        end = found.end() if found else end
    return end


class _Marks(NamedTuple):
    """Marks that may end a sentence.

    cased: whether the text has capital letters, so that a small one after marks says something
    """

    start: int
    end: int
    cased: bool
    after_address: bool


def _is_end(text: str, start: int, stop: int, place: _Marks) -> bool:
    """Whether marks end the sentence that began at `start`."""
    end = place.end
    if _GOES_ON.match(text, end, stop):
        return False
    marks = text[place.start : end]
    quoted = marks[-1] not in _MARKS
    if quoted and text[end] == "的":  # “……？”的问题
        return False
    if _FULL_STOPS.search(marks):
        return True
    after = _AFTER.match(text, end, stop)
    space, following = after.groups() if after else ("", "")
    if not (space or _WIDE_NEXT.match(text, end, stop)):
        return False  # inside a number, a name, an address
    lower = place.cased and following[:1].islower()
    if _ASKS.search(marks):
        return not (lower and quoted)
    if _ELLIPSIS.match(marks):
        return not lower
    return place.after_address or _is_full_stop(text, start, place.start, following, spaced=bool(space), lower=lower)


def _is_full_stop(text: str, start: int, mark: int, following: str, *, spaced: bool, lower: bool) -> bool:
    """Whether one Latin full stop ends a sentence, given the word that follows."""
    head = text[start:mark].lstrip() if mark - start < _REACH else ""
    if _MARKER.fullmatch(head):
        return False
    last = _LAST_WORD.search(text, max(start, mark - _REACH), mark)
    if last is None:
        return spaced or not text[mark - 1].isdigit()
    word = last[0]
    plain = word.lower()
    if plain in _NEVER_LAST:
        return False
    if plain in _BEFORE_NUMBERS:
        return following != "" and not lower
    dotted = "." in word and all(len(part) <= 2 for part in word.split("."))  # U.S, a.m, Ph.D
    if dotted or plain in _SOMETIMES_LAST or (len(word) == 1 and word.isupper() and word != "I"):
        return following.lower() in _STARTERS and not lower
    return not lower or len(word) > 4


# ---------------------------------------------------------------------------------------------------- ends of lines


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Stretches between line ends that end a sentence: all but those of lines that were broken to a width."""
    if _ANY_LINE_END.search(text) is None:
        yield 0, len(text)
        return
    block: list[tuple[int, int]] = []
    place = 0
    while place <= len(text):
        found = _LINE.match(text, place)
        assert found is not None  # it may be empty
        line = found.span()
        if text[line[0] : line[1]].strip():
            block.append(line)
        else:
            yield from _joined(text, block)
            block = []
        end = _ANY_LINE_END.match(text, line[1])
        place = end.end() if end else len(text) + 1
    yield from _joined(text, block)


def _joined(text: str, block: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lines of a block without blank ones, joined where they were broken."""
    if not block:
        return
    start = block[0][0]
    for (_, end), (following, _), joins in zip(block, block[1:], _breaks(text, block), strict=False):
        if not joins:
            yield start, end
            start = following
    yield start, block[-1][1]


def _breaks(text: str, block: list[tuple[int, int]]) -> list[bool]:
    """For every line end of a block, whether the sentence goes on in the next line.

    It does in a block of broken lines (most of its lines have no room for the first word of the next one) where
    there was no room, and where a long line is followed by a small letter.
    """
    if len(block) < 2 or max(end - start for start, end in block) > _WIDEST_WRAP:
        return [False] * (len(block) - 1)
    lines = [text[start:end] for start, end in block]
    widths = [_columns(line.rstrip()) for line in lines]
    widest = max(widths)
    if not _NARROWEST_WRAP <= widest <= _WIDEST_WRAP:
        return [False] * (len(block) - 1)
    following = [line.lstrip() for line in lines[1:]]
    full = [width + _columns(_first_word(line)) + 1 > widest for width, line in zip(widths, following, strict=False)]
    wrapped = 2 * sum(full) > len(full)
    return [
        ((wrapped and no_room) or (width >= _NARROWEST_WRAP and line[0].islower())) and not _ITEM.match(line)
        for no_room, width, line in zip(full, widths, following, strict=False)
    ]


_WIDE_CHARACTER = re.compile(f"[{_WIDE}]")


def _first_word(line: str) -> str:
    """What could not be broken: a word of Latin letters, or a single wide character."""
    word = line.split(maxsplit=1)[0]
    wide = _WIDE_CHARACTER.search(word)
    return word if wide is None else word[: max(1, wide.start())]


def _columns(line: str) -> int:
    return len(line) + len(_WIDE_CHARACTER.findall(line))
