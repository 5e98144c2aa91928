import json

from services.domain import events
from services.runtime.schemas import content_id, shipped


class TestShipped:
    def test_covers_every_generated_type(self) -> None:
        assert set(shipped()) == set(events.TYPES)

    def test_is_self_contained(self) -> None:
        text = shipped()["session.events.v1.SessionEnded"].text
        assert text.count('"name": "SignedMeterValue"') == 1
        assert json.loads(text)["namespace"] == "session.events.v1"

    def test_defines_a_shared_type_once_and_then_names_it(self) -> None:
        detail = shipped()["cdr.state.v1.Cdr"].text
        assert detail.count('"name": "IdToken"') == 1

    def test_names_subjects_by_topic_and_record(self) -> None:
        assert shipped()["token.state.v1.Token"].subject == "token.state.v1-token.state.v1.Token"


class TestContentId:
    def test_does_not_depend_on_white_space_or_the_order_of_members(self) -> None:
        assert content_id('{"type": "string", "doc": "x"}') == content_id('{"doc":"x","type":"string"}')

    def test_differs_between_all_shipped_schemas(self) -> None:
        ids = [content_id(schema.text) for schema in shipped().values()]
        assert len(set(ids)) == len(ids)

    def test_is_a_positive_number_of_31_bits(self) -> None:
        assert all(0 < content_id(schema.text) < 2**31 for schema in shipped().values())
