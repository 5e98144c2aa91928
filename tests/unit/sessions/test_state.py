from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import IdToken, SignedMeterValue
from services.sessions import state
from services.sessions.state import (
    Charging,
    End,
    Holder,
    Joined,
    Namesake,
    Open,
    Place,
    Reading,
    Registers,
    Session,
    Signed,
    SignedValues,
    Start,
    State,
    Station,
)

FULL = Session(
    session_id="s",
    tenant="t",
    station_id="CS1",
    transaction_id="1",
    protocol="ocpp2.0.1",
    start=Start("k", 1, Decimal("1.5000")),
    end=End(2, None, "Local"),
    overtaken=True,
    holder=Holder(0, 1, IdToken(value="AA")),
    place=Place(0, 1, 1, None),
    registers=Registers(
        Reading(1, Decimal("0.1")), Reading(2, Decimal(3)), (Reading(1, Decimal("0.1")),), 900_000
    ),
    charging=Charging(3, "Charging"),
    seq_nos=(0, 3),
    flags=("CONFLICT",),
    suspended="stop without a start",
    version=7,
    revision=1,
    namesakes=(Namesake(5, "s2"),),
)
SIGNED = SignedValues((Signed(1, SignedMeterValue(signed_data=b"\x00\xff", sha256="ab")),), left_out=True)


def kept(value: State) -> State:
    return msgspec.msgpack.Decoder(State).decode(msgspec.msgpack.encode(value))


class TestState:
    @pytest.mark.parametrize("value", [FULL, SIGNED, Station((Open(1, "s", None, "AA"),)), Joined("s")], ids=type)
    def test_comes_back_from_the_store_as_it_was(self, value: State) -> None:
        found = kept(value)
        assert found == value
        assert type(found) is type(value)

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=0, max_value=10**15))
    def test_keeps_energies_to_the_last_digit(self, wh: Decimal) -> None:
        found = kept(Session("s", "t", "c", "1", "p", start=Start("k", 1, wh)))
        assert isinstance(found, Session)
        assert found.start is not None
        assert str(found.start.meter_wh) == str(wh)

    def test_is_read_when_later_fields_are_missing(self) -> None:
        short = msgspec.msgpack.encode(["session", "s", "t", "c", "1", "ocpp1.6"])
        assert msgspec.msgpack.decode(short, type=State) == Session("s", "t", "c", "1", "ocpp1.6")

    def test_has_keys_that_cannot_be_mixed_up(self) -> None:
        assert state.session_key("x") == "session:x"
        assert state.signed_key("x") == "signed:x"
        assert state.station_key("t", "CS1") == "station:t/CS1"
