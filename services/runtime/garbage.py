"""Python's garbage collection in processes that answer while somebody waits."""

import gc
from typing import Final

_THRESHOLDS: Final = (50_000, 20, 50)


def calm() -> None:
    """Call it when everything is loaded: what is there stays, and need not be looked at again.

    Requests leave hardly any cycles behind, yet by default all that a process holds is walked every so often,
    which takes longer than most answers.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
