"""The jars of the embedded Kafka, without Maven and without a network."""

import hashlib
import os
import re
from pathlib import Path

import pytest

from services.runtime.embedded import kafka_jars
from services.runtime.embedded.jre import Java
from services.runtime.embedded.problems import CannotStart

JAVA = Java(Path("/opt/java/bin/java"), 17)


@pytest.fixture
def two_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of two jars instead of the real one; returns a directory for anything."""
    lines = [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}.jar" for name in ("a", "b")]
    (tmp_path / "list").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(kafka_jars, "CHECKSUMS", tmp_path / "list")
    return tmp_path


def maven(monkeypatch: pytest.MonkeyPatch, directory: Path, script: str) -> None:
    """Put an `mvn` on PATH that runs `script` with the output directory in $out."""
    command = directory / "bin" / "mvn"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nfor last; do :; done\nout="${{last#*=}}"\nmkdir -p "$out"\n{script}\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")


FETCHES_BOTH = 'printf a > "$out/a.jar"; printf b > "$out/b.jar"'


class TestExpected:
    def test_lists_the_jars_of_the_version_in_the_pom(self) -> None:
        jars = kafka_jars.expected()
        assert f"kafka_2.13-{kafka_jars.VERSION}.jar" in jars
        assert f"<version>{kafka_jars.VERSION}</version>" in kafka_jars.POM.read_text()
        assert any(name.startswith("log4j-slf4j-impl-") for name in jars)
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in jars.values())


class TestWrongJars:
    def test_is_empty_when_all_are_right(self, two_jars: Path) -> None:
        for name in ("a", "b"):
            (two_jars / f"{name}.jar").write_text(name)
        assert kafka_jars.wrong_jars(two_jars, kafka_jars.expected()) == []

    def test_names_missing_changed_and_unexpected_ones(self, two_jars: Path) -> None:
        (two_jars / "a.jar").write_text("changed")
        (two_jars / "c.jar").write_text("c")
        assert kafka_jars.wrong_jars(two_jars, kafka_jars.expected()) == ["a.jar", "b.jar", "c.jar"]


class TestReason:
    @pytest.mark.parametrize(
        ("output", "said"),
        [
            ("[INFO] x\n[ERROR] \n[ERROR] Could not resolve host\n[ERROR] Re-run", "Could not resolve host"),
            ("Error: JAVA_HOME is not defined correctly.\n\n", "Error: JAVA_HOME is not defined correctly."),
            ("", "it said nothing"),
            ("\n \n", "it said nothing"),
        ],
    )
    def test_is_the_line_that_matters(self, output: str, said: str) -> None:
        assert kafka_jars.reason(output) == said

    def test_is_never_a_page(self) -> None:
        assert len(kafka_jars.reason("[ERROR] " + "x" * 5000)) < 310


class TestEnsureJars:
    def test_fetches_them_once(self, two_jars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        maven(monkeypatch, two_jars, f'{FETCHES_BOTH}; echo "$JAVA_HOME" > {two_jars}/home')
        told: list[str] = []
        directory = kafka_jars.ensure_jars(two_jars / "kafka", JAVA, told.append)
        assert sorted(path.name for path in directory.iterdir()) == ["a.jar", "b.jar"]
        assert (two_jars / "home").read_text().strip() == "/opt/java"
        assert len(told) == 1
        monkeypatch.setenv("PATH", "/nowhere")
        assert kafka_jars.ensure_jars(two_jars / "kafka", JAVA, told.append) == directory
        assert len(told) == 1

    def test_starts_over_after_a_crash_while_fetching(
        self, two_jars: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        maven(monkeypatch, two_jars, FETCHES_BOTH)
        final = kafka_jars.libs_dir(two_jars)
        for directory in (final, final.with_name(final.name + ".new")):
            directory.mkdir()
            (directory / "half.jar").write_text("half")
        assert not kafka_jars.complete(two_jars)
        kafka_jars.ensure_jars(two_jars, JAVA)
        assert sorted(path.name for path in final.iterdir()) == ["a.jar", "b.jar"]

    def test_refuses_bytes_that_are_not_listed(self, two_jars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        maven(monkeypatch, two_jars, 'printf a > "$out/a.jar"; printf evil > "$out/b.jar"')
        with pytest.raises(CannotStart, match=r"Maven fetched b\.jar, but not with the bytes"):
            kafka_jars.ensure_jars(two_jars, JAVA)
        assert not kafka_jars.complete(two_jars)

    def test_says_what_maven_said(self, two_jars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        maven(monkeypatch, two_jars, 'echo "[ERROR] Unknown host"; exit 1')
        with pytest.raises(CannotStart, match=r"\(Unknown host\): check the network .*docker compose up"):
            kafka_jars.ensure_jars(two_jars, JAVA)

    def test_says_so_when_maven_is_missing(self, two_jars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(CannotStart, match=r"Maven .* is needed once.*install it .*docker compose up"):
            kafka_jars.ensure_jars(two_jars, JAVA)

    def test_says_so_when_maven_hangs(self, two_jars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        maven(monkeypatch, two_jars, "exec sleep 20")
        monkeypatch.setattr(kafka_jars, "_FETCH_WITHIN_S", 0.2)
        with pytest.raises(CannotStart, match=r"Maven did not finish .*check that `mvn -version` works"):
            kafka_jars.ensure_jars(two_jars, JAVA)
