import json
import logging
import threading
import urllib.request
from urllib.error import HTTPError

import pytest
import structlog

from services.runtime import process
from services.runtime.process import Process, answer, configure_logs, serve_health


class TestAnswer:
    def test_is_ready_when_the_process_says_so(self) -> None:
        shell = Process("x")
        assert answer(shell, "/readyz")[0] == 503
        shell.ready = True
        assert answer(shell, "/readyz")[0] == 200

    def test_is_alive_while_the_loop_comes_round(self) -> None:
        shell = Process("x")
        assert answer(shell, "/healthz?verbose")[0] == 200
        shell.last_beat_at -= 60_000
        assert answer(shell, "/healthz")[0] == 503

    def test_shows_metrics(self) -> None:
        status, kind, body = answer(Process("x"), "/metrics")
        assert (status, kind.split(";")[0]) == (200, "text/plain")
        assert b"python_info" in body

    @pytest.mark.parametrize("path", ["/", "", "/../etc/passwd", "/" + "x" * 10_000])
    def test_knows_nothing_else(self, path: str) -> None:
        assert answer(Process("x"), path)[0] == 404


class TestServeHealth:
    def test_answers_over_http(self) -> None:
        shell = Process("x")
        server = serve_health(shell, "127.0.0.1", 0)
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as response:
                assert response.read() == b"alive\n"
            with pytest.raises(HTTPError, match="503"):
                urllib.request.urlopen(f"{url}/readyz", timeout=5)
        finally:
            server.shutdown()
            server.server_close()


class TestConfigureLogs:
    def test_writes_one_json_object_per_event(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logs("info")
        structlog.get_logger().info("station connected", station="CP1", tokens={"a"})
        logging.getLogger("library").warning("hello\nworld")
        own, foreign = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert (own["event"], own["station"], own["level"]) == ("station connected", "CP1", "info")
        assert foreign["event"] == "hello\nworld"

    def test_leaves_out_what_is_below_the_level(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logs("error")
        structlog.get_logger().warning("not shown")
        assert capsys.readouterr().err == ""


class TestRun:
    def test_ends_when_main_returns(self) -> None:
        seen: list[str] = []

        async def main(shell: Process) -> None:
            seen.append(threading.current_thread().name)
            shell.ready = True
            shell.stopping.set()
            await shell.stopping.wait()

        from services.runtime.settings import CommonSettings

        process.run(main, "x", 0, CommonSettings())
        assert seen == ["MainThread"]
