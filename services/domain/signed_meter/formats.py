"""The formats as data: how each verifies a record and which law it checks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.domain.signed_meter.record import Checked, SignedRecord, Verified


@dataclass(frozen=True, slots=True)
class Format:
    """`verify` gives one `Verified` per signature of a record; it may raise `NotReadable`, nothing else. `check`
    gets all `Verified` of a session, all valid, in order, and never raises."""

    verify: Callable[[SignedRecord], tuple[Verified, ...]]
    check: Callable[[Sequence[Verified]], Checked]


FORMATS: dict[str, Format] = {}
