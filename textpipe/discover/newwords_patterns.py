"""Which rows of words and single characters may be a word or a term: function words at the edges, quantities, verbs
with their objects, clauses, and names beside titles are none.

What a string is made of is told by segmentation without the model for unknown words: known words with their part of
speech, and characters that stand alone. Of unknown words those tags say little, so they are believed of known words
of two characters and more, and of single characters only beside such.
"""

from __future__ import annotations

from collections.abc import Sequence

Piece = tuple[str, str]  # and its part of speech, as jieba names it

NEW = "x"  # the part of speech of words that were found just before
_NEVER_AT_EDGES = frozenset(
    "的了着吗呢吧啊呀嘛么得地和与及或而且并但若则在从把被给对由以因据按往跟让使令至是为将已曾仍未没不也还就才却又再更最很太"
    "较颇均皆亦这那此其某每各另该您你我他她它们谁哪什个只枚架辆艘岁倍些称说等所要愿约超近几多到过去来起向于有亿万两"
)
_NEVER_FIRST = _NEVER_AT_EDGES | frozenset("名年月日时分秒第都")
_NEVER_LAST = _NEVER_AT_EDGES - {"万", "亿", "两"} | frozenset("前后上下里内外中间时日月年同")
_NEVER_INSIDE = frozenset("的了着吗呢吧啊呀嘛么们在被把从据将已是也称说很太挺没愿")
_NUMERALS = frozenset("一二三四五六七八九十百")
_MEASURES = frozenset("名位项条件批次届年月天")
_TITLES = (
    "总统", "总理", "主席", "书记", "外长", "部长", "同志", "先生", "女士", "国王", "首相", "大使", "秘书长", "院长",
    "校长", "教授", "主任", "委员长", "议长", "记者", "司令", "将军", "市长", "省长", "发言人", "总裁",
    "老师", "博士", "元帅",
)  # fmt: skip
_ATTRIBUTES = ("广大", "有关", "相关", "全体", "部分", "主要")  # begin phrases, whatever the dictionary makes of them
_ADDRESSES = frozenset({"同志", "先生", "女士"})
_FUNCTION = frozenset("pcurdyzefoqh")  # first letters of parts of speech: particles, adverbs, pronouns, measures …
_BEFORE_OBJECTS = frozenset({"v", "vd", "vi", "a", "ad", "t", "i"})
_ENDS = frozenset({
    "n", "nz", "ns", "nt", "nr", "nrt", "nrfg", "ng", "vn", "an", "j", "l", "i", "s", "b", "m", "eng", NEW,
})  # fmt: skip
_CLOSING = frozenset({"v", "p", "c", "d", "r", "u", "uj", "f"})
_PLACES = frozenset({"ns", "nrt"})


def is_plausible(pieces: Sequence[Piece], *, hold: float) -> bool:
    """Whether pieces may make a word together. hold: what holds them together, from 0 to 1."""
    first, last = pieces[0][0], pieces[-1][0]
    if any(piece.isascii() and piece.isdigit() for piece, _ in pieces):
        return False
    if first in _NEVER_FIRST or last in _NEVER_LAST or any(piece in _NEVER_INSIDE for piece, _ in pieces[1:-1]):
        return False
    if all(len(piece) == 1 for piece, _ in pieces):
        return True
    return not (
        _has_function_word(pieces, hold=hold)
        or _is_quantity(pieces[0])
        or _begins_like_a_phrase(pieces)
        or _ends_like_a_clause(pieces)
        or _is_names_side_by_side(pieces)
    )


def _has_function_word(pieces: Sequence[Piece], *, hold: float) -> bool:
    """Conjunctions are at home in names (of ministries) that are hardly ever found in part."""
    return any(
        tag[0] in _FUNCTION and tag != "eng" if len(piece) > 1 else tag == "c" and hold < 0.9 for piece, tag in pieces
    )


def _is_quantity(first: Piece) -> bool:
    piece, tag = first
    if tag[0] != "m" or piece == "两个":
        return False
    return piece[0] not in _NUMERALS or (len(piece) > 1 and piece[-1] in _MEASURES)


def _begins_like_a_phrase(pieces: Sequence[Piece]) -> bool:
    """With a verb that an object follows, or with an adjective."""
    (first, tag), (last, _) = pieces[0], pieces[-1]
    if len(first) > 1:
        return tag in _BEFORE_OBJECTS or first.startswith(_ATTRIBUTES)
    is_name = any(other.startswith("nr") for _, other in pieces[1:])
    return tag in {"v", "f", "p", "d", "q", "k"} and first != "可" and len(last) > 1 and not is_name


def _ends_like_a_clause(pieces: Sequence[Piece]) -> bool:
    (before, before_tag), (last, tag) = pieces[-2], pieces[-1]
    if len(last) == 1:
        if tag in _CLOSING and len(before) > 1 and not before_tag.startswith("nr"):
            return True
    elif tag not in _ENDS or (tag == "vn" and before_tag in {"nt", "nr", "nrt"}):
        return True
    verbs = any(len(piece) > 1 and tag in {"v", "vd", "ad"} for piece, tag in pieces[1:])
    return verbs and (tag == "v" or all(len(piece) > 1 for piece, _ in pieces))


def _is_names_side_by_side(pieces: Sequence[Piece]) -> bool:
    """A place within a place, a title before a name, a name before a title or before what its bearer does."""
    (first, tag), (last, _) = pieces[0], pieces[-1]
    if len(first) > 1 and all(other in _PLACES for _, other in pieces):
        return True
    if any(piece.endswith(_TITLES) for piece, _ in pieces[:-1]):
        return True
    if last in _ADDRESSES:
        return True
    return tag == "nrfg" or (last.endswith(_TITLES) and tag in {"nr", NEW})
