"""Settings: what they may be told, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest

from textpipe.errors import UsageError
from textpipe.models.fasttext import FastTextConfig
from textpipe.settings import config_from


@pytest.mark.parametrize(
    ("settings", "said", "hint"),
    [
        ({"dim": 0}, "dim: a whole number from 1 to 4096 is needed, not 0", "dim=64, as by default"),
        (
            {"buckets": 1 << 40},
            "buckets: a whole number from 1 to 1073741824 is needed, not 1099511627776",
            "buckets=2000000, as by default",
        ),
        ({"dropout": 1}, "dropout: a number from 0 to 0.9 is needed, not 1", "dropout=0.7, as by default"),
        ({"relearn": "no"}, "relearn: true or false is needed, not 'no'", "relearn=true, as by default"),
        ({"precision": 7}, "precision: not 7, but one of: ", 'precision="auto", as by default'),
    ],
)
def test_a_value_that_is_refused(settings: dict[str, Any], said: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        config_from(FastTextConfig, settings)
    assert refused.value.message.startswith(said)
    assert refused.value.hint == hint
