"""Batches of messages from files; of large files by a process beside, which reads while its batches are written.

To read and check a message is a third of what it takes to record it, and needs nothing of the book. The process has no
state: whatever becomes of it, the files are read on from where it came to. A name may mean another file to another
process (`/dev/stdin`), so the process reads the very files that we have looked at, or none.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby, islice, zip_longest
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import msgspec

from domain.catalogue import COMMANDS
from domain.kernel.refusal import Refusal
from services.application.incoming import Incoming, Unread, read_file, read_line
from services.application.pipes import PipeEnded, own_pipes, received, send, widen
from services.contract.answers import Refused
from services.contract.envelope import TYPE_PREFIX, Message
from services.contract.lines import Line
from services.contract.unreadable import FileLocked, FileMissing, FileReplaced

BATCH_MESSAGES = 1000
"""Messages that are acknowledged together."""

BATCH_BYTES = 4 * 1024 * 1024
"""Bytes of lines after which a batch is written though it is not full."""

BUFFER_BYTES = 1024 * 1024

AHEAD_BYTES = 8 * 1024 * 1024
"""From this size of all files on, a process is worth its start."""

OWN_BATCHES = 3
"""Batches that are read here, while the process starts."""

MODULE = "services.application.reading"
"""What the process runs."""

STANDS_STILL_SECONDS = 30.0
"""How long the process may give nothing before the files are read on here."""

RUN_MESSAGES = 100
"""Messages that are decoded together, of what the process has read."""

UNREAD = Refused(code="", sv="", en="", facts={})
"""Stands for a message that is not read, as its batch is skipped."""


class Batch(NamedTuple):
    """Messages, the file the last of them is from, and the bytes of all files to the end of it."""

    messages: Collection[Incoming]
    file: str
    done: int


def batches(names: Sequence[str], batch_messages: int) -> Iterator[Batch]:
    """Iterate over the messages of files, in order, by the quickest way there is."""
    paths = [Path(name) for name in names]
    large = not any(map(is_pipe, paths)) and sum(path.stat().st_size for path in paths) >= AHEAD_BYTES
    if large and _processors() > 1:
        return _read_ahead(names, [identity_of(path.stat()) for path in paths], batch_messages)
    return read_batches(names, batch_messages)


def read_batches(
    names: Sequence[str], batch_messages: int, *, skip: int = 0, identities: Sequence[str] = ()
) -> Iterator[Batch]:
    """Iterate over the messages of files, in order; so many batches are skipped, as if they had been given.

    With identities, the names are to lead to these very files: raises `FileReplaced`.
    """
    given = 0

    def read(line: Line, name: str) -> Incoming:
        return read_line(line, name) if given >= skip else UNREAD

    for batch in _cut(_files(names, identities), batch_messages, read):
        given += 1
        if given > skip:
            yield batch


def opened(name: str) -> BinaryIO:
    """Open a file of messages; raises `FileMissing` or `FileLocked`."""
    try:
        return Path(name).open("rb", buffering=BUFFER_BYTES)
    except OSError as error:
        raise not_readable(name, error) from error


def not_readable(name: str, error: OSError) -> FileMissing | FileLocked:
    """Return the refusal of a file that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return FileMissing(path=name)
    return FileLocked(path=name, reason=error.strerror or str(error))


def identity_of(status: os.stat_result) -> str:
    """Return which file this is of all that there are."""
    return f"{status.st_dev}:{status.st_ino}"


def is_pipe(path: Path) -> bool:
    """Tell whether what is read from the path is gone then, as with /dev/stdin: it is opened once only."""
    return not path.is_file() and not path.is_dir()


def _files(names: Sequence[str], identities: Sequence[str]) -> Iterator[tuple[str, BinaryIO]]:
    """Iterate over the files, each opened when its turn comes and closed after it."""
    for name, identity in zip_longest(names, identities):
        with opened(name) as file:
            if identity is not None and identity_of(os.fstat(file.fileno())) != identity:
                raise FileReplaced(path=name)
            yield name, file


def _cut(
    files: Iterable[tuple[str, BinaryIO]], batch_messages: int, read: Callable[[Line, str], Incoming]
) -> Iterator[Batch]:
    batch: list[Incoming] = []
    before, given, done, name = 0, 0, 0, ""
    for name, file in files:
        end = 0
        for incoming, end in read_file(file, name, read):
            batch.append(incoming)
            done = before + end
            if len(batch) >= batch_messages or done - given >= BATCH_BYTES:
                yield Batch(batch, name, done)
                batch, given = [], done
        before += end
    if batch:
        yield Batch(batch, name, done)


def _processors() -> int:
    # Not all that the machine has may be ours; where that cannot be asked, all are.
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def _read_ahead(names: Sequence[str], identities: Sequence[str], batch_messages: int) -> Iterator[Batch]:
    """Iterate over the same batches, all but the first ones from a process."""
    command = [sys.executable, "-P", "-m", MODULE, str(batch_messages), str(OWN_BATCHES), *identities, *names]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
        )
    except OSError:
        # The system has no room for it, or not for so many names.
        yield from read_batches(names, batch_messages, identities=identities)
        return
    given = 0
    with process:
        try:
            for batch in islice(read_batches(names, batch_messages, identities=identities), OWN_BATCHES):
                given += 1
                yield batch
            for batch in _received_from(process):
                given += 1
                yield batch
        except PipeEnded:
            pass
        else:
            return
        finally:
            process.kill()
    yield from read_batches(names, batch_messages, skip=given, identities=identities)


class _Run(msgspec.Struct, frozen=True, array_like=True):
    """Some messages of one type, or refusals, which are of no type."""

    type: str
    count: int
    packed: msgspec.Raw


class _Frame(msgspec.Struct, frozen=True, array_like=True):
    """A batch."""

    runs: list[_Run]
    file: str
    done: int


def _decoder_of(kind: type) -> Callable[[msgspec.Raw], list[Incoming]]:
    """Return what makes messages with commands of a kind from their bytes."""
    shape = msgspec.defstruct("Sent", [("command", kind)], bases=(Message,), frozen=True, kw_only=True, gc=False)
    return cast("Callable[[msgspec.Raw], list[Incoming]]", msgspec.msgpack.Decoder(list[shape]).decode)  # type: ignore[valid-type]


_pack = msgspec.msgpack.Encoder().encode
_frame = msgspec.msgpack.Decoder(_Frame | None).decode
_decoders = {TYPE_PREFIX + name: _decoder_of(kind) for name, kind in COMMANDS.items()}
_decoders[""] = cast("Callable[[msgspec.Raw], list[Incoming]]", msgspec.msgpack.Decoder(list[Refused]).decode)


def _received_from(process: "subprocess.Popen[bytes]") -> Iterator[Batch]:
    """Iterate over the batches that a process gives; raises `PipeEnded` when it ends before the last one."""
    if process.stdout is None:
        raise PipeEnded
    widen(process.stdout)
    while (frame := _frame(received(process.stdout, STANDS_STILL_SECONDS))) is not None:
        messages = Unread(partial(_unpacked, frame.runs), sum(run.count for run in frame.runs))
        yield Batch(messages, frame.file, frame.done)


def _unpacked(runs: Sequence[_Run]) -> Iterator[Incoming]:
    for run in runs:
        yield from _decoders[run.type](run.packed)


def _runs(messages: Iterable[Incoming]) -> Iterator[_Run]:
    for kind, run in groupby(messages, lambda item: item.type if isinstance(item, Message) else ""):
        while some := list(islice(run, RUN_MESSAGES)):
            yield _Run(kind, len(some), msgspec.Raw(_pack(some)))


def main(batch_messages: str, skip: str, *files: str) -> None:
    """Read files and give their batches, in the process; `files` are the identities of the files, and their names.

    A file that is another, or cannot be read, ends it: whoever waits for its batches reads on himself, and says why.
    """
    identities, names = files[: len(files) // 2], files[len(files) // 2 :]
    with own_pipes() as (_, batches), suppress(OSError, Refusal):
        # Before any is opened: to open what is no file may wait for ever.
        if [identity_of(Path(name).stat()) for name in names] != list(identities):
            return
        for batch in read_batches(names, int(batch_messages), skip=int(skip), identities=identities):
            send(batches, _pack(_Frame(list(_runs(batch.messages)), batch.file, batch.done)))
        send(batches, _pack(None))


if __name__ == "__main__":
    main(*sys.argv[1:])
