"""Payloads out of elements, and into them in the order of the schema."""

import contextlib
from importlib.resources import files
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import elements
from services.ocpp.soap.payload import Unspeakable, read, written
from services.ocpp.soap.shapes import CP, CS, Kind, Many, Message, Shape
from services.ocpp.wire.faults import V15S, V16, V16S, Refused
from services.ocpp.wire.schemas import validator

START = CS[V16S]["StartTransaction"]
METER = CS[V16S]["MeterValues"].request
METER_V15 = CS[V15S]["MeterValues"].request


def payload(text: str, shape: Shape) -> dict[str, Any]:
    return read(elements.read(f"<m>{text}</m>".encode()), shape)


class TestRead:
    def test_gives_numbers_and_words_as_they_are_meant(self) -> None:
        text = "<connectorId> 1 </connectorId><idTag>\n TAG </idTag><timestamp>2026-09-21T14:13:20Z</timestamp>"
        assert payload(text + "<meterStart>+5</meterStart>", START.request) == {
            "connectorId": 1,
            "idTag": "TAG",
            "timestamp": "2026-09-21T14:13:20Z",
            "meterStart": 5,
        }

    @pytest.mark.parametrize(
        ("text", "value"),
        [("12.5", 12.5), ("-3", -3), ("many", "many"), ("1e5", "1e5"), ("NaN", "NaN"), ("9" * 19, "9" * 19)],
    )
    def test_leaves_what_is_no_number_for_the_schema(self, text: str, value: object) -> None:
        assert payload(f"<meterStart>{text}</meterStart>", START.request) == {"meterStart": value}

    def test_forgets_the_name_of_a_zone(self) -> None:
        text = "<timestamp>2026-09-21T14:13:20.123Z[Etc/UTC]</timestamp>"
        assert payload(text, START.request) == {"timestamp": "2026-09-21T14:13:20.123Z"}

    @pytest.mark.parametrize(
        "text",
        ["<reservationId/>", "<reservationId> </reservationId>", "<timestamp></timestamp>",
         '<idTag xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>'],
    )  # fmt: skip
    def test_leaves_out_what_says_nothing(self, text: str) -> None:
        assert payload(text, START.request) == {}

    def test_takes_an_empty_word_for_a_word(self) -> None:
        assert payload("<idTag/>", START.request) == {"idTag": ""}

    def test_keeps_what_it_does_not_know(self) -> None:
        assert payload("<x><y> 1 </y></x>", START.request) == {"x": {"y": "1"}}

    def test_gives_structure_where_a_word_belongs_for_the_schema_to_refuse(self) -> None:
        assert payload("<idTag><a>1</a></idTag>", START.request) == {"idTag": {"a": "1"}}

    def test_gathers_what_may_be_repeated(self) -> None:
        text = "<meterValue><sampledValue><value>1</value></sampledValue><sampledValue><value>2</value>"
        assert payload(text + "</sampledValue></meterValue><meterValue/>", METER) == {
            "meterValue": [{"sampledValue": [{"value": "1"}, {"value": "2"}]}, {}]
        }

    def test_refuses_what_comes_twice_and_may_not(self) -> None:
        with pytest.raises(Refused, match="more than once"):
            payload("<idTag>A</idTag><idTag>B</idTag>", START.request)

    def test_leaves_a_reading_to_the_letter(self) -> None:
        text = "<meterValue><sampledValue><value> OCMF|{}|\n</value></sampledValue></meterValue>"
        assert payload(text, METER)["meterValue"][0]["sampledValue"][0]["value"] == " OCMF|{}|\n"

    def test_takes_attributes_of_a_reading_as_ocpp_15_writes_it(self) -> None:
        text = '<values><value unit=" Wh " xmlns:x="urn:x" x:y="1" context="Trigger">5</value></values>'
        assert payload(text, METER_V15) == {
            "values": [{"value": [{"value": "5", "unit": "Wh", "context": "Trigger"}]}]
        }

    @given(st.text(st.sampled_from("<>/abvalues idTag\"'=12.&;"), max_size=80))
    def test_never_fails_but_by_refusing(self, text: str) -> None:
        for shape in (METER, METER_V15, START.request):
            with contextlib.suppress(elements.NotXml, Refused):
                assert isinstance(payload(text, shape), dict)


class TestWritten:
    def test_is_in_the_order_of_the_schema(self) -> None:
        answer = {"idTagInfo": {"parentIdTag": "P", "status": "Accepted", "expiryDate": "E"}, "transactionId": 7}
        assert written(answer, START.answer, "o") == (
            "<o:transactionId>7</o:transactionId><o:idTagInfo><o:status>Accepted</o:status>"
            "<o:expiryDate>E</o:expiryDate><o:parentIdTag>P</o:parentIdTag></o:idTagInfo>"
        )

    def test_says_lists_one_by_one_and_escapes(self) -> None:
        request = CP[V16S]["GetConfiguration"].request
        assert written({"key": ["a<b", "&"]}, request, "o") == "<o:key>a&lt;b</o:key><o:key>&amp;</o:key>"

    @pytest.mark.parametrize(
        ("value", "text"), [(16, "16"), (16.0, "16"), (0.1, "0.1"), (21.4, "21.4"), (10.0, "10"), (0.0, "0")]
    )
    def test_says_numbers_plainly(self, value: float, text: str) -> None:
        period = {"startPeriod": 0, "limit": value}
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        profile = {"chargingProfile": {"chargingSchedule": schedule}}
        said = written(profile, CP[V16S]["RemoteStartTransaction"].request, "o")
        assert f"<o:limit>{text}</o:limit>" in said

    def test_says_flags(self) -> None:
        answer = {"configurationKey": [{"key": "k", "readonly": True}, {"key": "l", "readonly": False}]}
        said = written(answer, CP[V16S]["GetConfiguration"].answer, "o")
        assert "<o:readonly>true</o:readonly>" in said
        assert "<o:readonly>false</o:readonly>" in said

    def test_does_not_leave_anything_out_silently(self) -> None:
        with pytest.raises(Unspeakable, match="chargingProfile cannot be said"):
            written({"idTag": "A", "chargingProfile": {}}, CP[V15S]["RemoteStartTransaction"].request, "o")


def schema_of(action: str, answer: bool) -> dict[str, Any]:
    name = f"{action}Response.json" if answer else f"{action}.json"
    read_schema = (files("ocpp.v16") / "schemas" / name).read_text("utf-8-sig")
    schema: dict[str, Any] = orjson.loads(read_schema)
    return schema


def as_schema_has_it(shape: Any) -> Any:
    """A shape as the names and kinds that the JSON schema has."""
    if isinstance(shape, Many):
        return [as_schema_has_it(shape.of)]
    if isinstance(shape, Kind):
        return {"WHOLE": "integer", "NUMBER": "number", "FLAG": "boolean"}.get(shape.name, "string")
    return {name: as_schema_has_it(kind) for name, kind in shape.items()}


def as_shape_has_it(schema: dict[str, Any]) -> Any:
    if schema["type"] == "array":
        return [as_shape_has_it(schema["items"])]
    if schema["type"] == "object":
        return {name: as_shape_has_it(one) for name, one in schema.get("properties", {}).items()}
    return schema["type"]


class TestShapes:
    @pytest.mark.parametrize(
        ("action", "message"), [*CS[V16S].items(), *CP[V16S].items()], ids=lambda one: str(one)[:30]
    )
    def test_of_16_have_what_the_json_schemas_have(self, action: str, message: Message) -> None:
        """They differ only in the order, which JSON does not have."""
        assert as_schema_has_it(message.request) == as_shape_has_it(schema_of(action, False))
        assert as_schema_has_it(message.answer) == as_shape_has_it(schema_of(action, True))

    def test_of_16_are_all_but_the_whitepapers(self) -> None:
        assert len(CS[V16S]) == 10
        assert len(CP[V16S]) == 19
        assert len(CP[V15S]) == 15

    @pytest.mark.parametrize("action", sorted(CS[V16S]))
    def test_have_a_schema_to_be_checked_by(self, action: str) -> None:
        assert validator(V16, action) is not None
        assert validator(V15S, action) is not None
