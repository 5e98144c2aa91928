"""Contract ids say whose they are, however they are written."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ocpi.wire.parties import Party, party_named, party_of, plain


class TestPartyOf:
    @pytest.mark.parametrize(
        "contract_id",
        ["NL-TNM-C12345678-X", "NLTNMC12345678X", "nl-tnm-c12345678-x", "NL*TNM*123456*7", "NL TNM 1"],
    )
    def test_reads_country_and_provider(self, contract_id: str) -> None:
        assert party_of(contract_id) == Party("NL", "TNM")

    @pytest.mark.parametrize("contract_id", ["", "NL", "NL-TNM", "-----------", "ÄÖÜ-ÄÖÜ-1"])
    def test_says_nothing_of_ids_that_are_too_short(self, contract_id: str) -> None:
        assert party_of(contract_id) is None

    @given(st.text(max_size=40))
    def test_finds_the_party_whose_prefix_the_id_begins_with(self, contract_id: str) -> None:
        party = party_of(contract_id)
        assert party is None or plain(contract_id).startswith(party.prefix)


class TestPrefix:
    def test_tells_parties_of_one_country_apart(self) -> None:
        assert not plain("NL-TNX-C12345678-X").startswith(Party("NL", "TNM").prefix)

    def test_ignores_case(self) -> None:
        assert Party("nl", "tnm").prefix == "NLTNM"


class TestContractPattern:
    @given(st.text(alphabet="nltmNLTM019-* ſıKäÄ\n", max_size=16))
    @example("NL-TNM-C12345678-X")
    @example("-nl*tnm 1")
    @example("NLTNM")
    def test_says_the_same_as_party_of(self, contract_id: str) -> None:
        ours = re.search(Party("NL", "TNM").contract_pattern, contract_id) is not None
        assert ours == (party_of(contract_id) == Party("NL", "TNM"))

    def test_takes_nothing_for_more_than_letters(self) -> None:
        assert re.search(Party(".*", "T.M").contract_pattern, "NL-TNM-C1") is None


class TestPartyNamed:
    def test_is_read_whatever_its_case(self) -> None:
        assert party_named("nl", "tN1") == ("NL", "TN1")

    @pytest.mark.parametrize(
        "texts",
        [("", ""), ("N", "TNM"), ("NLD", "TNM"), ("N1", "TNM"), ("NL", "TNMX"), ("ÄÖ", "TNM")],
    )
    def test_is_none_for_what_names_nobody(self, texts: tuple[str, str]) -> None:
        assert party_named(*texts) is None
