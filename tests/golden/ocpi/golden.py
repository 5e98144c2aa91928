"""Golden cases of the OCPI edge: `in.json` is the state as Kafka has it, `out.json` what a 2.2.1 partner gets.

`python -m tests.golden.ocpi.golden` writes every `out.json` anew; read the difference before it is committed.
"""

from pathlib import Path
from typing import Any

import msgspec

from services.domain.events.cdr import Cdr
from services.domain.events.session import Session
from services.domain.events.station import Station
from services.ocpi.outbound import cdrs, sessions
from services.ocpi.outbound.told import told
from services.ocpi.wire import v230
from services.ocpi.wire.parties import Party

HERE = Path(__file__).parent
CASES = sorted(path for path in (HERE / "2.2.1").iterdir() if path.is_dir())
URL = "https://roaming.example.com/signed-data/wattlog/cdr/proof"

_encoder = msgspec.json.Encoder(decimal_format="number")


class Given(msgspec.Struct):
    """What a case starts from: one of session and cdr, and what is known around it."""

    session: Session | None = None
    cdr: Cdr | None = None
    contract_id: str = ""
    station: Station | None = None


def canonical(case: Path, warnings: list[str]) -> v230.Session | v230.Cdr:
    """The object in OCPI 2.3.0."""
    given = msgspec.json.decode((case / "in.json").read_bytes(), type=Given)
    if given.cdr is not None:
        return cdrs.cdr(given.cdr, given.station, "EUR", URL, warnings)
    assert given.session is not None
    return sessions.session(given.session, given.contract_id, given.station, Party("DE", "WAT"), "EUR", warnings)


def out(case: Path) -> dict[str, Any]:
    """What a partner gets, and the warnings."""
    warnings: list[str] = []
    new = canonical(case, warnings)
    old = told(new, "CDR" if isinstance(new, v230.Cdr) else "Session", "2.2.1", warnings)
    return {"object": old, "warnings": warnings}


def as_text(value: Any) -> str:
    return msgspec.json.format(_encoder.encode(value), indent=2).decode() + "\n"


if __name__ == "__main__":
    for path in CASES:
        (path / "out.json").write_text(as_text(out(path)))
