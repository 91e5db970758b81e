"""An example consumer: keeps a board of a book's cash flow, month by month, as a CSV file.

    python examples/consumers/cash_flow_board.py varend board.csv

Every event is taken once, whatever happens: the position stands in the file it belongs to, replaced as a whole.
Stop it, kill it, take the bus down, start it again: the board goes on where it was.
"""

import asyncio
import contextlib
import csv
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from domain.catalogue import voucher_of
from services.contract.outgoing import DeliveredEvent
from services.messaging.consumer import Consumer, QuestionRefused
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.settings import read_bus_settings

CASH = range(1900, 2000)
"""Cash and bank, in both charts of accounts that Grundbok ships."""

HEADINGS = ("month", "in_ore", "out_ore", "net_ore")


@dataclass
class Board:
    """What came in and went out by month, in öre, after the event at a position."""

    position: int = 0
    months: dict[str, list[int]] = field(default_factory=dict)

    def take(self, event: DeliveredEvent) -> None:
        """Take in the next event."""
        self.position = event.position
        voucher = voucher_of(event.event)
        if voucher is None:
            return
        net = sum(posting.amount_ore for posting in voucher.postings if posting.account in CASH)
        if net:
            month = self.months.setdefault(f"{voucher.accounting_date:%Y-%m}", [0, 0])
            month[net < 0] += net


def load(path: Path) -> Board:
    """Return the board in a file; an empty one where there is no file."""
    if not path.exists():
        return Board()
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return Board(int(rows[0][1]), {month: [int(taken), -int(given)] for month, taken, given, _ in rows[2:]})


def save(board: Board, path: Path) -> None:
    """Write the board and its position, both or neither."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("position", board.position))
        writer.writerow(HEADINGS)
        for month, (taken, given) in sorted(board.months.items()):
            writer.writerow((month, taken, -given, taken + given))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


async def head_of(consumer: Consumer) -> int:
    """Return the last position of the book, 0 while there is no book: its first message may come later."""
    try:
        return await consumer.position()
    except QuestionRefused:
        return 0


async def keep(book: str, path: Path, upto: int | None = None) -> Board:
    """Keep the board of a book, for ever or up to a position."""
    access = read_bus_settings(os.environ).access or Access(urls=("nats://127.0.0.1:4222",))
    board = load(path)
    async with connected(access, "cash-flow-board") as client:
        consumer = Consumer(NatsBus(client), book)
        head = await head_of(consumer)
        async for event in consumer.events(board.position):
            board.take(event)
            # While it catches up, the file is written now and then; afterwards with every event.
            if event.position >= head or event.position % 1000 == 0:
                save(board, path)
            if event.position == upto:
                break
    return board


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(keep(sys.argv[1], Path(sys.argv[2])))
