"""Deciding: who told the book is kept, an unknown command is an error, and a refusal changes nothing."""

from datetime import UTC, date, datetime

import pytest

from domain.book import Book
from domain.books.journal import VoucherNotBalanced
from domain.decisions import decide
from domain.kernel.event import Command
from tests.builders import BY_ANNA, a_voucher, decided, given, lines, recorded, refused


class Unheard(Command, frozen=True, kw_only=True):
    """A command that is in no catalogue."""


def test_keeps_who_told_the_book_and_when() -> None:
    by = recorded(
        "Cecilia",
        registered_on=date(2023, 7, 1),
        recorded_at=datetime(2023, 7, 1, 8, tzinfo=UTC),
        source="/lon",
        message_id="m-2",
    )

    assert decided(given(), a_voucher(), by).recorded == by


def test_leaves_the_book_as_it_was_when_it_refuses() -> None:
    book = given(a_voucher())

    refused(book, a_voucher(lines=lines((6570, 1), (1930, 1))), VoucherNotBalanced)

    assert book == given(a_voucher())


def test_leaves_the_book_as_it_was_when_it_accepts() -> None:
    book = given(a_voucher())

    decide(book, a_voucher(), BY_ANNA)

    assert book == given(a_voucher())


def test_does_not_know_a_command_outside_the_catalogue() -> None:
    with pytest.raises(KeyError):
        decide(given(), Unheard(), BY_ANNA)


def test_begins_with_nothing() -> None:
    assert (Book().position, len(Book().journal.years), Book().reports_issued) == (0, 0, 0)
