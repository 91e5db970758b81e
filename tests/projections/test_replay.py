"""The sums a trial balance is replayed by, against a ledger that was folded posting by posting."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.books.fiscal_year import FiscalYearOpened
from domain.catalogue import AnyEvent
from projections.built_in import trial_balance_days
from projections.history import History, history_of
from projections.replay import AccountSums, KeySums, Replay
from projections.skim import AccountAmounts, Page, SkimmedAccounts, skimmed
from tests.ledger_text import events, recorded_on, vouchers

ACCOUNTS = (1930, 2440, 3985, 40105)
YEARS = range(2022, 2026)

days = st.dates(date(2022, 1, 1), date(2025, 12, 31))
postings = st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(-1000, 1000)), min_size=1, max_size=4)
told = st.lists(st.tuples(days, st.booleans(), postings), max_size=30)


def year_opened(year: int, start: date | None = None) -> FiscalYearOpened:
    return FiscalYearOpened(
        year=year,
        start=start or date(year, 1, 1),
        end=date(year, 12, 31),
        recorded=recorded_on(date(2000, 1, 1)),
    )


def written(day: date, opening: bool, rows: list[tuple[int, int]]) -> AnyEvent:  # noqa: FBT001 - drawn, not called
    kronor = [*rows, (2081, -sum(amount for _, amount in rows))]
    text = f"{day} {'IB ' if opening else ''}Något\n" + "\n".join(f"{account} {amount}" for account, amount in kronor)
    (event,) = vouchers(text)
    return event


def is_plain(event: AnyEvent) -> bool:
    """Tell whether an event would be skimmed by account: a voucher with accounts that are counted."""
    voucher = skimmed(event).voucher
    return event.__struct_config__.tag == "voucher.posted" and voucher is not None and max(voucher.accounts) < 10_000


def as_accounts(event: AnyEvent) -> SkimmedAccounts:
    skim = skimmed(event)
    assert skim.voucher is not None
    amounts = AccountAmounts(skim.voucher.accounting_date, skim.voucher.accounts, skim.voucher.amounts_ore)
    return SkimmedAccounts(skim.event, amounts)


def paged(book: list[AnyEvent], size: int) -> list[Page[SkimmedAccounts]]:
    """Return the pages of a book as the store's skimmer gives them."""
    pages = []
    for start in range(0, len(book), size):
        some = book[start : start + size]
        rows = [(start + place, b"") for place in range(1, len(some) + 1)]
        skims = [as_accounts(event) if is_plain(event) else None for event in some]
        full = {row[0]: event for row, event, skim in zip(rows, some, skims, strict=True) if skim is None}
        pages.append(Page(rows, skims, full))
    return pages


def replayed(book: list[AnyEvent], as_of: date, size: int = 3) -> tuple[AccountSums, History]:
    sums = AccountSums(as_of)
    replay = Replay[SkimmedAccounts](sums)
    for page in paged(book, size):
        replay.take(page)
    return sums, replay.history(book[-1])


def balances(history: History, day: date) -> dict[int, int]:
    ledger = history.ledger
    return {account: balance for account in ledger.accounts() if (balance := ledger.account_at(account, day))}


@given(told, days, st.integers(1, 40))
def test_tells_the_two_days_of_a_trial_balance(
    book: list[tuple[date, bool, list[tuple[int, int]]]], as_of: date, size: int
) -> None:
    """Each year is opened just before the first voucher of it, so often on the page of those of the year before."""
    happened, opened = [*events("")], YEARS[0]
    for day, opening, rows in book:
        while opened <= day.year:
            happened.append(year_opened(opened))
            opened += 1
        happened.append(written(day, opening, rows))

    sums, history = replayed(happened, as_of, size)

    folded = history_of(happened)
    looked_at = trial_balance_days(history, as_of)
    assert looked_at == trial_balance_days(folded, as_of)
    for day in looked_at:
        assert sums.tells(day)
        assert balances(history, day) == balances(folded, day)


@given(told.filter(bool), days, days, st.permutations(YEARS))
def test_is_right_about_every_day_that_it_tells(
    book: list[tuple[date, bool, list[tuple[int, int]]]], as_of: date, day: date, opened: list[int]
) -> None:
    """Whenever years are opened: before their vouchers, after them, or in the middle."""
    happened = [*events("")]
    for place, row in enumerate(book):
        happened += [year_opened(year) for year in opened[place : place + 1]]
        happened.append(written(*row))

    sums, history = replayed(happened, as_of)

    for asked in (as_of, day, *(date(year - 1, 12, 31) for year in YEARS)):
        if sums.tells(asked):
            assert balances(history, asked) == balances(history_of(happened), asked)


def test_does_not_tell_a_day_that_was_not_kept_apart() -> None:
    book = [*events(""), *map(on, ("2022-12-30", "2023-01-02")), year_opened(2022), year_opened(2023)]

    sums, _ = replayed(book, date(2023, 5, 31), size=3)

    days = (date(2022, 12, 29), date(2022, 12, 30), date(2022, 12, 31), date(2023, 1, 2), date(2023, 5, 31))
    assert [sums.tells(day) for day in days] == [True, False, False, True, True]


def on(day: str) -> AnyEvent:
    return written(date.fromisoformat(day), False, [(1930, 100)])  # noqa: FBT003 - no opening balances


def test_keeps_no_more_stretches_than_years() -> None:
    """What is kept does not grow with the vouchers, nor with the days."""
    first = date(2022, 1, 1)
    book = [*events("", *(year_opened(year) for year in YEARS)), *(on(str(first + timedelta(n))) for n in range(1400))]

    sums, history = replayed(book, date(2023, 8, 31), 100)

    stretches = sorted((stretch.first, stretch.last) for stretch in sums._stretches.all())
    assert len(stretches) == len(YEARS) + 1
    assert all(before[1] + 1 == after[0] for before, after in pairwise(stretches))
    assert history.ledger.account_at(1930, date(2023, 8, 31)) == 100 * 100 * ((date(2023, 8, 31) - first).days + 1)


@pytest.mark.parametrize("amounts", [(1,), (1, -2, 1)])
def test_refuses_a_voucher_without_an_amount_for_each_account(amounts: tuple[int, ...]) -> None:
    skim = SkimmedAccounts("voucher.posted", AccountAmounts("2023-01-01", (1930, 2081), amounts))
    whole = skimmed(on("2023-01-01"))
    assert whole.voucher is not None
    whole.voucher.amounts_ore = amounts

    with pytest.raises(ValueError, match="an amount for each account"):
        AccountSums(date(2023, 1, 1)).enter([skim])
    with pytest.raises(ValueError, match="an amount for each account"):
        KeySums().enter([whole])
