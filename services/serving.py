"""Puts the service together from its settings: the bus (or a server of our own), the parts, health and metrics."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg

from domain.catalogue import AnyEvent
from domain.kernel.refusal import Refusal
from services.application.asking import Context
from services.application.latest import Latest
from services.application.live_book import LiveBook
from services.application.queries import Layouts
from services.application.read_models import model_file
from services.bootstrap import Program
from services.clock import swedish_day
from services.contract.subjects import RECEIPT_SUBJECTS, book_of
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.store import BookStore
from services.messaging.inbound import Inbound
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.nats_server import NatsServer
from services.messaging.observed import Observed
from services.messaging.parts import Hints, IngestPart, Part, RelayPart, ReportsPart, either
from services.messaging.port import Bus, BusUnavailable
from services.messaging.query_service import QueryService
from services.messaging.relay import Relay
from services.messaging.report_board import ReportBoard
from services.messaging.service import MakePart, Service, until_told
from services.messaging.settings import BusSettings
from services.messaging.status_page import Heartbeat, status_page
from services.messaging.writer_process import END_SECONDS, WriterProcess
from services.writing import writer_process

KINDS = ("ingest", "relay", "reports", "query")
"""The parts of the service, each of which may also run alone."""

SERVER_DIRECTORY = "bus"
SERVER_LOOK_SECONDS = 1.0
CONNECT_AGAIN_SECONDS = 1.0


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

    A bus that is away is waited for; meanwhile the status page says so. Raises the other refusals of connecting, and
    those of starting a server.
    """
    observed = Observed()
    async with AsyncExitStack() as stack:
        status = await stack.enter_async_context(_status(settings, observed))
        books = await _books(program, kinds, stack)
        access, server = await _bus_access(program, settings, server_port, stack, observed)
        stopping = asyncio.Event()
        stack.enter_context(until_told(stopping))
        await stack.enter_async_context(_in_background(_end_in_time(books, stopping)))
        client = await _connected(access, f"grundbok {'+'.join(kinds)}", observed, stopping, stack)
        if client is None:
            return
        observed.connected = lambda: client.is_connected
        if server is not None:
            await stack.enter_async_context(_in_background(_keep_up(server, observed, stopping)))
        around = _Around(program, settings, observed, stopping, stack, books)
        service = await _parts(client, kinds, around)
        await service.prepare()
        ready(Running(access.places, status, stopping.set))
        await service.run()


@asynccontextmanager
async def _status(settings: BusSettings, observed: Observed) -> AsyncIterator[str]:
    """Show how things are, from the beginning, when nothing is connected yet; give the address."""
    observed.connected = lambda: False
    heartbeat = Heartbeat(asyncio.get_running_loop().time)
    with status_page(settings.status_host, settings.status_port, observed, heartbeat) as port:
        async with _in_background(heartbeat.beat()):
            address = f"http://{settings.status_host}:{port}"
            observed.log.info("status page", address=address)
            yield address


async def _connected(
    access: Access, name: str, observed: Observed, stopping: asyncio.Event, stack: AsyncExitStack
) -> Client | None:
    """Return a connection to the bus, however long it takes; None when the process is told to end before."""
    observed.bus = access.places
    while not stopping.is_set():
        entering = stack.enter_async_context(connected(access, name, observed.connection_told))
        try:
            return await _unless(stopping, entering)
        except BusUnavailable:
            await either(stopping, seconds=CONNECT_AGAIN_SECONDS)  # it was told what stands in the way
    return None


async def _unless(stopping: asyncio.Event, work: Coroutine[None, None, Client]) -> Client | None:
    """Return what some work comes to, or None if it is time to stop before; raises what the work raises."""
    working, told = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((working, told), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        told.cancel()
        await asyncio.wait((working, told))


class _Around(NamedTuple):
    """What the parts of a service have around them."""

    program: Program
    settings: BusSettings
    observed: Observed
    stopping: asyncio.Event
    stack: AsyncExitStack
    books: WriterProcess


async def _books(program: Program, kinds: Collection[str], stack: AsyncExitStack) -> WriterProcess:
    """Return the process that writes the books, started early where it is needed, as it takes a while to be ready."""
    books = writer_process(program.settings)
    if "ingest" in kinds:
        await asyncio.to_thread(books.start)
        stack.push_async_callback(asyncio.to_thread, books.close)
    return books


async def _end_in_time(books: WriterProcess, stopping: asyncio.Event) -> None:
    """Wait no longer than that for a batch that does not come to its end, when the service does."""
    await stopping.wait()
    await asyncio.sleep(END_SECONDS)
    books.abandon()


async def _parts(client: Client, kinds: Collection[str], around: _Around) -> Service:
    """Return the service that runs the parts of each book; questions are answered from now on."""
    program, settings, observed, stopping, stack, books = around
    hints, lives = Hints(), LiveBooks(program)
    bus = NatsBus(client, replicas=settings.replicas)
    every = _makers(program, bus, settings, (observed, hints, lives, books))
    makers = {kind: make for kind, make in every.items() if kind in kinds}
    await _listen(client, hints, kinds)
    if "query" in kinds:
        await stack.enter_async_context(_queries(client, program, settings, observed, lives))
        observed.works("query", "")
    return Service(bus, makers, program.shelf.names, observed, hints, works_for=settings.works_for, stopping=stopping)


async def _bus_access(
    program: Program, settings: BusSettings, port: int, stack: AsyncExitStack, observed: Observed
) -> tuple[Access, NatsServer | None]:
    """Return how the bus is reached; start a server of our own where none is named."""
    if settings.access is not None:
        return settings.access, None
    server = NatsServer(Path(program.settings.data) / SERVER_DIRECTORY, port=port)
    observed.bus = str(server.directory)
    server.waiting = lambda: observed.log.warning("nats-server", state="waiting for the last one to end")
    await asyncio.to_thread(server.start)
    stack.push_async_callback(asyncio.to_thread, server.stop)
    return Access(urls=(server.url,)), server


async def _keep_up(server: NatsServer, observed: Observed, stopping: asyncio.Event) -> None:
    """Start our own server again if it has ended by itself, until it does; its streams are as they were."""
    is_news = True
    while not stopping.is_set():
        if not server.running:
            if is_news:
                observed.log.warning("nats-server", state="ended, starting again")
            try:
                await asyncio.to_thread(server.start)
            except Refusal as refusal:
                observed.fails("nats-server", "", refusal)
            else:
                observed.works("nats-server", "")
        is_news = server.running
        await either(stopping, seconds=SERVER_LOOK_SECONDS)


async def _listen(client: Client, hints: Hints, kinds: Collection[str]) -> None:
    """Take receipts that another process gave as a hint that its book has changed."""
    if "ingest" in kinds or not {"relay", "reports"} & set(kinds):
        return

    async def told(message: Msg) -> None:
        hints.tell(book_of(message.subject))

    await client.subscribe(RECEIPT_SUBJECTS, cb=told)


def _makers(
    program: Program, bus: Bus, settings: BusSettings, shared: tuple[Observed, Hints, "LiveBooks", WriterProcess]
) -> Mapping[str, MakePart]:
    """Return what makes the part of each kind for a book."""
    observed, hints, lives, books = shared
    decode = catalogue_mapper().decode

    def ingest(book: str) -> Part:
        def opened() -> BookStore[AnyEvent] | None:
            return program.book(book) if program.shelf.exists(book) else None

        return IngestPart(Inbound(book, bus, partial(books.write, book), opened), observed, hints)

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
    client: Client, program: Program, settings: BusSettings, observed: Observed, lives: "LiveBooks"
) -> AbstractAsyncContextManager[None]:
    decode, layouts, today = catalogue_mapper().decode, Layouts(program.settings.data), _today(program)

    def context() -> Context:
        return Context(layouts, today(), decode)

    return QueryService(client, lives.open, context, observed, settings.associations).running()


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
