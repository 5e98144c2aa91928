"""Write services/domain/events/*.py from schemas/avro/*.avsc: `python tools/generate_events.py [--check]`.

One module per noun (the first part of the namespace). With --check nothing is written and the exit code says
whether the committed modules are fresh.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
AVRO = ROOT / "schemas" / "avro"
TARGET = ROOT / "services" / "domain" / "events"
HEADER = '"""Generated from schemas/avro by `make generate`: change the schema, not this file."""\n'
PRIMITIVES = {"string": "str", "int": "int", "long": "int", "boolean": "bool", "bytes": "bytes", "double": "float"}


@dataclass(frozen=True)
class Shape:
    """How one Avro type looks in Python, and the expressions that turn `{}` into it and back ('' = as it is)."""

    annotation: str
    to_record: str = ""
    from_record: str = ""
    nouns: frozenset[str] = frozenset()


def noun_of(namespace: str) -> str:
    return namespace.split(".", 1)[0]


def load() -> dict[str, dict[str, Any]]:
    """All schemas by their Avro full name."""
    schemas = {path.stem: json.loads(path.read_text()) for path in sorted(AVRO.glob("*.avsc"))}
    for stem, schema in schemas.items():
        if stem != f"{schema['namespace']}.{schema['name']}":
            raise SystemExit(f"{stem}.avsc holds {schema['namespace']}.{schema['name']}: rename one of them")
    return schemas


def shape_of(avro: Any, noun: str, schemas: dict[str, dict[str, Any]]) -> Shape:
    match avro:
        case ["null", inner]:
            return _nullable(shape_of(inner, noun, schemas))
        case {"type": "array", "items": items}:
            return _array(shape_of(items, noun, schemas))
        case {"type": "bytes", "logicalType": "decimal"}:
            return Shape("Decimal")
        case {"type": str(primitive)} if primitive in PRIMITIVES:
            return Shape(PRIMITIVES[primitive])
        case str(name) if name in PRIMITIVES:
            return Shape(PRIMITIVES[name])
        case str(name) if name in schemas:
            return _named(name, schemas[name], noun)
    raise SystemExit(f"no Python shape for the Avro type {avro!r}")


def _named(full_name: str, schema: dict[str, Any], noun: str) -> Shape:
    other = noun_of(schema["namespace"])
    name = schema["name"] if other == noun else f"{other}.{schema['name']}"
    nouns = frozenset() if other == noun else frozenset({other})
    if schema["type"] == "enum":
        return Shape(name, "{}.value", f"{name}({{}})", nouns)
    return Shape(name, "{}.to_record()", f"{name}.from_record({{}})", nouns)


def _nullable(inner: Shape) -> Shape:
    guard = "None if {} is None else "
    return Shape(
        f"{inner.annotation} | None",
        guard + inner.to_record if inner.to_record else "",
        guard + inner.from_record if inner.from_record else "",
        inner.nouns,
    )


def _array(items: Shape) -> Shape:
    out = f"[{items.to_record.replace('{}', 'item')} for item in {{}}]" if items.to_record else "list({})"
    back = (
        f"tuple([{items.from_record.replace('{}', 'item')} for item in {{}}])"
        if items.from_record
        else "tuple({})"
    )
    return Shape(f"tuple[{items.annotation}, ...]", out, back, items.nouns)


def default_of(field: dict[str, Any], shape: Shape, schemas: dict[str, dict[str, Any]]) -> str:
    if "default" not in field:
        return ""
    if shape.annotation.startswith("tuple["):
        return " = ()"
    if isinstance(field["type"], str) and schemas.get(field["type"], {}).get("type") == "enum":
        return f" = {shape.annotation}.{field['default']}"
    return f" = {field['default']!r}"


def enum_source(schema: dict[str, Any]) -> str:
    lines = [f"class {schema['name']}(StrEnum):", f'    """{schema["doc"]}"""', ""]
    lines += [f'    {symbol} = "{symbol}"' for symbol in schema["symbols"]]
    return "\n".join(lines)


def record_source(
    schema: dict[str, Any], noun: str, schemas: dict[str, dict[str, Any]], keys: dict[str, list[str]]
) -> str:
    full_name = f"{schema['namespace']}.{schema['name']}"
    fields = [(f, shape_of(f["type"], noun, schemas)) for f in schema["fields"]]
    lines = [
        "@quick_init",
        "@dataclass(frozen=True, slots=True, kw_only=True)",
        f"class {schema['name']}:",
        f'    """{schema["doc"]}"""',
        "",
        f'    FULL_NAME: ClassVar[str] = "{full_name}"',
        f'    TOPIC: ClassVar[str] = "{schema["namespace"]}"',
        "",
    ]
    for field, shape in fields:
        comment = f"  # {field['doc']}" if field.get("doc") else ""
        lines.append(f"    {field['name']}: {shape.annotation}{default_of(field, shape, schemas)}{comment}")
    lines += _key_source(schema, keys.get(full_name) or keys.get(schema["namespace"], []))
    lines += ["", "    def to_record(self) -> dict[str, Any]:", "        return {"]
    lines += [f'            "{f["name"]}": {_apply(s.to_record, "self." + f["name"])},' for f, s in fields]
    lines += [
        "        }",
        "",
        "    @classmethod",
        "    def from_record(cls, record: dict[str, Any]) -> Self:",
        "        return cls(",
    ]
    for field, shape in fields:
        value = 'record["' + field["name"] + '"]'
        lines.append(f"            {field['name']}={_apply(shape.from_record, value)},")
    return "\n".join([*lines, "        )"])


def _apply(expression: str, value: str) -> str:
    return expression.replace("{}", value) if expression else value


def _key_source(schema: dict[str, Any], key: list[str]) -> list[str]:
    if not key:
        return []
    missing = set(key) - {field["name"] for field in schema["fields"]}
    if missing:
        raise SystemExit(
            f"{schema['namespace']}.{schema['name']} lacks {sorted(missing)}, which its topic is keyed by"
        )
    text = "/".join(f"{{self.{part}}}" for part in key)
    return ["", "    @property", "    def key(self) -> str:", f'        return f"{text}"']


def in_order(schemas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort so that each type stands after the types of the same module that it mentions."""
    left = {f"{s['namespace']}.{s['name']}": s for s in schemas}
    done: list[dict[str, Any]] = []
    while left:
        ready = [
            n for n, s in left.items() if not any(f'"{other}"' in json.dumps(s) for other in left if other != n)
        ]
        if not ready:
            raise SystemExit(f"types mention each other in a circle: {sorted(left)}")
        done += [left.pop(name) for name in ready]
    return done


def module_source(
    noun: str, own: list[dict[str, Any]], schemas: dict[str, dict[str, Any]], keys: dict[str, list[str]]
) -> str:
    bodies: list[str] = []
    nouns: set[str] = set()
    for schema in in_order(own):
        if schema["type"] == "enum":
            bodies.append(enum_source(schema))
            continue
        bodies.append(record_source(schema, noun, schemas, keys))
        for field in schema["fields"]:
            nouns |= shape_of(field["type"], noun, schemas).nouns
    body = "\n\n\n".join(bodies)
    imports = ["from dataclasses import dataclass", "from typing import Any, ClassVar, Self"]
    imports += ["from decimal import Decimal"] * ("Decimal" in body) + ["from enum import StrEnum"] * (
        "StrEnum" in body
    )
    own_imports = [f"from services.domain.events import {', '.join(sorted(nouns))}"] * bool(nouns)
    own_imports += ["from services.domain.quick_init import quick_init"] * ("@quick_init" in body)
    return "\n".join([HEADER, *sorted(imports), "", *own_imports, "", "", body, ""])


def registry_source(schemas: dict[str, dict[str, Any]]) -> str:
    """The package's __init__: every event type by its Avro full name."""
    names = [
        name for name, schema in schemas.items() if schema["type"] == "record" and not name.startswith("common.")
    ]
    nouns = sorted({noun_of(name) for name in names})
    entries = [f'    "{name}": {noun_of(name)}.{name.rsplit(".", 1)[1]},' for name in names]
    return "\n".join(
        [
            HEADER,
            "from typing import Any",
            "",
            f"from services.domain.events import {', '.join(nouns)}",
            "",
            "TYPES: dict[str, type[Any]] = {",
            *entries,
            "}",
            '"""Every event, state and command type by its Avro full name."""',
            "",
        ]
    )


def sources() -> dict[Path, str]:
    schemas = load()
    topics = yaml.safe_load((ROOT / "schemas" / "topics.yaml").read_text())
    keys = {name: topic["key"] for name, topic in topics.items()}
    keys |= {topic["type"]: topic["key"] for topic in topics.values() if "type" in topic}
    nouns: dict[str, list[dict[str, Any]]] = {}
    for schema in schemas.values():
        nouns.setdefault(noun_of(schema["namespace"]), []).append(schema)
    files = {TARGET / f"{noun}.py": module_source(noun, own, schemas, keys) for noun, own in nouns.items()}
    return files | {TARGET / "__init__.py": registry_source(schemas)}


def formatted(source: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", "events.py", "-"],
        input=source, capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return done.stdout


def main() -> int:
    check = "--check" in sys.argv
    stale = []
    for path, source in sources().items():
        text = formatted(source)
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path.name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if stale and check:
        print(f"stale: {', '.join(stale)}; run `make generate`")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
