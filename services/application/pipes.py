"""Talking with a process of our own over pipes: frames of four bytes of length and a body, which is never empty."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

LENGTH_BYTES = 4
PIPE_BYTES = 1024 * 1024
"""Room in a pipe: a batch of messages and more."""


class PipeEnded(Exception):  # noqa: N818 - an event; whoever reads says what it means
    """The other side is gone, or broke off."""


def send(pipe: IO[bytes], body: bytes) -> None:
    """Send a frame; raises `BrokenPipeError` when nobody will read it."""
    pipe.write(len(body).to_bytes(LENGTH_BYTES, "big"))
    pipe.write(body)
    pipe.flush()


def received(pipe: IO[bytes]) -> bytes:
    """Wait for a frame and return its body; raises `PipeEnded`."""
    length = pipe.read(LENGTH_BYTES)
    body = pipe.read(int.from_bytes(length, "big")) if len(length) == LENGTH_BYTES else b""
    if not body or len(body) < int.from_bytes(length, "big"):
        raise PipeEnded
    return body


def widen(*pipes: IO[bytes]) -> None:
    """Give pipes room for a batch where the system lets us, so that it goes through at once."""
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        return
    for pipe in pipes:
        # Refused, as to one who has many pipes already, the batch goes through in pieces.
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


@contextmanager
def own_pipes() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Give standard input and output of this process to frames alone; what is printed goes to standard error.

    Whoever ends the program by a signal to all of its processes leaves it to the program to end this one.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    come, go = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        yield come, go
    finally:
        with suppress(OSError):  # what nobody took is lost on nobody
            go.close()
        come.close()
