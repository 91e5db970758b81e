"""A program that appends to a book until it is killed, and prints each position when it is acknowledged.

Run as `python -m tests.contracts.appending DIRECTORY BOOK WRITER COUNT`; with COUNT 0 it never ends.
"""

import itertools
import sys
from pathlib import Path

from services.event_store.failures import Conflict
from services.event_store.sqlite_shelf import SQLiteShelf
from tests.contracts.events import Counted, identity, mapper

BATCH = 3


def main() -> None:
    """Append batches of three events with an identity each, and acknowledge each batch on stdout."""
    directory, book, writer, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    store = SQLiteShelf(Path(directory), mapper()).open(book)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    numbers = itertools.count() if count == 0 else range(count)
    for number in numbers:
        while True:
            after = store.head()
            events = [Counted(writer=writer, number=BATCH * number + n) for n in range(BATCH)]
            message = identity(f"{book}-{writer}-{after + 1}", after + 1, count=BATCH)
            try:
                store.append(events, after=after, identities=[message])
            except Conflict:
                continue
            break
        sys.stdout.write(f"{after + BATCH}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
