"""The year-end (årsbokslut): the result of a closed year is moved to equity, and the next year begins with it."""

from msgspec import structs

from domain.books import series
from domain.books.fiscal_year import Waiver, Year, known_year
from domain.books.journal import Journal, draft_voucher
from domain.books.voucher import Posting, Voucher
from domain.kernel.event import Command, Recorded, accept
from domain.kernel.refusal import Refusal


class CloseYear(Command, frozen=True, kw_only=True):
    """Move the result of a fiscal year to equity and close the year for good."""

    year: Year
    waivers: tuple[Waiver, ...] = ()


class YearClosed(CloseYear, frozen=True, kw_only=True, tag_field="event", tag="year.closed"):
    """The year is closed; a result that is not zero was moved to equity by the voucher."""

    recorded: Recorded
    result_ore: int
    voucher: Voucher | None = None


class YearIsClosed(Refusal):
    """A year is closed once."""

    code = "fiscal_year_closed"
    sv = "Räkenskapsåret {year} är redan avslutat."
    en = "Fiscal year {year} is already closed."


class YearBeforeIsOpen(Refusal):
    """Years are closed in order."""

    code = "fiscal_year_before_open"
    sv = "Räkenskapsåret {before} ska avslutas före {year}."
    en = "Fiscal year {before} must be closed before {year}."


def close_year(journal: Journal, command: CloseYear, recorded: Recorded) -> YearClosed:
    """Close a year that is not closed yet; `result_ore` is the surplus (a deficit is negative).

    The closing itself still posts into the year's last period when that has been closed to everybody else.
    """
    year = known_year(journal.years, command.year)
    before = [name for name, other in journal.years.items() if name < command.year and not other.closed]
    if before:
        raise YearBeforeIsOpen(year=command.year, before=min(before))
    balance_ore = journal.results_ore.get(command.year, 0)
    voucher = None
    if balance_ore:
        roles = journal.chart.roles
        opened = journal.years.put(command.year, structs.replace(year, closed_through=None))
        voucher = draft_voucher(
            structs.replace(journal, years=opened),
            series=series.YEAR_END,
            accounting_date=year.end,
            text=f"Årets resultat {command.year}",
            postings=(Posting(roles["year_result"], -balance_ore), Posting(roles["result_in_equity"], balance_ore)),
        )
    return accept(YearClosed, command, recorded=recorded, result_ore=-balance_ore, voucher=voucher)
