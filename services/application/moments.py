"""Dates as people write them: a day, or the end of a month, a tertial or a year; a position of the book."""

import re
from datetime import UTC, date, datetime

from domain.kernel.period import last_of_month
from domain.kernel.refusal import Refusal
from services.application.queries import KnownAt

TERTIAL_MONTHS = 4

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""The years that fiscal years are named by; see `domain.books.fiscal_year.Year`."""


class DateWrong(Refusal):
    """An accounting date is a day, or the end of a period, and written so that it can be read."""

    code = "date_wrong"
    sv = "'{text}' är varken datum eller period från 1900 till 2999: skriv 2017-08-31, 2017-08, 2017-T2 eller 2017."
    en = "'{text}' is no date or period from 1900 to 2999: write 2017-08-31, 2017-08, 2017-T2 or 2017."


class MomentWrong(Refusal):
    """What was known is known at a date, an instant or a position, written so that it can be read."""

    code = "moment_wrong"
    sv = (
        "'{text}' är varken datum, period, klockslag eller position:"
        " skriv 2017-08-31, 2017-08, 2017-T2, 2017, 2017-08-31T12:00 eller #120."
    )
    en = (
        "'{text}' is no date, period, instant or position:"
        " write 2017-08-31, 2017-08, 2017-T2, 2017, 2017-08-31T12:00 or #120."
    )


class RangeWrong(Refusal):
    """A bridge goes from one moment to another."""

    code = "range_wrong"
    sv = "'{text}' går inte från en tidpunkt till en annan: skriv A..B, som 2017-08-31..2017-10-20 eller #100..#120."
    en = "'{text}' does not go from one moment to another: write A..B, as 2017-08-31..2017-10-20 or #100..#120."


def as_of_date(text: str) -> date:
    """Return the day a text means: '2017-08-31', or the last day of '2017-08', '2017-T2' or '2017'.

    Raises DateWrong.
    """
    try:
        day = _day(text)
    except ValueError as error:
        raise DateWrong(text=text) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise DateWrong(text=text)
    return day


def known_at_moment(text: str | None) -> KnownAt:
    """Return what a text means: a position ('#120', '120'), a registration date ('2017-10-20', '2017-10'), an instant.

    Four digits from 1900 to 2099 are a year; write '#2017' for the position. Raises MomentWrong.
    """
    if text is None:
        return None
    try:
        if re.fullmatch(r"#\d{1,18}|(?!(19|20)\d\d$)\d{1,18}", text, re.ASCII):
            return int(text.removeprefix("#"))
        if re.match(r"\d{4}-\d{2}-\d{2}T", text):
            instant = datetime.fromisoformat(text)
            return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return _day(text)
    except ValueError as error:
        raise MomentWrong(text=text) from error


def known_at_range(text: str) -> tuple[KnownAt, KnownAt]:
    """Return the two moments that 'A..B' means; without A it begins before the book does, without B it ends now.

    Raises RangeWrong, or MomentWrong for one of the two.
    """
    before, dots, after = text.partition("..")
    if not dots or ".." in after:
        raise RangeWrong(text=text)
    return known_at_moment(before or "0"), known_at_moment(after or None)


def _day(text: str) -> date:
    if re.fullmatch(r"\d{4}(-\d{2}|-[Tt][123])?", text) is None:
        return date.fromisoformat(text)
    year, _, rest = text.partition("-")
    month = int(rest[1:]) * TERTIAL_MONTHS if rest[:1] in ("T", "t") else int(rest or 12)
    return last_of_month(date(int(year), month, 1))
