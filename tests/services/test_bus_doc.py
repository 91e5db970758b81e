"""docs/bus.md is true: its examples are what the types read and write, its subjects are those of the bus."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.application.asking import Context, answer
from services.application.live_book import LiveBook
from services.application.queries import Layouts
from services.contract import subjects
from services.contract.asyncapi import asyncapi
from services.contract.envelope import read_message
from services.contract.outgoing import EventEncoder, read_event
from services.contract.questions import QUESTIONS, EventsAnswer, read_question
from services.contract.schemas import GROUPS, QUESTION_NAMES, type_of
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from tests.services.console import build

PAGE = (Path(__file__).parents[2] / "docs" / "bus.md").read_text("utf-8")
EXAMPLES: list[tuple[str, str]] = re.findall(r"<!-- ([a-z._]+) -->\n```json\n(.*?)\n```", PAGE, re.DOTALL)
DECODE = catalogue_mapper().decode


def example(name: str) -> str:
    return next(text for named, text in EXAMPLES if named == name)


def test_every_example_is_marked() -> None:
    assert len(EXAMPLES) == PAGE.count("```json")
    assert {name for name, _ in EXAMPLES} >= {*QUESTION_NAMES, *GROUPS["answers"], *GROUPS["bucket"], "report"}


def test_the_message_is_read() -> None:
    assert read_message(example("message").encode()).id == "v-17"


def test_the_event_is_published_as_it_stands() -> None:
    text = example("event").encode()
    data = text[text.index(b'"data":') + len(b'"data":') : -1]

    tag, published = EventEncoder("varend", "222000-2634", DECODE).encode(31, data)

    assert published == text
    assert read_event(text, DECODE).position == 31
    assert subjects.events_subject("varend", tag) == "grundbok.events.varend.project.opened"


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_questions_are_read(name: str) -> None:
    text = example(f"question.{name}")

    asked = read_question(name, text.encode())

    assert msgspec.to_builtins(asked).items() >= json.loads(text).items()


@pytest.mark.parametrize("name", ["receipt", "refused", "report", "reports.position", "reply.events", "reply.position"])
def test_the_answers_are_what_is_written(name: str) -> None:
    text = example(name)
    kind: Any = type_of(name)

    written = json.loads(msgspec.json.encode(msgspec.json.decode(text, type=kind)))

    assert written == json.loads(text)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], bytes]]:
    """Return a function that asks the book of Värend a question in JSON."""
    folder = tmp_path_factory.mktemp("books")
    build(folder, "varend")
    with open_shelf(folder, catalogue_mapper()) as shelf:
        book = LiveBook(shelf.open("varend"))
        context = Context(Layouts(), date(2017, 12, 31), DECODE)
        yield lambda name, asked: answer(book, read_question(name, asked.encode()), context).content


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_book_answers_the_questions(name: str, ask: Callable[[str, str], bytes]) -> None:
    assert ask(name, example(f"question.{name}"))


def test_the_answers_are_those_of_the_book(ask: Callable[[str, str], bytes]) -> None:
    events = msgspec.json.decode(example("reply.events"), type=EventsAnswer).events

    assert ask("events", example("question.events")).decode() == example("reply.events")
    assert [bytes(event) for event in events] == [example("event").encode()]
    assert ask("position", example("question.position")).decode() == example("reply.position")


def test_the_report_is_that_of_the_book_cut_short(ask: Callable[[str, str], bytes]) -> None:
    shown = json.loads(example("report"))
    printed = json.loads(ask("report", '{"report":"income-statement","as_of":"2017-T2"}'))

    for table, whole in zip(shown["tables"], printed["tables"], strict=True):
        count = len(table["lines"])
        assert table == whole | {"lines": whole["lines"][:count]}
    assert shown | {"tables": printed["tables"]} == printed


def test_names_every_subject_and_header() -> None:
    addresses = {channel["address"] for channel in asyncapi()["channels"].values()} - {None}
    headers = {value for name, value in vars(subjects).items() if name.endswith("_HEADER")}
    headers |= {subjects.REFUSAL_CODE, subjects.REFUSAL_TEXT, f"{subjects.KEPT_PREFIX}Nats-Msg-Id"}
    streams = {
        subjects.IN_STREAM,
        subjects.DEAD_STREAM,
        subjects.events_stream("<book>"),
        subjects.receipts_stream("<book>"),
    }

    written = {address.replace("{", "<").replace("}", ">") for address in addresses}
    assert [address for address in written if f"`{address}`" not in PAGE] == []
    assert [name for name in headers | streams if f"`{name}`" not in PAGE] == []
