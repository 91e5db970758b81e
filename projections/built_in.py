"""Tables that every book has without a layout: trial balance, grants, committed funds, equity, financing shares."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from domain.kernel.money import divide
from domain.kernel.period import ONE_DAY
from domain.kernel.refusal import Language
from domain.membership.contribution import ROUNDING_ORE
from projections.history import History
from projections.plans import RESULT_KINDS, forecast_ledger
from projections.selection import Selection
from projections.table import EARLIER_RESULT, Cell, Kind, Line, Remark, ReportTable

BuiltIn = Callable[[History, date, Language], ReportTable]

KINDS = {
    "state": {"sv": "Staten", "en": "The state"},
    "region": {"sv": "Regionen", "en": "The region"},
    "municipality": {"sv": "Kommunerna", "en": "The municipalities"},
}
TRIAL_BALANCE = "trial-balance"
QUARTERS = {"state": 2, "region": 1, "municipality": 1}
EQUITY_KINDS = RESULT_KINDS | {"equity"}


def trial_balance(history: History, as_of: date, language: Language) -> ReportTable:
    """Return the trial balance (saldobalans): opening balance, movement of the year, closing balance, per account.

    Income statement accounts open each year at zero; what of earlier years is not moved to equity has its own line.
    """
    sums, earlier = _balances(history, as_of)
    lines = [
        _line(str(number), f"{number} {history.accounts[number].name}", opening, closing - opening, closing)
        for number, (opening, closing) in sorted(sums.items())
        if opening or closing
    ]
    if earlier:
        lines.append(_line("earlier-result", EARLIER_RESULT[language], earlier, 0, earlier))
    total = [earlier + sum(cell[place] for cell in sums.values()) for place in (0, 1)]
    lines.append(_line("sum", _word(language, "Summa", "Total"), total[0], total[1] - total[0], total[1], kind="sum"))
    columns = {
        "sv": ("Ingående balans", "Förändring", "Utgående balans"),
        "en": ("Opening balance", "Movement", "Closing balance"),
    }
    title = _word(language, "Saldobalans", "Trial balance")
    return _table(TRIAL_BALANCE, f"{title} {as_of}", columns[language], lines)


def trial_balance_days(history: History, as_of: date) -> tuple[date, date]:
    """Return the days whose balances a trial balance is made of: the one before its year, and its own."""
    return history.span(history.fiscal_year(as_of))[0] - ONE_DAY, as_of


def _balances(history: History, as_of: date) -> tuple[dict[int, tuple[int, int]], int]:
    """Return opening and closing balance in öre by account, and what result accounts come to before the year."""
    before, _ = trial_balance_days(history, as_of)
    sums: dict[int, tuple[int, int]] = {}
    earlier = 0
    for account in history.ledger.accounts():
        opening, closing = history.ledger.account_at(account, before), history.ledger.account_at(account, as_of)
        if history.accounts[account].kind in RESULT_KINDS:
            earlier, opening, closing = earlier + opening, 0, closing - opening
        sums[account] = opening, closing
    return sums, earlier


def grants(history: History, as_of: date, language: Language) -> ReportTable:
    """Return each grant's year: granted, claimed, forecast and left, and what is granted in all years."""
    year = history.fiscal_year(as_of)
    start = history.span(year)[0]
    foreseen = forecast_ledger(history, year, as_of)
    lines, total = [], [0] * 5
    decided = history.grants_as_of(as_of)
    for project in sorted({grant.project for grant in decided.values()}):
        amounts = [grant.amounts for grant in decided.values() if grant.project == project]
        costs = Selection(_cost_accounts(history), frozenset((project,)))
        granted = sum(by_year.get(year, 0) for by_year in amounts)
        claimed = history.ledger.movement(costs, start, as_of)
        forecast = foreseen.balance(costs, history.span(year)[1])
        row = [granted, claimed, forecast, granted - claimed, sum(sum(by_year.values()) for by_year in amounts)]
        lines.append(_line(project, history.projects.get(project, project), *row))
        total = [sum(pair) for pair in zip(total, row, strict=True)]
    lines.append(_line("sum", _word(language, "Summa", "Total"), *total, kind="sum"))
    columns = {
        "sv": (f"Beviljat {year}", f"Kostnad {year}", f"Prognos {year}", "Återstår", "Beviljat totalt"),
        "en": (f"Granted {year}", f"Cost {year}", f"Forecast {year}", "Left", "Granted in all"),
    }
    return _table("grants", _word(language, "Beviljade medel", "Grants"), columns[language], lines)


def committed(history: History, as_of: date, language: Language) -> ReportTable:
    """Return what is granted for coming years (uppbokade medel), per project and year."""
    year = history.fiscal_year(as_of)
    decided = history.grants_as_of(as_of).values()
    years = sorted({of_year for grant in decided for of_year in grant.amounts if of_year > year})
    lines = []
    for project in sorted({grant.project for grant in decided}):
        row = [sum(grant.amounts.get(of_year, 0) for grant in decided if grant.project == project) for of_year in years]
        if any(row):
            lines.append(_line(project, history.projects.get(project, project), *row))
    totals = [sum(grant.amounts.get(of_year, 0) for grant in decided) for of_year in years]
    lines.append(_line("sum", _word(language, "Summa", "Total"), *totals, kind="sum"))
    title = _word(language, "Uppbokade medel", "Committed funds")
    return _table("committed", title, tuple(str(of_year) for of_year in years), lines)


def equity(history: History, as_of: date, language: Language) -> ReportTable:
    """Return equity against the recommended ceiling: a share of the year's agreed contributions."""
    year = history.fiscal_year(as_of)
    accounts = [number for number, account in history.accounts.items() if account.kind in EQUITY_KINDS]
    own = Selection(tuple((number, number) for number in sorted(accounts)))
    equity_ore = -history.ledger.balance(own, as_of)
    percent = history.association.equity_ceiling_percent if history.association else 20
    agreed_ore = agreed_contributions(history, year)
    ceiling_ore = divide(agreed_ore * percent, 100)
    above = max(equity_ore - ceiling_ore, 0)
    lines = [
        _line("agreed", _word(language, f"Medlemsinsatser {year}", f"Contributions {year}"), agreed_ore),
        _line("ceiling", _word(language, f"Högst {percent} %", f"At most {percent} %"), ceiling_ore),
        _line("equity", _word(language, "Eget kapital", "Equity"), equity_ore),
        _line("above", _word(language, "Över rekommendationen", "Above the ceiling"), above, kind="result"),
    ]
    remarks = (Remark("equity_above_ceiling", {"amount_ore": above}),) if above else ()
    title = _word(language, "Eget kapital mot rekommenderad nivå", "Equity against the recommended ceiling")
    return _table("equity", title, (str(as_of),), lines, remarks)


def shares(history: History, as_of: date, language: Language) -> ReportTable:
    """Return the year's agreed contributions by member, and each kind's share (lag 2003:1210, 5 §)."""
    year = history.fiscal_year(as_of)
    total = agreed_contributions(history, year)
    lines, remarks = [], []
    for kind, words in KINDS.items():
        members = {
            party: amount
            for (of_year, party), amount in sorted(history.agreements.items())
            if of_year == year and history.parties[party].kind == kind
        }
        lines += [
            Line(
                id=party,
                label=history.parties[party].name,
                cells=(Cell(Fraction(amount)), Cell(Fraction(0), "")),
            )
            for party, amount in members.items()
        ]
        agreed, expected = sum(members.values()), divide(total * QUARTERS[kind], 4)
        lines.append(_line(f"sum-{kind}", words[language], agreed, expected, kind="sum"))
        if abs(agreed - expected) > ROUNDING_ORE:
            facts: dict[str, str | int] = {"kind": words[language], "agreed_ore": agreed, "expected_ore": expected}
            remarks.append(Remark("share_differs", facts))
    lines.append(_line("sum", _word(language, "Summa", "Total"), total, total, kind="result"))
    columns = {"sv": ("Överenskommet", "Enligt ½, ¼, ¼"), "en": ("Agreed", "By ½, ¼, ¼")}
    title = _word(language, f"Finansiering {year}", f"Financing {year}")
    return _table("shares", title, columns[language], lines, tuple(remarks))


BUILT_IN: dict[str, BuiltIn] = {
    TRIAL_BALANCE: trial_balance,
    "grants": grants,
    "committed": committed,
    "equity": equity,
    "shares": shares,
}


def agreed_contributions(history: History, year: int) -> int:
    """Return the contributions agreed for a year, in öre."""
    return sum(amount for (of_year, _), amount in history.agreements.items() if of_year == year)


def _cost_accounts(history: History) -> tuple[tuple[int, int], ...]:
    return tuple((number, number) for number, account in sorted(history.accounts.items()) if account.kind == "cost")


def _word(language: Language, swedish: str, english: str) -> str:
    return swedish if language == "sv" else english


def _line(name: str, label: str, *amounts: int, kind: Kind = "item") -> Line:
    return Line(id=name, label=label, kind=kind, cells=tuple(Cell(Fraction(amount)) for amount in amounts))


def _table(
    name: str, title: str, columns: tuple[str, ...], lines: list[Line], remarks: tuple[Remark, ...] = ()
) -> ReportTable:
    return ReportTable(
        id=name, title=title, unit="kr", decimals=2, columns=columns, lines=tuple(lines), remarks=remarks
    )
