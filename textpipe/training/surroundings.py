"""What torch is set to while a network is trained, and is set back to afterwards."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import torch

from textpipe.device import usable_cores
from textpipe.errors import UsageError
from textpipe.training.config import Precision

# torch has one generator, one number of threads and one choice of operations for all threads of a process
ALONE = threading.RLock()
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@contextmanager
def surroundings(device: Any, workers: int | None) -> Iterator[int]:
    """So many threads (None: all usable cores), which are yielded; on a CPU only operations whose sums come in one
    order; whatever is drawn from torch's generators leaves no trace in them. One thread of the process at a
    time: others wait."""
    threads = workers or usable_cores()
    with ALONE, ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(threads)
        stack.enter_context(torch.sparse.check_sparse_tensor_invariants(enable=False))  # else torch warns of it
        if device.type == "cuda":
            stack.enter_context(torch.cuda.device(device))
            stack.enter_context(torch.random.fork_rng(devices=[torch.cuda.current_device()]))
        else:
            stack.enter_context(torch.random.fork_rng(devices=[]))
            stack.enter_context(_one_order())
        yield threads


@contextmanager
def _one_order() -> Iterator[None]:
    strict = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    filling = torch.utils.deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # costs time, and nothing here reads such memory
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=lenient)
        torch.utils.deterministic.fill_uninitialized_memory = filling


@contextmanager
def evaluation(network: Any) -> Iterator[None]:
    """No dropout, no gradients, no TF32; afterwards the network is as it was. For scores and predictions."""
    training = network.training
    network.eval()
    try:
        with torch.inference_mode(), whole_float32():
            yield
    finally:
        network.train(training)


@contextmanager
def whole_float32() -> Iterator[None]:
    """A GPU's convolutions and recurrent layers in float32, where torch takes TF32 if nobody speaks: with ten bits of
    each number the others of a batch could be seen in a text's probabilities."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


@contextmanager
def no_unscaled_float16(device: Any) -> Iterator[None]:
    """For recurrent layers, which torch takes to float16 on a GPU whatever autocast was told, losses scaled or not: in
    place of bfloat16 they are in float32 (or TF32)."""
    name = device.type
    halves = name == "cuda" and torch.is_autocast_enabled(name) and torch.get_autocast_dtype(name) == torch.bfloat16
    with torch.autocast(name, enabled=False) if halves else nullcontext():
        yield


def reseed(device: Any, *numbers: int) -> None:
    """Make all that torch draws from here on follow from these numbers: then no generator need be kept to go on."""
    seed = int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest()) >> 1
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


def autocast_dtype(precision: Precision, device: Any) -> Any:
    """What matrices are multiplied in, None for float32. Raises UsageError for float16 on a CPU."""
    if precision == "auto":
        return torch.bfloat16 if device.type == "cuda" else None
    if precision == "float16" and device.type == "cpu":
        raise UsageError("float16 is for GPUs", hint="--set precision=bfloat16, or float32")
    return _DTYPES.get(precision)


def moved(batch: Any, device: Any) -> Any:
    """A tensor, or tensors in tuples, lists and dicts, on the device; anything else as it is."""
    if device.type == "cpu":
        return batch
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {name: moved(part, device) for name, part in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(moved(part, device) for part in batch))
    if isinstance(batch, (tuple, list)):
        return type(batch)(moved(part, device) for part in batch)
    return batch
