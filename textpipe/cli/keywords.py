"""`textpipe keywords`"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note, say, show_account, with_progress
from textpipe.cli.corpus_keywords import write_corpus_keywords
from textpipe.cli.output import Cell, Destination, Rows, check_apart, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.remote import client_of, fields_of, records_of
from textpipe.cli.reporting import HtmlReport, writes_html
from textpipe.cli.segmenting import cuts_text, make_tokenizer
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import EXIT_NEGATIVE, UsageError
from textpipe.files import atomic_writer, check_writable

if TYPE_CHECKING:
    from textpipe.client.client import Client
    from textpipe.corpus.document import ReadLog
    from textpipe.embeddings.vectors import Vectors
    from textpipe.keywords.extract import KeywordSettings
    from textpipe.store.layout import Store

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("id", "text", "score", "count", "first")
_EXPLAINED_COLUMNS = (*_COLUMNS, "idf", "why", "sentences")
_SHOWN_SENTENCES = 2  # of a keyword in a table


@click.command()
@reads_paths
@click.option("-k", "--top", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="How many.")
@click.option(
    "--method",
    type=click.Choice(("phrases", "tfidf", "textrank")),
    default="phrases",
    show_default=True,
    help="Phrases and words that authors would name, or single words with jieba.analyse's weights.",
)
@click.option(
    "--pos",
    metavar="TAGS",
    help="Only these parts of speech, separated by commas, as jieba names them.  "
    "[default: by the method; ns,n,vn,v for textrank]",
)
@click.option(
    "--stopwords",
    multiple=True,
    type=click.Path(path_type=str, readable=False),
    metavar="zh|en|FILE",
    help="Words that never count, besides the method's own (phrases: zh,en; else jieba's few English ones, or en "
    "where a document has no Han character): shipped lists or a file with one a line; repeatable, also zh,en; none "
    "for none at all.",
)
@click.option(
    "--lowercase/--keep-case", default=None, help="[default: lower case only where there is no Han character]"
)
@click.option(
    "--mmr",
    type=click.FloatRange(min=0, max=1, min_open=True),
    metavar="SHARE",
    help="Phrases that repeat each other less: the share of a phrase's own score in its choice, 0.8 for example.",
)
@click.option("--converge", is_flag=True, help="TextRank: PageRank to convergence instead of jieba's ten sweeps.")
@click.option(
    "--graph",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="TextRank: write the co-occurrence graph of all documents as GraphML.",
)
@click.option(
    "--idf",
    metavar="NAME",
    shell_complete=complete_artifact,
    help="Phrases, TF-IDF: word weights of your own, as train-idf made them.  [default: jieba's]",
)
@click.option(
    "--vectors",
    metavar="NAME|FILE",
    shell_complete=complete_artifact,
    help="Phrases: word vectors of the store or a file of them; how near a phrase is to its document then counts too.",
)
@click.option(
    "--explain", is_flag=True, help="Why: every signal of each keyword, its rank by it, and the sentences that hold it."
)
@click.option("--corpus", is_flag=True, help="One list for all documents together: what sets them apart from others.")
@cuts_text
@uses_store
@writes_html
@writes_records(*_FORMATS)
@click.pass_context
def keywords(
    context: click.Context,
    /,
    *,
    reading: Reading,
    graph: str | None,
    jobs: int | None,
    html: HtmlReport,
    destination: Destination,
    corpus: bool,
    vectors: str | None,
    explain: bool,
    **options: Any,
) -> None:
    """Find the keywords of documents: phrases and words that their authors would name.

    --method tfidf and textrank give single words with the weights of jieba.analyse.

    PATHS are files, folders, patterns or - for standard input: plain text (a document a file, or --lines),
    CSV, TSV, JSON lines, parquet and xlsx, also .gz, .bz2 and .xz, in any common encoding.

    \b
    Examples:
      textpipe keywords article.txt
      textpipe keywords reviews.csv --text-col comment --stopwords zh -o keywords.csv
      textpipe keywords news/ --method textrank -k 5 --jobs 0 --format jsonl
      textpipe keywords article.txt -k 5 --explain --format json
      textpipe keywords news/ --corpus
    """
    from textpipe.corpus.document import ReadLog

    kind = destination.format
    client = client_of(context)
    if client is not None:
        _ask(context, client, reading, destination, jobs=jobs, explain=explain)
        return
    from textpipe.keywords.graph import to_graphml
    from textpipe.keywords.textrank import CooccurrenceGraph
    from textpipe.operations.keywords import extract_keywords

    settings = make_settings(quiet=reading.quiet, vectors=_read_vectors(vectors, options["store"]), **options)
    log = ReadLog()
    pieces = html.watch(reading.pieces(log))
    if explain and (corpus or graph is not None):
        raise UsageError("--explain goes with neither --corpus nor --graph", hint="leave them out")
    if corpus:
        write_corpus_keywords(context, pieces, log, settings, reading, destination, jobs=jobs, graph=graph, html=html)
        return
    if graph is not None:
        _check_graph(graph, settings, force=destination.force)
        check_apart(graph, [*log.paths, *destination.side_files], what="input")
        check_apart(graph, [destination.path], what="keywords")
    html.check(destination, log.paths, others=[graph])
    merged = CooccurrenceGraph() if graph else None
    columns, rows = _layout(kind, explain=explain)
    with contextlib.ExitStack() as stack:
        graph_file = None if graph is None else stack.enter_context(atomic_writer(graph, force=destination.force))
        stack.enter_context(html.open(destination))
        write = stack.enter_context(destination.open(log.paths))
        add = stack.enter_context(record_writer(kind, write, columns=columns, rows=rows))
        found = extract_keywords(pieces, settings, jobs=1 if jobs is None else jobs, graph=merged, explain=explain)
        records = stack.enter_context(contextlib.closing(found))  # workers end here, whatever happens
        without, first = _write_all(records, [add, html.add], log, reading, destination)
        if graph_file is not None and merged is not None:
            graph_file.write(to_graphml(merged, converge=settings.converge))
            graph_file.flush()  # a full disk shows here, before the keywords are published
        if html.wanted:
            from textpipe.report.keywords import keywords_page

            html.write(keywords_page(html.shown, tokenize=settings.tokens))
    filtered = settings.pos is not None or settings.method == "textrank"
    _tell(context, without, first, log, reading, filtered=filtered)


def _ask(
    context: click.Context,
    client: Client,
    reading: Reading,
    destination: Destination,
    *,
    jobs: int | None,
    explain: bool,
) -> None:
    """The same by a service."""
    from textpipe.corpus.document import ReadLog

    fields = fields_of(context)
    kind, log = destination.format, ReadLog()
    found = records_of(client, "keywords", reading.pieces(log), fields, jobs=jobs)
    columns, rows = _layout(kind, explain=explain)
    with (
        contextlib.closing(found) as records,
        destination.open(log.paths) as write,
        record_writer(kind, write, columns=columns, rows=rows) as add,
    ):
        without, first = _write_all(records, [add], log, reading, destination)
    _tell(context, without, first, log, reading, filtered="pos" in fields or fields.get("method") == "textrank")


def _layout(kind: str, *, explain: bool) -> tuple[Sequence[str], Rows]:
    """(columns, what makes rows of a record)"""
    if not explain:
        return _COLUMNS, _rows
    return _EXPLAINED_COLUMNS, functools.partial(_explained_rows, most=_SHOWN_SENTENCES if kind == "table" else None)


def _write_all(
    records: Iterable[tuple[Mapping[str, Any], str | None]],
    takers: Sequence[Callable[[Mapping[str, Any]], None]],
    log: ReadLog,
    reading: Reading,
    destination: Destination,
) -> tuple[int, str]:
    """Give each record to all takers. Returns how many documents have no keywords, and where the first came from."""
    without, first = 0, ""
    shown = not reading.quiet and not destination.on_terminal
    for record, source in with_progress(records, log, shown=shown):
        for take in takers:
            take(record)
        if not record["keywords"]:
            without += 1
            first = first or source or record["id"]
    return without, first


def _tell(context: click.Context, without: int, first: str, log: ReadLog, reading: Reading, *, filtered: bool) -> None:
    """The account, and how many documents have no keywords. filtered: whether by parts of speech"""
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    if without and not reading.quiet:
        reason = "every word is a stop word, a single character, or not of the parts of speech that count"
        note(f"no keywords in {without} of {log.used} documents: {reason} (first: {first})")
        if without == log.used:
            hint = (
                "textpipe tokenize --tags shows parts of speech, --pos chooses them" if filtered else "--stopwords none"
            )
            say(f"hint: {hint}")
    if without == log.used:
        context.exit(EXIT_NEGATIVE)


def _read_vectors(given: str | None, store: Store) -> Vectors | None:
    if given is None:
        return None
    from textpipe.operations.open_vectors import vectors_of

    return vectors_of(given, store)


def make_settings(
    *,
    top: int,
    stopwords: tuple[str, ...],
    user_dict: tuple[str, ...],
    hmm: bool,
    protect: tuple[str, ...],
    traditional: bool,
    quiet: bool,
    idf: str | None,
    store: Store,
    **options: Any,
) -> KeywordSettings:
    """The settings that the options describe; `store` holds the word weights that `idf` names."""
    from textpipe.keywords.extract import keyword_settings

    # a file may have a comma in its name; anything else with one is several lists
    lists = [name for given in stopwords for name in ([given] if os.path.exists(given) else given.split(","))]
    if idf is None:
        tokenizer = make_tokenizer(user_dict, hmm=hmm, protect=protect, traditional=traditional, quiet=quiet)
        return keyword_settings(k=top, stopwords=lists, tokenizer=tokenizer, **options)
    from textpipe.pipeline.idf_stages import idf_of
    from textpipe.store.refs import resolve

    weights, tokenizer = idf_of(resolve(store, idf, kind="idf"))
    if user_dict or not hmm or protect or traditional:  # else the artifact's own
        tokenizer = make_tokenizer(user_dict, hmm=hmm, protect=protect, traditional=traditional, quiet=quiet)
    return keyword_settings(k=top, stopwords=lists, tokenizer=tokenizer, idf=weights, **options)


def _check_graph(path: str, settings: KeywordSettings, *, force: bool) -> None:
    if settings.method != "textrank":
        raise UsageError("--graph belongs to textrank", hint="add --method textrank")
    if not path.lower().endswith(".graphml"):
        raise UsageError("the graph is written as GraphML", where=path, hint="--graph NAME.graphml")
    check_writable(path, force=force)


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for keyword in record["keywords"]:
        yield record["id"], keyword["text"], keyword["score"], keyword["count"], keyword["first"]


def _explained_rows(record: Mapping[str, Any], *, most: int | None) -> Iterator[Sequence[Cell]]:
    """The main effects and the sentences as text, of these at most so many; all the rest is in JSON."""
    from textpipe.keywords.explain import reasons

    for row, keyword in zip(_rows(record), record["keywords"], strict=True):
        idf = "" if keyword["idf"] is None else keyword["idf"]
        sentences = [sentence["text"] for sentence in keyword["sentences"]]
        more = [f"{len(sentences) - most} more"] if most is not None and len(sentences) > most else []
        yield *row, idf, reasons(keyword["signals"]), " | ".join([*sentences[:most], *more])
