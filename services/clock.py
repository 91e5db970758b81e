"""The only clock, and the only place that knows where the association's days begin and end."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SWEDEN = ZoneInfo("Europe/Stockholm")


class Clock(Protocol):
    """Tells the instant."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved, for tests."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self._instant

    def move(self, by: timedelta) -> None:
        """Move it forwards, or backwards as a clock that was wrong."""
        self._instant += by


def swedish_day(instant: datetime) -> date:
    """Return the date in Sweden at an instant."""
    return instant.astimezone(SWEDEN).date()
