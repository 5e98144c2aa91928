"""The description names every route, and what is sent there."""

import jsonschema_rs
import pytest

from services.ocpi.outbound.openapi import Served, body_of, described
from services.ocpi.wire.json_schema import PLACE, schema_name, schemas
from services.ocpi.wire.model import MODEL, V211, V230
from tests.unit.ocpi.inbound.test_place import PLACE as LOCATION


def served(path: str, *methods: str) -> Served:
    return Served(path, frozenset(methods))


class TestDescribed:
    def test_has_parameters_bodies_and_envelopes(self) -> None:
        told = described(
            [served("/ocpi/2.3.0/tokens/{country_code}/{party_id}/{uid}", "PUT", "PATCH", "GET", "HEAD")],
            "http://x",
        )
        path = told["paths"]["/ocpi/2.3.0/tokens/{country_code}/{party_id}/{uid}"]
        assert [one["name"] for one in path["parameters"]] == ["country_code", "party_id", "uid"]
        assert path.keys() == {"parameters", "put", "patch", "get"}
        schema = path["put"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"{PLACE}Token_2.3.0"}
        assert path["patch"]["requestBody"]["content"]["application/json"]["schema"] == {"type": "object"}
        assert "requestBody" not in path["get"]
        assert {"200", "401", "404"} <= path["get"]["responses"].keys()
        assert "500" not in path["get"]["responses"]
        assert {"Token_2.3.0", "TokenType_2.3.0", "Envelope"} <= told["components"]["schemas"].keys()

    def test_has_a_path_for_each_command(self) -> None:
        told = described([served("/ocpi/2.2.1/commands/{command}", "POST")], "http://x")["paths"]
        assert len(told) == 5
        start = told["/ocpi/2.2.1/commands/START_SESSION"]["post"]["requestBody"]
        assert start["content"]["application/json"]["schema"] == {"$ref": f"{PLACE}StartSession_2.2.1"}

    def test_has_the_parameters_of_lists(self) -> None:
        told = described(
            [
                served("/ocpi/2.3.0/cdrs", "GET"),
                served("/ocpi/2.3.0/emsp/cdrs", "POST"),
                served("/ocpi/2.3.0", "GET"),
            ],
            "http://x",
        )["paths"]
        names = [one["name"] for one in told["/ocpi/2.3.0/cdrs"]["get"]["parameters"]]
        assert names == ["date_from", "date_to", "offset", "limit"]
        path = "/ocpi/2.3.0/Booking/booking_locations"
        booking = described([served(path, "GET")], "http://x")["paths"][path]["get"]["parameters"]
        assert [one["name"] for one in booking[-2:]] == ["timeslot_from", "timeslot_to"]
        assert "parameters" not in told["/ocpi/2.3.0"]["get"]
        assert "parameters" not in told["/ocpi/2.3.0/emsp/cdrs"]["post"]

    def test_leaves_out_what_is_not_ocpi(self) -> None:
        assert described([served("/signed-data/{tenant}", "GET")], "http://x")["paths"] == {}


class TestBody:
    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/credentials", "Credentials"),
            ("/commands/UNLOCK_CONNECTOR", "UnlockConnector"),
            ("/emsp/locations/{a}/{b}/{c}", "Location"),
            ("/emsp/locations/{a}/{b}/{c}/{d}", "EVSE"),
            ("/emsp/locations/{a}/{b}/{c}/{d}/{e}", "Connector"),
            ("/emsp/tokens/{uid}/authorize", "LocationReferences"),
            ("/emsp/commands/{command}/{secret}", "CommandResult"),
            ("/sessions/{session_id}/charging_preferences", "ChargingPreferences"),
            ("/Booking", "BookingRequest"),
            ("/hubclientinfo/{country_code}/{party_id}", "ClientInfo"),
        ],
    )
    def test_is_named_by_the_path(self, path: str, name: str) -> None:
        assert body_of(f"/ocpi/2.3.0{path}", "POST") == (name, V230)

    def test_is_none_where_there_is_none(self) -> None:
        assert body_of("/ocpi/2.3.0/credentials", "DELETE") is None
        assert body_of("/ocpi/2.3.0", "POST") is None
        assert body_of("/ocpi/versions", "POST") is None
        assert body_of("/ocpi/2.1.1/chargingprofiles/{session_id}", "PUT") is None


class TestSchemas:
    def test_can_be_made_of_every_object_of_every_version(self) -> None:
        made = schemas((name, version) for version, name in MODEL.objects)
        assert len(made) >= len(MODEL.objects)
        root = {"components": {"schemas": made}}
        for name in made:
            jsonschema_rs.Draft202012Validator({"$ref": f"{PLACE}{name}"} | root)

    def test_say_what_the_tables_say(self) -> None:
        made = schemas([("Location", V230), ("Connector", V211)])
        check = jsonschema_rs.Draft202012Validator(
            {"$ref": PLACE + schema_name("Location", V230), "components": {"schemas": made}}
        )
        whole = {
            name: value
            for name, value in LOCATION.items()
            if name not in ("energy_mix", "evses", "parking_places")
        }
        whole |= {"country_code": "DE", "party_id": "WAT", "publish": True, "last_updated": "2026-11-21T10:00:00Z"}
        assert check.is_valid(whole)
        assert not check.is_valid(whole | {"country_code": "DEU"})
        assert not check.is_valid({name: value for name, value in whole.items() if name != "id"})
        assert not check.is_valid(whole | {"parking_type": 3})
        assert made["ParkingType_2.3.0"] == {"type": "string"}
        assert "AC_3_PHASE" in made["PowerType_2.1.1"]["enum"]
        assert made["RegularHours_2.3.0"]["properties"]["weekday"]["maximum"] == 9
