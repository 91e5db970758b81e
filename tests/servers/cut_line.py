"""A line to a server that can be hurt: cut at the worst moment, deaf in one direction, held up, or slow."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

Way = Literal["pass", "drop", "hold"]
"""What happens to bytes: they pass, they vanish (then cut, before the line is used again), or they wait."""


class CutLine:
    """A TCP proxy on 127.0.0.1, on threads of its own; each direction is set for all connections at once."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._ways: dict[str, Way] = {"questions": "pass", "answers": "pass"}
        self._delay_seconds = 0.0
        self._cutting = self._closed = False
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._ends: list[socket.socket] = []
        self._run(self._accept)

    def questions(self, way: Way) -> None:
        """Say what happens to bytes on their way to the server."""
        with self._changed:
            self._ways["questions"] = way
            self._changed.notify_all()

    def answers(self, way: Way) -> None:
        """Say what happens to bytes on their way back."""
        with self._changed:
            self._ways["answers"] = way
            self._changed.notify_all()

    def delay(self, seconds: float) -> None:
        """Hold all bytes up for so long, in both directions."""
        with self._changed:
            self._delay_seconds = seconds
            self._changed.notify_all()

    def cut(self) -> None:
        """Cut every connection at once; new ones can be made."""
        with self._changed:
            for end in self._ends:
                _wake(end)

    def cut_answers(self) -> None:
        """Let questions through; the next answer is swallowed and the line cut."""
        self._cutting = True

    def mend(self) -> None:
        """Let new connections live again, and all bytes pass at once."""
        with self._changed:
            self._cutting, self._delay_seconds = False, 0.0
            self._ways = {"questions": "pass", "answers": "pass"}
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        _wake(self._listener)
        self._listener.close()
        self._threads[0].join()  # so that there are no connections to come
        self.cut()
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:  # a server that is down: the client sees its line end, and may try again
                client.close()
                continue
            with self._changed:
                self._ends += [client, server]
            self._run(self._copy, client, server, "questions")
            self._run(self._copy, server, client, "answers")

    def _copy(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self._cutting and direction == "answers":
                    break
                if self._passes(direction):
                    target.sendall(data)
        for end in (source, target):
            _wake(end)

    def _passes(self, direction: str) -> bool:
        """Wait as long as bytes are held up or slow; tell whether they pass then."""
        with self._changed:
            if self._delay_seconds:
                self._changed.wait_for(lambda: self._closed or not self._delay_seconds, self._delay_seconds)
            self._changed.wait_for(lambda: self._closed or self._ways[direction] != "hold")
            return self._ways[direction] == "pass"


def _wake(end: socket.socket) -> None:
    """Shut down, not close: closing would not wake another thread that reads the same socket."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
