"""What stays in memory is kept from the garbage collector, which would go through all of it every second or two under
load: for a quarter of a second each time where torch is loaded, in which nobody is answered."""

from __future__ import annotations

import gc


def settle() -> None:
    """What is in memory now stays there, but for garbage; until the next call."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
