"""Questions over the bus: read strictly, with bounds, and answered in a form that can be read back."""

from datetime import date

import msgspec
import pytest

from domain.kernel.refusal import Refusal
from services.contract.questions import (
    QUESTIONS,
    Asked,
    EventsAnswer,
    EventsAsked,
    HistoryAsked,
    PositionAnswer,
    PositionAsked,
    QuestionUnknown,
    ReportAsked,
    TraceAsked,
    read_question,
)
from services.contract.unreadable import (
    FieldMissing,
    FieldUnknown,
    InvalidDate,
    LengthWrong,
    NotJson,
    OutOfRange,
    ValueUnknown,
    WrongType,
)


@pytest.mark.parametrize(
    ("name", "data", "asked"),
    [
        ("position", b"", PositionAsked()),
        ("position", b'{"registered_on":"2017-08-31"}', PositionAsked(registered_on=date(2017, 8, 31))),
        ("events", b'{"after":5,"limit":1000,"upto":9}', EventsAsked(after=5, limit=1000, upto=9)),
        ("report", b'{"report":"interim"}', ReportAsked(report="interim")),
        (
            "report",
            b'{"report":"journal","as_of":"2017-T2","unit":"tkr","output":"csv","project":"","at_least":328}',
            ReportAsked(report="journal", as_of="2017-T2", unit="tkr", output="csv", project="", at_least=328),
        ),
        ("trace", b'{"figure":"br.kassa@1","wait_seconds":30}', TraceAsked(figure="br.kassa@1", wait_seconds=30)),
        ("history", b'{"voucher":"A7/2017"}', HistoryAsked(voucher="A7/2017")),
    ],
)
def test_a_question_is_read(name: str, data: bytes, asked: Asked) -> None:
    assert read_question(name, data) == asked
    assert read_question(name, msgspec.json.encode(asked)) == asked


@pytest.mark.parametrize(
    ("name", "data", "refusal", "field"),
    [
        ("report", b"", FieldMissing, "report"),
        ("report", b"{", NotJson, None),
        ("report", b'{"report":"interim","asof":"2017"}', FieldUnknown, "asof"),
        ("report", b'{"report":""}', LengthWrong, "report"),
        ("report", b'{"report":"interim","unit":"kkr"}', ValueUnknown, "unit"),
        ("report", b'{"report":"interim","output":"pdf"}', ValueUnknown, "output"),
        ("report", b'{"report":"interim","as_of":"%s"}' % (b"1" * 41), LengthWrong, "as_of"),
        ("trace", b'{"figure":7}', WrongType, "figure"),
        ("history", b"{}", FieldMissing, "voucher"),
        ("events", b'{"limit":1001}', OutOfRange, "limit"),
        ("events", b'{"limit":0}', OutOfRange, "limit"),
        ("events", b'{"after":-1}', OutOfRange, "after"),
        ("events", b'{"upto":-1}', OutOfRange, "upto"),
        ("position", b'{"registered_on":"2017-02-30"}', InvalidDate, "registered_on"),
        ("position", b'{"at_least":-1}', OutOfRange, "at_least"),
        ("position", b'{"wait_seconds":31}', OutOfRange, "wait_seconds"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(
    name: str, data: bytes, refusal: type[Refusal], field: str | None
) -> None:
    with pytest.raises(refusal) as said:
        read_question(name, data)

    assert said.value.facts.get("field") == field


def test_a_question_that_no_book_answers() -> None:
    with pytest.raises(QuestionUnknown) as said:
        read_question("weather", b"{}")

    assert said.value.facts == {"question": "weather", "known": tuple(QUESTIONS)}
    assert "weather" in said.value.sentence("sv")
    assert "report, trace" in said.value.sentence("en")


def test_answers_can_be_read_back() -> None:
    events = EventsAnswer(events=(msgspec.Raw(b'{"id":"prov/1"}'),), head=7)
    position = PositionAnswer(position=3, head=7)

    assert msgspec.json.encode(events) == b'{"answer":"events","events":[{"id":"prov/1"}],"head":7}'
    assert msgspec.json.decode(msgspec.json.encode(position), type=EventsAnswer | PositionAnswer) == position
    read = msgspec.json.decode(msgspec.json.encode(events), type=EventsAnswer | PositionAnswer)
    assert isinstance(read, EventsAnswer)
    assert [bytes(event) for event in read.events] == [b'{"id":"prov/1"}']
