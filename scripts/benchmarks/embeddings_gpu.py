"""Training word vectors with torch on a GPU, beside our native engine on all cores and gensim, on one machine.

    python scripts/benchmarks/embeddings_gpu.py [TOKENS] [--wordsim FILE] [-o RESULTS.json]

TOKENS is a file of tokens (`textpipe tokenize CORPUS -o tokens.txt`); without one, words are drawn by Zipf's law.
Engines that are not there are left out. Speeds are of training alone: tokens of the file a second, the best epoch but
the first, in which torch compiles its kernel. The roofline sets what the kernel moves against what the memory does:
a row is read once and added to once, which is a read and a write, 12 bytes a number.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from textpipe.device import usable_cores
from textpipe.embeddings.choice import is_installed
from textpipe.embeddings.config import ENGINES, EmbeddingConfig, Engine
from textpipe.embeddings.engines import EpochReport, TrainingLog, engine
from textpipe.embeddings.ids import read_ids
from textpipe.embeddings.start import starting_matrices
from textpipe.embeddings.tokens import TokenFile
from textpipe.embeddings.torch_batches import Batch, batches, chances
from textpipe.embeddings.torch_engine import updating
from textpipe.embeddings.torch_updates import Model
from textpipe.embeddings.torch_updates import update as plain_update
from textpipe.embeddings.vectors import Vectors
from textpipe.vocabulary import count_tokens

_COPY = 1 << 30  # bytes copied to measure the memory


def main() -> None:
    options = _options()
    config = EmbeddingConfig(
        arch=options.arch, dim=options.dim, epochs=options.epochs, negatives=options.negatives, sample=1e-3
    )
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    with tempfile.TemporaryDirectory() as folder:
        path = options.tokens or _zipf(Path(folder) / "tokens.txt", options.size, options.words)
        tokens = _counted(path, config.min_count)
        results: dict[str, Any] = {
            "machine": _machine(device),
            "settings": asdict(config),
            "corpus": {"tokens": tokens.tokens, "words": len(tokens.vocabulary)},
        }
        print(json.dumps(results), flush=True)
        results["engines"] = {}
        for name in options.engines.split(","):
            if name in ENGINES and is_installed(name):
                results["engines"][name] = _measured(name, tokens, config, device=device, wordsim=options.wordsim)
                print(name, json.dumps(results["engines"][name]), flush=True)
        results["roofline"] = _roofline(tokens, config, device)
        print(json.dumps(results["roofline"], indent=1))
    if options.output:
        options.output.write_text(json.dumps(results, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokens", nargs="?", type=Path)
    parser.add_argument("--engines", default="torch,native,gensim")
    parser.add_argument("--device")
    parser.add_argument("--arch", default="skipgram")
    parser.add_argument("--negatives", default="window")
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--size", type=int, default=20_000_000, help="tokens to draw, without a file")
    parser.add_argument("--words", type=int, default=200_000, help="different words to draw them from")
    parser.add_argument("--wordsim", type=Path, help="lines of two words and a score: Spearman's correlation is shown")
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def _zipf(path: Path, size: int, words: int) -> Path:
    generator = np.random.default_rng(0)
    sums = np.cumsum(1 / np.arange(1, words + 1))
    with open(path, "w") as stream:
        for _ in range(0, size, 1000):
            drawn = np.searchsorted(sums, generator.random(1000) * sums[-1])
            stream.write(" ".join(f"w{word}" for word in drawn) + "\n")
    return path


def _counted(path: Path, min_count: int) -> TokenFile:
    total = 0

    def lines() -> Iterator[list[str]]:
        nonlocal total
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                found = line.split()
                total += len(found)
                yield found

    vocabulary = count_tokens(lines(), min_count=min_count)
    return TokenFile(path, vocabulary, total)


def _machine(device: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"cores": usable_cores(), "torch": torch.__version__}
    if device != "cpu":
        card = torch.cuda.get_device_properties(device)
        facts |= {"gpu": card.name, "memory": card.total_memory, "level_2": getattr(card, "L2_cache_size", None)}
    return facts


def _measured(
    name: Engine, tokens: TokenFile, config: EmbeddingConfig, *, device: str, wordsim: Path | None
) -> dict[str, Any]:
    reports: list[EpochReport] = []
    log = TrainingLog(epoch=reports.append)
    workers = 2 if name == "gensim" else usable_cores()
    began = time.perf_counter()
    vectors = engine(name)(tokens, config, workers=workers, device=device if name == "torch" else None, log=log)
    seconds = time.perf_counter() - began
    speeds = [report.tokens / report.seconds for report in reports]
    found = {
        "workers": workers,
        "tokens_a_second": max(speeds[1:] or speeds),
        "tokens_a_second_whole": tokens.tokens * config.epochs / seconds,
        "losses": [report.loss for report in reports],
        "facts": log.facts,
    }
    return found | ({"spearman": _spearman(vectors, wordsim)} if wordsim else {})


def _spearman(vectors: Vectors, path: Path) -> float:
    from scipy.stats import spearmanr

    rows = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
    ours, theirs = [], []
    for *_, first, second, score in (row for row in rows if len(row) >= 3):
        one, other = vectors.vector(first), vectors.vector(second)
        if one is not None and other is not None:
            ours.append(float(one @ other / np.linalg.norm(one) / np.linalg.norm(other)))
            theirs.append(float(score))
    return float(spearmanr(ours, theirs)[0])


def _roofline(tokens: TokenFile, config: EmbeddingConfig, device: str) -> dict[str, Any]:
    """What a batch takes to be drawn, and to be learned from by the kernel and by plain torch."""
    place = torch.device(device)
    step, at_once = updating(config, place, TrainingLog())
    drawn = chances(tokens.vocabulary, config, place, at_once=at_once)
    ids = torch.tensor(np.concatenate(list(_first(read_ids(tokens), 20))), device=place)
    found = [batch for _, batch in batches(ids, drawn, config, torch.Generator(device=place))][:50]
    words, context = (torch.tensor(part, device=place) for part in starting_matrices(tokens.vocabulary, config, None))
    model = Model(words, context, drawn.word_scale, drawn.context_scale)
    cbow = config.arch == "cbow"
    draw = _seconds(lambda: sum(1 for _ in batches(ids, drawn, config, torch.Generator(device=place))), place)
    kernel = _seconds(lambda: [step(model, batch, 0.01, cbow=cbow) for batch in found], place)
    plain = _seconds(lambda: [plain_update(model, batch, 0.01, cbow=cbow) for batch in found[:5]], place) / len(
        found[:5]
    )
    source = torch.empty(_COPY, dtype=torch.uint8, device=place)
    target = torch.empty_like(source)
    bandwidth = 2 * _COPY / _seconds(lambda: target.copy_(source), place)
    moved = sum(_numbers(batch) for batch in found) * config.dim * 12
    positions = sum(len(batch.centres) for batch in found)
    return {
        "update": step.__module__.rsplit(".", 1)[1],
        "positions_a_batch": drawn.size,
        "matrices_bytes": 2 * model.words.nbytes,
        "positions_a_second_update": positions / kernel,
        "positions_a_second_plain_torch": len(found[0].centres) / plain,
        "tokens_a_second_drawing": len(ids) / draw,
        "bytes_a_position": moved / positions,
        "bytes_a_second_update": moved / kernel,
        "bytes_a_second_memory": bandwidth,
        "share_of_memory": moved / kernel / bandwidth,
        "positions_a_second_at_the_roofline": bandwidth / (moved / positions),
    }


def _first(items: Iterator[Any], count: int) -> Iterator[Any]:
    for item, _ in zip(items, range(count), strict=False):
        yield item


def _numbers(batch: Batch) -> int:
    """Rows that a batch reads and adds to."""
    used = batch.windows >= 0
    if batch.negatives.dim() == 3:
        targets = ((batch.negatives >= 0) & used[:, :, None]).sum() + used.sum()
    else:
        targets = (batch.negatives >= 0).sum() + len(batch.centres)
    return int(used.sum() + targets)


def _seconds(work: Callable[[], Any], device: Any) -> float:
    """The best of three, after one to warm up."""
    best = float("inf")
    with torch.inference_mode():
        for turn in range(4):
            _wait(device)
            began = time.perf_counter()
            work()
            _wait(device)
            best = min(best, time.perf_counter() - began) if turn else best
    return best


def _wait(device: Any) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
