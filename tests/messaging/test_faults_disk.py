"""A full disk, under the book or under the server, and a book that is damaged."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from services.contract.answers import Receipt
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.nats_server import find_binary
from tests.messaging.agreement import Correspondence, agree
from tests.messaging.serving import Serving, until, until_health
from tests.messaging.small_disk import small_disk
from tests.messaging.steady_senders import BOOK
from tests.servers.nats import TestServer
from tests.services.messages import founding, vouchers

pytestmark = [pytest.mark.server, pytest.mark.slow]

OTHER = "timra"


def test_answers_nothing_that_has_no_room_in_the_book(nats_server: TestServer, tmp_path: Path) -> None:
    async def told(seen: Path, serving: Serving) -> None:
        letters = Correspondence(BOOK)
        async with connected(Access(urls=(nats_server.url,)), "test") as client:
            bus = NatsBus(client)
            await letters.insist(bus, [*founding(), *vouchers(5)])
            disk.fill()
            waiting = asyncio.create_task(letters.insist(bus, vouchers(400, first=6)))
            health = await until_health(serving, lambda health: health.code("ingest", BOOK) == "storage_full")
            assert not health.ready
            assert not waiting.done()
            disk.make_room()
            assert all(isinstance(answer, Receipt) for answer in await waiting)
            await until_health(serving, lambda health: health.ready)
            # SQLite resolves its file's name, so that the test opens a copy; nothing is written any more.
            shutil.copytree(seen, tmp_path / "books")
            await agree(bus, tmp_path / "books", letters)

    with small_disk(tmp_path / "disk", "4m") as disk:
        serving = Serving(disk.path / "books", tmp_path / "serve", nats=nats_server.url, prefix=disk.prefix)
        with serving:
            asyncio.run(told(disk.seen / "books", serving))


def test_loses_nothing_when_the_server_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = TestServer(tmp_path / "nats")
    server.directory.mkdir()

    async def told(serving: Serving) -> None:
        letters = Correspondence(BOOK)
        async with connected(Access(urls=(server.url,)), "test") as client:
            bus = NatsBus(client, answer_seconds=2)
            await letters.insist(bus, [*founding(), *vouchers(5)])
            disk.fill()
            waiting = asyncio.create_task(letters.insist(bus, vouchers(400, first=6)))

            async def refused() -> str:
                return "" if letters.repeated or not (await asyncio.to_thread(serving.health)).ready else "nobody minds"

            await until(refused)
            assert not waiting.done()
            disk.make_room()
            answers = await asyncio.wait_for(waiting, 60)
            assert all(isinstance(answer, Receipt) for answer in answers)
            await until_health(serving, lambda health: health.ready)
            await agree(bus, tmp_path / "books", letters)

    with small_disk(server.storage, "3m") as disk:
        program = tmp_path / "nats-server-on-small-disk"
        program.write_text(f'#!/bin/sh\nexec {" ".join(disk.prefix)} {find_binary()} "$@"\n')
        program.chmod(0o755)
        monkeypatch.setattr("services.messaging.nats_server.find_binary", lambda: program)
        with server, Serving(tmp_path / "books", tmp_path / "serve", nats=server.url) as serving:
            try:
                asyncio.run(told(serving))
            except (AssertionError, OSError) as error:
                error.add_note(serving.told()[-3000:])
                error.add_note(server.log.read_text()[-3000:])
                raise


def test_a_damaged_book_stops_alone_until_it_is_put_back(nats_server: TestServer, tmp_path: Path) -> None:
    place = tmp_path / "books"

    async def told(serving: Serving) -> None:
        mine, others = Correspondence(BOOK), Correspondence(OTHER)
        async with connected(Access(urls=(nats_server.url,)), "test") as client:
            bus = NatsBus(client)
            await mine.insist(bus, [*founding(), *vouchers(5)])
            await others.insist(bus, [*founding(), *vouchers(5)])
            await agree(bus, place, mine)
            assert await asyncio.to_thread(serving.ended) == 0
            file = place / f"{BOOK}.sqlite"
            good = file.read_bytes()
            os.truncate(file, 100)
            await asyncio.to_thread(serving.start)
            waiting = asyncio.create_task(mine.insist(bus, vouchers(20)))
            health = await until_health(serving, lambda health: health.code("ingest", BOOK) == "damaged_book")
            assert not health.ready
            await others.insist(bus, vouchers(20))
            await agree(bus, place, others)
            assert health.code("ingest", OTHER) in {"ok", ""}
            assert not waiting.done()
            assert await asyncio.to_thread(serving.ended) == 0
            file.write_bytes(good)
            await asyncio.to_thread(serving.start)
            assert len(await waiting) == 20
            await agree(bus, place, mine)
            await until_health(serving, lambda health: health.ready)

    with Serving(place, tmp_path / "serve", nats=nats_server.url) as serving:
        try:
            asyncio.run(told(serving))
        except (AssertionError, OSError) as error:
            error.add_note(serving.told()[-3000:])
            raise
