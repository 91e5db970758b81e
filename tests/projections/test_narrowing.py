"""A journal and a general ledger narrowed to accounts, a project, a party, a series or a text; sums still add up."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from projections.history import history_of
from projections.journal import entered, general_ledger, journal
from projections.narrowing import EVERYTHING, Narrowing
from projections.table import Amount, ReportTable
from tests.ledger_text import events

AS_OF = date(2023, 12, 31)
TEXT = """
    2023-01-01 IB Balans
        1930  1 000
        2081 -1 000
    2023-02-01 Hyra kansli
        5010    100  #adm
        1930   -100
    2023-03-01 Bidrag
        4010    300  #insatsen @utforaren
        4010     50  #adm @utforaren
        1930   -350
"""


def made(text: str, only: Narrowing = EVERYTHING, name: str = "general-ledger") -> ReportTable:
    told = events(text)
    make = journal if name == "journal" else general_ledger
    return make(history_of(told), entered(told), AS_OF, "sv", only)


def moved(table: ReportTable) -> Amount:
    """Return debit less credit of all that the table lists."""
    rows = [line for line in table.lines if line.kind == "item"]
    return sum((row.cells[0].amount_ore - row.cells[1].amount_ore for row in rows), Fraction(0))


def closings(table: ReportTable) -> dict[str, Amount]:
    return {line.id: line.cells[2].amount_ore for line in table.lines if line.id.endswith(".closing")}


def headings(table: ReportTable) -> list[str]:
    return [line.id for line in table.lines if line.kind == "heading"]


def test_a_ledger_of_some_accounts_has_those_accounts_whole() -> None:
    assert closings(made(TEXT, Narrowing(accounts=((1930, 1930), (5000, 5999))))) == {
        "1930.closing": 550_00, "5010.closing": 100_00,
    }  # fmt: skip


def test_a_ledger_of_a_project_or_a_party_has_its_postings_only() -> None:
    assert closings(made(TEXT, Narrowing(project="adm"))) == {"4010.closing": 50_00, "5010.closing": 100_00}
    assert closings(made(TEXT, Narrowing(party="utforaren"))) == {"4010.closing": 350_00}
    assert closings(made(TEXT, Narrowing(party="utforaren", project="insatsen"))) == {"4010.closing": 300_00}
    assert closings(made(TEXT, Narrowing(project=""))) == {"1930.closing": 550_00, "2081.closing": -1_000_00}


def test_a_ledger_of_a_series_or_a_text_has_the_vouchers_whole() -> None:
    assert closings(made(TEXT, Narrowing(series="IB"))) == {"1930.closing": 1_000_00, "2081.closing": -1_000_00}
    assert closings(made(TEXT, Narrowing(text="KANSLI"))) == {"1930.closing": -100_00, "5010.closing": 100_00}
    assert made(TEXT, Narrowing(text="finns inte")).lines == ()


def test_a_journal_shows_a_voucher_whole_so_that_it_balances() -> None:
    assert headings(made(TEXT, name="journal")) == ["2", "3", "4"]
    for only in (Narrowing(accounts=((5010, 5010),)), Narrowing(project="insatsen"), Narrowing(text="bidr")):
        table = made(TEXT, only, "journal")
        assert len(headings(table)) == 1
        assert moved(table) == 0


def test_the_title_says_what_the_list_is_narrowed_to() -> None:
    only = Narrowing(accounts=((1930, 1930), (5000, 5999)), project="", series="A", text="hyra")

    assert made(TEXT, only).title == "Huvudbok: konto 1930 5000-5999, projekt –, serie A, text hyra"
    assert Narrowing(party="fk").words("en") == ": party fk"
    assert made(TEXT).title == "Huvudbok"


rows = st.lists(
    st.tuples(
        st.dates(date(2022, 6, 1), date(2023, 12, 31)), st.sampled_from((4010, 5010, 6570)), st.integers(1, 9999),
        st.sampled_from(("", " #adm", " #insatsen")), st.sampled_from(("", " @utforaren")),
    ),
    max_size=12,
)  # fmt: skip


@given(rows)
def test_parts_that_cover_everything_sum_to_everything(some: list[tuple[date, int, int, str, str]]) -> None:
    text = "\n".join(
        f"{day} Rad {kronor}\n{account} {kronor}{project}{party}\n1930 -{kronor}"
        for day, account, kronor, project, party in some
    )
    whole = closings(made(text))
    covers = (
        [Narrowing(accounts=((0, 4999),)), Narrowing(accounts=((5000, 99_999_999),))],
        [Narrowing(project=project) for project in ("", "adm", "insatsen")],
        [Narrowing(party=party) for party in ("", "utforaren")],
        [Narrowing(series=series) for series in ("A", "IB")],
    )
    for parts in covers:
        sums: dict[str, Fraction] = {}
        for part in parts:
            for name, amount in closings(made(text, part)).items():
                sums[name] = sums.get(name, Fraction(0)) + amount
        assert sums == whole
    assert moved(made(text)) == sum(
        (moved(made(text, Narrowing(project=project))) for project in ("", "adm", "insatsen")), Fraction(0)
    )
