"""A line to a server that can be cut at the worst moment: after the question, before the answer."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class CutLine:
    """A TCP proxy on 127.0.0.1; after `cut_answers()` the next answer of the server is swallowed and the line cut."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._cutting = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._ends: list[socket.socket] = []
        self._run(self._accept)

    def cut_answers(self) -> None:
        """Let questions through, but no answer any more."""
        self._cutting.set()

    def mend(self) -> None:
        """Let new connections live again."""
        self._cutting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _wake(self._listener)
        self._listener.close()
        for end in self._ends:
            _wake(end)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._ends += [client, server]
                self._run(self._copy, client, server)
                self._run(self._copy, server, client, self._cutting)

    def _copy(self, source: socket.socket, target: socket.socket, cut: threading.Event | None = None) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(65536)) and not (cut and cut.is_set()):
                target.sendall(data)
        for end in (source, target):
            _wake(end)


def _wake(end: socket.socket) -> None:
    """Shut down, not close: closing would not wake another thread that reads the same socket."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
