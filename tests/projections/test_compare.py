"""Comparing a published document with a book: what matches, what a finding explains, what is said in prose."""

from datetime import date

import pytest

from domain.membership.facts import ContributionAgreed
from projections.compare import (
    Claim,
    Comparison,
    Finding,
    FootingCheck,
    Published,
    PublishedLine,
    PublishedTable,
    compare,
)
from projections.report import Question, known, make_report
from projections.statement import Statement
from tests.ledger_text import an_association, events, recorded_on
from tests.projections.tables import layout_of

AS_OF = date(2023, 12, 31)
LAYOUT = layout_of("""
    [packs]
    annual = ["rr", "br"]
    [[table]]
    id = "rr"
    title = "RR"
    columns = [{ label = "2023" }, { label = "2022", year = -1 }]
    lines = [
      { id = "h", label = "Rubrik", kind = "heading" },
      { id = "int", accounts = "3000-3999", sign = "-" },
      { id = "kost", accounts = "4000-4999" },
      { id = "res", kind = "result", sum = "int - kost" },
      { id = "noll", accounts = "8000", zero = "-" },
    ]
    [[table]]
    id = "br"
    title = "BR"
    columns = [{ label = "nu" }, { label = "då", year = -1 }]
    lines = [{ id = "bank", accounts = "1930", measure = "closing" }]
    [[claim]]
    about = "överskottet"
    value = "rr.res"
    unit = "tkr"
    decimals = 1
    [[claim]]
    about = "av insatserna"
    value = "rr.int@1 / agreed"
    unit = "%"
""")
EVENTS = events(
    """
    2022-06-30 Insats
        1930  1 000
        3985 -1 000
    2023-06-30 Insats
        1930  2 000
        3985 -2 000
    2023-09-30 Bidrag
        4010    700
        1930   -700
    """,
    an_association(),
    ContributionAgreed(
        party="fk",
        year=2023,
        amount_ore=4_000_00,
        invoicing="yearly",
        decision="§ 1",
        recorded=recorded_on(date(2023, 1, 1)),
    ),
)
PRINTED = {
    "rr.h": (), "rr.int": ("2000", "1000"), "rr.kost": ("700", "0"), "rr.res": ("1300", "1000"), "rr.noll": ("-", "-"),
    "br.bank": ("2300", "1000"),
}  # fmt: skip
RESULT = FootingCheck(name="resultat", left="rr.res", right=("+rr.int", "-rr.kost"))


def finding(published: str, computed: str, column: str = "2023", check: str = "resultat") -> Finding:
    return Finding(check=check, column=column, published=published, computed=computed)


def comparison(
    changed: dict[str, tuple[str, ...]] | None = None,
    findings: tuple[Finding, ...] = (),
    checks: tuple[FootingCheck, ...] = (RESULT,),
    claims: tuple[Claim, ...] = (),
) -> Comparison:
    """Compare what the book prints, but for these changed lines, with the book."""
    rows = PRINTED | (changed or {})
    tables = tuple(
        PublishedTable(
            id=table,
            columns=columns,
            lines=tuple(
                PublishedLine(id=name.partition(".")[2], v=v)
                for name, v in rows.items()
                if name.startswith(f"{table}.")
            ),
        )
        for table, columns in (("rr", ("2023", "2022")), ("br", ("nu", "då")), ("ny", ("A",)))
    )
    published = Published(
        document="Årsredovisning",
        association="Förbundet",
        kind="annual",
        period=("2023-01-01", "2023-12-31"),
        table=tables,
        check=checks,
        finding=findings,
        claim=claims,
    )
    facts = known("bok", "now", EVENTS)
    report = make_report(facts, LAYOUT, Question(name="annual", as_of=AS_OF))
    assert report is not None
    return compare(published, report, LAYOUT, Statement(facts.history, LAYOUT, AS_OF))


def test_counts_figures_and_matches_but_neither_blanks_nor_dashes() -> None:
    found = comparison()

    assert (found.figures, found.matched, found.deviations) == (8, 8, ())


@pytest.mark.parametrize(
    ("line", "printed", "column", "computed"),
    [
        ("rr.int", ("2001", "1000"), "2023", "2000"),
        ("rr.noll", ("0", "-"), "2023", "-"),
        ("rr.noll", ("-", ""), "2022", "-"),
        ("rr.kost", ("700", "-"), "2022", "0"),
        ("rr.saknas", ("5",), "2023", "?"),
        ("rr.h", ("5",), "2023", "?"),
        ("ny.a", ("5",), "A", "?"),
    ],
)
def test_a_cell_that_differs_or_is_missing_is_a_deviation(
    line: str, printed: tuple[str, ...], column: str, computed: str
) -> None:
    (deviation,) = comparison({line: printed}).deviations

    assert (deviation.column, deviation.computed, deviation.explained_by) == (column, computed, None)
    assert f"{deviation.table}.{deviation.line}" == line


def test_a_finding_explains_the_sum_that_was_printed_wrong() -> None:
    found = comparison({"rr.res": ("1310", "1000")}, (finding("1310", "1300"),))

    assert found.unexplained == ()
    assert (found.figures, found.matched, len(found.deviations)) == (8, 7, 1)
    assert found.deviations[0].explained_by is found.findings[0]


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"rr.int": ("1990", "1000")}, "too small an income"), ({"rr.kost": ("710", "0")}, "too large a cost")],
)
def test_a_finding_explains_the_term_that_was_printed_wrong(changed: dict[str, tuple[str, ...]], why: str) -> None:
    assert comparison(changed, (finding("1300", "1290"),)).unexplained == (), why


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rr.res": ("1311", "1000")}, "off by more"),
        ({"rr.res": ("1290", "1000")}, "off the other way"),
        ({"rr.int": ("2010", "1000")}, "a term off the wrong way"),
        ({"rr.kost": ("690", "0")}, "a subtracted term off the wrong way"),
        ({"rr.res": ("1300", "1010")}, "another column"),
        ({"br.bank": ("2310", "1000")}, "a cell outside the check"),
        ({"rr.res": ("", "1000")}, "no figure to be off by"),
    ],
)
def test_a_finding_explains_nothing_else(changed: dict[str, tuple[str, ...]], why: str) -> None:
    found = comparison(changed, (finding("1310", "1300"),))

    assert len(found.unexplained) == 1, why


def test_a_finding_reaches_the_column_and_the_unit_that_its_check_names() -> None:
    check = FootingCheck(name="bank", left="rr.res", right=("+br.bank@1",), factor="0.001")

    assert comparison({"br.bank": ("2300", "1100")}, (finding("1", "1.1", check="bank"),), (check,)).unexplained == ()
    assert comparison({"br.bank": ("2400", "1000")}, (finding("1", "1.1", check="bank"),), (check,)).unexplained != ()


@pytest.mark.parametrize("stray", [finding("1310", "1300", check="okänd"), finding("1310", "1300", column="2021")])
def test_a_finding_about_nothing_explains_nothing(stray: Finding) -> None:
    assert len(comparison({"rr.res": ("1310", "1000")}, (stray,)).unexplained) == 1


def test_claims_agree_are_contradicted_or_cannot_be_checked() -> None:
    claims = (
        Claim(text="överskottet blev 1,3 tkr", value="1.3", unit="tkr", agrees=True),
        Claim(text="överskottet blev 1,4 tkr", value="1.4", unit="tkr", agrees=False),
        Claim(text="25 % av insatserna", value="25.0", unit="%", agrees=True),
        Claim(text="överskottet delas", value="50/50", unit="%", agrees=True),
        Claim(text="Ingen formel", value="7", unit="kr", agrees=True),
    )

    found = comparison(claims=claims)

    assert [(claim.computed, claim.verdict) for claim in found.claims] == [
        ("1.3", "agrees"), ("1.3", "contradicted"), ("25", "agrees"),
    ]  # fmt: skip
    assert found.claims_unchecked == ("överskottet delas", "Ingen formel")
