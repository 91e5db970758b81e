"""What a supervisor and Prometheus ask over HTTP: `/livez`, `/readyz` and `/metrics`, on a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
from prometheus_client import make_wsgi_app

from domain.kernel.refusal import Refusal
from services.messaging.observed import Observed

Page = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

STUCK_SECONDS = 10.0
"""How long the event loop may not have turned before the process counts as dead."""


class StatusPortTaken(Refusal):
    """The address of the status page is free."""

    code = "status_port_taken"
    sv = "Statussidan kan inte öppnas på {address}; systemets besked: {reason}."
    en = "The status page cannot be opened at {address}; the system says: {reason}."


class Heartbeat:
    """Tells whether the event loop turns."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = clock()

    async def beat(self) -> None:
        """Beat for ever; cancel it."""
        while True:
            self._at = self._clock()
            await asyncio.sleep(1.0)

    def is_alive(self) -> bool:
        """Tell whether the last beat is recent; may be asked from any thread."""
        return self._clock() - self._at < STUCK_SECONDS


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's signature
        """Say nothing: a probe every few seconds is no news."""


@contextmanager
def status_page(host: str, port: int, observed: Observed, heartbeat: Heartbeat) -> Iterator[int]:
    """Serve the page while the block runs; give the port, for 0 is any that is free. Raises StatusPortTaken."""
    try:
        server = make_server(host, port, _pages(observed, heartbeat), server_class=_Server, handler_class=_Quiet)
    except OSError as error:
        raise StatusPortTaken(address=f"{host}:{port}", reason=error.strerror or str(error)) from error
    thread = threading.Thread(target=server.serve_forever, name="status page", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def readiness(observed: Observed) -> tuple[bool, bytes]:
    """Return whether every part works and the bus is connected, and how each of them fares as JSON."""
    connection = observed.connection
    fares = observed.parts()
    parts = [{"part": part, "book": book, **msgspec.to_builtins(condition)} for part, book, condition in fares]
    connected = connection.state == "ok"
    ready = connected and all(condition.state == "ok" for *_, condition in fares)
    said = {"ready": ready, "connected": connected, "connection": connection, "parts": parts}
    return ready, msgspec.json.encode(said) + b"\n"


def _pages(observed: Observed, heartbeat: Heartbeat) -> Page:
    metrics: Page = make_wsgi_app(observed.registry)

    def page(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return metrics(environ, start)
        if path == "/livez":
            alive = heartbeat.is_alive()
            return _answer(start, b'{"alive":true}\n' if alive else b'{"alive":false}\n', well=alive)
        if path == "/readyz":
            ready, body = readiness(observed)
            return _answer(start, body, well=ready)
        start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"/livez /readyz /metrics\n"]

    return page


def _answer(start: StartResponse, body: bytes, *, well: bool) -> list[bytes]:
    status = "200 OK" if well else "503 Service Unavailable"
    start(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [body]
