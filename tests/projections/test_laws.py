"""What holds in the statements of any book: it balances, cash flows to the change in cash, years follow each other."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.books.year_end import YearClosed
from domain.catalogue import AnyEvent
from projections.history import history_of
from projections.statement import Statement
from tests.ledger_text import events, recorded_on, vouchers
from tests.projections.tables import layout_of

LAYOUT = layout_of("""
    [sets]
    equity = "2000-2099 3000-8999"
    cash = "1900-1999"
    other_assets = "1000-1899"
    liabilities = "2100-2999"
    [[table]]
    id = "br"
    title = "BR"
    measure = "closing"
    columns = [{ label = "" }, { label = "", year = -1 }, { label = "", year = 1 }]
    lines = [
      { id = "assets", accounts = "other_assets" },
      { id = "cash", accounts = "cash" },
      { id = "brought", accounts = "equity", measure = "opening", sign = "-" },
      { id = "moved", accounts = "2000-2099", measure = "movement", sign = "-" },
      { id = "result", accounts = "3000-8999", measure = "movement", sign = "-" },
      { id = "debts", accounts = "liabilities", sign = "-" },
      { id = "opening", accounts = "cash", measure = "opening" },
      { id = "equity", accounts = "equity", sign = "-" },
    ]
    checks = ["assets + cash = brought + moved + result + debts", "equity = brought + moved + result"]
    [[table]]
    id = "kf"
    title = "KF"
    measure = "change"
    columns = [{ label = "" }, { label = "", year = -1 }, { label = "", year = -1, to = "as-of" }]
    lines = [
      { id = "result", accounts = "equity", sign = "-" },
      { id = "assets", accounts = "other_assets", sign = "-" },
      { id = "debts", accounts = "liabilities", sign = "-" },
      { id = "flow", sum = "result + assets + debts" },
      { id = "in", accounts = "cash", measure = "opening" },
      { id = "out", accounts = "cash", measure = "closing" },
    ]
    checks = ["flow = out - in"]
""")
BALANCE, CASH_FLOW = LAYOUT.tables

days = st.dates(date(2021, 1, 1), date(2024, 12, 31))
accounts = st.sampled_from((1510, 1650, 1910, 1930, 2081, 2099, 2440, 2990, 3985, 4010, 7010, 8300, 8999))


@st.composite
def histories(draw: st.DrawFn) -> tuple[AnyEvent, ...]:
    """Draw a book with opening balances, vouchers of several years, and perhaps a year that was closed."""
    rows = draw(st.lists(st.tuples(days, accounts, accounts, st.integers(1, 10**9)), max_size=12))
    text = "2021-01-01 IB Balans\n1930 70\n1510 30\n2081 -80\n2440 -20\n" + "\n".join(
        f"{day} Rad\n{debit} {ore // 100},{ore % 100:02d}\n{credit} -{ore // 100},{ore % 100:02d}"
        for day, debit, credit, ore in sorted(rows)
    )
    told = events(text)
    return (*told, *(_closing(told, year) for year in draw(st.sets(st.sampled_from((2021, 2022))))))


def _closing(told: tuple[AnyEvent, ...], year: int) -> YearClosed:
    """Return the year-end that moves the result of a year to equity."""
    result_ore = -sum(
        amount for day, key, amount in history_of(told).ledger.rows() if 3000 <= key.account < 8999 and day.year == year
    )
    if not result_ore:
        return YearClosed(year=year, result_ore=0, recorded=recorded_on(date(2025, 1, 1)))
    sign, opposite = ("", "-") if result_ore > 0 else ("-", "")
    kronor = f"{abs(result_ore) // 100},{abs(result_ore) % 100:02d}"
    (moved,) = vouchers(f"{year}-12-31 Årets resultat\n8999 {sign}{kronor}\n2099 {opposite}{kronor}")
    return YearClosed(
        year=year,
        result_ore=result_ore,
        recorded=recorded_on(date(2025, 1, 1)),
        voucher=moved.voucher,  # type: ignore[union-attr]
    )


def amounts(statement: Statement, *lines: str, column: int = 0) -> list[Fraction]:
    table = statement.layout.tables[0]
    return [statement.amount(table, next(line for line in table.lines if line.id == name), column) for name in lines]


@given(histories(), days)
def test_the_balance_sheet_balances_and_cash_flow_is_the_change_in_cash(
    told: tuple[AnyEvent, ...], as_of: date
) -> None:
    statement = Statement(history_of(told), LAYOUT, as_of)

    assert statement.table(BALANCE).remarks == ()
    assert statement.table(CASH_FLOW).remarks == ()


@given(histories(), st.integers(2021, 2024))
def test_a_year_opens_with_what_the_one_before_closed_with(told: tuple[AnyEvent, ...], year: int) -> None:
    history = history_of(told)
    before, after = (Statement(history, LAYOUT, date(of, 12, 31)) for of in (year - 1, year))

    assert amounts(before, "cash", "equity") == amounts(after, "opening", "brought")
    assert amounts(after, "cash", "equity", column=1) == amounts(before, "cash", "equity")
    assert amounts(before, "opening", "brought", column=2) == amounts(after, "opening", "brought")


@given(histories(), st.sampled_from((2021, 2022)), days)
def test_closing_a_year_moves_nothing_but_the_result(told: tuple[AnyEvent, ...], year: int, as_of: date) -> None:
    vouched = tuple(event for event in told if not isinstance(event, YearClosed))
    lines = ("assets", "cash", "brought", "debts", "opening", "equity")
    before = amounts(Statement(history_of(vouched), LAYOUT, as_of), *lines)

    after = amounts(Statement(history_of((*vouched, _closing(vouched, year))), LAYOUT, as_of), *lines)

    assert after == before


@given(histories(), days)
def test_a_ledger_folded_in_another_order_gives_the_same_statements(told: tuple[AnyEvent, ...], as_of: date) -> None:
    one, other = (Statement(history_of(order), LAYOUT, as_of) for order in (told, (told[0], *reversed(told[1:]))))

    assert [one.table(table) for table in LAYOUT.tables] == [other.table(table) for table in LAYOUT.tables]


@given(histories(), st.integers(0, 15), days)
def test_folding_on_from_a_prefix_is_folding_from_the_start(
    told: tuple[AnyEvent, ...], position: int, as_of: date
) -> None:
    history = history_of(told[:position])
    Statement(history, LAYOUT, as_of).table(BALANCE)  # questions in between leave no trace
    for event in told[position:]:
        history.apply(event)

    assert Statement(history, LAYOUT, as_of).table(BALANCE) == Statement(history_of(told), LAYOUT, as_of).table(BALANCE)
