"""The rules of the tree that import contracts cannot show. A failure here names what is missing."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "services"
SLICES = [
    "ocpp",
    "ocpi",
    "sessions",
    "cdrs",
    "whitelist",
    "analytics",
    "console",
    "fleet",
    "settlement",
    "smartcharging",
    "pki",
    "devices",
    "evidence",
    "nap",
]
OWN = [p for p in SERVICES.rglob("*.py") if "events" not in p.parts and "__pycache__" not in p.parts]
PURE = ("inbound", "outbound", "fold", "rows", "wire", "connection")


class TestSlices:
    @pytest.mark.parametrize("name", SLICES)
    def test_have_a_readme_an_app_tests_and_a_manifest(self, name: str) -> None:
        wanted = [
            SERVICES / name / "README.md",
            SERVICES / name / "app.py",
            ROOT / "deploy" / "k8s" / "base" / f"{name}.yaml",
        ]
        missing = [str(path.relative_to(ROOT)) for path in wanted if not path.exists()]
        assert not missing
        assert list((ROOT / "tests" / "unit" / name).glob("test_*.py"))

    @pytest.mark.parametrize("name", SLICES)
    def test_are_in_the_compose_file(self, name: str) -> None:
        assert re.search(rf"^  {name}:$", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE)


class TestFiles:
    @pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(SERVICES)))
    def test_are_short_and_say_what_they_are(self, path: Path) -> None:
        text = path.read_text()
        assert len(text.splitlines()) <= 400
        if text.strip():
            assert ast.get_docstring(ast.parse(text)), "begins with a docstring of one sentence"

    @pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(SERVICES)))
    def test_have_no_function_over_sixty_lines(self, path: Path) -> None:
        functions = [
            n
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        long = [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 60]
        assert not long

    @pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(SERVICES)))
    def test_are_not_named_after_machinery(self, path: Path) -> None:
        assert not re.search(r"manager|helper|util|misc|common", path.stem)

    def test_in_pure_modules_hold_nothing_async(self) -> None:
        pure = [
            p for p in OWN if p.relative_to(SERVICES).parts[0] in SLICES and (set(p.parts) | {p.stem}) & set(PURE)
        ]
        guilty = [
            str(p.relative_to(ROOT))
            for p in pure
            if any(isinstance(n, ast.AsyncFunctionDef) for n in ast.walk(ast.parse(p.read_text())))
        ]
        assert not guilty

    @pytest.mark.parametrize(
        "name", ["sessions", "cdrs", "whitelist", "fleet", "settlement", "smartcharging", "devices", "evidence"]
    )
    def test_of_processors_are_pure_but_for_app_and_cli(self, name: str) -> None:
        """import-linter's contract names the pure modules that all slices have; processors have more of them."""
        guilty = {
            str(path.relative_to(ROOT))
            for path in (SERVICES / name).glob("*.py")
            if path.stem != "app"
            and not path.stem.endswith("cli")
            and re.search(r"services\.runtime|^import (time|random|os|asyncio)", path.read_text(), re.MULTILINE)
        }
        assert not guilty

    def test_need_services_to_stay_a_package(self) -> None:
        assert (SERVICES / "__init__.py").exists()


class TestWords:
    def test_speak_of_the_project_alone(self) -> None:
        texts = [
            p
            for p in ROOT.rglob("*")
            if p.suffix in {".py", ".md", ".yaml", ".yml", ".toml", ".json", ".lock", ".sql"}
        ]
        ours = [
            p for p in texts if not {".venv", ".wattlog", "build", ".git"} & set(p.parts) and p != Path(__file__)
        ]
        absolute = re.compile(r"/(work|root|home|Users)/[a-z]")
        guilty = [str(p.relative_to(ROOT)) for p in ours if absolute.search(p.read_text())]
        assert not guilty


class TestCurves:
    def test_are_for_verifying_only_where_computing_is_not_in_constant_time(self) -> None:
        guilty = [
            str(path.relative_to(ROOT))
            for path in (SERVICES / "domain" / "signed_meter").rglob("*.py")
            if re.search(r"SigningKey|Private_key|ecdsa\.keys", path.read_text())
        ]
        assert not guilty
