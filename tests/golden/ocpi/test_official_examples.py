"""Every official example of every version is read without loss, or is known to be wrong.

The examples are read where they lie beside this checkout (EVRoaming, CC BY-ND 4.0); nothing of them is kept here.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.findings import Kind
from services.ocpi.wire.model import V211, V221, V230
from services.ocpi.wire.parties import Party
from services.ocpi.wire.reading import emit, read
from services.ocpi.wire.versions import from_version, to_version
from tests.golden.ocpi.contracts import SPECS, needs_specs

FOLDERS = {
    "2.3.0-ed2-core/examples": V230,
    "2.3.0-ed2-payments/examples": V230,
    "2.3.0-bookings-1.1/examples": V230,
    "2.2.1-bugfixes/examples": V221,
    "2.2.1-d2/examples": V221,
    "2.1.1-fixtures-named": V211,
}

OBJECTS = [
    (r".*(error|no_data).*", ""),
    (r"payment_financial.*", "FinancialAdviceConfirmation"),
    (r"payment_.*", "Terminal"),
    (r"booking_location_patch_example_calendar", "Calendar"),
    (r"booking_location.*", "BookingLocation"),
    (r"booking_request.*", "BookingRequest"),
    (r"booking.*", "Booking"),
    (r"cdr.*", "CDR"),
    (r"credentials.*", "Credentials"),
    (r"location_put_example_add_evse", "EVSE"),
    (r"location_patch_example_(status|remove_evse)", "EVSE"),
    (r"location_patch_example_tariff", "Connector"),
    (r"location_(energymix|hours|regularhours).*|tariff.*|location.*", ""),
    (r"session.*", "Session"),
    (r".*(get_token|tokens_get|token).*", "Token"),
    (r".*(version_details|example_1).*", "VersionDetails"),
    (r".*version.*", "Version"),
    (r"type_displaytext.*", "DisplayText"),
]
"""Which object a file shows, by its name; an empty name: see `name_of`."""

PATCHES = re.compile(r"patch|payment_terminal_(put|location|activate)|fac_update")

ERRATA = {
    "2.3.0 cdr_example": "the tariff has no tax_included",
    "2.3.0 location_put_example_add_evse": "floor for floor_level, a number for a string, half a connector",
    "2.2.1 location_put_example_add_evse": "floor for floor_level, a number for a string, half a connector",
    "2.3.0 tariff_put_example": "no last_updated",
    "2.2.1 tariff_put_example": "no last_updated",
    "2.1.1 cdrs_example_of_a_cdr": "a price is a string",
    "2.3.0 booking_example": "party_id of five characters, no booking_location_id",
    "2.3.0 booking_location_example": "evse_position is no list, formats for connector_format, times of 24:00",
    "2.3.0 booking_location_patch_example_terms": "terms without what is required in them",
    "2.3.0 booking_patch_example_evse_uid": "evse_uid is in the booking_option",
    "2.3.0 booking_request_patch_example_timeslot": "a request has no timeslot but a period",
    "2.3.0 booking_request_patch_example_tokens": "a request has no last_updated",
    "2.3.0 2.3.0-bookings-1.1 location_example": "parking is a list of texts, from before edition 2",
    "2.3.0 2.3.0-bookings-1.1 location_example_parking_garage_opening_hours": "parking, as above",
    "2.3.0 payment_financial_advice_confirmation_create": "no last_updated",
    "2.3.0 payment_financial_advice_confirmation_example_success": "a price of 2.2.1",
    "2.3.0 payment_financial_advice_confirmation_example_failure": "a price of 2.2.1",
    "2.3.0 booking_location_patch_example_calendar": "blanks in the names of fields",
    "2.3.0 payment_terminal_create_minimal": "no last_updated",
    "2.3.0 payment_terminal_put_update": "the invoice_base_url is no URL",
}
"""Known-bad examples, and what is wrong with them. Nothing in the model is bent to them."""


class Example(NamedTuple):
    """One object of a file."""

    path: Path
    version: str
    name: str
    value: dict[str, Any]

    @property
    def partial(self) -> bool:
        return bool(PATCHES.search(self.path.stem))

    @property
    def erratum(self) -> str | None:
        folder = self.path.relative_to(SPECS).parts[0]
        return ERRATA.get(f"{self.version} {self.path.stem}") or ERRATA.get(
            f"{self.version} {folder} {self.path.stem}"
        )


def name_of(stem: str, value: dict[str, Any]) -> str:
    """The object that a file shows."""
    by_name = next(name for pattern, name in OBJECTS if re.fullmatch(pattern, stem))
    if by_name:
        return by_name
    for field, name in (("elements", "Tariff"), ("address", "Location"), ("is_green_energy", "EnergyMix")):
        if field in value:
            return name
    return "Hours" if "twentyfourseven" in value else "Location"


def inside(value: Any) -> Iterator[Any]:
    """The objects of a file: it may be a list, an answer, or an object under its field's name."""
    if isinstance(value, list):
        for item in value:
            yield from inside(item)
    elif "status_code" in value:
        yield from inside(value.get("data", []))
    elif len(value) == 1 and next(iter(value)) in ("energy_mix", "opening_times", "restrictions"):
        yield from value.values()
    else:
        yield value


def examples() -> list[Example]:
    found = []
    for folder, version in FOLDERS.items():
        for path in sorted((SPECS / folder).glob("*.json")):
            whole = json.loads(path.read_text(), parse_float=Decimal)
            for value in inside(whole):
                found.append(Example(path, version, name_of(path.stem, value), value))
    return found


EXAMPLES = examples() if SPECS.exists() else []
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.version}-{e.path.stem}")


def shown(value: Any) -> str:
    return json.dumps(value, default=str, sort_keys=True)


@needs_specs
class TestOfficialExamples:
    def test_are_all_here(self) -> None:
        assert len(EXAMPLES) > 300

    @each_example
    def test_are_read_without_loss_or_are_known_to_be_wrong(self, example: Example) -> None:
        reading = read(example.value, example.name, example.version, partial=example.partial)
        told = [str(found) for found in reading.findings if found.breaks or found.kind is Kind.UNKNOWN_FIELD]
        if example.erratum:
            assert told
            return
        assert told == []
        assert shown(reading.value) == shown(example.value)
        if not example.partial:
            assert shown(emit(reading.value, example.name, example.version)) == shown(example.value)

    @each_example
    def test_come_back_from_230_as_they_went(self, example: Example) -> None:
        """But for what 2.3.0 does not know: nothing is lost on the way there and back."""
        if example.erratum:
            return
        whose = {name: example.value.get(name, "") for name in ("country_code", "party_id")}
        scene = Scene(
            owner=Party(whose["country_code"] or "BE", whose["party_id"] or "BEC"), partial=example.partial
        )
        new = from_version(example.value, example.name, example.version, scene).value
        assert new is not None
        place = example.value.get("location") if example.version == V211 else None
        known = from_version(place, "Location", V211, scene).value if place else None
        old = to_version(new, example.name, example.version, replace(scene, location=known)).value
        assert shown(old) == shown(example.value)

    def test_errata_are_all_examples(self) -> None:
        unused = set(ERRATA) - {
            key
            for example in EXAMPLES
            for key in (
                f"{example.version} {example.path.stem}",
                f"{example.version} {example.path.relative_to(SPECS).parts[0]} {example.path.stem}",
            )
        }
        assert not unused
