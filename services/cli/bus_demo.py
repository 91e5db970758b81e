"""`grundbok bus demo`: a book's messages over a live bus, month by month, to receipts, events and reports."""

import asyncio
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from domain.kernel.refusal import Language
from services.application.queries import Layouts, comparison
from services.bootstrap import Program, running
from services.cli.demo import PUBLISHED, ExamplesMissing
from services.cli.exits import FAILED, OK
from services.cli.logs import log_to_stderr
from services.cli.options import Data, Lang
from services.cli.report import read_published
from services.contract.answers import Receipt
from services.contract.printed import PrintedReport
from services.event_store.catalogue_mapper import catalogue_mapper
from services.messaging.bus_check import check
from services.messaging.consumer import Consumer
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.sender import Sender
from services.messaging.settings import read_bus_settings
from services.serving import KINDS, serve
from services.settings import read_settings

if TYPE_CHECKING:
    from services.serving import Running

SAID = {
    "sv": {
        "runs": "Bussen är uppe: {bus}. Meddelandena till {book} skickas, fil för fil.",
        "sent": "{file:<20} {sent:>4} skickade  {accepted:>4} kvitton  {known:>3} redan kända  {refused:>3} avvisade",
        "event": "    sista händelse {position}: {type}",
        "report": "    rapporter vid {position}: omslutning {assets}, resultat {result}",
        "counted": (
            "{count} händelser lästa från strömmen i ordning, {kinds} slag;"
            " {compared} jämförda med boken, {different} skiljer sig"
        ),
        "published": "Jämfört med det publicerade: {figures} belopp, {matched} stämmer, {unexplained} oförklarade.",
    },
    "en": {
        "runs": "The bus is up: {bus}. The messages for {book} are sent, file by file.",
        "sent": "{file:<20} {sent:>4} sent  {accepted:>4} receipts  {known:>3} already known  {refused:>3} refused",
        "event": "    last event {position}: {type}",
        "report": "    reports at {position}: total assets {assets}, result {result}",
        "counted": (
            "{count} events read from the stream in order, {kinds} kinds;"
            " {compared} compared with the book, {different} differ"
        ),
        "published": (
            "Compared with what was published: {figures} figures, {matched} matched, {unexplained} unexplained."
        ),
    },
}


def demo(
    *,
    book: Annotated[str, Parameter(name="--book", help="Which of the examples.")] = "varend",
    examples: Annotated[Path, Parameter(name="--examples", help="Folder of the examples.")] = Path("examples"),
    data: Data = None,
    lang: Lang = None,
) -> int:
    """Run the whole service with a bus of its own, send an example's messages, and show what comes out.

    The book and the bus are in a temporary directory, unless --data names one. A bus named by GRUNDBOK_NATS is used.
    """
    folder = examples / book
    if not (folder / PUBLISHED).is_file():
        raise ExamplesMissing(path=str(folder))
    log_to_stderr(logging.WARNING)
    files = sorted(folder.glob("*.jsonl"))
    with tempfile.TemporaryDirectory(prefix="grundbok-") as place:
        settings = read_settings(os.environ, data=data or place, language=lang)
        with running(settings) as program:
            return asyncio.run(_demo(program, folder, files, settings.language))


async def _demo(program: Program, folder: Path, files: Sequence[Path], language: Language) -> int:
    settings = msgspec.structs.replace(read_bus_settings(os.environ), status_port=0)
    started: asyncio.Queue[Running] = asyncio.Queue()
    service = asyncio.create_task(serve(program, settings, KINDS, started.put_nowait))
    up = asyncio.create_task(started.get())
    await asyncio.wait([service, up], return_when=asyncio.FIRST_COMPLETED)
    if service.done():
        up.cancel()
        await service  # which raises what stood in its way
    running_service = await up
    try:
        access = settings.access or Access(urls=(running_service.bus,))
        _say(SAID[language]["runs"], bus=running_service.bus, book=folder.name)
        async with connected(access, "grundbok bus demo") as client:
            show = Show(NatsBus(client), folder.name, SAID[language])
            for file in files:
                await show.send(file)
            return await _compared(program, show, folder, SAID[language])
    finally:
        running_service.stop()
        await service


async def _compared(program: Program, show: "Show", folder: Path, words: dict[str, str]) -> int:
    """Compare the stream with the book, and the book with what was published."""
    store = program.book(folder.name)
    checked = await check(show.bus, store, catalogue_mapper().decode)
    wrong = checked.different + checked.missing
    _say(words["counted"], count=show.reached, kinds=len(show.kinds), compared=checked.compared, different=wrong)
    document = read_published(folder / PUBLISHED)
    _, compared = comparison(store, document, None, Layouts(program.settings.data))
    unexplained = len(compared.unexplained)
    _say(words["published"], figures=compared.figures, matched=compared.matched, unexplained=unexplained)
    return FAILED if wrong or unexplained or show.refused or not checked.agrees else OK


class Show:
    """Sends files of messages for a book, and shows what comes out at the other end."""

    def __init__(self, bus: NatsBus, book: str, words: dict[str, str]) -> None:
        self.reached = 0
        self.refused = 0
        self.kinds: Counter[str] = Counter()
        self.bus = bus
        self._consumer = Consumer(bus, book)
        self._sender = Sender(bus, book)
        self._words = words

    async def send(self, file: Path) -> None:
        """Send a file; show the answers, the last event it led to, and the report that reflects it."""
        lines = await asyncio.to_thread(lambda: file.read_bytes().removesuffix(b"\n").split(b"\n"))
        answers = await self._sender.send(lines)
        receipts = [answer for answer in answers if isinstance(answer, Receipt)]
        known, refused = sum(receipt.duplicate for receipt in receipts), len(answers) - len(receipts)
        accepted = len(receipts) - known
        self.refused += refused
        _say(self._words["sent"], file=file.name, sent=len(lines), accepted=accepted, known=known, refused=refused)
        last = max((receipt.last_position for receipt in receipts), default=0)
        if last > self.reached:
            await self._follow(last)
            await self._consumer.reports_reflect(last)
            await _report(self._consumer, self._words)

    async def _follow(self, last: int) -> None:
        """Read the events up to a position."""
        async for event in self._consumer.events(self.reached):
            self.reached = event.position
            self.kinds[event.type] += 1
            if event.position >= last:
                _say(self._words["event"], position=event.position, type=event.type)
                return


async def _report(consumer: Consumer, words: dict[str, str]) -> None:
    """Say what the latest trial balance comes to: assets are accounts 1000-1999, the result 3000-8999."""
    data = await consumer.latest("trial-balance")
    if data is None:
        return
    report = msgspec.json.decode(data, type=PrintedReport)
    sums = {"1": 0, "2": 0, "result": 0}
    for line in report.tables[0].lines:
        if line.id.isdecimal() and line.amounts:
            sums["result" if line.id > "3" else line.id[0]] += int(line.amounts[-1].replace(".", ""))
    _say(words["report"], position=report.position, assets=_kr(sums["1"]), result=_kr(-sums["result"]))


def _kr(ore: int) -> str:
    kronor, rest = divmod(abs(ore), 100)
    return f"{'-' if ore < 0 else ''}{kronor:,}".replace(",", " ") + f",{rest:02} kr"


def _say(text: str, **facts: object) -> None:
    sys.stdout.write(text.format(**facts) + "\n")
    sys.stdout.flush()
