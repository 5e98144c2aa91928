"""SOAP stations get the answers, and Kafka the events, that they got before."""

from pathlib import Path

import pytest

from services.ocpp.soap.envelope import answer
from services.ocpp.soap.faults import Refusal
from services.ocpp.soap.shapes import CS
from tests.golden.ocpp.golden import as_text
from tests.golden.ocpp.golden_soap import SOAP_CASES, out

each_case = pytest.mark.parametrize("case", SOAP_CASES, ids=lambda case: f"{case.parent.name} {case.name}")


class TestGoldenEnvelopes:
    @each_case
    def test_are_answered_and_told_as_before(self, case: Path) -> None:
        text, told = out(case)
        assert f"{text}\n" == (case / "out.xml").read_text()
        assert as_text(told) == (case / "out.json").read_text()

    @each_case
    def test_have_the_elements_of_the_schema_in_its_order(self, case: Path) -> None:
        body = answer((case / "out.xml").read_bytes())
        if isinstance(body, Refusal):
            return
        action = case.name.split("_")[0]
        order = list(CS[f"ocpp{case.parent.name}"][action].answer)
        places = [order.index(child.name) for child in body.children]
        assert places == sorted(places)

    @pytest.mark.parametrize("protocol", sorted(CS))
    def test_cover_every_message(self, protocol: str) -> None:
        shown = {case.name.split("_")[0] for case in SOAP_CASES if f"ocpp{case.parent.name}" == protocol}
        assert shown >= CS[protocol].keys()
