"""Large batches are answered while the next one is written: what holds one after the other holds then, too."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.contract.subjects import DEAD_STREAM, SEQUENCE_HEADER, receipts_stream
from services.messaging import inbound
from services.messaging.inbound import NOTHING, Inbound
from services.messaging.port import BusUnavailable
from services.messaging.writing import Answered
from tests.messaging.bus_model import Fault, Killed
from tests.messaging.bus_world import World, answers, letters, tell
from tests.messaging.test_inbound import BOOK, UNBALANCED, all_holds, head
from tests.services.messages import founding, vouchers

ANSWERS = f"append {receipts_stream(BOOK)}"
LETTERS = f"append {DEAD_STREAM}"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a world with twelve messages waiting, in which three are a large batch."""
    monkeypatch.setattr(inbound, "BATCH_MESSAGES", 3)
    monkeypatch.setattr(inbound, "MANY_MESSAGES", 3)
    found = World([BOOK])
    tell(found, BOOK, *founding(), *vouchers(3), UNBALANCED, *vouchers(4, first=4))
    return found


def run(world: World, work: Callable[[Inbound], Awaitable[object]]) -> None:
    """Do something with the reader of messages of a process, on a loop of its own."""

    async def whole() -> None:
        await work(world.processes[0].inbound(BOOK))

    asyncio.run(whole())


async def until_quiet(part: Inbound) -> Answered:
    """Step until there is nothing more; an error means that the next step looks again."""
    while True:
        try:
            did = await part.step(0.0)
        except BusUnavailable:
            continue
        if did is NOTHING:
            return did


def test_writes_the_next_batch_before_the_answers_to_the_first_are_given(world: World) -> None:
    async def work(part: Inbound) -> None:
        await part.step(0.0)
        assert (head(world), len(answers(world, BOOK))) == (3, 0)
        await part.step(0.0)
        assert (head(world), len(answers(world, BOOK))) == (6, 3)
        await part.close()
        assert len(answers(world, BOOK)) == 6

    run(world, work)


def test_answers_everything_in_order(world: World) -> None:
    run(world, until_quiet)

    given = answers(world, BOOK)
    assert [sequence for sequence, _ in given] == list(range(1, len(given) + 1))
    assert [int(letter.headers[SEQUENCE_HEADER]) for letter in letters(world, BOOK)] == [8]
    assert all_holds(world)


@pytest.mark.parametrize("fault", [Fault.REQUEST_LOST, Fault.ANSWER_LOST])
@pytest.mark.parametrize("where", [ANSWERS, LETTERS])
@pytest.mark.parametrize("times", [1, 3])
def test_answers_that_could_not_be_given_are_given(world: World, where: str, fault: Fault, times: int) -> None:
    world.weather.planned += [(where, fault)] * times

    run(world, until_quiet)

    assert len(world.weather.planned) < times  # a letter that is there is not written again, so none is lost again
    assert len(letters(world, BOOK)) == 1
    assert all_holds(world)


@pytest.mark.parametrize("fault", [Fault.KILLED_BEFORE, Fault.KILLED_AFTER])
@pytest.mark.parametrize("where", [ANSWERS, LETTERS])
def test_a_kill_while_answers_are_given(world: World, where: str, fault: Fault) -> None:
    world.weather.planned.append((where, fault))

    with pytest.raises(Killed):
        run(world, until_quiet)
    world.kill(world.processes[0])
    run(world, until_quiet)

    assert len(letters(world, BOOK)) == 1
    assert all_holds(world)


def test_a_book_that_fails_leaves_no_answer_behind(world: World) -> None:
    """The first batch is on disk when the second fails: its answers are given, now or when it is read again."""
    world.weather.planned.append(("book", Fault.KILLED_BEFORE))

    async def work(part: Inbound) -> None:
        await part.step(0.0)

    with pytest.raises(Killed):
        run(world, work)
    world.kill(world.processes[0])
    run(world, until_quiet)

    assert all_holds(world)
