"""The EDL40 block: there and back, and what does not fit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter import edl_block
from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.findings import NotReadable
from tests.unit.domain.signed_meter.meter_records import EDL


def below(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


BLOCKS = st.builds(
    EdlBlock,
    server_id=st.binary(min_size=10, max_size=10),
    local_epoch=below(32),
    status=below(8),
    seconds_index=below(32),
    pagination=below(32),
    obis=st.binary(min_size=6, max_size=6),
    unit=below(8),
    scaler=st.integers(-128, 127),
    value=below(64),
    log=st.binary(min_size=2, max_size=2),
    contract_id=st.binary(min_size=128, max_size=128),
    contract_epoch=below(32),
    history=below(64),
    compensated=below(64),
    resistance=below(16),
    stopwatch=below(32),
    price=below(16),
)


class TestBlock:
    @given(BLOCKS)
    def test_is_read_as_it_was_built(self, block: EdlBlock) -> None:
        data = edl_block.build(block)
        assert (len(data), edl_block.read(data)) == (320, block)

    def test_is_zero_where_nothing_is_said(self) -> None:
        assert edl_block.build(EDL)[173:] == bytes(147)

    @pytest.mark.parametrize(
        "change",
        [
            {"server_id": b"short"},
            {"obis": b""},
            {"log": b"\x00"},
            {"contract_id": bytes(129)},
            {"local_epoch": -1},
            {"local_epoch": 1 << 32},
            {"pagination": 1 << 32},
            {"scaler": 128},
            {"unit": 256},
            {"value": 1 << 64},
            {"value": -(1 << 63) - 1},
            {"resistance": 1 << 16},
        ],
    )
    def test_does_not_hold_what_does_not_fit(self, change: dict[str, object]) -> None:
        with pytest.raises(NotReadable):
            edl_block.build(replace(EDL, **change))  # type: ignore[arg-type]

    def test_of_another_length_is_none(self) -> None:
        with pytest.raises(NotReadable):
            edl_block.read(bytes(319))

    def test_bills_the_compensated_register_where_there_is_one(self) -> None:
        assert str(replace(EDL, compensated=42).kwh) == "0.0042"
        assert str(EDL.kwh) == "100.0000"
        assert replace(EDL, resistance=1).compensating
        assert not EDL.compensating

    def test_has_no_scaler_beyond_reason(self) -> None:
        with pytest.raises(NotReadable):
            _ = replace(EDL, scaler=10).kwh


def test_an_obis_number_reads_as_people_write_it() -> None:
    assert edl_block.register(edl_block.ENERGY_TOTAL) == "1-0:1.17.0*255"
