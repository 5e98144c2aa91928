import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.contract_ids import (
    Scheme,
    din_check_digit,
    iso_check_digit,
    plain,
    provider_named,
    provider_prefix,
    read,
)

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "ids" / "vectors.json"
shared = pytest.mark.skipif(not VECTORS.exists(), reason="../shared/specs/ids is not here")
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class TestProviderPrefix:
    @pytest.mark.parametrize("text", ["NL-TNM-C12345678-X", "nl*tnm*c12345678*x", " N L.TNMC", "NLTNM1"])
    def test_is_what_an_id_begins_with_however_it_is_written(self, text: str) -> None:
        assert provider_prefix(text) == "NLTNM"

    @pytest.mark.parametrize("text", ["", "NLTNM", "NL-TNM-", "ÄÖÜßéèê"])
    def test_is_nothing_of_an_id_that_is_too_short(self, text: str) -> None:
        assert provider_prefix(text) is None

    @given(st.text())
    def test_is_of_letters_and_digits(self, text: str) -> None:
        assert plain(text) == plain(plain(text))
        assert plain(text).isalnum() or plain(text) == ""


class TestRead:
    @pytest.mark.parametrize(
        "text", ["DE-WAT-C00000001", "DEWATC00000001", "de*wat*c00000001", " DE-WAT-C00000001 "]
    )
    def test_takes_every_spelling_apart_and_keeps_what_came(self, text: str) -> None:
        found = read(text)
        assert found is not None
        assert (found.received, found.scheme, found.partner_id) == (text, Scheme.ISO, "DE-WAT")
        assert (found.normalised, found.check_digit, found.warning) == ("DEWATC00000001", None, None)

    def test_warns_of_a_wrong_check_digit_and_takes_it(self) -> None:
        right = iso_check_digit("DEWATC00000001")
        wrong = ALPHABET[(ALPHABET.index(right) + 1) % 36]
        good, bad = read(f"DE-WAT-C00000001-{right}"), read(f"DEWATC00000001{wrong}")
        assert good is not None
        assert good.warning is None
        assert bad is not None
        assert bad.warning == f"the check digit of DEWATC00000001{wrong} is {wrong} and ought to be {right}"
        assert bad.normalised == good.normalised

    def test_knows_a_contract_in_the_forms_of_din_emi3_and_iso(self) -> None:
        digit = din_check_digit("DEWAT123456")
        texts = (
            f"DE-WAT-123456-{digit}",
            f"DE*WAT*123456*{digit}",
            f"DEWATC0123456{digit}",
            f"DE-WAT-00123456{digit}",
        )
        found = [one for text in texts if (one := read(text))]
        assert [one.scheme for one in found] == [Scheme.DIN, Scheme.DIN, Scheme.ISO, Scheme.ISO]
        assert {one.normalised for one in found} == {f"DEWATC0123456{digit}"}

    def test_keeps_an_iso_id_apart_that_only_looks_converted(self) -> None:
        digit = din_check_digit("DEWAT123456")
        other = "0" if digit != "0" else "1"
        found = read(f"DEWAT00123456{other}")
        assert found is not None
        assert found.normalised == f"DEWAT00123456{other}"

    @pytest.mark.parametrize(
        "text",
        ["", "C1", "04A1B2C3", "DE-WAT", "DE-WAT-C1", "D-WAT-C00000001", "DE-WATC00000001", "DÉ-WAT-C00000001"],
    )
    def test_is_nothing_for_other_texts(self, text: str) -> None:
        assert read(text) is None

    @given(st.text(max_size=40))
    def test_raises_nothing(self, text: str) -> None:
        found = read(text)
        if found is not None:
            assert found.received == text
            assert isinstance(found.warning, str | None)
            assert found.normalised == found.normalised.upper()


class TestCheckDigits:
    @given(st.text(ALPHABET, min_size=14, max_size=14), st.integers(0, 13), st.sampled_from(ALPHABET))
    def test_of_iso_shows_every_single_wrong_character(self, body: str, place: int, other: str) -> None:
        changed = body[:place] + other + body[place + 1 :]
        assert (iso_check_digit(changed) == iso_check_digit(body)) == (changed == body)

    @given(st.text(ALPHABET, min_size=14, max_size=14), st.integers(0, 12))
    def test_of_iso_shows_neighbours_that_changed_places(self, body: str, place: int) -> None:
        changed = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
        assert (iso_check_digit(changed) == iso_check_digit(body)) == (changed == body)

    @given(st.text("0123456789", min_size=6, max_size=6), st.integers(0, 5), st.sampled_from("0123456789"))
    def test_of_din_shows_a_wrong_digit(self, instance: str, place: int, other: str) -> None:
        changed = instance[:place] + other + instance[place + 1 :]
        same = din_check_digit(f"DEWAT{changed}") == din_check_digit(f"DEWAT{instance}")
        assert same == (changed == instance)

    @shared
    def test_are_those_of_the_published_vectors(self) -> None:
        vectors = json.loads(VECTORS.read_text())
        assert len(vectors["iso15118_check_digit"] + vectors["din91286_check_digit"]) == 19
        for body, digit in vectors["iso15118_check_digit"]:
            assert iso_check_digit(body) == digit
        for body, digit in vectors["din91286_check_digit"]:
            assert din_check_digit(body) == digit

    @shared
    def test_of_published_ids_that_are_wrong_are_warned_of(self) -> None:
        for published in json.loads(VECTORS.read_text())["published_examples_with_wrong_check_digit"].values():
            for text, digit in published:
                found = read(text)
                assert found is not None, text
                assert (found.warning or "").endswith(f"ought to be {digit}")

    @shared
    def test_survive_the_published_conversions(self) -> None:
        for _, one, _, other in json.loads(VECTORS.read_text())["conversions"]:
            a, b = read(one), read(other)
            assert a is not None
            assert b is not None
            assert (a.normalised, a.warning, b.warning) == (b.normalised, None, None)


class TestProviderNamed:
    @pytest.mark.parametrize("text", ["NL-TNM", "nl*tnm", " NLTNM "])
    def test_reads_every_spelling(self, text: str) -> None:
        assert provider_named(text) == "NL-TNM"

    @pytest.mark.parametrize("text", ["", "nobody!", "NL-TNM-C1", "TNM"])
    def test_refuses_another_text(self, text: str) -> None:
        assert provider_named(text) is None
