"""Stations' known mistakes: read from data, mended in messages, told aloud."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.domain.events.station import ConnectorStatusChanged, ProtocolViolated, Station
from services.ocpp.connection import Connection, Step
from services.ocpp.settings import SHIPPED_QUIRKS, OcppSettings
from services.ocpp.wire.quirks import BadQuirks, Profile, Quirks, choose, chooser, load
from services.runtime.settings import BadSetting
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, TENANT, V16

ACME = """
- name: acme
  vendor: "Acme*"
  model: "AC??"
  rules:
    - {action: StatusNotification, at: errorCode, missing: NoError}
    - {action: MeterValues, at: meterValue.sampledValue.unit, words: {KWH: kWh}}
    - {action: "*", at: timestamp, cut_suffix: "[Etc/UTC]"}
    - {action: DataTransfer, at: vendor, rename: vendorId}
    - {action: Heartbeat, at: uptime, drop: true}
"""


def quirks(text: str = ACME, vendor: str = "Acme Corp", model: str = "AC22") -> Quirks:
    chosen = choose(load(text), (), vendor, model, "")
    assert chosen is not None
    return chosen


def says(connection: Connection, action: str, payload: Any) -> Step:
    return connection.receive(orjson.dumps([2, f"m-{action}", action, payload]), NOW)


class TestChoose:
    @pytest.mark.parametrize(
        ("vendor", "model", "fits"),
        [("Acme", "AC22", True), ("Acme Corp", "AC11", True), ("acme", "AC22", False), ("Acme", "DC150", False)],
    )
    def test_by_what_a_station_says_of_itself(self, vendor: str, model: str, fits: bool) -> None:
        assert (choose(load(ACME), (), vendor, model, "1.0") is not None) is fits

    def test_by_name(self) -> None:
        profiles = load("[{name: strict, validation: hard}]")
        assert choose(profiles, (), "Acme", "AC22", "") is None
        assert choose(profiles, ("strict",), "", "", "") == Quirks(True, ())

    def test_puts_several_together(self) -> None:
        chosen = choose(load(ACME + "- {name: strict, validation: hard}"), ("strict",), "Acme", "AC22", "")
        assert chosen is not None
        assert (chosen.hard, len(chosen.rules)) == (True, 5)

    def test_by_firmware(self) -> None:
        profiles = load('[{name: old, firmware: "1.*"}]')
        assert choose(profiles, (), "", "", "1.4") is not None
        assert choose(profiles, (), "", "", "2.0") is None

    def test_finds_the_same_for_every_station_of_a_make(self) -> None:
        profiles = load(ACME)
        found = chooser(profiles)
        assert found((), "Acme", "AC22", "1.0") == choose(profiles, (), "Acme", "AC22", "1.0")
        assert found((), "Acme", "AC22", "1.0") is found((), "Acme", "AC22", "1.0")
        assert found((), "Other", "AC22", "1.0") is None


class TestMend:
    @pytest.mark.parametrize(
        ("action", "payload", "mended", "said"),
        [
            ("StatusNotification", {}, {"errorCode": "NoError"}, "was missing"),
            ("StatusNotification", {"errorCode": "NoError"}, {"errorCode": "NoError"}, None),
            ("StartTransaction", {"timestamp": "T[Etc/UTC]"}, {"timestamp": "T"}, "without '[Etc/UTC]'"),
            ("StartTransaction", {"timestamp": 5}, {"timestamp": 5}, None),
            ("DataTransfer", {"vendor": "x"}, {"vendorId": "x"}, "means vendorId"),
            ("DataTransfer", {"vendor": "x", "vendorId": "y"}, {"vendor": "x", "vendorId": "y"}, None),
            ("Heartbeat", {"uptime": 7}, {}, "left out"),
            ("Heartbeat", {}, {}, None),
        ],
    )  # fmt: skip
    def test_changes_what_a_rule_names_and_says_so(
        self, action: str, payload: Any, mended: Any, said: str | None
    ) -> None:
        warnings = quirks().mend(action, payload)
        assert payload == mended
        assert len(warnings) == (said is not None)
        if said is not None:
            assert said in warnings[0]
            assert "(quirk acme)" in warnings[0]

    def test_goes_through_all_items_of_lists(self) -> None:
        samples = [{"unit": "KWH"}, {"unit": "W"}, {"unit": "KWH"}]
        payload = {"meterValue": [{"sampledValue": samples[:2]}, {"sampledValue": samples[2:]}]}
        warnings = quirks().mend("MeterValues", payload)
        assert [sample["unit"] for sample in samples] == ["kWh", "W", "kWh"]
        assert warnings == ["meterValue.sampledValue.unit 'KWH' means 'kWh' (quirk acme)"] * 2

    @pytest.mark.parametrize("odd", [{"meterValue": 5}, {"meterValue": [[]]}, {"meterValue": None}, {}])
    def test_leaves_payloads_of_another_shape_alone(self, odd: dict[str, Any]) -> None:
        before = orjson.dumps(odd)
        assert quirks().mend("MeterValues", odd) == []
        assert orjson.dumps(odd) == before


class TestLoad:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "not YAML"),
            ("name: x", "not a list"),
            ("[5]", "profile 1 is not a mapping"),
            ("[{vendor: x}]", "profile 1 has no name"),
            ("[{name: x, colour: red}]", "unknown keys colour"),
            ("[{name: x, validation: lax}]", "soft or hard"),
            ("[{name: x, rules: 5}]", "rules is not a list"),
            ("[{name: x}, {name: x}]", "two profiles of one name: x"),
            ("[{name: x, rules: [{at: y, drop: true}]}]", "rule 1: give an action"),
            ("[{name: x, rules: [{action: A, at: y}]}]", "give one of missing, rename"),
            ("[{name: x, rules: [{action: A, at: y, drop: true, missing: 1}]}]", "give one of"),
            ("[{name: x, rules: [{action: A, at: y, drop: 1}]}]", "drop wants true"),
            ("[{name: x, rules: [{action: A, at: y, rename: 1}]}]", "rename wants"),
            ("[{name: x, rules: [{action: A, at: y, words: 1}]}]", "words wants"),
            ("[{name: x, rules: [{action: A, at: y, cut_suffix: ''}]}]", "cut_suffix wants"),
        ],
    )
    def test_says_what_is_wrong_and_where(self, text: str, said: str) -> None:
        with pytest.raises(BadQuirks, match=said):
            load(text)

    def test_takes_what_is_shipped(self) -> None:
        assert {profile.name for profile in load(SHIPPED_QUIRKS.read_text())} >= {"java-zone-id", "strict"}

    def test_is_a_setting(self, tmp_path: Any) -> None:
        (tmp_path / "own.yaml").write_text("[{name: own}]")
        assert OcppSettings(quirks_file=str(tmp_path / "own.yaml")).quirks() == (
            Profile("own", "", "", "", False, ()),
        )
        with pytest.raises(BadSetting, match="WATTLOG_QUIRKS_FILE"):
            OcppSettings(quirks_file=str(tmp_path / "none.yaml")).quirks()


class TestConnection:
    def named(self, *names: str, **changes: Any) -> Connection:
        entry = Station(tenant=TENANT, station_id=STATION, quirks=names, updated_at=1, **changes)
        edge = replace(EDGE, station=lambda _key: entry, quirks=chooser(load(ACME + SHIPPED_QUIRKS.read_text())))
        return Connection(edge, STATION, V16, 1)

    def test_mends_the_messages_of_a_station_that_names_a_profile(self) -> None:
        step = says(self.named("no-error-code"), "StatusNotification", {"connectorId": 1, "status": "Available"})
        (event,) = step.events
        assert isinstance(event, ConnectorStatusChanged)
        assert event.warnings == ("errorCode was missing: 'NoError' (quirk no-error-code)",)

    def test_knows_a_maker_by_the_registry_or_by_the_boot(self) -> None:
        status = {"connectorId": 1, "status": "Available"}
        assert says(self.named(vendor="Acme", model="AC22"), "StatusNotification", status).outcome == "ok"
        connection = self.named()
        assert says(connection, "StatusNotification", status).outcome == "OccurenceConstraintViolation"
        boot = {"chargePointVendor": "Acme", "chargePointModel": "AC11"}
        connection.settle(says(connection, "BootNotification", boot))
        assert says(connection, "StatusNotification", status).outcome == "ok"

    def test_refuses_what_else_is_tolerated_when_validation_is_hard(self) -> None:
        status = {"connectorId": 1, "status": "Available", "errorCode": "NoError", "mood": "good"}
        assert says(self.named(), "StatusNotification", dict(status)).outcome == "ok"
        step = says(self.named("strict"), "StatusNotification", dict(status))
        assert step.outcome == "FormationViolation"
        (event,) = step.events
        assert isinstance(event, ProtocolViolated)
        assert "mood" in event.description
