"""Every message of every version with one value after another made odd: answered, and its events fit in Kafka."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from services.ocpp.connection import Connection
from services.runtime.codec import Codec
from tests.golden.ocpp.golden import CASES
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION

NUMBERS = [0, -1, 1.0, 0.5, 2**31, -(2**31), 2**63, 2**64 - 1, 1e300, -1e-300, "1", None]
TEXTS = ["", "x" * 900, "x" * 20_000, "\x00", "\U0001f50c", "1970-01-01T00:00:00Z", "0000-00-00", 5, None, []]
OTHERS = [None, [], {}, "x", 1]
CODEC = Codec()


def odd(value: Any) -> Iterator[Any]:
    """The value with one of its parts, or itself, replaced, each in turn."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: changed} for changed in odd(inner))
    elif isinstance(value, list):
        yield value * 50
        for place, inner in enumerate(value[:2]):
            yield from ([*value[:place], changed, *value[place + 1 :]] for changed in odd(inner))
    if isinstance(value, bool):
        yield from OTHERS
    elif isinstance(value, int | float):
        yield from NUMBERS
    else:
        yield from TEXTS if isinstance(value, str) else OTHERS


def handled(protocol: str, frame: list[Any]) -> None:
    step = Connection(EDGE, STATION, protocol, 7).receive(orjson.dumps(frame), NOW)
    assert step.reply is not None
    kind, message_id, *_ = orjson.loads(step.reply)
    assert (kind, message_id) in ((3, "m"), (4, "m"))
    for event in step.events:
        assert CODEC.decode(CODEC.encode(event)) == event


CALLS = [case for case in CASES if b"[2," in b"".join((case / "in.json").read_bytes().split())]


@pytest.mark.parametrize("case", CALLS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_odd_values_do_no_harm(case: Any) -> None:
    _, _, action, payload = orjson.loads((case / "in.json").read_bytes())
    for changed in odd(payload):
        handled(f"ocpp{case.parent.name}", [2, "m", action, changed])
