"""Issued reports: numbered in order, at a position the book has reached."""

from domain.reporting.issued import PositionUnknown, ReportIssued
from tests.builders import a_report, accepts, decided, event_of, given, refused


def test_numbers_the_reports_that_were_issued() -> None:
    assert decided(given(), a_report()) == event_of(ReportIssued, a_report(), number=1)
    assert decided(given(a_report()), a_report()) == event_of(ReportIssued, a_report(), number=2)


def test_issues_a_report_at_the_last_position() -> None:
    assert accepts(given(), a_report(position=given().position))


def test_refuses_a_report_at_a_position_the_book_has_not_reached() -> None:
    assert refused(given(), a_report(position=10), PositionUnknown) == {"position": 10, "last": 9}
