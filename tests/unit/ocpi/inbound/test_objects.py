"""Objects of partners are kept as they were sent, each by its owner alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from services.domain.events.partnerobject import PartnerObject
from services.ocpi.inbound.objects import (
    CONFIRMATIONS,
    INVOICES,
    MOST_BYTES,
    TERMINALS,
    Change,
    Kind,
    Place,
    checked_id,
    created,
    deleted,
    present,
    replaced,
    understood,
)
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import decoded
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import START, TENANT
from tests.unit.ocpi.wire.test_reading import JSON

EXAMPLES = Path(__file__).resolve().parents[5] / "shared/specs/ocpi/2.3.0-ed2-payments/examples"
RECORD: dict[str, Any] = {
    "country_code": "NL",
    "party_id": "TNM",
    "id": "Inv-1",
    "invoice_id": "2026-0001",
    "cdrs": ["c1", "c2"],
    "last_updated": "2026-09-21T14:13:20Z",
    "colour": "blue",
}


def place(kind: Kind = INVOICES) -> Place:
    return Place(TENANT, "NL-TNM", Party("NL", "TNM"), kind)


def posted(body: Any = RECORD, kind: Kind = INVOICES, before: PartnerObject | None = None) -> Change:
    return created(body, place(kind), {before.key: before} if before else {}, START)


def kept() -> PartnerObject:
    state = posted().state
    assert state is not None
    return state


class TestCreated:
    def test_are_kept_with_fields_that_nobody_knows(self) -> None:
        change = posted()
        assert change.state is not None
        assert decoded(change.state.object_json.encode()) == RECORD
        assert change.state.key == place().key("INV-1") == "wattlog/invoicereconciliation/NL-TNM/inv-1"
        assert any("colour" in warning for warning in change.warnings)

    def test_again_change_nothing_and_others_with_their_id_are_refused(self) -> None:
        assert posted(before=kept()).state is None
        assert posted(RECORD | {"last_updated": "2026-09-22T00:00:00Z"}, before=kept()).state is None
        with pytest.raises(Refusal):
            posted(RECORD | {"invoice_id": "2"}, before=kept())

    def test_may_come_back_after_they_were_deleted(self) -> None:
        assert posted(before=deleted(kept(), START + 1)).state is not None

    @pytest.mark.parametrize(
        "changes",
        [
            {"id": None},
            {"id": ""},
            {"id": "x" * 37},
            {"id": "a/b"},
            {"id": "ü"},
            {"cdrs": []},
            {"invoice_id": None},
            {"party_id": "ABC"},
            {"country_code": "DE"},
            {"more": "x" * MOST_BYTES},
        ],
    )
    def test_are_refused_when_they_lack_something_or_are_not_theirs(self, changes: dict[str, Any]) -> None:
        with pytest.raises(Refusal) as caught:
            posted({name: item for name, item in (RECORD | changes).items() if item is not None})
        assert (caught.value.status, caught.value.http_status) == (2001, 200)

    def test_that_do_not_say_when_are_of_now(self) -> None:
        value, _ = understood({"terminal_id": "t1"}, place(TERMINALS), START)
        assert value["last_updated"] == "2026-09-21T14:13:20.000Z"

    @given(JSON)
    def test_survive_whatever_is_sent(self, body: Any) -> None:
        for kind in (INVOICES, TERMINALS, CONFIRMATIONS):
            with pytest.raises(Refusal):
                posted(body, kind)


class TestReplaced:
    def test_take_the_place_of_what_was_there(self) -> None:
        later = RECORD | {"cdrs": ["c3"], "last_updated": "2026-09-22T00:00:00Z"}
        change = replaced(later, place(), "INV-1", kept(), START + 5)
        assert change.state is not None
        assert decoded(change.state.object_json.encode())["cdrs"] == ["c3"]

    def test_change_nothing_when_they_are_older(self) -> None:
        older = RECORD | {"last_updated": "2026-09-20T00:00:00Z"}
        change = replaced(older, place(), "inv-1", kept(), START + 5)
        assert change.state is None
        assert "older" in change.warnings[-1]

    def test_are_of_their_path_and_of_something_that_is_there(self) -> None:
        with pytest.raises(Refusal):
            replaced(RECORD, place(), "inv-2", kept(), START)
        for before in (None, deleted(kept(), START + 1), replace(kept(), ours=True)):
            with pytest.raises(Refusal) as caught:
                replaced(RECORD, place(), "inv-1", before, START)
            assert caught.value.http_status == 404


def test_what_is_deleted_is_not_there() -> None:
    assert present(kept()) == kept()
    with pytest.raises(Refusal):
        present(deleted(kept(), START + 1))


def test_ids_are_plain() -> None:
    assert checked_id("R-1") == "R-1"


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the specification's examples are not on this machine")
@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("payment_*create*.json")), ids=lambda path: path.stem)
def test_official_examples_are_taken(example: Path) -> None:
    kind = TERMINALS if "terminal" in example.stem else CONFIRMATIONS
    assert posted(json.loads(example.read_text()), kind).state is not None
