import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_events", ROOT / "tools" / "generate_events.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate_events"] = module
    spec.loader.exec_module(module)
    return module


def record(name: str, *fields: dict[str, Any], namespace: str = "a.events.v1") -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": namespace, "doc": "Doc.", "fields": list(fields)}


ENUM = {
    "type": "enum",
    "name": "Colour",
    "namespace": "b.v1",
    "doc": "C.",
    "symbols": ["UNKNOWN", "RED"],
    "default": "UNKNOWN",
}
SCHEMAS = {"b.v1.Colour": ENUM, "a.events.v1.Part": record("Part", {"name": "n", "type": "int"})}


class TestShapeOf:
    @pytest.mark.parametrize(
        ("avro", "annotation"),
        [
            ("string", "str"),
            ({"type": "long", "logicalType": "timestamp-millis"}, "int"),
            ({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, "Decimal"),
            (["null", "bytes"], "bytes | None"),
            ({"type": "array", "items": "string"}, "tuple[str, ...]"),
            ("b.v1.Colour", "b.Colour"),
            ("a.events.v1.Part", "Part"),
            (["null", "a.events.v1.Part"], "Part | None"),
            ({"type": "array", "items": "b.v1.Colour"}, "tuple[b.Colour, ...]"),
        ],
    )
    def test_gives_each_avro_type_its_annotation(self, generator: ModuleType, avro: Any, annotation: str) -> None:
        assert generator.shape_of(avro, "a", SCHEMAS).annotation == annotation

    @pytest.mark.parametrize("avro", ["no.such.Type", ["string", "int"], {"type": "map", "values": "int"}])
    def test_refuses_types_that_it_does_not_know(self, generator: ModuleType, avro: Any) -> None:
        with pytest.raises(SystemExit, match="no Python shape"):
            generator.shape_of(avro, "a", SCHEMAS)


class TestModuleSource:
    def test_writes_code_that_runs(self, generator: ModuleType) -> None:
        own = [
            record(
                "Whole",
                {"name": "who", "type": "string"},
                {"name": "parts", "type": {"type": "array", "items": "a.events.v1.Part"}, "default": []},
            ),
            SCHEMAS["a.events.v1.Part"],
        ]
        schemas = SCHEMAS | {"a.events.v1.Whole": own[0]}
        source = generator.module_source("a", own, schemas, {"a.events.v1.Whole": ["who"]})
        made: dict[str, Any] = {"__name__": "made"}
        sys.modules["made"] = ModuleType("made")
        exec(source, made)
        whole = made["Whole"](who="x", parts=(made["Part"](n=1),))
        assert whole.to_record() == {"who": "x", "parts": [{"n": 1}]}
        assert made["Whole"].from_record(whole.to_record()) == whole
        assert whole.key == "x"
        assert made["Whole"](who="y").parts == ()

    def test_refuses_a_key_that_is_no_field(self, generator: ModuleType) -> None:
        with pytest.raises(SystemExit, match=r"a\.events\.v1\.Part lacks \['who'\]"):
            generator.module_source("a", [SCHEMAS["a.events.v1.Part"]], SCHEMAS, {"a.events.v1": ["who"]})

    def test_refuses_types_in_a_circle(self, generator: ModuleType) -> None:
        circle = [
            record("X", {"name": "y", "type": "a.events.v1.Y"}),
            record("Y", {"name": "x", "type": "a.events.v1.X"}),
        ]
        with pytest.raises(SystemExit, match="in a circle"):
            generator.in_order(circle)


class TestLoad:
    def test_refuses_a_file_that_holds_another_type(
        self, generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a.v1.Wrong.avsc").write_text(
            '{"type": "record", "name": "Right", "namespace": "a.v1", "fields": []}'
        )
        monkeypatch.setattr(generator, "AVRO", tmp_path)
        with pytest.raises(SystemExit, match=r"a\.v1\.Wrong\.avsc holds a\.v1\.Right"):
            generator.load()


class TestMain:
    @pytest.mark.slow
    def test_says_which_modules_are_stale(
        self,
        generator: ModuleType,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(generator, "TARGET", tmp_path / "events")
        monkeypatch.setattr(sys, "argv", ["generate_events.py", "--check"])
        assert generator.main() == 1
        assert "token.py" in capsys.readouterr().out
        monkeypatch.setattr(sys, "argv", ["generate_events.py"])
        assert generator.main() == 0
        assert (tmp_path / "events" / "token.py").exists()
