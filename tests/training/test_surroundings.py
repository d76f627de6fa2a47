from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from textpipe.training.surroundings import evaluation, no_unscaled_float16, whole_float32


def test_evaluation_is_in_whole_float32_and_leaves_no_trace() -> None:
    network = nn.Dropout(0.5)
    before = torch.backends.cudnn.allow_tf32
    with evaluation(network):
        assert not network.training
        assert torch.is_inference_mode_enabled()
        assert not torch.backends.cudnn.allow_tf32
    assert network.training
    assert torch.backends.cudnn.allow_tf32 == before


@pytest.mark.parametrize("set_before", [True, False])
def test_what_was_set_is_set_again_after_an_error(set_before: bool) -> None:
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = set_before
    with pytest.raises(KeyError), whole_float32():
        raise KeyError
    assert torch.backends.cudnn.allow_tf32 == set_before
    torch.backends.cudnn.allow_tf32 = before


@pytest.fixture(name="autocast_of_a_gpu")
def autocast_of_a_gpu_() -> Iterator[Any]:
    """As it is inside torch.autocast("cuda", dtype), which needs no GPU."""
    dtype = torch.get_autocast_dtype("cuda")

    def enter(wanted: Any) -> None:
        torch.set_autocast_enabled("cuda", True)
        torch.set_autocast_dtype("cuda", wanted)

    yield enter
    torch.set_autocast_enabled("cuda", False)
    torch.set_autocast_dtype("cuda", dtype)


@pytest.mark.filterwarnings("ignore:User provided device_type of 'cuda':UserWarning")
@pytest.mark.parametrize(("dtype", "left"), [(torch.bfloat16, False), (torch.float16, True)])
def test_recurrent_layers_are_not_in_float16_where_losses_are_not_scaled(
    autocast_of_a_gpu: Any, dtype: Any, left: bool
) -> None:
    autocast_of_a_gpu(dtype)
    with no_unscaled_float16(torch.device("cuda")):
        assert torch.is_autocast_enabled("cuda") == left
    assert torch.is_autocast_enabled("cuda")
    assert torch.get_autocast_dtype("cuda") == dtype


def test_on_a_cpu_autocast_stays() -> None:
    with torch.autocast("cpu", torch.bfloat16), no_unscaled_float16(torch.device("cpu")):
        assert torch.is_autocast_enabled("cpu")
