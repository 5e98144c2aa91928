"""Partners' objects are understood as far as can be, and everything about them is told."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpi.wire.findings import Finding, Kind, at
from services.ocpi.wire.model import MODEL, V211, V221, V230
from services.ocpi.wire.reading import MOST_FINDINGS, Unfit, emit, read, validate

TOKEN: dict[str, Any] = {
    "country_code": "NL",
    "party_id": "TNM",
    "uid": "04A1B2C3D4E5F6",
    "type": "RFID",
    "contract_id": "NL-TNM-C12345678-X",
    "issuer": "The New Motion",
    "valid": True,
    "whitelist": "ALWAYS",
    "last_updated": "2026-11-21T10:00:00Z",
}
CONNECTOR: dict[str, Any] = {
    "id": "1",
    "standard": "IEC_62196_T2",
    "format": "SOCKET",
    "power_type": "AC_3_PHASE",
    "max_voltage": 230,
    "max_amperage": 32,
    "last_updated": "2026-11-21T10:00:00Z",
}


def kinds(findings: tuple[Finding, ...]) -> dict[str, Kind]:
    return {finding.pointer: finding.kind for finding in findings}


def read_token(**changes: Any) -> tuple[dict[str, Any], dict[str, Kind]]:
    reading = read(TOKEN | changes, "Token", V230)
    return reading.value, kinds(reading.findings)


class TestRead:
    def test_has_nothing_to_say_about_what_is_right(self) -> None:
        assert read(TOKEN, "Token", V230) == (TOKEN, ())

    def test_keeps_what_it_does_not_know(self) -> None:
        value, found = read_token(nl_tnm_colour={"a": [1]})
        assert value["nl_tnm_colour"] == {"a": [1]}
        assert found == {"/nl_tnm_colour": Kind.UNKNOWN_FIELD}
        assert validate(TOKEN | {"nl_tnm_colour": 1}, "Token", V230) == ()

    def test_takes_null_for_absent(self) -> None:
        value, found = read_token(visual_number=None, issuer=None)
        assert "visual_number" not in value
        assert found == {"/issuer": Kind.MISSING}

    @pytest.mark.parametrize("version", [V230, V221])
    def test_keeps_unknown_values_which_only_open_enums_permit(self, version: str) -> None:
        reading = read(TOKEN | {"type": "IMPLANT"}, "Token", version)
        assert reading.value["type"] == "IMPLANT"
        assert kinds(reading.findings) == {"/type": Kind.UNKNOWN_VALUE}
        assert bool(reading.broken) is (version == V221)

    @pytest.mark.parametrize(
        ("field", "sent", "meant"),
        [
            ("type", "rfid", "RFID"),
            ("whitelist", "Allowed-Offline", "ALLOWED_OFFLINE"),
            ("valid", "true", True),
            ("valid", 0, False),
            ("uid", 4711, "4711"),
            ("uid", Decimal("1.50"), "1.50"),
            ("last_updated", "2026-11-21T12:00:00+02:00", "2026-11-21T10:00:00.000Z"),
        ],
    )
    def test_corrects_what_can_be_meant_only_one_way(self, field: str, sent: Any, meant: Any) -> None:
        value, found = read_token(**{field: sent})
        assert value[field] == meant
        assert found == {f"/{field}": Kind.CORRECTED}

    @pytest.mark.parametrize("text", ["2026-11-21T10:00:00", "2026-11-21T10:00:00Z", "2026-11-21T10:00:00.123Z"])
    def test_leaves_times_as_they_are_written(self, text: str) -> None:
        assert read_token(last_updated=text) == (TOKEN | {"last_updated": text}, {})

    @pytest.mark.parametrize(
        ("field", "sent"),
        [
            ("type", 5),
            ("valid", "perhaps"),
            ("valid", None.__class__),
            ("uid", ["a"]),
            ("uid", True),
            ("last_updated", "yesterday"),
            ("last_updated", 17),
            ("last_updated", "2026-11-21T24:00:00Z"),
            ("energy_contract", "Green"),
        ],
    )
    def test_leaves_out_what_nobody_could_use(self, field: str, sent: Any) -> None:
        value, found = read_token(**{field: sent})
        assert field not in value
        assert found == {f"/{field}": Kind.UNUSABLE}

    @pytest.mark.parametrize(
        "changes", [{"uid": "x" * 37}, {"contract_id": "NL–TNM"}, {"issuer": "a\nb"}, {"party_id": "TNMX"}]
    )
    def test_keeps_text_that_does_not_fit_and_says_so(self, changes: dict[str, str]) -> None:
        value, found = read_token(**changes)
        assert value == TOKEN | changes
        assert list(found.values()) == [Kind.MALFORMED]

    def test_points_into_lists(self) -> None:
        evse = {"uid": "1", "status": "AVAILABLE", "last_updated": "2026-11-21T10:00:00Z"}
        broken = evse | {"connectors": [CONNECTOR, CONNECTOR | {"format": None}, "none"]}
        reading = read(broken, "EVSE", V230)
        assert len(reading.value["connectors"]) == 2
        assert kinds(reading.findings) == {"/connectors/1/format": Kind.MISSING, "/connectors/2": Kind.UNUSABLE}

    def test_takes_one_for_a_list_of_one(self) -> None:
        reading = read(CONNECTOR | {"tariff_ids": "11"}, "Connector", V230)
        assert reading.value["tariff_ids"] == ["11"]
        assert kinds(reading.findings) == {"/tariff_ids": Kind.CORRECTED}

    def test_misses_lists_that_must_not_be_empty(self) -> None:
        evse = {"uid": "1", "status": "AVAILABLE", "last_updated": "2026-11-21T10:00:00Z", "connectors": []}
        assert kinds(validate(evse, "EVSE", V221)) == {"/connectors": Kind.MISSING}

    @pytest.mark.parametrize(
        ("sent", "understood", "kind"),
        [
            (Decimal("230.0"), 230, Kind.CORRECTED),
            (230.0, 230, Kind.CORRECTED),
            ("230", 230, Kind.CORRECTED),
            (Decimal("230.4"), None, Kind.UNUSABLE),
            (230.4, None, Kind.UNUSABLE),
            (Decimal("NaN"), None, Kind.UNUSABLE),
            (Decimal("1e400"), None, Kind.UNUSABLE),
            ("9" * 400, None, Kind.UNUSABLE),
            (False, None, Kind.UNUSABLE),
        ],
    )
    def test_wants_whole_numbers_for_ints(self, sent: Any, understood: int | None, kind: Kind) -> None:
        reading = read(CONNECTOR | {"max_voltage": sent}, "Connector", V230)
        assert reading.value.get("max_voltage") == understood
        assert kinds(reading.findings) == {"/max_voltage": kind}

    def test_counts_the_digits_of_an_int(self) -> None:
        hours = {"weekday": 12, "period_begin": "08:00", "period_end": "20:00"}
        assert kinds(validate(hours, "RegularHours", V230)) == {"/weekday": Kind.MALFORMED}

    @pytest.mark.parametrize(
        ("sent", "understood", "right"),
        [
            (Decimal("0.30"), Decimal("0.30"), True),
            (3, 3, True),
            (0.3, Decimal("0.3"), True),
            ("2.00", Decimal("2.00"), False),
            ("1e999", None, False),
            (Decimal("Infinity"), None, False),
            (True, None, False),
            ([], None, False),
        ],
    )
    def test_has_exact_numbers(self, sent: Any, understood: Any, right: bool) -> None:
        reading = read({"type": "ENERGY", "price": sent, "step_size": 1}, "PriceComponent", V230)
        assert reading.value.get("price") == understood
        assert (not reading.findings) is right

    @pytest.mark.parametrize("url", ["ftp://x", "example.com", "https://", "https://x/" + "a" * 255, "http://a b"])
    def test_doubts_urls(self, url: str) -> None:
        reading = read({"version": "2.3.0", "url": url}, "Version", V230)
        assert kinds(reading.findings) == {"/url": Kind.MALFORMED}
        assert kinds(read({"version": "2.3.0", "url": 5}, "Version", V230).findings) == {"/url": Kind.UNUSABLE}

    @pytest.mark.parametrize("value", [None, [], "token", 5, True, object()])
    def test_makes_nothing_of_what_is_no_object(self, value: Any) -> None:
        reading = read(value, "Token", V230)
        assert reading.value == {}
        assert kinds(reading.findings) == {"": Kind.UNUSABLE}

    def test_says_only_so_much(self) -> None:
        flood = TOKEN | {f"x{number}": 1 for number in range(5000)}
        assert len(read(flood, "Token", V230).findings) == MOST_FINDINGS


class TestPartial:
    def test_misses_nothing_but_in_what_is_whole(self) -> None:
        patch = {"status": "CHARGING", "connectors": [{"id": "1"}], "floor_level": None}
        reading = read(patch, "EVSE", V230, partial=True)
        assert reading.value == patch
        assert "/connectors/0/standard" in kinds(reading.findings)
        assert "/uid" not in kinds(reading.findings)


class TestEmit:
    def test_lets_out_what_is_right(self) -> None:
        assert emit(TOKEN, "Token", V230) == TOKEN

    def test_keeps_back_what_is_not(self) -> None:
        with pytest.raises(Unfit, match="/uid: malformed") as caught:
            emit(TOKEN | {"uid": "x" * 37}, "Token", V230)
        assert kinds(caught.value.findings) == {"/uid": Kind.MALFORMED}


class TestFinding:
    def test_says_what_is_the_matter_and_where(self) -> None:
        assert str(Finding("", Kind.UNUSABLE, "a list")) == "/: unusable; left out (a list)"
        assert str(Finding(at("/a", "b/c~d"), Kind.MISSING)) == "/a/b~1c~0d: missing"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.decimals(allow_nan=True) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted({name for _, name in MODEL.objects})


@st.composite
def near_objects(draw: st.DrawFn) -> tuple[str, str, Any]:
    version = draw(st.sampled_from([V230, V221, V211]))
    name = draw(st.sampled_from([name for name in NAMES if (version, name) in MODEL.objects]))
    fields = list(MODEL.objects[version, name])
    return version, name, draw(st.dictionaries(st.sampled_from(fields) | st.text(max_size=5), JSON, max_size=8))


class TestHostileInput:
    @given(near_objects(), st.booleans())
    def test_never_raises_and_what_was_understood_is_understood_alike_again(
        self, sent: tuple[str, str, Any], partial: bool
    ) -> None:
        version, name, value = sent
        first = read(value, name, version, partial=partial)
        assert read(first.value, name, version, partial=partial).value == first.value

    def test_survives_deep_nesting(self) -> None:
        deep: Any = {}
        for _ in range(500):
            deep = {"charging_profile": deep, "parking": [deep]}
        assert read(deep, "ActiveChargingProfile", V230).findings
        assert json.dumps(read({"a": 1}, "Token", V230).value) == '{"a": 1}'
