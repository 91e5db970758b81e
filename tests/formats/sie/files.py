"""SIE files written for tests, and books to bring them into."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime

from domain.catalogue import AnyEvent
from projections.history import History, history_of
from services.application.sie import Imported, import_file
from services.application.unborn import UnbornBook
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import MemoryShelf
from services.formats.sie4_file import SieFile
from services.formats.sie4_import import ImportOptions
from services.formats.sie4_reader import read_sie

OURS = "222000-2733"
TODAY = date(2024, 3, 1)

HEAD = (
    "#FLAGGA 0",
    '#PROGRAM "Ekonomi" 1.0',
    "#FORMAT PC8",
    "#GEN 20231231 AB",
    "#SIETYP 4",
    f"#ORGNR {OURS}",
    '#FNAMN "Förbundet"',
    "#RAR 0 20230101 20231231",
    "#RAR -1 20220101 20221231",
)
CHART = (
    '#KONTO 1930 "Bank"',
    "#KTYP 1930 T",
    '#KONTO 2081 "Eget kapital"',
    "#KTYP 2081 S",
    '#KONTO 3010 "Försäljning"',
    "#KTYP 3010 I",
    '#KONTO 5010 "Hyra"',
    "#KTYP 5010 K",
)
OPENING = ("#IB 0 1930 1000.00", "#IB 0 2081 -1000.00")
CLOSING = ("#UB 0 1930 1150.00", "#UB 0 2081 -1000.00", "#RES 0 3010 -250.00", "#RES 0 5010 100.00")
VOUCHERS = (
    '#VER A 1 20230110 "Hyra" 20230111 anna',
    "{",
    "#TRANS 5010 {} 100.00",
    "#TRANS 1930 {} -100.00",
    "}",
    '#VER A 2 20230210 "Såld plats" 20230212 bo',
    "{",
    '#TRANS 1930 {} 250.00 20230210 "Faktura 1"',
    "#TRANS 3010 {} -250.00",
    "}",
)
A_YEAR = (*HEAD, *CHART, *OPENING, *CLOSING, *VOUCHERS)


def sie(*lines: str, charset: str = "cp437", end: str = "\r\n") -> bytes:
    """Return a file with these lines."""
    return "".join(line + end for line in lines).encode(charset)


def without(lines: Iterable[str], *starts: str) -> tuple[str, ...]:
    """Return the lines that do not begin with any of these."""
    return tuple(line for line in lines if not line.startswith(starts))


def voucher(*rows: str, head: str = '#VER A 1 20230110 "Hyra"') -> tuple[str, ...]:
    """Return the lines of a voucher."""
    return (head, "{", *rows, "}")


def read(*lines: str) -> tuple[SieFile, set[str]]:
    """Return what lines below a head say, and the codes of what was found."""
    made = read_sie(sie(*HEAD, *lines))
    return made.file, {finding.code for finding in made.findings}


class Desk:
    """A book in memory, to import into and to ask."""

    def __init__(self, today: date = TODAY) -> None:
        self.clock = FixedClock(datetime(today.year, today.month, today.day, 12, tzinfo=UTC))
        self.today = today
        self.shelf = MemoryShelf(catalogue_mapper())
        self.store = UnbornBook(self.shelf, "book")
        self.writer = BookWriter(self.store, self.clock)

    def take(self, data: bytes, **options: str | int) -> Imported:
        """Import a file."""
        return import_file(
            data,
            "file.se",
            find=lambda: self.shelf.open("book") if self.shelf.exists("book") else None,
            writer=self.writer,
            today=self.today,
            options=ImportOptions(**options),  # type: ignore[arg-type]
        )

    def events(self) -> list[AnyEvent]:
        """Return the events of the book."""
        return [event for _, event in self.store.events()]

    def history(self) -> History:
        """Return the history of the book."""
        return history_of(self.events())


def codes(made: Imported) -> set[str]:
    """Return the codes of what an import found."""
    return {finding.code for finding in made.findings}


def balances(history: History) -> dict[tuple[int, str, str, str], int]:
    """Return öre by account, dimension, object and month; the month before the first year holds opening balances."""
    sums: Counter[tuple[int, str, str, str]] = Counter()
    for day, key, ore in history.ledger.rows():
        for dimension, name in (("", ""), ("6", key.project), ("20", key.party)):
            if name or not dimension:
                sums[key.account, dimension, name, f"{day:%Y%m}"] += ore
    return {place: ore for place, ore in sums.items() if ore}
