"""Puts the service together from its settings: the bus (or a server of our own), the parts, health and metrics."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.application.asking import Context
from services.application.latest import Latest
from services.application.live_book import LiveBook
from services.application.queries import Layouts
from services.application.read_models import model_file
from services.bootstrap import Program
from services.clock import swedish_day
from services.contract.subjects import RECEIPT_SUBJECTS, book_of
from services.event_store.catalogue_mapper import catalogue_mapper
from services.messaging.inbound import Inbound
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.nats_server import NatsServer
from services.messaging.observed import Observed
from services.messaging.parts import Hints, IngestPart, Part, RelayPart, ReportsPart, either
from services.messaging.port import Bus
from services.messaging.query_service import QueryService
from services.messaging.relay import Relay
from services.messaging.report_board import ReportBoard
from services.messaging.service import MakePart, Service, until_told
from services.messaging.settings import BusSettings
from services.messaging.status_page import Heartbeat, status_page

KINDS = ("ingest", "relay", "reports", "query")
"""The parts of the service, each of which may also run alone."""

SERVER_DIRECTORY = "bus"
SERVER_LOOK_SECONDS = 1.0


class Running(NamedTuple):
    """A running service: the URLs of the bus and of the status page, and how to tell it to end."""

    bus: str
    status: str
    stop: Callable[[], None]


async def serve(
    program: Program,
    settings: BusSettings,
    kinds: Collection[str],
    ready: Callable[[Running], None],
    *,
    server_port: int = 0,
) -> None:
    """Run these kinds of parts until the process is told to end; tell `ready` where, once they run.

    Raises the refusals of connecting and of starting a server.
    """
    observed, hints = Observed(), Hints()
    async with AsyncExitStack() as stack:
        access, server = await _bus_access(program, settings, server_port, stack)
        told = observed.connection_told
        client = await stack.enter_async_context(connected(access, f"grundbok {'+'.join(kinds)}", told))
        observed.connected = lambda: client.is_connected
        bus = NatsBus(client, replicas=settings.replicas)
        lives = LiveBooks(program)
        every = _makers(program, bus, settings, (observed, hints, lives))
        makers = {kind: make for kind, make in every.items() if kind in kinds}
        service = Service(bus, makers, program.shelf.names, observed, hints)
        stack.enter_context(until_told(service.stopping))
        heartbeat = Heartbeat(asyncio.get_running_loop().time)
        await stack.enter_async_context(_in_background(heartbeat.beat()))
        page = status_page(settings.status_host, settings.status_port, observed, heartbeat)
        port = stack.enter_context(page)
        if server is not None:
            await stack.enter_async_context(_in_background(_keep_up(server, service.stopping)))
        await _listen(client, hints, kinds)
        if "query" in kinds:
            await stack.enter_async_context(_queries(client, program, observed, lives))
            observed.works("query", "")
        await service.prepare()
        address = f"http://{settings.status_host}:{port}"
        ready(Running(access.places, address, service.stopping.set))
        await service.run()


async def _bus_access(
    program: Program, settings: BusSettings, port: int, stack: AsyncExitStack
) -> tuple[Access, NatsServer | None]:
    """Return how the bus is reached; start a server of our own where none is named."""
    if settings.access is not None:
        return settings.access, None
    server = NatsServer(Path(program.settings.data) / SERVER_DIRECTORY, port=port)
    await asyncio.to_thread(server.start)
    stack.push_async_callback(asyncio.to_thread, server.stop)
    return Access(urls=(server.url,)), server


async def _keep_up(server: NatsServer, stopping: asyncio.Event) -> None:
    """Start our own server again if it has ended by itself; its streams are as they were."""
    log = structlog.get_logger("grundbok")
    while not stopping.is_set():
        if not server.running:
            log.warning("nats-server", state="ended, starting again")
            await asyncio.to_thread(server.start)
        await either(stopping, seconds=SERVER_LOOK_SECONDS)


async def _listen(client: Client, hints: Hints, kinds: Collection[str]) -> None:
    """Take receipts that another process gave as a hint that its book has changed."""
    if "ingest" in kinds or not {"relay", "reports"} & set(kinds):
        return

    async def told(message: Msg) -> None:
        hints.tell(book_of(message.subject))

    await client.subscribe(RECEIPT_SUBJECTS, cb=told)


def _makers(
    program: Program, bus: Bus, settings: BusSettings, shared: tuple[Observed, Hints, "LiveBooks"]
) -> Mapping[str, MakePart]:
    """Return what makes the part of each kind for a book."""
    observed, hints, lives = shared
    decode = catalogue_mapper().decode

    def ingest(book: str) -> Part:
        def head() -> int:
            return program.book(book).head() if program.shelf.exists(book) else 0

        return IngestPart(Inbound(book, bus, lambda: program.writer(book, create=True), head), observed, hints)

    def relay(book: str) -> Part:
        return RelayPart(Relay(program.book(book), bus, decode, keep=settings.keep), observed)

    def reports(book: str) -> Part:
        live, layouts = lives.open(book), Layouts(program.settings.data)

        def made(today: date) -> Latest:
            return live.latest(today, layouts)

        today = _today(program)
        return ReportsPart(ReportBoard(book, bus, made, live.store.head, today), observed)

    return {"ingest": ingest, "relay": relay, "reports": reports}


def _queries(
    client: Client, program: Program, observed: Observed, lives: "LiveBooks"
) -> AbstractAsyncContextManager[None]:
    decode, layouts, today = catalogue_mapper().decode, Layouts(program.settings.data), _today(program)
    return QueryService(client, lives.open, lambda: Context(layouts, today(), decode), observed).running()


def _today(program: Program) -> Callable[[], date]:
    return lambda: swedish_day(program.clock.now())


class LiveBooks:
    """The books that are answered for, with their read models in memory; may be shared by threads."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._open: dict[str, LiveBook] = {}

    def open(self, name: str) -> LiveBook:
        """Return a book, the same one each time while it is there; raises what opening a book raises."""
        store = self._program.book(name)
        return self._open.setdefault(name, LiveBook(store, model_file(self._program.settings, name)))


@asynccontextmanager
async def _in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run something beside the block, and end it with the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
