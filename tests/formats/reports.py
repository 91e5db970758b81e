"""A report with every kind of line, for the formats to show."""

from datetime import date
from fractions import Fraction

from projections.table import Cell, Line, Remark, Report, ReportTable


def amounts(*kronor: str | None) -> tuple[Cell, ...]:
    """Return cells from kronor; None is a text in place of an amount."""
    return tuple(
        Cell(Fraction(0), "Slutfakturerat") if value is None else Cell(Fraction(value) * 100) for value in kronor
    )


STATEMENT = ReportTable(
    id="rr",
    title="RESULTATRÄKNING",
    unit="tkr",
    decimals=1,
    columns=("Utfall 2023-08-31", "Budget helår 2023", "Prognos"),
    lines=(
        Line(id="h", label="Intäkter", kind="heading"),
        Line(id="int", label="Medlemsinsatser", noteref="Not 1", cells=amounts("3000000", "4000000", "0")),
        Line(id="h2", label="Kostnader", kind="heading"),
        Line(id="kost", label="Lämnade bidrag", cells=amounts("-1478928.49", "-2437719", None), zero="-"),
        Line(id="sum", label="Summa", kind="sum", cells=amounts("1521071.51", "1562281", "0"), zero="-"),
        Line(id="res", label="Årets resultat", kind="result", cells=amounts("-12.49", "49.99", "-50"), zero=""),
    ),
    remarks=(Remark("check_fails", {"column": "Utfall", "check": "a = b", "left": "1.00", "right": "2.00"}),),
)
TRAILING = ReportTable(
    id="budget",
    title="Budget, kr",
    unit="kr",
    decimals=0,
    columns=("2023",),
    lines=(
        Line(id="a", label="Kostnad", cells=amounts("-1234567.50"), shown_decimals=2),
        Line(id="b", label="Intäkt", cells=amounts("999.50")),
        Line(id="c", label="Noll", cells=amounts("0"), shown_decimals=2, zero=""),
    ),
    minus="trailing",
)
NO_COLUMNS = ReportTable(
    id="committed",
    title="Uppbokade medel",
    unit="kr",
    decimals=2,
    columns=(),
    lines=(Line(id="sum", label="Summa", kind="sum"),),
)
NO_LINES = ReportTable(id="tom", title="Tom", unit="mnkr", decimals=0, columns=("A",), lines=())

REPORT = Report(
    book="prov",
    association="Förbundet",
    as_of=date(2023, 8, 31),
    known_at="now",
    position=17,
    tables=(STATEMENT, TRAILING, NO_COLUMNS, NO_LINES),
)
