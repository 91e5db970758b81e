"""Files of messages into a book: line by line, in batches, in memory that does not grow with the files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from domain.books.register import RegisterAssociation
from services.application.incoming import Incoming, read_file
from services.contract.answers import Answer
from services.contract.envelope import Message
from services.contract.unreadable import FileLocked, FileMissing

BATCH_MESSAGES = 1000
"""Messages that are acknowledged together."""

BATCH_BYTES = 4 * 1024 * 1024
"""Bytes of lines after which a batch is written though it is not full."""

BUFFER_BYTES = 1024 * 1024


class Progress(msgspec.Struct, frozen=True):
    """How far the reading has come: bytes read of those there are (0 when nobody knows), and messages answered."""

    file: str
    bytes_read: int
    bytes_total: int
    messages: int


class Writer(Protocol):
    """Answers a batch of messages."""

    def write(self, batch: Sequence[Incoming]) -> list[Answer]:
        """Return the answer to each message, in order."""


def check_files(names: Iterable[str]) -> int:
    """Return how many bytes the files have together; raises `FileMissing` or `FileLocked` before anything is read."""
    total = 0
    for name in names:
        path = Path(name)
        try:
            total += path.stat().st_size
            if not _is_pipe(path):
                path.open("rb").close()
        except FileNotFoundError as error:
            raise FileMissing(path=name) from error
        except OSError as error:
            raise FileLocked(path=name, reason=error.strerror or str(error)) from error
    return total


def begins_a_book(name: str) -> bool:
    """Tell whether a file begins with a message that registers an association, or with one that cannot be read.

    What cannot be read is answered for what it is, rather than for the book that it might have begun. A pipe may.
    """
    if _is_pipe(Path(name)):
        return True
    with _opened(name) as file:
        first, _ = next(read_file(file, name))
    return not isinstance(first, Message) or isinstance(first.command, RegisterAssociation)


def ingest(
    writer: Writer,
    names: Sequence[str],
    *,
    batch_messages: int = BATCH_MESSAGES,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[list[Answer]]:
    """Write the messages of files in order; iterate over the answers, a batch at a time, once it is durable.

    Stopping between batches leaves whole batches. Raises what `check_files` and `BookWriter.write` raise.
    """
    total = check_files(names)
    answered = 0
    for batch, name, done in _batches(names, batch_messages):
        answers = writer.write(batch)
        answered += len(answers)
        progress(Progress(name, done, total, answered))
        yield answers


def _batches(names: Sequence[str], batch_messages: int) -> Iterator[tuple[list[Incoming], str, int]]:
    batch: list[Incoming] = []
    before, written, done, name = 0, 0, 0, ""
    for name in names:
        end = 0
        with _opened(name) as file:
            for incoming, end in read_file(file, name):
                batch.append(incoming)
                done = before + end
                if len(batch) >= batch_messages or done - written >= BATCH_BYTES:
                    yield batch, name, done
                    batch, written = [], done
        before += end
    if batch:
        yield batch, name, done


def _opened(name: str) -> BinaryIO:
    return Path(name).open("rb", buffering=BUFFER_BYTES)


def _is_pipe(path: Path) -> bool:
    """Tell whether what is read from the path is gone then, as with /dev/stdin: it is opened once only."""
    return not path.is_file() and not path.is_dir()
