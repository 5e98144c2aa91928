from decimal import Decimal

from services.domain.events.common import MeterKeyStatus
from services.domain.events.meterkey import MeterKeys
from services.evidence.fold import fold
from services.evidence.state import State
from services.runtime.codec import Codec
from services.simulator import registry
from services.simulator.ocmf import derived_key, public_key_hex
from services.simulator.registry import (
    fleet_specs,
    meter_keys,
    password_hash,
    site,
    station_states,
    token_registrations,
    token_uids,
)
from tests.scenarios.story import Run

NOW = 1_795_219_200_000


class TestFleetSpecs:
    def test_speak_both_versions_in_turn(self) -> None:
        assert [spec.protocol for spec in fleet_specs(4, "X", "s")] == [
            "ocpp1.6",
            "ocpp2.0.1",
            "ocpp1.6",
            "ocpp2.0.1",
        ]

    def test_have_ids_passwords_meters_and_evses_of_their_own(self) -> None:
        specs = fleet_specs(300, "X", "s")
        for name in ("station_id", "password", "serial", "evse_uid"):
            assert len({getattr(spec, name) for spec in specs}) == 300

    def test_differ_in_whether_they_boot_again(self) -> None:
        again = [(spec.protocol, spec.boots_on_reconnect) for spec in fleet_specs(4, "X", "s")]
        assert len(set(again)) == 4

    def test_are_the_same_for_the_same_seed(self) -> None:
        assert fleet_specs(3, "X", "s") == fleet_specs(3, "X", "s")
        assert fleet_specs(3, "X", "s")[0].password != fleet_specs(3, "X", "t")[0].password

    def test_fit_the_lengths_of_the_specification(self) -> None:
        for spec in fleet_specs(3, "DEMO-1121-023045", "s"):
            assert len(spec.station_id) <= 48
            assert len(spec.serial) <= 25
            assert max(len(spec.vendor), len(spec.model)) <= 20
            assert 16 <= len(spec.password) <= 40
            assert spec.evse_uid == f"DE*WAT*E{spec.station_id.replace('-', '')}*1"


class TestTokenUids:
    def test_are_seven_byte_uids(self) -> None:
        uids = token_uids(50)
        assert len(set(uids)) == 50
        assert all(len(bytes.fromhex(uid)) == 7 and uid == uid.upper() for uid in uids)


class TestPasswordHash:
    def test_names_scheme_salt_and_digest(self) -> None:
        scheme, salt, digest = password_hash("secret", b"0123456789abcdef").split(":")
        assert (scheme, bytes.fromhex(salt), len(digest)) == ("b2", b"0123456789abcdef", 64)

    def test_depends_on_password_and_salt(self) -> None:
        hashes = {password_hash(secret, salt * 16) for secret in ("a", "b") for salt in (b"1", b"2")}
        assert len(hashes) == 4


class TestEvents:
    def test_can_be_encoded_and_belong_to_the_tenant(self) -> None:
        events = [
            *site("own", NOW),
            *station_states(fleet_specs(2, "X", "s"), "own", lambda secret: f"hash of {secret}", NOW),
            *token_registrations(token_uids(2), "own", NOW),
            *meter_keys(fleet_specs(2, "X", "s"), "own", "s", NOW),
        ]
        codec = Codec()
        for event in events:
            assert codec.decode(codec.encode(event)) == event
            assert event.key.startswith("own/")

    def test_let_each_station_in_with_its_hash(self) -> None:
        specs = fleet_specs(2, "X", "s")
        states = station_states(specs, "own", lambda secret: f"hash of {secret}", NOW)
        assert [state.password_hash for state in states] == [f"hash of {spec.password}" for spec in specs]
        assert {state.location_id for state in states} == {registry.LOCATION_ID}
        assert {state.tariff_id for state in states} == {registry.TARIFF_ID}
        assert [state.evses[0].evse_uid for state in states] == [spec.evse_uid for spec in specs]

    def test_put_the_meters_keys_in_force(self) -> None:
        specs = fleet_specs(2, "X", "s")
        run = Run(fold, State)
        run.take(*meter_keys(specs, "own", "s", NOW))
        for spec in specs:
            (one,) = run.latest(MeterKeys)[f"own/{spec.station_id}/1"].versions
            assert one.status is MeterKeyStatus.APPROVED
            assert (one.meter_serial, one.public_key) == (
                spec.serial,
                public_key_hex(derived_key("s", spec.serial)),
            )

    def test_put_stations_under_calibration_law_when_asked(self) -> None:
        for law in (False, True):
            (state,) = station_states(fleet_specs(1, "X", "s"), "own", str, NOW, calibration_law=law)
            assert state.calibration_law is law

    def test_price_what_is_charged(self) -> None:
        _location, tariff = site("own", NOW)
        terms = tariff.to_record()["terms"]
        assert (terms["energy_price_per_kwh"], terms["currency"]) == (Decimal("0.45"), "EUR")

    def test_register_each_token_once_however_often(self) -> None:
        one, other = (token_registrations(token_uids(3), "own", at) for at in (NOW, NOW + 1))
        assert [event.event_id for event in one] == [event.event_id for event in other]
        assert len({event.contract_id for event in one}) == 3
