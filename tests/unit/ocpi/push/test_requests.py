"""What partners are pushed of a record: as what they pull, with the page on which drivers check it."""

from dataclasses import replace
from typing import Any, cast

import orjson
import pytest

from services.domain import proof_link
from services.domain.events.common import SignedMeterValue
from services.domain.events.station import Station
from services.ocpi.push.requests import Nothing, Request, Requests
from services.ocpi.push.settings import PushSettings
from services.runtime.codec import Codec
from tests.unit.ocpi.facts import TENANT, cdr, detail, signed, station
from tests.unit.ocpi.push.facts import NOW, push, receiving

PAGE = "https://proof.example.com"
CODEC = Codec()


class Registry:
    """A directory that knows one station."""

    def station(self, _tenant: str, _station_id: str) -> Station:
        return station()


def pushed(*values: SignedMeterValue, page: str = PAGE, **partner: Any) -> Request | Nothing:
    state = cdr(detail(signed_meter_values=values))
    settings = replace(PushSettings(), proof_public_url=page, ocpi_public_url="https://cpo.example.com")
    asked = Requests(settings, cast(Any, Registry()), CODEC, lambda: NOW)
    return asked.of(push("cdrs", state.cdr_id, state=CODEC.encode(state)), receiving(**partner))


def url_in(request: Request | Nothing) -> str | None:
    assert isinstance(request, Request)
    told = orjson.loads(request.body).get("signed_data") or {}
    found: str | None = told.get("url")
    return found


class TestRecord:
    def test_names_the_drivers_page_where_all_values_fit(self) -> None:
        value = signed("OCMF|{}|{}")
        cdr_id = cdr(detail()).cdr_id
        assert url_in(pushed(value)) == proof_link.link(PAGE, TENANT, cdr_id, [value])

    @pytest.mark.parametrize(("value", "page"), [(signed("x" * 6_000), PAGE), (signed("OCMF|{}|{}"), "")])
    def test_names_the_whole_values_where_one_does_not_fit_or_there_is_no_page(
        self, value: SignedMeterValue, page: str
    ) -> None:
        assert not (url_in(pushed(value, page=page)) or "").startswith(PAGE)

    def test_without_signed_values_names_nothing(self) -> None:
        assert url_in(pushed()) is None

    def test_is_not_for_other_partners(self) -> None:
        assert pushed(party_id="XYZ") is Nothing.NOT_THEIRS
        assert pushed(endpoints=()) is Nothing.NOT_RECEIVED
