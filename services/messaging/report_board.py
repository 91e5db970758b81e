"""The latest reports of a book in the bucket of reports, all of one position, put up together."""

import asyncio
from collections.abc import Callable
from datetime import date

import msgspec

from services.application.latest import Latest
from services.contract.printed import ReportsShown
from services.contract.subjects import POSITION_KEY, REPORTS_BUCKET, bucket_stream, bucket_subject, report_key
from services.messaging.port import Bus, Outgoing, WrongSequence

STREAM = bucket_stream(REPORTS_BUCKET)

LOOK_AGAIN_STEPS = 20
"""Steps without news after which the bucket is looked at again: it may have been lost while nothing happened."""


class ReportBoard:
    """Puts up the reports of one book; `step` does so if there is anything new. After an error it looks again.

    `make` returns the latest reports as of a day; `head` the last position of the book, and `today` the day.
    """

    def __init__(
        self, book: str, bus: Bus, make: Callable[[date], Latest], head: Callable[[], int], today: Callable[[], date]
    ) -> None:
        self.book = book
        self._bus = bus
        self._make = make
        self._head = head
        self._today = today
        self._shown: tuple[int, date] | None = None
        self._seen = b""
        self._idle = 0
        self._connections = 0
        self._subject = bucket_subject(REPORTS_BUCKET, report_key(book, POSITION_KEY))

    async def step(self) -> int:
        """Put up the reports if the book or the day has changed; return their position, or 0 if nothing was done."""
        wanted = (await asyncio.to_thread(self._head), self._today())
        if not wanted[0] or (wanted == self._shown and not await self._is_lost()):
            return 0
        self._shown, known = None, self._shown is not None
        if not known:
            await self._bus.make_bucket(REPORTS_BUCKET)
        before = await self._bus.last(STREAM, self._subject)
        latest = await asyncio.to_thread(self._make, wanted[1])
        if before is not None and await self._is_newer(before.data, latest.position):
            self._shown, self._seen = wanted, before.data
            return 0
        shown = ReportsShown(position=latest.position, as_of=latest.as_of, reports=tuple(latest.reports))
        expected = 0 if before is None else before.sequence
        puts = [Outgoing(self._subject, msgspec.json.encode(shown), expected=expected)]
        for name, data in latest.reports.items():
            puts.append(Outgoing(bucket_subject(REPORTS_BUCKET, report_key(self.book, name)), data))
        try:
            await self._bus.append(STREAM, puts)
        except WrongSequence:
            return 0  # another process was first; the next step sees what it put up
        self._shown, self._seen = (latest.position, wanted[1]), puts[0].data
        return latest.position

    async def _is_lost(self) -> bool:
        """Tell, now and then and after an outage, whether the bucket no longer has what was put up or seen there."""
        self._idle += 1
        if self._idle < LOOK_AGAIN_STEPS and self._connections == self._bus.connections:
            return False
        self._idle, self._connections = 0, self._bus.connections
        shown, self._shown = self._shown, None
        before = await self._bus.last(STREAM, self._subject)
        if before is None or before.data != self._seen:
            return True
        self._shown = shown
        return False

    async def _is_newer(self, shown: bytes, position: int) -> bool:
        """Tell whether the bucket reflects a later position that the book has reached, too."""
        try:
            there = msgspec.json.decode(shown, type=ReportsShown).position
        except msgspec.DecodeError:
            return False  # whatever it is, it is not what we put up
        return there > position and there <= await asyncio.to_thread(self._head)
