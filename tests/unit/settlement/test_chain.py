from dataclasses import fields, replace
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from services.domain.events.common import ChargeDetail, IdToken, SignedMeterValue
from services.domain.events.settlement import CdrChained
from services.settlement.chain import GENESIS, Head, breaks, chained, heads, link_sha256, record_sha256
from tests.unit.settlement.test_fold import DETAIL

SIGNED = SignedMeterValue(signed_data=b"OCMF|{}|{}", sha256=sha256(b"OCMF|{}|{}").hexdigest())
FULL = replace(
    DETAIL,
    evse_uid="DE*WAT*E1",
    id_token=IdToken(value="04A1"),
    meter_start_wh=Decimal(1),
    meter_stop_wh=Decimal(10_001),
    signed_meter_values=(SIGNED,),
)


def chain_of(*details: ChargeDetail) -> list[CdrChained]:
    head, links = Head(), []
    for detail in details:
        head, link = chained(head, detail)
        links.append(link)
    return links


def numbered(count: int) -> list[ChargeDetail]:
    return [replace(FULL, cdr_id=f"c{number}", session_id=f"s{number}") for number in range(count)]


def hashes(details: list[ChargeDetail]) -> dict[str, str]:
    return {detail.cdr_id: record_sha256(detail) for detail in details}


class TestRecordSha256:
    @pytest.mark.parametrize(
        "change",
        [
            {"cdr_id": "c2"},
            {"revision": 2},
            {"credit_reference_id": "c0"},
            {"tenant": "u"},
            {"party_id": "ABC"},
            {"station_id": "CS2"},
            {"evse_uid": None},
            {"id_token": None},
            {"contract_id": "NL-TNM-C2"},
            {"started_at": 1},
            {"ended_at": 1},
            {"energy_wh": Decimal("10000.0001")},
            {"meter_start_wh": None},
            {"meter_stop_wh": Decimal(2)},
            {"tariff": None},
            {"total_cost_excl_vat": Decimal("4.01")},
            {"total_cost_incl_vat": None},
            {"signed_meter_values": ()},
            {"signed_meter_values": (SIGNED, SIGNED)},
        ],
        ids=str,
    )
    def test_changes_with_whatever_is_billed_or_proven(self, change: dict[str, Any]) -> None:
        assert record_sha256(replace(FULL, **change)) != record_sha256(FULL)

    def test_stays_the_same_for_equal_numbers_and_for_fields_that_come_later(self) -> None:
        same = replace(FULL, energy_wh=Decimal("10000.0000"), total_cost_incl_vat=Decimal("4.760"))
        assert record_sha256(same) == record_sha256(FULL)
        assert record_sha256(replace(FULL, quality_flags=("GAP",), agreement_id="A9")) == record_sha256(FULL)

    def test_is_known_for_ever(self) -> None:
        assert record_sha256(FULL) == KNOWN_HASH

    def test_cannot_be_led_astray_by_a_text_with_lines_of_its_own(self) -> None:
        one = replace(FULL, station_id='CS1"\nevse="X', evse_uid=None)
        two = replace(FULL, station_id="CS1", evse_uid="X")
        assert record_sha256(one) != record_sha256(two)
        assert record_sha256(replace(FULL, contract_id="-")) != record_sha256(replace(FULL, contract_id=None))


class TestChained:
    def test_links_each_record_to_the_one_before(self) -> None:
        first, second = chain_of(*numbered(2))
        assert (first.height, first.previous_sha256) == (1, GENESIS)
        assert (second.height, second.previous_sha256) == (2, first.link_sha256)
        assert second.link_sha256 == link_sha256(2, first.link_sha256, second.record_sha256)


class TestBreaks:
    def test_finds_nothing_on_whole_chains_in_any_order_and_told_twice(self) -> None:
        details = numbered(20)
        links = [*chain_of(*details[:12]), *chain_of(*details[12:])]
        Random(1).shuffle(links)
        assert list(breaks(hashes(details), [*links, *links[:5]])) == []

    def test_finds_a_record_that_was_changed(self) -> None:
        details = numbered(3)
        links = chain_of(*details)
        details[1] = replace(details[1], energy_wh=Decimal(9_999))
        assert list(breaks(hashes(details), links)) == ["c1 is not the record that was put on the chain"]

    def test_finds_a_record_that_was_changed_together_with_its_link(self) -> None:
        details = numbered(3)
        links = chain_of(*details)
        details[1] = replace(details[1], energy_wh=Decimal(9_999))
        links[1] = chained(Head(1, links[0].link_sha256), details[1])[1]
        assert list(breaks(hashes(details), links)) == ["link 3 of c2 does not follow the link that it names"]

    def test_finds_a_link_whose_hash_is_not_of_its_content(self) -> None:
        links = chain_of(*numbered(2))
        links[1] = replace(links[1], link_sha256="ab" * 32)
        assert list(breaks(hashes(numbered(2)), links)) == ["link 2 of c1 has another hash than its content"]

    def test_finds_what_was_left_out_and_what_was_put_in(self) -> None:
        details = numbered(4)
        links = chain_of(*details)
        del links[1]
        assert list(breaks(hashes(details), links)) == [
            "link 3 of c2 does not follow the link that it names",
            "c1 was issued, but is on no chain",
        ]
        assert list(breaks(hashes(details[:1]), chain_of(*details[:2]))) == [
            "c1 is on a chain, but was not issued"
        ]

    def test_finds_forks_and_records_that_are_on_chains_twice(self) -> None:
        details = numbered(3)
        links = chain_of(*details[:2])
        fork = chained(Head(1, links[0].link_sha256), details[2])[1]
        assert list(breaks(hashes(details), [*links, fork])) == ["c1 and c2 both follow the same link"]
        other = chained(Head(), details[1])[1]
        assert list(breaks(hashes(details[:2]), [*links, other])) == [
            "c1 is on a chain twice, with different links"
        ]


class TestHeads:
    def test_are_the_ends_of_the_chains(self) -> None:
        details = numbered(5)
        long, short = chain_of(*details[:3]), chain_of(*details[3:])
        assert heads([*short, *long]) == [long[-1], short[-1]]
        assert heads([]) == []


def test_every_field_of_a_record_is_either_hashed_or_known_not_to_be() -> None:
    """A new field needs a decision: a new version of the hash, or this list."""
    hashed = {
        "tenant", "cdr_id", "session_id", "revision", "credit_reference_id", "country_code", "party_id",
        "station_id", "evse_uid", "id_token", "contract_id", "started_at", "ended_at", "energy_wh",
        "meter_start_wh", "meter_stop_wh", "tariff", "total_cost_excl_vat", "total_cost_incl_vat",
        "signed_meter_values",
    }  # fmt: skip
    derived = {
        "credit", "transaction_id", "protocol", "evse_id", "connector_id", "location", "duration_s", "energy_cost",
        "time_cost", "session_cost", "stopped_reason", "periods", "quality_flags", "partner_id", "agreement_id",
        "parking_cost", "reservation_cost", "price_lines", "reservation_id", "reserved_periods",
    }  # fmt: skip
    assert {field.name for field in fields(ChargeDetail)} - hashed - derived == set()


KNOWN_HASH = "a6b7fa84fc65a1f6bcabee9dae8ef7d7150531e3006048d5c38a19a008f364da"
