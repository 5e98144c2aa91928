"""Every schema can read what every released version of it wrote (BACKWARD_TRANSITIVE)."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from services.runtime.avro_compatibility import Level, incompatibilities
from services.runtime.avro_schema import parse
from services.runtime.schemas import shipped

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.publish_schemas import publish, versions  # noqa: E402


def against_all(name: str, text: str) -> list[str]:
    earlier = [parse(path.read_text()) for path in versions(name)]
    return incompatibilities(Level.BACKWARD_TRANSITIVE, parse(text), earlier)


def changed(name: str, change: Any) -> str:
    schema = json.loads(shipped()[name].text)
    change(schema)
    return json.dumps(schema)


class TestShippedSchemas:
    @pytest.mark.parametrize("name", shipped())
    def test_have_a_released_version(self, name: str) -> None:
        assert versions(name), "run `python tools/publish_schemas.py` before a release"

    @pytest.mark.parametrize("name", shipped())
    def test_read_all_that_was_ever_released(self, name: str) -> None:
        assert against_all(name, shipped()[name].text) == []


class TestTheCheck:
    NAME = "session.events.v1.SessionEnded"

    def test_allows_a_new_field_with_a_default(self) -> None:
        field = {"name": "note", "type": ["null", "string"], "default": None}
        assert against_all(self.NAME, changed(self.NAME, lambda s: s["fields"].append(field))) == []

    @pytest.mark.parametrize(
        "change",
        [
            lambda s: s["fields"].append({"name": "note", "type": "string"}),
            lambda s: s["fields"][0].update(type="long"),
            lambda s: s["fields"][0].update(name="id"),
            lambda s: s.update(name="SessionFinished"),
        ],
        ids=["new field without default", "other type", "renamed field", "renamed record"],
    )
    def test_refuses_what_would_leave_old_data_unreadable(self, change: Any) -> None:
        assert against_all(self.NAME, changed(self.NAME, change)) != []

    def test_publishes_only_what_is_new(self, tmp_path: Path) -> None:
        assert len(publish(tmp_path)) == len(shipped())
        assert publish(tmp_path) == []
