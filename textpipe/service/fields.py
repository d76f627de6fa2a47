"""The fields of requests: one table, by which bodies are checked and the description is written.

A field is named as the command's long option, without its dashes and with `_` for those inside. What an option names
files by (`--user-dict`, `--vectors FILE`) has no field: a client's paths mean nothing here, and would be a danger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from textpipe.embeddings.projection import METHODS as MAP_METHODS
from textpipe.errors import did_you_mean
from textpipe.keywords.extract import METHODS as KEYWORD_METHODS
from textpipe.keywords.summary import SUMMARY_METHODS
from textpipe.models.explanation import METHODS as EXPLAIN_METHODS
from textpipe.models.explanation import UNITS
from textpipe.segment.tokenizer import Mode
from textpipe.service.answers import Refused
from textpipe.store.refs import LATEST

Kind = Literal["boolean", "integer", "number", "string", "names"]
ARTIFACT = r"([a-z][a-z0-9-]{0,39}/)?\w[\w.\-]{0,199}"  # a name, an id, or one of them after its kind
_ARTIFACT = re.compile(ARTIFACT)
LONGEST = 1_000  # characters of a string, and names of a list
_MOST = 20_000  # of anything that is counted


@dataclass(frozen=True)
class Field:
    """A field. kind: JSON's; `names` is a string with commas, or a list of strings

    default: what it is without being given; where that is None, null says the same
    choices: of a string, or of each name; artifact: whether it names one
    least, most: of a number; above: whether `least` itself is too little
    """

    name: str
    kind: Kind
    about: str
    default: Any = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    above: bool = False
    artifact: bool = False


class Endpoint(NamedTuple):
    """A route with a body. takes: what is worked on, `text` or `word`; several: whether a request may have several"""

    path: str
    about: str
    record: str
    fields: tuple[Field, ...]
    takes: Literal["text", "word", ""] = "text"
    several: bool = True

    @property
    def name(self) -> str:
        """The last part of the path: the command's."""
        return self.path.rpartition("/")[2]


def _top(about: str, default: int | None, most: int = _MOST) -> Field:
    return Field("top", "integer", about, default, least=1, most=most)


def _model(about: str) -> Field:
    return Field("model", "string", about, LATEST, artifact=True)


_HMM = Field("hmm", "boolean", "Join unknown characters by jieba's model.", True)
_TRADITIONAL = Field("traditional", "boolean", "Read traditional characters as simplified ones.", False)
_CUTTING = (_HMM, _TRADITIONAL)
_STOPWORDS = Field(
    "stopwords",
    "names",
    "Words that never count, besides the method's own: shipped lists; none for none at all.",
    None,
    choices=("zh", "en", "none"),
)
_POS = Field("pos", "names", "Only these parts of speech, as jieba names them.", None)
_LOWERCASE = Field(
    "lowercase", "boolean", "Count words in lower case; null: only where there is no Han character.", None
)
_CONVERGE = Field("converge", "boolean", "TextRank: PageRank to convergence instead of jieba's ten sweeps.", False)

TOKENIZE = Endpoint(
    "/v1/tokenize",
    "Cut texts into words, exactly as jieba does.",
    "TokenRecord",
    (
        Field(
            "mode",
            "string",
            "exact: every character once; search: long words and their parts; full: every word.",
            "exact",
            get_args(Mode),
        ),
        Field("tags", "boolean", "Parts of speech; in mode exact only.", False),
        Field("spans", "boolean", "Where each token lies, in code points.", False),
        *_CUTTING,
    ),
)
KEYWORDS = Endpoint(
    "/v1/keywords",
    "Find the keywords of texts.",
    "KeywordRecord",
    (
        _top("How many.", 20),
        Field(
            "method",
            "string",
            "Phrases and words that authors would name, or single words with jieba.analyse's weights.",
            "phrases",
            KEYWORD_METHODS,
        ),
        _POS,
        _STOPWORDS,
        _LOWERCASE,
        Field(
            "mmr",
            "number",
            "Phrases that repeat each other less: the share of a phrase's own score in its choice.",
            None,
            least=0,
            most=1,
            above=True,
        ),
        _CONVERGE,
        Field("idf", "string", "Phrases, TF-IDF: an artifact of word weights; null: jieba's.", None, artifact=True),
        Field("vectors", "string", "Phrases: an artifact of word vectors, which count then too.", None, artifact=True),
        Field("explain", "boolean", "Every signal of each keyword, and the sentences that hold it.", False),
        *_CUTTING,
    ),
)
SUMMARIZE = Endpoint(
    "/v1/summarize",
    "Find the key sentences of texts.",
    "SummaryRecord",
    (
        Field(
            "method",
            "string",
            "combined: like the whole text, short and early; textrank: like many sentences; mmr: like the whole text "
            "and unlike each other; lead: the first ones.",
            "combined",
            SUMMARY_METHODS,
        ),
        Field("sentences", "integer", "How many; null: 3, where there is no ratio.", None, least=1, most=_MOST),
        Field("ratio", "number", "How many, as a share of the text's sentences.", None, least=0, most=1, above=True),
        Field("by_score", "boolean", "Best first, instead of in the order of the text.", False),
        _STOPWORDS,
        *_CUTTING,
    ),
)
SIMILAR = Endpoint(
    "/v1/similar",
    "Find the words whose vectors are nearest to those of words.",
    "SimilarRecord",
    (_model("Word vectors of the store."), _top("How many.", 10, 1_000)),
    takes="word",
)
CLASSIFY = Endpoint(
    "/v1/classify",
    "Say which class each text belongs to, and how probable that is.",
    "ClassifyRecord",
    (
        _model("A classifier of the store."),
        _top("Labels of a text, at most; null: 1, or all over their thresholds of a multi-label classifier.", None),
        Field(
            "threshold",
            "number",
            "No label for a text whose likeliest one is less probable; null: 0, or each label's own of a multi-label "
            "classifier.",
            None,
            least=0,
            most=1,
        ),
    ),
)
EXPLAIN = Endpoint(
    "/v1/explain",
    'Show which words of texts carried their classification. Of a text with several labels, {"documents": […]} gives '
    'a record for each of them, {"text": …} that of the likeliest.',
    "ExplainRecord",
    (
        _model("A classifier of the store."),
        Field("label", "string", "What speaks for this label; null: the one that is predicted.", None),
        Field("against", "string", "What speaks for the label rather than for this one.", None),
        _top("The strongest tokens; null: all.", None),
        Field(
            "method",
            "string",
            "auto: exact where the model is a sum, integrated gradients for networks, else occlusion.",
            "auto",
            EXPLAIN_METHODS,
        ),
        Field("unit", "string", "Tokens: words as the classifier's tokenizer cuts, or characters.", "word", UNITS),
    ),
)
GRAPH = Endpoint(
    "/v1/graph",
    "The graph of a text's words that TextRank ranks: which stand near to which, and how often.",
    "GraphRecord",
    (_top("How many words, the best.", 50, 1_000), _POS, _STOPWORDS, _LOWERCASE, _CONVERGE, *_CUTTING),
    several=False,
)
MAP = Endpoint(
    "/v1/map",
    "The most frequent words of an embedding in a plane, near where their vectors are near.",
    "MapRecord",
    (
        _model("Word vectors of the store."),
        _top("How many words, the most frequent.", 1_000, 5_000),
        Field(
            "method",
            "string",
            "t-SNE of the first 50 principal components, or the first two of them.",
            "tsne",
            MAP_METHODS,
        ),
    ),
    takes="",
)
ENDPOINTS = (TOKENIZE, KEYWORDS, SUMMARIZE, SIMILAR, CLASSIFY, EXPLAIN, GRAPH, MAP)

_NAMED = {endpoint.path: {field.name: field for field in endpoint.fields} for endpoint in ENDPOINTS}
_DEFAULTS = {endpoint.path: {field.name: field.default for field in endpoint.fields} for endpoint in ENDPOINTS}


def checked_options(endpoint: Endpoint, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of the endpoint, with its default where it is not given. Raises Refused (422)."""
    options = dict(_DEFAULTS[endpoint.path])
    if given:
        fields = _NAMED[endpoint.path]
        for name, value in given.items():
            if name not in fields:
                raise _unknown(name, endpoint)
            options[name] = _checked(fields[name], value)
    return options


def options_of_query(endpoint: Endpoint, pairs: Mapping[str, str]) -> dict[str, Any]:
    """Options as a query has them, as the values that JSON would have. Raises Refused (422)."""
    fields = _NAMED[endpoint.path]
    found = {}
    for name, value in pairs.items():
        if name not in fields:
            raise _unknown(name, endpoint)
        found[name] = _read(fields[name], value)
    return found


def _unknown(name: str, endpoint: Endpoint) -> Refused:
    known = [*_NAMED[endpoint.path]]
    what = f"{endpoint.path} has no field {name[:60]!r}{did_you_mean(name[:60], known)}"
    return Refused(422, what, hint=f"it has: {', '.join(known)}")


_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)


def _read(field: Field, text: str) -> Any:
    if field.kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if field.kind in ("integer", "number") and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text  # which is no number, as the check will say


def _checked(field: Field, value: Any) -> Any:
    if value is None and field.default is None:
        return None
    match field.kind:
        case "boolean" if value is True or value is False:
            return value
        case "integer" | "number" if type(value) is int or type(value) is float:
            return _number(field, value)
        case "string" if type(value) is str and _is_choice(field, value):
            return value
        case "names":
            return _names(field, value)
    raise _refused(field, value)


def _number(field: Field, value: float) -> float:
    least, most = field.least, field.most
    low = least is not None and (value <= least if field.above else value < least)
    if low or (most is not None and value > most) or (field.kind == "integer" and value != int(value)):
        raise _refused(field, value)
    return int(value) if field.kind == "integer" else value


def _is_choice(field: Field, value: str) -> bool:
    if field.artifact:
        return _ARTIFACT.fullmatch(value) is not None
    return value in field.choices if field.choices else 0 < len(value) <= LONGEST


def _names(field: Field, value: Any) -> tuple[str, ...]:
    given = value.split(",") if type(value) is str else value
    if type(given) is not list or not 0 < len(given) <= LONGEST:
        raise _refused(field, value)
    for name in given:
        if type(name) is not str or not _is_choice(field, name):
            raise _refused(field, value)
    return tuple(given)


def apart(one: str, other: str, message: str) -> Refused:
    """For two fields that do not go together."""
    return Refused(422, f"{one}: {message}", hint=f"leave out {other}, or {one}")


def _refused(field: Field, value: Any) -> Refused:
    shown = repr(value)
    return Refused(
        422,
        f"{field.name}: {shown if len(shown) <= 60 else f'{shown[:60]}…'} is not {expected(field)}",
        hint=field.about,
    )


def expected(field: Field) -> str:
    """What its value has to be, in words."""
    match field.kind:
        case "boolean":
            return "true or false"
        case "integer" | "number":
            what = "a whole number" if field.kind == "integer" else "a number"
            return f"{what} {'above' if field.above else 'from'} {field.least:g} to {field.most:,g}"
        case "names":
            return f"names of {', '.join(field.choices)}" if field.choices else "a list of names"
    if field.artifact:
        return "the name of an artifact"
    return f"one of {', '.join(field.choices)}" if field.choices else f"a string of 1 to {LONGEST:,} characters"
