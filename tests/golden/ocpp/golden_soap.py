"""Golden cases of OCPP-S: `in.xml` is a station's request, `out.xml` our answer, `out.json` the events.

The folder's name is the version with an `s`, the case's name begins with the action.
`python -m tests.golden.ocpp.golden_soap` writes every answer anew; read the difference before it is committed.
"""

from pathlib import Path
from typing import Any

from services.ocpp.connection import Connection
from services.ocpp.soap import envelope, exchange
from services.ocpp.soap.faults import Refused, of_call_error
from services.ocpp.wire import faults, frames
from services.ocpp.wire.frames import CallError, CallResult
from tests.golden.ocpp.golden import HERE, as_text
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION

SOAP_CASES = sorted(path.parent for path in HERE.glob("*/*/in.xml"))
_EPOCH = 1_789_000_000_000
_MESSAGE_ID = "urn:uuid:00000000-0000-5000-8000-000000000001"


def out(case: Path) -> tuple[str, dict[str, Any]]:
    """The answer, and whether it waits for Kafka and what Kafka is told."""
    told: dict[str, Any] = {"durable": False, "events": []}
    try:
        asked = envelope.request((case / "in.xml").read_bytes())
    except Refused as error:
        return exchange.refused(None, error.refusal, _MESSAGE_ID), told
    try:
        call = exchange.call(asked, 1)
    except faults.Refused as error:
        refusal = of_call_error(faults.code(faults.V16, error.fault), error.description)
        return exchange.refused(asked, refusal, _MESSAGE_ID), told
    connection = Connection(EDGE, STATION, f"ocpp{case.parent.name}", _EPOCH)
    step = connection.receive(frames.call(*call), NOW)
    assert step.reply is not None
    frame = frames.parse(step.reply)
    assert isinstance(frame, CallResult | CallError)
    told = {
        "durable": step.durable,
        "events": [{"type": event.FULL_NAME, "key": event.key} | event.to_record() for event in step.events],
    }
    return exchange.reply(asked, frame, _MESSAGE_ID)[0], told


if __name__ == "__main__":
    for path in SOAP_CASES:
        text, told = out(path)
        (path / "out.xml").write_text(text + "\n")
        (path / "out.json").write_text(as_text(told))
