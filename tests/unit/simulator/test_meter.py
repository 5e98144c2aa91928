import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulator.meter import Meter
from services.simulator.ocmf import MeterIdentity, Reading, derived_key

IDENTITY = MeterIdentity("Vendor", "Model", "SM1", "1.0", "Gateway", "GS1", "2.0", "DE*WAT*E1*1")
KEY = derived_key("seed", "SM1")


def meter(register_wh: str = "1000", resolution_wh: str = "1") -> Meter:
    return Meter(IDENTITY, KEY, Decimal(register_wh), Decimal(resolution_wh), page=9)


class TestRegister:
    def test_shows_what_was_counted(self) -> None:
        counting = meter()
        counting.add(Decimal("44069"))
        assert counting.register_wh() == Decimal("45069")

    def test_shows_energy_in_progress_without_counting_it(self) -> None:
        counting = meter()
        assert counting.register_wh(Decimal(5)) == Decimal(1005)
        assert counting.register_wh() == Decimal(1000)

    def test_keeps_what_is_below_its_resolution(self) -> None:
        counting = meter()
        counting.add(Decimal("0.6"))
        assert counting.register_wh() == Decimal(1000)
        counting.add(Decimal("0.6"))
        assert counting.register_wh() == Decimal(1001)

    def test_never_runs_backwards(self) -> None:
        with pytest.raises(ValueError, match="cannot count -1 Wh"):
            meter().add(Decimal(-1))

    @given(st.lists(st.decimals(0, 10**6, places=7, allow_nan=False), max_size=20), st.sampled_from(["1", "0.1"]))
    def test_loses_nothing_however_energy_arrives(self, amounts: list[Decimal], resolution: str) -> None:
        counting = meter(resolution_wh=resolution)
        shown = [counting.register_wh()]
        for amount in amounts:
            counting.add(amount)
            shown.append(counting.register_wh())
        assert shown == sorted(shown)
        assert 0 <= Decimal(1000) + sum(amounts) - shown[-1] < Decimal(resolution)


class TestSign:
    def test_counts_its_pages(self) -> None:
        signing = meter()
        records = [signing.sign("04AA", [Reading(0, "B", Decimal(1000))]) for _ in range(3)]
        pages = [json.loads(record.text.split("|")[1])["PG"] for record in records]
        assert pages == ["T9", "T10", "T11"]

    @pytest.mark.parametrize(("resolution", "written"), [("1", "1.000"), ("0.1", "1.0000"), ("10", "1.000")])
    def test_writes_as_many_digits_as_it_can_show(self, resolution: str, written: str) -> None:
        record = meter(resolution_wh=resolution).sign("04AA", [Reading(0, "B", Decimal(1000))])
        assert f'"RV":{written},' in record.text

    def test_hands_out_its_public_key(self) -> None:
        signing = meter()
        assert signing.sign("04AA", [Reading(0, "B", Decimal(1000))]).public_key_hex == signing.public_key_hex
