import importlib

import pytest

from services.__main__ import COMMANDS, run


class TestRun:
    @pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
    def test_shows_every_command(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        run(arguments)
        shown = capsys.readouterr().out
        assert all(f"  {name} " in shown for name in COMMANDS)

    def test_shows_the_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        run(["--version"])
        assert capsys.readouterr().out[0].isdigit()

    @pytest.mark.parametrize(("name", "hint"), [("tokn", "did you mean token"), ("zzz", "wattlog --help")])
    def test_says_what_to_do_about_an_unknown_command(self, name: str, hint: str) -> None:
        with pytest.raises(SystemExit, match=hint):
            run([name])

    def test_refuses_arguments_of_processes(self) -> None:
        with pytest.raises(SystemExit, match="takes no arguments"):
            run(["whitelist", "--port", "1"])


class TestCommands:
    @pytest.mark.parametrize("name", COMMANDS)
    def test_exist(self, name: str) -> None:
        module, attribute = COMMANDS[name].target.split(":")
        assert callable(getattr(importlib.import_module(module), attribute))
