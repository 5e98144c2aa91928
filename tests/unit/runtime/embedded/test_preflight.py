"""What is said about a machine on which the stack cannot start."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.runtime.embedded import preflight
from services.runtime.embedded.preflight import Facts, TakenPort, check, look, problems
from services.runtime.embedded.problems import CannotStart

GOOD = Facts(
    python=(3, 11),
    java="",
    maven=True,
    jars=False,
    taken_ports=(),
    data_dir=Path("data"),
    writable=True,
    free_bytes=50 << 30,
)


class TestProblems:
    @pytest.mark.parametrize(
        "facts",
        [
            GOOD,
            replace(GOOD, python=(3, 12)),
            replace(GOOD, python=(3, 13)),
            replace(GOOD, maven=False, jars=True),
            replace(GOOD, free_bytes=2 << 30),
        ],
    )
    def test_are_none_where_all_is_there(self, facts: Facts) -> None:
        assert problems(facts) == []

    @pytest.mark.parametrize(
        ("facts", "told"),
        [
            (
                replace(GOOD, python=(3, 10)),
                "Wattlog needs Python 3.11, 3.12 or 3.13, not 3.10: install one and run `make setup`.",
            ),
            (
                replace(GOOD, python=(3, 14)),
                "Wattlog needs Python 3.11, 3.12 or 3.13, not 3.14: install one and run `make setup`.",
            ),
            (replace(GOOD, java="No Java: get one."), "No Java: get one."),
            (
                replace(GOOD, maven=False),
                "Maven (`mvn`) is needed once, to fetch Kafka's jars: install it (`apt install maven`, "
                "`brew install maven`).",
            ),
            (
                replace(GOOD, writable=False),
                "data cannot be written to: change its owner, or set WATTLOG_DATA_DIR to another directory.",
            ),
            (
                replace(GOOD, free_bytes=300 << 20),
                "Only 0.3 GiB are free for data, and 2 are needed: make room, or set WATTLOG_DATA_DIR to a "
                "directory on another disk.",
            ),
            (
                replace(GOOD, taken_ports=(TakenPort("WATTLOG_KAFKA_PORT", 9092),)),
                "Port 9092 is in use: stop what listens there, or set WATTLOG_KAFKA_PORT.",
            ),
            (
                replace(GOOD, taken_ports=(TakenPort("WATTLOG_KAFKA_PORT", 9092, "java (process 7)"),)),
                "Port 9092 is in use by java (process 7): stop what listens there, or set WATTLOG_KAFKA_PORT.",
            ),
        ],
    )
    def test_are_one_sentence_with_the_fix(self, facts: Facts, told: str) -> None:
        assert problems(facts) == [told]

    def test_are_all_told_at_once(self) -> None:
        ports = (TakenPort("A", 1), TakenPort("B", 2))
        bad = Facts((2, 7), "No Java.", False, False, ports, Path("x"), False, 0)
        assert len(problems(bad)) == 7


class TestLook:
    def test_sees_this_machine(self, tmp_path: Path) -> None:
        facts = look(tmp_path / "not" / "yet", {})
        assert facts.python == sys.version_info[:2]
        assert facts.java == ""
        assert facts.maven == (shutil.which("mvn") is not None)
        assert not facts.jars
        assert facts.writable
        assert facts.free_bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)
        assert not (tmp_path / "not").exists()

    def test_takes_a_relative_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert look(Path(".wattlog"), {}).writable

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_sees_a_directory_that_cannot_be_written(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        assert not look(tmp_path / "new", {}).writable

    def test_tells_why_there_is_no_java(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATTLOG_JAVA", "/no/java")
        assert "WATTLOG_JAVA (/no/java) does not run" in look(tmp_path, {}).java

    def test_names_who_has_a_port(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            (taken,) = look(tmp_path, {"WATTLOG_X_PORT": port}).taken_ports
        assert (taken.variable, taken.port) == ("WATTLOG_X_PORT", port)
        assert f"(process {os.getpid()})" in taken.owner
        assert look(tmp_path, {"WATTLOG_X_PORT": port, "WATTLOG_Y_PORT": 0}).taken_ports == ()

    def test_does_not_need_to_know_who(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_: str) -> Any:
            raise psutil.AccessDenied

        monkeypatch.setattr(psutil, "net_connections", refuse)
        with socket.create_server(("127.0.0.1", 0)) as server:
            (taken,) = look(tmp_path, {"WATTLOG_X_PORT": server.getsockname()[1]}).taken_ports
        assert taken.owner == ""

    def test_copes_with_an_owner_that_has_just_ended(self) -> None:
        assert preflight._name(1 << 22) == f"process {1 << 22}"

    def test_sees_a_stack_that_runs_already(self, tmp_path: Path) -> None:
        (tmp_path / "run").mkdir()
        with (tmp_path / "run" / "stack.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(CannotStart, match=r"Wattlog already runs on .*: stop that one"):
                look(tmp_path, {})
        assert look(tmp_path, {}).taken_ports == ()

    def test_ends_what_a_killed_stack_left_behind(self, tmp_path: Path) -> None:
        serve = (
            "import socket, time; s = socket.create_server(('127.0.0.1', 0));"
            "print(s.getsockname()[1], flush=True); time.sleep(60)"
        )
        pid_file = tmp_path / "run" / "kafka.pid"
        env = {**os.environ, "WATTLOG_PID_FILE": str(pid_file)}
        left = subprocess.Popen([sys.executable, "-c", serve], stdout=subprocess.PIPE, text=True, env=env)
        assert left.stdout
        port = int(left.stdout.readline())
        pid_file.parent.mkdir()
        pid_file.write_text(json.dumps({"pid": left.pid, "parent": 1 << 22}))
        assert look(tmp_path, {"WATTLOG_KAFKA_PORT": port}).taken_ports == ()
        assert left.wait(20) is not None
        left.stdout.close()

    def test_tells_of_a_stranger_on_a_port_after_a_kill_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(preflight, "_PORTS_FREED_WITHIN_S", 0.15)
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "kafka.pid").write_text("")
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert look(tmp_path, {"WATTLOG_X_PORT": server.getsockname()[1]}).taken_ports


class TestCheck:
    def test_is_silent_when_all_is_well(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(preflight, "look", lambda *_: GOOD)
        check(tmp_path, {})

    def test_tells_everything_and_the_docker_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(preflight, "look", lambda *_: replace(GOOD, maven=False, free_bytes=0))
        with pytest.raises(CannotStart) as caught:
            check(tmp_path, {})
        lines = str(caught.value).splitlines()
        assert len(lines) == 3
        assert lines[-1] == "Or run it with Docker, which brings all of this: `docker compose up`."
