"""When Python collects garbage: by default so often that it takes longer than most of our work."""

import gc
from typing import Final

_ANSWERING: Final = (50_000, 20, 50)
_FOLDING: Final = (50_000, 20, 100)


def calm() -> None:
    """Call it when everything is loaded: what is there stays, and need not be looked at again.

    Requests leave hardly any cycles behind, yet by default all that a process holds is walked every so often,
    which takes longer than most answers.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_ANSWERING)


def seldom() -> None:
    """For processes that fold or batch: many objects, hardly any cycles, and many states that would be walked."""
    gc.set_threshold(*_FOLDING)
