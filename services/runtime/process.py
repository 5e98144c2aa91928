"""The shell around every process: event loop, signals, logs, and /metrics, /healthz, /readyz."""

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import structlog
import uvloop
from prometheus_client import exposition

from services.runtime.clock import now_ms
from services.runtime.settings import CommonSettings

_BEAT_S = 1.0
_DEAD_AFTER_MS = 15_000


class Process:
    """What a process's main function is given.

    `stopping` is set on SIGTERM and SIGINT: finish what is in hand and return. `ready` answers /readyz; it says
    that this process can do its work and does not follow Kafka's moods.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.ready = False
        self.stopping = asyncio.Event()
        self.log = structlog.get_logger(name)
        self.last_beat_at = now_ms()

    @property
    def alive(self) -> bool:
        """False when the event loop has not come round for a while."""
        return now_ms() - self.last_beat_at < _DEAD_AFTER_MS

    async def beat(self) -> None:
        while True:
            self.last_beat_at = now_ms()
            await asyncio.sleep(_BEAT_S)


Main = Callable[[Process], Awaitable[None]]


def run(main: Main, name: str, metrics_port: int, settings: CommonSettings) -> None:
    """Run `main` until it returns, which it does soon after `process.stopping` is set."""
    configure_logs(settings.log_level)
    uvloop.run(_run(main, name, metrics_port, settings))


async def _run(main: Main, name: str, metrics_port: int, settings: CommonSettings) -> None:
    process = Process(name)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stopping.set)
    beat = loop.create_task(process.beat())
    server = serve_health(process, settings.metrics_host, metrics_port)
    try:
        await main(process)
    finally:
        process.ready = False
        beat.cancel()
        server.shutdown()
        process.log.info("stopped")


def serve_health(process: Process, host: str, port: int) -> ThreadingHTTPServer:
    """Serve /metrics, /healthz and /readyz on a thread of its own; OSError names a port that is taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answer(process, self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Probes are not worth a log line."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def answer(process: Process, path: str) -> tuple[int, str, bytes]:
    """(HTTP status, content type, body) of a probe."""
    match path.split("?")[0]:
        case "/metrics":
            return 200, exposition.CONTENT_TYPE_PLAIN_0_0_4, exposition.generate_latest()
        case "/healthz":
            return _said(process.alive, "alive", "the event loop is stuck")
        case "/readyz":
            return _said(process.ready, "ready", "not ready")
    return 404, "text/plain", b"not found: try /metrics, /healthz or /readyz\n"


def _said(good: bool, yes: str, no: str) -> tuple[int, str, bytes]:
    return (200, "text/plain", f"{yes}\n".encode()) if good else (503, "text/plain", f"{no}\n".encode())


def configure_logs(level: str) -> None:
    """JSON lines on standard error, one per event, for our loggers and the libraries' alike."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_json)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(serializer=_json), foreign_pre_chain=shared
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


def _json(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()
