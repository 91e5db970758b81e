"""Talking with a process of our own over pipes: frames of four bytes of length and a body, which is never empty."""

import fcntl
import os
import select
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


def received(pipe: IO[bytes], patience_seconds: float | None = None) -> bytes:
    """Wait for a frame and return its body; raises `PipeEnded`.

    With patience, which only an unbuffered pipe knows, one that stands still for so long has ended, too.
    """
    length = int.from_bytes(_exactly(pipe, LENGTH_BYTES, patience_seconds), "big")
    return _exactly(pipe, length, patience_seconds)


def _exactly(pipe: IO[bytes], count: int, patience_seconds: float | None) -> bytes:
    if not count:
        raise PipeEnded
    parts: list[bytes] = []
    while count:
        if patience_seconds is not None and not select.select([pipe], [], [], patience_seconds)[0]:
            raise PipeEnded
        part = pipe.read(count)
        if not part:
            raise PipeEnded
        parts.append(part)
        count -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


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
