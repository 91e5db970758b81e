"""`grundbok bus`: what a person does with the bus, as the services do all day."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, closing
from typing import Annotated

import msgspec
from cyclopts import App, Parameter, validators

from domain.kernel.refusal import Language
from services.application.ingest import check_files
from services.application.reading import BATCH_BYTES, BATCH_MESSAGES, opened
from services.bootstrap import running
from services.cli.bus_demo import demo
from services.cli.bus_keys import bus_keys
from services.cli.exits import FAILED, OK, UNVERIFIED, exit_code_for
from services.cli.options import Book, Data, Lang, TextOrJson
from services.cli.speech import language_of, say_aside
from services.cli.tally import Tally
from services.contract.answers import Answer, refused_at
from services.contract.envelope import Place
from services.contract.lines import Line, read_lines
from services.contract.unreadable import Unreadable
from services.event_store.catalogue_mapper import catalogue_mapper
from services.messaging.bus_check import Checked, check
from services.messaging.consumer import Consumer
from services.messaging.dead_letters import DeadLetter, discard, letters, redrive
from services.messaging.inbound import read_again
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.port import BusForbidden
from services.messaging.relay import Relay
from services.messaging.sender import Sender
from services.messaging.settings import read_bus_settings
from services.settings import read_settings

OUR_SERVER = "nats://127.0.0.1:4222"
"""Where `grundbok serve` has its own server if nothing else is said."""

SAID = {
    "sv": {
        "redriven": "skickade på nytt till {book}: {count}",
        "discarded": "avvisade och nu borttagna för {book}: {count}",
        "rebuilt": "strömmen görs om från boken: {count} händelser",
        "deleted": "strömmen är borttagen; reläet gör om den från boken",
        "agrees": "{book}: bok {head}, ström {first}-{last}, {compared} lika, rapporter vid {reports_position}",
        "behind": "{book}: bok {head}, ström {first}-{last}, {compared} lika; {behind} är inte publicerade ännu",
        "differs": (
            "{book}: bok {head}, ström {first}-{last}: {different} skiljer sig{at}, {missing} saknas,"
            " {ahead} finns inte i boken"
        ),
        "none": "inga avvisade meddelanden till {book}",
        "late": "publicerade till {book} men inte besvarade ännu: {count}; väntar",
    },
    "en": {
        "redriven": "sent again to {book}: {count}",
        "discarded": "refused and now removed for {book}: {count}",
        "rebuilt": "the stream is made anew from the book: {count} events",
        "deleted": "the stream is deleted; the relay makes it anew from the book",
        "agrees": "{book}: book {head}, stream {first}-{last}, {compared} equal, reports at {reports_position}",
        "behind": "{book}: book {head}, stream {first}-{last}, {compared} equal; {behind} not published yet",
        "differs": (
            "{book}: book {head}, stream {first}-{last}: {different} events differ{at}, {missing} missing,"
            " {ahead} not in the book"
        ),
        "none": "no refused messages for {book}",
        "late": "published for {book} but not answered yet: {count}; waiting",
    },
}

bus = App(
    name="bus",
    help="Send and read messages, look after refused ones, compare the bus with a book. The bus is GRUNDBOK_NATS.",
    help_format="plaintext",
)
bus.command(bus_keys, name="keys")
bus.command(demo, name="demo")

Numbers = Annotated[list[int] | None, Parameter(name="--number", negative=(), help="Of this number; may be repeated.")]
Code = Annotated[str, Parameter(name="--code", help="Refused with this code.")]


@bus.command
def send(
    files: Annotated[list[str], Parameter(name="FILE", negative=(), help="Files of messages.")],
    /,
    *,
    book: Book,
    output: TextOrJson = "text",
    lang: Lang = None,
) -> int:
    """Publish the lines of files as messages, 1000 at a time, and show the answer to each."""
    check_files(files)
    language = lang or language_of(sys.argv)
    tally = Tally(language, as_json=output == "json", several=len(files) > 1)

    def late(count: int) -> None:
        say_aside(SAID[language]["late"].format(count=count, book=book))

    async def work(nats: NatsBus) -> int:
        sender = Sender(nats, book, late=late)
        for name in files:
            await _send_file(sender, name, tally)
        say_aside(tally.summary())
        return exit_code_for(tally.codes)

    return _on_the_bus("send", work)


@bus.command
def events(
    *,
    book: Book,
    after: Annotated[int, Parameter(help="Begin after this position.", validator=validators.Number(gte=0))] = 0,
    follow: Annotated[bool, Parameter(negative=(), help="Wait for more at the end; end it with Ctrl-C.")] = False,
    lang: Lang = None,
) -> int:
    """Print the events of a book as they are on the bus, a CloudEvent on each line, in order."""
    del lang

    async def work(nats: NatsBus) -> int:
        consumer = Consumer(nats, book)
        end = None if follow else await consumer.position()
        if end is not None and end <= after:
            return OK
        async for position, line in consumer.lines(after):
            sys.stdout.write(f"{line.decode()}\n")
            sys.stdout.flush()
            if position == end:
                break
        return OK

    return _on_the_bus("events", work)


@bus.command
def dead(*, book: Book, number: Numbers = None, code: Code = "", output: TextOrJson = "text", lang: Lang = None) -> int:
    """List the messages for a book that were refused: number, sequence, code, reason; as JSON with the message."""
    language = lang or language_of(sys.argv)

    async def work(nats: NatsBus) -> int:
        shown = 0
        async for batch in letters(nats, book, numbers=number or (), code=code):
            for letter in batch:
                sys.stdout.write(_as_json(letter) if output == "json" else _as_text(letter, language))
                shown += 1
        if not shown:
            say_aside(SAID[language]["none"].format(book=book))
        return OK

    return _on_the_bus("dead", work)


@bus.command(name="redrive")
def redrive_letters(*, book: Book, number: Numbers = None, code: Code = "", lang: Lang = None) -> int:
    """Send refused messages again, all or the chosen ones, once what they lacked is there."""
    return _with_letters(redrive, "redriven", book, (number, code, lang))


@bus.command(name="discard")
def discard_letters(*, book: Book, number: Numbers = None, code: Code = "", lang: Lang = None) -> int:
    """Remove refused messages, all or the chosen ones, that nobody will send again."""

    async def take_away(nats: NatsBus, _: str, chosen: list[DeadLetter]) -> None:
        await discard(nats, chosen)

    return _with_letters(take_away, "discarded", book, (number, code, lang))


@bus.command(name="check")
def check_bus(*, book: Book, output: TextOrJson = "text", data: Data = None, lang: Lang = None) -> int:
    """Compare the stream of events with the book, event by event; exits 6 where they differ.

    Exits 1 when all that the stream has is right but it lacks events that are not published yet.
    """
    settings = read_settings(os.environ, data=data, language=lang)

    async def work(nats: NatsBus) -> int:
        with running(settings) as program:
            found = await check(nats, program.book(book), catalogue_mapper().decode)
        came_to = "differs" if not found.agrees else "behind" if found.behind else "agrees"
        said = SAID[settings.language][came_to]
        sys.stdout.write(f"{msgspec.json.encode(found).decode() if output == 'json' else _said(said, found)}\n")
        return {"agrees": OK, "behind": FAILED, "differs": UNVERIFIED}[came_to]

    return _on_the_bus("check", work)


@bus.command
def rebuild(*, book: Book, data: Data = None, lang: Lang = None) -> int:
    """Delete the stream of a book's events and fill it anew from the book, which is the record.

    A book whose stream was ahead of it is not written; afterwards the messages that the bus has are read again.
    The operator's key may delete it, not write it: then the relay fills it when it looks the next time.
    """
    settings = read_settings(os.environ, data=data, language=lang)

    async def work(nats: NatsBus) -> int:
        with running(settings) as program:
            relay = Relay(program.book(book), nats, catalogue_mapper().decode, keep=read_bus_settings(os.environ).keep)
            await read_again(nats, book)
            await relay.rebuild()
            try:
                while await relay.step():
                    pass
            except BusForbidden:
                say_aside(SAID[settings.language]["deleted"])
            else:
                say_aside(SAID[settings.language]["rebuilt"].format(count=relay.published))
        return OK

    return _on_the_bus("rebuild", work)


def _on_the_bus(name: str, work: Callable[[NatsBus], Awaitable[int]]) -> int:
    """Connect, do the work, and return its exit code."""

    async def connected_work() -> int:
        async with _bus(f"grundbok bus {name}") as nats:
            return await work(nats)

    return asyncio.run(connected_work())


@asynccontextmanager
async def _bus(name: str) -> AsyncIterator[NatsBus]:
    settings = read_bus_settings(os.environ)
    access = settings.access or Access(urls=(OUR_SERVER,))
    async with connected(access, name) as client:
        yield NatsBus(client, replicas=settings.replicas)


def _with_letters(
    work: Callable[[NatsBus, str, list[DeadLetter]], Awaitable[None]],
    said: str,
    book: str,
    chosen: tuple[list[int] | None, str, Lang],
) -> int:
    numbers, code, lang = chosen

    async def each(nats: NatsBus) -> int:
        # Listed first, all of them: what is redriven now and refused again is a new letter, for another time.
        found = [batch async for batch in letters(nats, book, numbers=numbers or (), code=code)]
        for batch in found:
            await work(nats, book, batch)
        text = SAID[lang or language_of(sys.argv)][said]
        say_aside(text.format(count=sum(map(len, found)), book=book))
        return OK

    return _on_the_bus(said, each)


async def _send_file(sender: Sender, name: str, tally: Tally) -> None:
    """Send the lines of a file, in memory that does not grow with it."""
    with closing(_batches(name)) as batches:
        try:
            while batch := await asyncio.to_thread(next, batches, None):
                tally.take(await _answers(sender, name, batch))
        except Unreadable as refusal:  # it is no file of messages at all
            tally.take([refused_at(refusal, Place(name))])


def _batches(name: str) -> Generator[list[Line], None, None]:
    with opened(name) as file:
        batch: list[Line] = []
        size = 0
        for line in read_lines(file):
            batch.append(line)
            size += len(line.text)
            if len(batch) == BATCH_MESSAGES or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


async def _answers(sender: Sender, name: str, batch: list[Line]) -> list[Answer]:
    """Return the answer to each line; one that is too long to be a message is answered here."""
    answers = iter(await sender.send([line.text for line in batch if line.fault is None]))
    return [
        refused_at(line.fault, Place(name, line.number))
        if line.fault is not None
        else msgspec.structs.replace(next(answers), file=name, line=line.number)
        for line in batch
    ]


def _as_text(letter: DeadLetter, language: Language) -> str:
    reason = letter.sentence(language)
    return f"{letter.number}  {letter.sequence}  {letter.code}  {letter.field or '-'}  {reason}\n"


def _as_json(letter: DeadLetter) -> str:
    value = {**msgspec.structs.asdict(letter), "data": letter.data.decode("utf-8", "replace")}
    return f"{msgspec.json.encode(value).decode()}\n"


def _said(text: str, found: Checked) -> str:
    at = f" ({', '.join(map(str, found.differences))})" if found.differences else ""
    return text.format(**msgspec.structs.asdict(found), at=at, ahead=found.ahead, behind=found.behind)
