"""When the book learns of a fact (registration, LKBR 3:7): live messages today, history when its source says.

Registration dates never decrease along the book, so that what was known on a day is always a first part of it. A
history import may state earlier days only until the book has caught up: from the first event that was registered on
the day it was recorded, nothing is backdated any more.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

import msgspec

from domain.kernel.refusal import Refusal
from services.clock import Clock, swedish_day

SLACK = timedelta(minutes=5)
"""How far a clock may be behind the last recording: it is held there. A clock further behind is wrong."""


class RegistrationOutOfOrder(Refusal):
    """A history is imported in the order in which its source registered it."""

    code = "registration_out_of_order"
    sv = "Registreringsdatum {stated_on} är före det senaste i boken, {last_on}; historik läses in i tidsordning."
    en = "Registration date {stated_on} is before the last in the book, {last_on}; history is imported in order."


class RegistrationInFuture(Refusal):
    """Nothing is registered on a day that has not come."""

    code = "registration_in_future"
    sv = "Registreringsdatum {stated_on} ligger i framtiden; i dag är det {today}."
    en = "Registration date {stated_on} is in the future; today is {today}."


class HistoryIsClosed(Refusal):
    """What arrives late is registered late: a book in use takes no earlier registration dates."""

    code = "history_is_closed"
    sv = (
        "Registreringsdatum {stated_on} går inte att ange: boken är i löpande bruk sedan {last_on} och ny bokföring"
        " registreras den dag den kommer in. Utelämna registrationdate."
    )
    en = (
        "Registration date {stated_on} cannot be stated: the book has been in use since {last_on}, and what is new is"
        " registered the day it arrives. Leave out registrationdate."
    )


class ClockBehind(Refusal):
    """A machine whose clock is wrong records nothing."""

    code = "clock_behind"
    sv = "Datorns klocka går fel: den visar {now}, men boken har redan poster från {last_at}. Ställ klockan."
    en = "The clock of this machine is wrong: it shows {now}, but the book has entries from {last_at}. Set the clock."


class Registered(msgspec.Struct, frozen=True):
    """How far the registration of a book has come: the last day and instant, and whether it has caught up."""

    last_on: date = date.min
    last_at: datetime | None = None
    live: bool = False


class Moment(msgspec.Struct, frozen=True):
    """The instant at which a batch is recorded (UTC, never before the last one) and its day in Sweden."""

    at: datetime
    today: date
    behind: ClockBehind | None = None


def moment_of(clock: Clock, registered: Registered) -> Moment:
    """Return the moment of a batch; a clock that is far behind the book makes a moment that refuses."""
    now, last_at = clock.now(), registered.last_at
    if last_at is None or now >= last_at:
        return Moment(now, swedish_day(now))
    behind = ClockBehind(now=str(now), last_at=str(last_at)) if last_at - now > SLACK else None
    return Moment(last_at, swedish_day(last_at), behind)


def registration_day(stated: date | None, moment: Moment, registered: Registered) -> date:
    """Return the registration date of a message, or refuse the one it states."""
    if moment.behind is not None:
        raise moment.behind
    today = moment.today
    if stated is None or stated == today:
        return today
    if stated > today:
        raise RegistrationInFuture(stated_on=str(stated), today=str(today))
    if registered.live:
        raise HistoryIsClosed(stated_on=str(stated), last_on=str(registered.last_on))
    if stated < registered.last_on:
        raise RegistrationOutOfOrder(stated_on=str(stated), last_on=str(registered.last_on))
    return stated


def registered_after(registered: Registered, registered_on: date, recorded_at: datetime) -> Registered:
    """Return how far the registration has come after one more event."""
    if registered_on == registered.last_on and recorded_at == registered.last_at:
        return registered
    return Registered(registered_on, recorded_at, registered.live or registered_on >= _day(recorded_at))


# A batch is recorded at one instant, so a replay asks for the same day many times in a row.
_day = lru_cache(maxsize=16)(swedish_day)
