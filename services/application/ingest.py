"""Files of messages into a book: line by line, in batches, in memory that does not grow with the files."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from domain.books.register import RegisterAssociation
from services.application.incoming import Incoming, read_file
from services.application.reading import BATCH_MESSAGES, batches, is_pipe, not_readable, opened
from services.contract.answers import Answer
from services.contract.envelope import Message


class Progress(msgspec.Struct, frozen=True):
    """How far the reading has come: bytes read of those there are (0 when nobody knows), and messages answered."""

    file: str
    bytes_read: int
    bytes_total: int
    messages: int


class Writer(Protocol):
    """Answers a batch of messages."""

    def write(self, batch: Collection[Incoming]) -> list[Answer]:
        """Return the answer to each message, in order."""


def check_files(names: Iterable[str]) -> int:
    """Return how many bytes the files have together; raises `FileMissing` or `FileLocked` before anything is read."""
    total = 0
    for name in names:
        path = Path(name)
        try:
            total += path.stat().st_size
        except OSError as error:
            raise not_readable(name, error) from error
        if not is_pipe(path):
            opened(name).close()
    return total


def begins_a_book(name: str) -> bool:
    """Tell whether a file begins with a message that registers an association, or with one that cannot be read.

    What cannot be read is answered for what it is, rather than for the book that it might have begun. A pipe may.
    """
    if is_pipe(Path(name)):
        return True
    with opened(name) as file:
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
    for batch in batches(names, batch_messages):
        answers = writer.write(batch.messages)
        answered += len(answers)
        progress(Progress(batch.file, batch.done, total, answered))
        yield answers
