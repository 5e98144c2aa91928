"""The embedded registry against Apicurio: the same requests, the same answers.

Needs Java 21 and Apicurio's archive (158 MB). WATTLOG_TEST_APICURIO=1 has Maven fetch it once; without either the
tests are skipped.
"""

import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.runtime.embedded.child import end, spawn
from services.runtime.embedded.jre import find_java
from services.runtime.embedded.ports import free_ports
from services.runtime.embedded.problems import CannotStart
from services.runtime.embedded.registry_server import RegistryServer, RegistrySettings
from services.runtime.settings import KafkaSettings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

VERSION = "3.3.3"
ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
HEADERS = {"content-type": "application/vnd.schemaregistry.v1+json"}

Step = tuple[str, str, Any]
Answer = tuple[int, Any]


def record(*fields: dict[str, Any], **more: Any) -> str:
    return json.dumps({"type": "record", "name": "R", "namespace": "n", "fields": list(fields)} | more)


A = {"name": "a", "type": "int"}
B = {"name": "b", "type": "int"}
V1, V2, BROKEN = record(A), record(A, B | {"default": 0}), record(A, B)


def schema(text: str, **more: Any) -> dict[str, Any]:
    return {"schema": text} | more


SCRIPT: list[Step] = [
    ("GET", "/subjects", None),
    ("PUT", "/config", {"compatibility": "BACKWARD_TRANSITIVE"}),
    ("GET", "/config", None),
    ("PUT", "/config", {"compatibility": "SIDEWAYS"}),
    ("GET", "/subjects/s/versions", None),
    ("GET", "/subjects/s/versions/latest", None),
    ("GET", "/subjects/s/versions/1", None),
    ("POST", "/subjects/s", schema(V1)),
    ("POST", "/compatibility/subjects/s/versions/latest", schema(V1)),
    ("POST", "/compatibility/subjects/s/versions/1", schema(V1)),
    ("POST", "/subjects/s/versions", schema(V1)),
    ("POST", "/subjects/s/versions", schema(V1)),
    ("POST", "/subjects/s/versions", schema(json.dumps(json.loads(V1), indent=2))),
    ("GET", "/subjects/s/versions", None),
    ("POST", "/subjects/s/versions", schema(V2, schemaType="AVRO")),
    ("POST", "/subjects/s/versions", schema(BROKEN)),
    ("POST", "/subjects/s/versions", schema("{")),
    ("POST", "/subjects/s/versions", schema('"nope"')),
    ("POST", "/subjects/t/versions", schema(V1)),
    ("GET", "/subjects", None),
    ("GET", "/subjects/s/versions", None),
    ("GET", "/subjects/s/versions/1", None),
    ("GET", "/subjects/s/versions/latest", None),
    ("GET", "/subjects/s/versions/-1", None),
    ("GET", "/subjects/s/versions/9", None),
    ("GET", "/subjects/s/versions/1/schema", None),
    ("GET", "/subjects/s/versions/9/schema", None),
    ("GET", "/subjects/s/versions/1/referencedby", None),
    ("GET", "/schemas/ids/{id}", None),
    ("GET", "/schemas/ids/{id}/schema", None),
    ("GET", "/schemas/ids/{id}/versions", None),
    ("GET", "/schemas/ids/{id}/subjects", None),
    ("GET", "/schemas/ids/987654", None),
    ("POST", "/subjects/s", schema(V1)),
    ("POST", "/subjects/s", schema(BROKEN)),
    ("POST", "/subjects/nope", schema(V1)),
    ("POST", "/compatibility/subjects/s/versions/latest", schema(V1)),
    ("POST", "/compatibility/subjects/s/versions/1", schema(BROKEN)),
    ("POST", "/compatibility/subjects/s/versions", schema(BROKEN)),
    ("POST", "/compatibility/subjects/s/versions/9", schema(V1)),
    ("POST", "/compatibility/subjects/s/versions/latest", schema("{")),
    ("PUT", "/config/s", {"compatibility": "NONE"}),
    ("GET", "/config/s", None),
    ("PUT", "/config/s", {"compatibility": "x"}),
    ("POST", "/subjects/s/versions", schema(BROKEN)),
    ("GET", "/subjects/s/versions", None),
    ("DELETE", "/config/s", None),
    ("GET", "/mode", None),
    ("DELETE", "/subjects/s", None),
    ("GET", "/subjects", None),
    ("GET", "/subjects?deleted=true", None),
    ("GET", "/subjects/s/versions", None),
    ("GET", "/subjects/s/versions/1", None),
    ("GET", "/schemas/ids/{id}", None),
    ("DELETE", "/subjects/s", None),
    ("DELETE", "/subjects/nope", None),
    ("POST", "/subjects/s/versions", schema(V1)),
    ("GET", "/subjects/s/versions", None),
    ("DELETE", "/subjects/t/versions/1", None),
    ("GET", "/subjects/t/versions", None),
]

DEPARTURES: list[tuple[Step, Answer]] = [
    (("GET", "/schemas/types", None), (200, ["AVRO"])),  # Avro alone is spoken here
    (("GET", "/config/u", None), (404, {"error_code": 40408})),  # Apicurio answers 40401
    (
        ("GET", "/subjects/u/versions/0", None),
        (422, {"error_code": 42202}),
    ),  # Apicurio takes any text for a version
    (("GET", "/subjects/u/versions/abc", None), (422, {"error_code": 42202})),
    (("POST", "/subjects/u/versions", schema("")), (422, {"error_code": 42201})),  # Apicurio answers 500
    (("POST", "/subjects/u/versions", {}), (422, {"error_code": 42201})),  # Apicurio answers 500
    (("POST", "/subjects/u/versions", schema('"int"', schemaType="FOO")), (422, {"error_code": 42201})),
    (("POST", "/subjects/s", schema("{")), (422, {"error_code": 42201})),  # Apicurio answers 40403
]
"""Where we follow the documentation of the Confluent Schema Registry and Apicurio does not."""


def enum(*symbols: str, **more: Any) -> str:
    return json.dumps({"type": "enum", "name": "E", "symbols": symbols} | more)


def of(kind: Any) -> str:
    return record({"name": "a", "type": kind})


PAIRS: list[tuple[str, str]] = [
    (V2, V1),
    (BROKEN, V1),
    (V1, V2),
    (of("long"), of("int")),
    (of("int"), of("long")),
    (of("double"), of("float")),
    (of("string"), of("bytes")),
    (of("bytes"), of("string")),
    (of("string"), of("int")),
    (of(["null", "int"]), of("int")),
    (of("int"), of(["null", "int"])),
    (of(["null", "int", "string"]), of(["null", "int"])),
    (of(["null", "int"]), of(["null", "int", "string"])),
    (of(["null", "long"]), of(["null", "int"])),
    (of({"type": "array", "items": "long"}), of({"type": "array", "items": "int"})),
    (of({"type": "array", "items": "int"}), of({"type": "array", "items": "long"})),
    (of({"type": "map", "values": "int"}), of({"type": "map", "values": "string"})),
    (of({"type": "map", "values": "int"}), of({"type": "array", "items": "int"})),
    (enum("A", "B"), enum("A")),
    (enum("A"), enum("A", "B")),
    (enum("A", default="A"), enum("A", "B")),
    (enum("A", name="F"), enum("A")),
    (record(A, name="S"), V1),
    (record(A, name="S", aliases=["R"]), V1),
    (record(A, namespace="m"), V1),
    (record({"name": "b", "type": "int", "aliases": ["a"]}), V1),
    (record({"name": "b", "type": "int"}), V1),
    (record(A, {"name": "next", "type": ["null", "R"], "default": None}), V1),
    (record(), V1),
]


@pytest.fixture(scope="module")
def apicurio(cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of Apicurio's Confluent API, with nothing in it."""
    try:
        java = find_java(minimum=21)
    except CannotStart as error:
        pytest.skip(f"Apicurio needs Java 21: {error}")
    home = unpacked(cache_dir / "apicurio")
    port = free_ports(1)[0]
    data_dir = tmp_path_factory.mktemp("apicurio")
    options = ["-Xmx384m", f"-Dquarkus.http.port={port}", "-Dquarkus.http.host=127.0.0.1"]
    with (data_dir / "log").open("wb") as log:
        command = [str(java.command), *options, "-jar", str(home / "quarkus-run.jar")]
        process = spawn(command, data_dir / "apicurio.pid", log)
    url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
    try:
        for _ in range(600):
            if answers(url):
                break
            assert process.poll() is None, (data_dir / "log").read_text()[-2000:]
            time.sleep(0.2)
        yield url
    finally:
        end(process, 10)


def unpacked(directory: Path) -> Path:
    """Apicurio's directory; fetched when that is wanted."""
    archive = directory / f"apicurio-registry-app-{VERSION}-all.tar.gz"
    home = directory / VERSION
    if home.exists():
        return home
    if not archive.exists():
        if os.environ.get("WATTLOG_TEST_APICURIO") != "1":
            pytest.skip("Apicurio is not in the cache: WATTLOG_TEST_APICURIO=1 has Maven fetch it (158 MB)")
        fetch = ["mvn", "-B", "-q", MAVEN_COPY, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={directory}"]
        subprocess.run(fetch, check=True, cwd="/")
    fresh = directory / f"{VERSION}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(archive) as opened:
        opened.extractall(fresh, filter="data")
    return fresh.rename(home)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/subjects", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def ours(own_kafka: KafkaSettings) -> Iterator[str]:
    """URL of an embedded registry with nothing in it."""
    with RegistryServer(RegistrySettings(kafka=own_kafka, registry_port=0)) as server:
        yield server.url


@pytest.fixture
def theirs(apicurio: str) -> Iterator[str]:
    """Apicurio, emptied after the test."""
    yield apicurio
    with httpx.Client(base_url=apicurio) as http:
        for subject in http.get("/subjects").json():
            http.delete(f"/subjects/{subject}")
        for subject in http.get("/subjects?deleted=true").json():
            http.delete(f"/subjects/{subject}?permanent=true")


def run(url: str, steps: list[Step]) -> list[Answer]:
    """The answers, with ids numbered in the order in which they appear, schemas parsed, and messages left out."""
    ids: dict[int, str] = {}
    with httpx.Client(base_url=url, headers=HEADERS, timeout=30) as http:
        found = []
        for method, path, body in steps:
            first = str(next(iter(ids), 0))
            content = None if body is None else json.dumps(body)
            response = http.request(method, path.replace("{id}", first), content=content)
            found.append((response.status_code, comparable(response.json(), ids)))
    return found


def comparable(answer: Any, ids: dict[int, str]) -> Any:
    if not isinstance(answer, dict):
        return answer
    shown = {key: value for key, value in answer.items() if key not in ("message", "normalize")}
    if isinstance(shown.get("schema"), str):
        shown["schema"] = json.loads(shown["schema"])
    if isinstance(shown.get("id"), int):
        shown["id"] = ids.setdefault(shown["id"], f"id {len(ids) + 1}")
    return shown


class TestAnswers:
    def test_are_those_of_apicurio(self, ours: str, theirs: str) -> None:
        pairs = zip(SCRIPT, run(ours, SCRIPT), run(theirs, SCRIPT), strict=True)
        assert [(step, mine, other) for step, mine, other in pairs if mine != other] == []

    def test_depart_from_apicurios_where_the_documentation_does(self, ours: str, theirs: str) -> None:
        steps = [("POST", "/subjects/s/versions", schema(V1)), ("POST", "/subjects/u/versions", schema('"int"'))]
        asked = [*steps, *(step for step, _ in DEPARTURES)]
        assert run(ours, asked)[2:] == [answer for _, answer in DEPARTURES]
        same = [
            step
            for step, other, (_, mine) in zip(asked[2:], run(theirs, asked)[2:], DEPARTURES, strict=True)
            if other == mine
        ]
        assert same == []


class TestVerdicts:
    def test_are_those_of_apicurio(self, ours: str, theirs: str) -> None:
        """Apicurio compares with Avro's own Java library."""
        verdicts = []
        for url in (ours, theirs):
            steps: list[Step] = [("PUT", "/config", {"compatibility": "BACKWARD"})]
            for number, (new, old) in enumerate(PAIRS):
                steps.append(("POST", f"/subjects/pair{number}/versions", schema(old)))
                steps.append(("POST", f"/compatibility/subjects/pair{number}/versions/latest", schema(new)))
            verdicts.append([answer for _, answer in run(url, steps)[2::2]])
        mine, other = verdicts
        assert [pair for pair, a, b in zip(PAIRS, mine, other, strict=True) if a != b] == []
        assert {"is_compatible": True} in mine
        assert {"is_compatible": False} in mine
