"""A process that writes the books, so that deciding and recording do not share an interpreter with the bus.

The two talk over pipes, a request and its reply at a time, in MessagePack. The process ends when its standard input
does, so that it outlives neither a service that ends nor one that is killed; what it was writing then is in the book
or not, as after any kill.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, NamedTuple, cast

import msgspec

from domain.kernel.refusal import InvariantBroken, Refusal
from services.application.pipes import PipeEnded, received, send, widen
from services.event_store.failures import StoreFailure
from services.event_store.locks import FairLock
from services.event_store.store import WAIT_SECONDS
from services.messaging.writing import Heard, Written

END_SECONDS = 20.0
"""How long a process that was told to end may take to finish its batch and to keep what it knows."""


class WriterEnded(StoreFailure):
    """The process that writes books ended before it answered: what it was given is in the book in full, or not at all.

    It is started again; the batch may be repeated.
    """

    code = "writer_ended"
    sv = (
        "Processen som skriver böckerna avbröts; det den höll på med finns i boken {book} i sin helhet eller inte alls."
    )
    en = "The process that writes books ended; what it was doing is in the book {book} in full or not at all."


class _Request(msgspec.Struct, array_like=True):
    book: str
    batch: list[Heard]


class _Failure(msgspec.Struct, array_like=True):
    """What was raised: the code of its class (empty when the program was wrong) and its facts."""

    code: str
    facts: dict[str, str | int | tuple[str | int, ...]]


class _Reply(msgspec.Struct, array_like=True):
    written: Written | None = None
    failure: _Failure | None = None


class _Running(NamedTuple):
    process: "subprocess.Popen[bytes]"
    requests: IO[bytes]
    replies: IO[bytes]


_pack = msgspec.msgpack.Encoder().encode
_request = msgspec.msgpack.Decoder(_Request).decode
_reply = msgspec.msgpack.Decoder(_Reply).decode


class WriterProcess:
    """The process seen from outside; may be shared by threads, which take turns. It is started when it is needed."""

    def __init__(self, command: Sequence[str], greeting: bytes) -> None:
        self._command = list(command)
        self._greeting = greeting
        self._turns = FairLock("-")
        self._running: _Running | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return None if self._running is None else self._running.process.pid

    def start(self) -> None:
        """Start the process if it does not run, without waiting until it is ready."""
        with self._turns.holding(WAIT_SECONDS):
            self._started()

    def write(self, book: str, batch: Sequence[Heard]) -> Written:
        """Write a batch; durable on return.

        Raises what the writer of the book raises, and `WriterEnded`.
        """
        with self._turns.holding(WAIT_SECONDS), self._in_step(book) as running:
            send(running.requests, _pack((book, batch)))
            reply = _reply(received(running.replies))
        if reply.failure is not None:
            raise _remade(reply.failure)
        if reply.written is None:
            raise InvariantBroken("a reply without an answer")
        return reply.written

    def abandon(self) -> None:
        """Kill the process whatever it does; who waits for it gets `WriterEnded`, and nothing is lost by it."""
        running = self._running
        if running is not None:
            running.process.kill()

    def close(self) -> None:
        """Let the process finish, and wait for its end."""
        with self._turns.holding(WAIT_SECONDS):
            self._end(END_SECONDS)

    @contextmanager
    def _in_step(self, book: str) -> Iterator[_Running]:
        """Give the process for one request and its reply; whatever comes between the two ends it."""
        try:
            yield self._started()
        except (PipeEnded, OSError) as error:
            self._end(0.0)
            raise WriterEnded(book=book) from error
        except BaseException:
            self._end(0.0)
            raise

    def _started(self) -> _Running:
        running = self._running
        if running is not None and running.process.poll() is None:
            return running
        self._end(0.0)
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        if process.stdin is None or process.stdout is None:
            raise InvariantBroken("a process without pipes")
        widen(process.stdin, process.stdout)
        self._running = _Running(process, process.stdin, process.stdout)
        send(process.stdin, self._greeting)
        return self._running

    def _end(self, seconds: float) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        for pipe in (running.requests, running.replies):
            with suppress(OSError):  # what could not be flushed has nobody who reads it
                pipe.close()
        try:
            running.process.wait(seconds)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()


def answer_requests(requests: IO[bytes], replies: IO[bytes], write: Callable[[str, Sequence[Heard]], Written]) -> None:
    """Answer requests, in the process, until there are no more."""
    while True:
        try:
            request = _request(received(requests))
        except PipeEnded:
            return
        try:
            reply = _Reply(written=write(request.book, request.batch))
        except (Refusal, StoreFailure) as error:
            reply = _refused(error)
        except InvariantBroken as error:
            reply = _Reply(failure=_Failure("", {"message": str(error)}))
        try:
            send(replies, _pack(reply))
        except BrokenPipeError:
            return


def answer_one(requests: IO[bytes], replies: IO[bytes], failure: Refusal | StoreFailure) -> None:
    """Say, in a process that cannot begin, what stands in its way to whoever asks first."""
    with suppress(PipeEnded, BrokenPipeError):
        received(requests)
        send(replies, _pack(_refused(failure)))


def _refused(error: Refusal | StoreFailure) -> _Reply:
    return _Reply(failure=_Failure(error.code, cast("Any", error.facts)))


def _remade(failure: _Failure) -> Exception:
    """Return what was raised in the process, as if it had been raised here."""
    if not failure.code:
        return InvariantBroken(str(failure.facts["message"]))
    for base in (StoreFailure, Refusal):
        for kind in _below(base):
            if kind.code == failure.code:
                return kind(**cast("Any", failure.facts))
    return InvariantBroken(f"{failure.code}: {failure.facts}")


def _below(base: "type[StoreFailure | Refusal]") -> "Iterator[type[StoreFailure | Refusal]]":
    for kind in base.__subclasses__():
        yield from _below(kind)
        if "code" in vars(kind):
            yield kind
