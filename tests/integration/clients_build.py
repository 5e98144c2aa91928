"""The programs of tests/integration/clients: built once per content with their languages' own tools."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

SOURCES = Path(__file__).with_name("clients")
_FETCH_S = 240
_TAIL = 3000


@dataclass(frozen=True)
class Build:
    """How one folder of clients becomes programs; commands run in a copy of it, `BUILD` there is what is kept."""

    folder: str
    tools: tuple[str, ...]
    fetch: tuple[str, ...] = ()
    """Gets packages: where the network is away this fails, and the test is skipped."""
    build: tuple[str, ...] = ()
    """Needs no network: a failure is one of the test."""
    build_s: int = 300

    def made(self, cache: Path) -> Path:
        """The folder with what was built, from `cache` if nothing has changed since."""
        for tool in self.tools:
            if shutil.which(tool) is None:
                pytest.skip(f"{self.folder} clients need {tool}, which is not installed")
        target = cache / "clients" / self.folder / self._digest()
        if not (target / ".built").exists():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(SOURCES / self.folder, target)
            self._fetch(target)
            self._build(target)
            (target / ".built").touch()
            self._forget_others(target)
        return target

    def _digest(self) -> str:
        digest = hashlib.sha256(repr(self).encode())
        for path in sorted(p for p in (SOURCES / self.folder).rglob("*") if p.is_file()):
            digest.update(str(path.relative_to(SOURCES)).encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:16]

    def _fetch(self, target: Path) -> None:
        if not self.fetch:
            return
        try:
            done = _run(self.fetch, target, _FETCH_S)
        except subprocess.TimeoutExpired:
            pytest.skip(f"packages of the {self.folder} clients did not come within {_FETCH_S} s: no network?")
        if done.returncode != 0:
            said = " ".join(done.stdout.split())[-400:]
            pytest.skip(f"packages of the {self.folder} clients cannot be had ({' '.join(self.fetch)}): {said}")

    def _build(self, target: Path) -> None:
        if self.build:
            done = _run(self.build, target, self.build_s)
            assert done.returncode == 0, f"{' '.join(self.build)}: {done.stdout[-_TAIL:]}"

    def _forget_others(self, target: Path) -> None:
        for other in target.parent.iterdir():
            if other != target:
                shutil.rmtree(other, ignore_errors=True)


def _run(command: Sequence[str], folder: Path, within_s: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=folder, env=os.environ, timeout=within_s, check=False, text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


NODE = Build("node", ("node", "npm"), fetch=("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"))
GO = Build("go", ("go",), fetch=("go", "mod", "download"), build=("go", "build", "-o", "charge", "."))
JAVA = Build(
    "java",
    ("java", "javac", "mvn"),
    fetch=("mvn", "-B", "-q", "dependency:copy-dependencies", "-DoutputDirectory=lib"),
    build=("sh", "-c", "javac -cp 'lib/*' -d classes src/*.java"),
)
RUST = Build(
    "rust",
    ("cargo",),
    fetch=("cargo", "fetch"),
    build=("sh", "-c", "cargo build --offline && cp target/debug/charge . && rm -r target"),
    build_s=900,
)
OCPI_TARIFFS = Build(
    "ocpi_tariffs",
    ("cargo",),
    fetch=("cargo", "fetch"),
    build=(
        "sh",
        "-c",
        "cargo build --release --offline && cp target/release/ocpi-tariffs-crate price && rm -r target",
    ),
    build_s=900,
)
"""Prices lines of charge detail records and tariffs with the crate ocpi-tariffs."""


def node(cache: Path) -> list[str]:
    return ["node", str(NODE.made(cache) / "charge.js")]


def python(_cache: Path) -> list[str]:
    return [sys.executable, str(SOURCES / "python" / "charge.py")]


def go(cache: Path) -> list[str]:
    return [str(GO.made(cache) / "charge")]


def java(cache: Path) -> list[str]:
    made = JAVA.made(cache)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{made}/classes:{made}/lib/*", "Charge"]


def rust(cache: Path) -> list[str]:
    return [str(RUST.made(cache) / "charge")]


def zeep(_cache: Path) -> list[str]:
    if find_spec("zeep") is None:
        pytest.skip("zeep is not installed: pip install zeep")
    return [sys.executable, str(SOURCES / "zeep" / "charge.py")]


def wsdl(cache: Path) -> Path:
    """The folder of the official WSDLs of OCPP 1.6, which may not be copied but come with the Java library."""
    target = JAVA.made(cache) / "wsdl"
    with ZipFile(target.parent / "lib" / "v1_6-1.1.0.jar") as jar:
        for name in jar.namelist():
            if name.endswith(".wsdl"):
                target.mkdir(exist_ok=True)
                (target / Path(name).name).write_bytes(jar.read(name))
    return target
