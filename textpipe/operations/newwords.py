"""Documents to new words, and new words to a user dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textpipe.corpus.document import Piece
from textpipe.operations.parallel import Item, ordered_map
from textpipe.segment.dictionary import Dictionary, Entry, can_match
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import has_han

if TYPE_CHECKING:
    from textpipe.discover.newwords import Found, NewWordSettings

_STRETCH = 1 << 16  # characters that are worked on together, whatever the number of threads
_ROUNDS = 5


@dataclass
class Read:
    """What was read: documents, and those of them without a Han character."""

    documents: int = 0
    without_han: int = 0


def discover_new_words(
    pieces: Iterable[Piece],
    settings: NewWordSettings,
    *,
    jobs: int = 0,
    read: Read | None = None,
    phase: Callable[[str], object] = str,
) -> Found:
    """The new words of all documents, best first.

    jobs: threads that cut the text; 0 for all cores. `read` takes an account of the documents.
    """
    from textpipe.discover.newwords import find_new_words
    from textpipe.discover.newwords_text import Text
    from textpipe.discover.newwords_units import Units, to_units

    tokenizer = settings.tokenizer

    def work(stretch: list[tuple[str, bool]]) -> Units:
        return to_units(stretch, tokenizer=tokenizer)

    with Text() as text:
        for _, units in ordered_map(work, _stretches(pieces, read or Read()), jobs=jobs, in_threads=True):
            text.add(units)
        return find_new_words(text, settings, phase=phase)


def _stretches(pieces: Iterable[Piece], read: Read) -> Iterator[Item]:
    """Pieces together until they are long enough, each with whether it begins a document."""
    stretch: list[tuple[str, bool]] = []
    size = 0
    begins, han = True, False
    for piece in pieces:
        text = piece.document.text
        stretch.append((text, begins))
        size += len(text)
        han = han or has_han(text)
        begins = piece.last
        if piece.last:
            read.documents += 1
            read.without_han += not han
            han = False
        if size >= _STRETCH:
            yield Item(None, stretch, size)
            stretch, size = [], 0
    if stretch:
        yield Item(None, stretch, size)


def dictionary_entries(words: Sequence[str], dictionary: Dictionary) -> list[Entry]:
    """Entries that make every word come out whole, with all the others in the dictionary too.

    Words that segmentation can never find (rare Han characters beyond jieba's blocks) are left out.
    """
    tokenizer = Tokenizer(dictionary=dictionary)
    entries = {
        word: Entry(word, dictionary.suggested_frequency(word), _tag(tokenizer.tag(word)))
        for word in words
        if can_match(word)
    }
    for _ in range(_ROUNDS):
        together = dictionary.with_entries(entries.values())
        cut = [word for word in entries if Tokenizer(dictionary=together).tokenize(word) != [word]]
        for word in cut:
            entries[word] = entries[word]._replace(frequency=together.suggested_frequency(word))
        if not cut:
            break
    return list(entries.values())


def dictionary_text(entries: Iterable[Entry]) -> str:
    """The lines of a user dictionary in jieba's format."""
    return "".join(f"{word} {frequency} {tag}\n" for word, frequency, tag in entries)


def _tag(pieces: Sequence[tuple[str, str]]) -> str:
    """A noun: a name if segmentation takes the word for one, common if its last part is, else another."""
    tag = pieces[-1][1]
    if len(pieces) == 1 and tag in {"nr", "ns", "nt"}:
        return tag
    return "n" if tag in {"n", "vn"} else "nz"
