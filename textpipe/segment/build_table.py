"""jieba's data as one table for the compiled core: dictionary, IDF and both hidden Markov models.

Run once, when the package is built; `core/table.h` describes the same layout in C. The file holds numbers only, in the
byte order of the machine, so that processes share it through the memory map and starting costs no reading.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from textpipe.segment.double_array import DoubleArray, double_array
from textpipe.segment.jieba_tables import (
    State,
    TagModel,
    base_dictionary,
    base_tags,
    idf_values,
    median_idf,
    tag_model,
    word_model,
)

MAGIC = b"textpipe"
VERSION = 1
BYTE_ORDER = 0x01020304
MISSING = -3.14e100  # jieba's logarithm of the probability of what its tables lack
_HEAD = struct.Struct("=8sIIQQ")  # magic, version, byte order, size, digest of all that follows
_ALIGNMENT = 64
_LATIN = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.%+#&_-"
_HAN = range(0x4E00, 0x9FD6)  # the characters that jieba's patterns call Han
_FIRST_LABEL = 3  # 0 cuts, 1 is carriage return, 2 line feed
_PLACES = "BEMS"  # in the order of their states


def build_table(path: str | Path) -> None:
    """Write the table of the installed jieba (about 9 MB, ten seconds)."""
    labels = _labels()
    prefixes = set(base_dictionary().frequencies).union(
        word[:end] for word in idf_values() for end in range(1, len(word) + 1)
    )
    trie = double_array(sorted(prefixes), labels)
    tags = _tag_numbers()
    frequencies = [0, 0, *sorted(set(base_dictionary().frequencies.values()) - {0})]
    weights = [median_idf(), *sorted(set(idf_values().values()))]
    emission = _tag_emissions(tag_model(), labels)
    sections: list[array[int] | array[float] | bytes] = [
        _character_labels(labels),
        _character_labels({character: labels[character] for character in labels if _joins(character)}),
        _character_labels({character: labels[character] for character in labels if _joins(character, but="%-")}),
        _nodes(trie, frequencies, tags),
        array("q", frequencies),
        _idf_numbers(trie, weights),
        array("d", weights),
        b"".join(name.encode().ljust(8, b"\0") for name in tags),
        _word_model(),
        _word_emissions(labels),
        *_tag_transitions(tag_model(), tags),
        *emission,
    ]
    numbers = (base_dictionary().total, len(labels) + _FIRST_LABEL, len(trie.base), len(frequencies), len(tags))
    Path(path).write_bytes(_assembled(numbers, [bytes(section) for section in sections]))


def _assembled(numbers: tuple[int, ...], sections: list[bytes]) -> bytes:
    """Header, numbers and the offset of each section, then the sections."""
    start = _HEAD.size + 8 * (len(numbers) + len(sections))
    offsets: list[int] = []
    body = bytearray()
    for section in sections:
        body += bytes(-(start + len(body)) % _ALIGNMENT)
        offsets.append(start + len(body))
        body += section
    body += bytes(-(start + len(body)) % _ALIGNMENT)
    rest = struct.pack(f"={len(numbers) + len(offsets)}q", *numbers, *offsets) + body
    return _HEAD.pack(MAGIC, VERSION, BYTE_ORDER, _HEAD.size + len(rest), digest(rest)) + rest


def digest(data: bytes) -> int:
    """XXH64 with seed 0 (Collet 2012) of a multiple of 32 bytes."""
    p1, p2, p3, p4 = (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
    )
    mask = (1 << 64) - 1

    def turned(value: int, bits: int) -> int:
        return (value << bits | value >> (64 - bits)) & mask

    words = memoryview(data).cast("Q")
    lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
    for number, lane in enumerate(lanes):
        for word in words[number::4].tolist():
            lane = (lane + word * p2) & mask
            lane = ((lane << 31 | lane >> 33) & mask) * p1 & mask
        lanes[number] = lane
    total = sum(turned(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & mask
    for lane in lanes:
        total = ((total ^ turned(lane * p2 & mask, 31) * p1 & mask) * p1 + p4) & mask
    total = (total + len(data)) & mask
    total = (total ^ total >> 33) * p2 & mask
    total = (total ^ total >> 29) * p3 & mask
    return total ^ total >> 32


def _labels() -> dict[str, int]:
    """A number for every character that jieba joins to words, frequent ones first so that their nodes lie close."""
    counts = Counter("".join(base_dictionary().frequencies))
    han = sorted(map(chr, _HAN), key=lambda character: (-counts[character], character))
    labels = {character: number for number, character in enumerate([*_LATIN, *han], start=_FIRST_LABEL)}
    others = sorted({character for word in idf_values() for character in word}.union(counts) - set(labels))
    return labels | {character: number for number, character in enumerate(others, start=len(labels) + _FIRST_LABEL)}


def _joins(character: str, *, but: str = "") -> bool:
    """Whether the character stands in jieba's pattern of blocks."""
    return (character in _LATIN or ord(character) in _HAN) and character not in but


def _character_labels(labels: dict[str, int]) -> array[int]:
    """uint16[65536]: the label of a character, 0 for all others but the two of line ends."""
    table = array("H", bytes(2 << 16))
    table[ord("\r")], table[ord("\n")] = 1, 2
    for character, label in labels.items():
        table[ord(character)] = label
    return table


def _tag_numbers() -> dict[str, int]:
    """Every part of speech; 0 is x, which words without one get."""
    names = {*base_tags().values(), *(tag for _, tag in tag_model().transition), "eng", "m"} - {"x"}
    return {name: number for number, name in enumerate(["x", *sorted(names)])}


def _nodes(trie: DoubleArray, frequencies: list[int], tags: dict[str, int]) -> array[int]:
    """uint64[slots]: base 20 bits, check 20, number of the frequency 13, number of the tag 7, from the lowest."""
    known, word_tags = base_dictionary().frequencies, base_tags()
    number = {frequency: index for index, frequency in enumerate(frequencies) if index}
    nodes = array("Q", (base | check << 20 for base, check in zip(trie.base, trie.check, strict=True)))
    for word, slot in trie.slots.items():
        if word in known:
            nodes[slot] |= number[known[word]] << 40
            if word in word_tags:
                nodes[slot] |= tags[word_tags[word]] << 53
    return nodes


def _idf_numbers(trie: DoubleArray, values: list[float]) -> array[int]:
    """uint16[slots]: the number of a word's IDF; 0 for a word without one, which weighs as the median."""
    number = {value: index for index, value in enumerate(values) if index}
    table = array("H", bytes(2 * len(trie.base)))
    for word, value in idf_values().items():
        table[trie.slots[word]] = number[value]
    return table


def _word_model() -> array[float]:
    start, transition, _ = word_model()
    return array(
        "d",
        [*(start[place] for place in "BMES"), *(transition[a][b] for a, b in ("BE", "BM", "EB", "ES"))]
        + [transition[a][b] for a, b in ("ME", "MM", "SB", "SS")],
    )


def _word_emissions(labels: dict[str, int]) -> array[float]:
    """double[labels][4], for B, M, E, S."""
    emission = word_model().emission
    rows = [MISSING] * (4 * _FIRST_LABEL)
    for character in labels:
        rows += (emission[place].get(character, MISSING) for place in "BMES")
    return array("d", rows)


def _numbered(model: TagModel) -> list[State]:
    """The states in order, so that a larger number is what jieba's comparison of tuples prefers."""
    states = sorted(model.transition)
    assert [place for place, _ in states] == [place for place in _PLACES for _ in range(len(states) // 4)]
    return states


def _bits(numbers: Iterable[int]) -> array[int]:
    """uint64[4]: a set of states."""
    whole = sum(1 << number for number in numbers)
    return array("Q", (whole >> shift & 0xFFFFFFFFFFFFFFFF for shift in (0, 64, 128, 192)))


def _tag_transitions(model: TagModel, tags: dict[str, int]) -> list[bytes]:
    """Start double[256]; into B and S from E and S, double[2][64][128]; into E and M from B and M, double[2][64][2];
    successors and predecessors uint64[256][4]; the tag of each of the 64 numbers within a place, uint8[64]."""
    states = _numbered(model)
    names = [tag for _, tag in states[: len(states) // 4]]
    absent = float("-inf")

    def into(place: str, tag: str, origins: Iterable[State]) -> list[float]:
        return [model.transition[origin].get((place, tag), absent) for origin in origins]

    ends = [(place, tag) for place in "ES" for tag in names]
    wide = [value for place in "BS" for tag in names for value in into(place, tag, ends)]
    narrow = [value for place in "EM" for tag in names for value in into(place, tag, (("B", tag), ("M", tag)))]
    number = {state: index for index, state in enumerate(states)}
    successors = [[number[after] for after in model.transition[state]] for state in states]
    predecessors = [[n for n, origin in enumerate(states) if state in model.transition[origin]] for state in states]
    return [
        array("d", (model.start[state] for state in states)).tobytes(),
        array("d", wide).tobytes(),
        array("d", narrow).tobytes(),
        b"".join(_bits(after).tobytes() for after in successors),
        b"".join(_bits(before).tobytes() for before in predecessors),
        bytes(tags[tag] for tag in names),
    ]


def _tag_emissions(model: TagModel, labels: dict[str, int]) -> list[bytes]:
    """For each label, where its rows begin, uint32[labels + 1]; whether jieba lists states for it, uint8[labels];
    the rows by state: its number uint8, whether it is listed uint8, the emission double."""
    states = _numbered(model)
    number = {state: index for index, state in enumerate(states)}
    starts, listed = [0] * _FIRST_LABEL, bytearray(_FIRST_LABEL)
    row_states, row_listed, row_values = bytearray(), bytearray(), array("d")
    for character in labels:
        starts.append(len(row_states))
        own = {number[state] for state in model.states.get(character, ())}
        listed.append(bool(own))
        for index, state in enumerate(states):
            if index in own or character in model.emission[state]:
                row_states.append(index)
                row_listed.append(index in own)
                row_values.append(model.emission[state].get(character, MISSING))
    starts.append(len(row_states))
    return [array("I", starts).tobytes(), bytes(listed), bytes(row_states), bytes(row_listed), row_values.tobytes()]
