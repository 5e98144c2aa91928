"""Golden cases of the OCPP edge: `in.json` is a station's frame, `out.json` our answer and the events.

The folder's name is the sub-protocol's version, the case's name begins with the action.
`python -m tests.golden.ocpp.golden` writes every `out.json` anew; read the difference before it is committed.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from services.ocpp.connection import Connection
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/in.json"))
_EPOCH = 1_789_000_000_000


def out(case: Path) -> dict[str, Any]:
    """What is answered, whether that waits for Kafka, and what Kafka is told."""
    connection = Connection(EDGE, STATION, f"ocpp{case.parent.name}", _EPOCH)
    step = connection.receive((case / "in.json").read_bytes().strip(), NOW)
    return {
        "reply": None if step.reply is None else orjson.loads(step.reply),
        "durable": step.durable,
        "events": [{"type": event.FULL_NAME, "key": event.key} | event.to_record() for event in step.events],
    }


def as_text(value: Any) -> str:
    return orjson.dumps(value, default=_shown, option=orjson.OPT_INDENT_2).decode() + "\n"


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    raise TypeError(type(value))


if __name__ == "__main__":
    for path in CASES:
        (path / "out.json").write_text(as_text(out(path)))
