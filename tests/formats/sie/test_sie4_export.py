"""A fiscal year of a book as a file of type 4E."""

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from domain.books.fiscal_year import Waiver
from domain.books.manual import EnterOpeningBalances, Line, PostVoucher
from domain.books.year_end import CloseYear
from domain.catalogue import AnyEvent
from domain.kernel.event import Command
from services.application.incoming import read_file
from services.application.writer import BookWriter
from services.clock import FixedClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import MemoryShelf
from services.formats.sie4_export import Exported, YearNotInBook, export_sie
from services.formats.sie4_reader import read_sie
from tests import builders
from tests.builders import FOUNDING, a_budget, a_party, a_project, a_voucher, a_year, lines, opening_balances
from tests.formats.sie.books import events_after

ROOT = Path(__file__).parent.parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "sie"


def exported(*commands: Command, year: int = 2023, generated_on: date | None = None) -> Exported:
    """Return the file of a founded book after more commands."""
    return export_sie(events_after(*FOUNDING, *commands), year, generated_on=generated_on)


def text_of(made: Exported) -> list[str]:
    """Return the lines of a file."""
    return made.data.decode("cp437").split("\r\n")


def with_label(made: Exported, label: str) -> list[str]:
    """Return the records with a label, without it."""
    return [line.strip().removeprefix(label + " ") for line in text_of(made) if line.strip().startswith(label + " ")]


def test_begins_with_the_flag_and_ends_with_the_checksum() -> None:
    made = exported(a_voucher())

    file = text_of(made)
    assert file[:6] == ["#FLAGGA 0", "#KSUMMA", '#PROGRAM "Grundbok" "1"', "#FORMAT PC8", "#GEN 20230630", "#SIETYP 4"]
    assert file[-2].startswith("#KSUMMA ")
    assert not file[-1]
    assert b"\n" not in made.data.replace(b"\r\n", b"")
    assert not read_sie(made.data).findings


def test_says_whose_book_it_is_and_which_years() -> None:
    made = exported(a_year(year=2024), year=2024)

    assert with_label(made, "#FTYP") == ["X"]
    assert with_label(made, "#ORGNR") == [builders.OURS]
    assert with_label(made, "#FNAMN") == ['"Samordningsförbundet Prov"']
    assert with_label(made, "#RAR") == ["0 20240101 20241231", "-1 20230101 20231231"]


def test_every_account_has_its_type() -> None:
    made = exported()

    accounts = [line.split()[0] for line in with_label(made, "#KONTO")]
    types = dict(line.split() for line in with_label(made, "#KTYP"))
    assert accounts == sorted(types)
    kinds = {number: types[number] for number in ("1930", "1510", "2081", "2440", "3985", "4010", "8999")}
    assert kinds == {"1930": "T", "1510": "T", "2081": "S", "2440": "S", "3985": "I", "4010": "K", "8999": "K"}


def test_dimensions_are_declared_with_their_objects() -> None:
    made = exported()

    assert with_label(made, "#DIM") == ['1 "Kostnadsställe"', '6 "Projekt"', '20 "Motpart"']
    assert '6 "insatsen" "Insatsen"' in with_label(made, "#OBJEKT")
    assert '20 "staten" "Försäkringskassan"' in with_label(made, "#OBJEKT")


def test_opening_balances_are_balances_and_not_a_voucher() -> None:
    made = exported(opening_balances(), a_voucher())

    assert with_label(made, "#IB") == ["0 1930 5000.00", "0 2081 -5000.00"]
    assert with_label(made, "#UB") == ["0 1930 4900.00", "0 2081 -5000.00"]
    assert with_label(made, "#RES") == ["0 6570 100.00"]
    assert with_label(made, "#VER") == ['"A" 1 20230630 "Bankavgift" 20230630 "Anna"']
    assert with_label(made, "#TRANS") == ["6570 {} 100.00", "1930 {} -100.00"]


def test_the_year_end_is_a_voucher_and_the_next_year_begins_with_it() -> None:
    unreconciled = Waiver(point="bank_reconciled", reason="Prov")
    closed = (a_voucher(), CloseYear(year=2023, waivers=(unreconciled,)), a_year(year=2024))

    assert '"S" 1 20231231 "Årets resultat 2023" 20230630 "Anna"' in with_label(exported(*closed), "#VER")
    following = exported(*closed, year=2024)
    assert with_label(following, "#IB") == ["0 1930 -100.00", "0 2099 100.00"]
    assert with_label(following, "#UB")[2:] == ["-1 1930 -100.00", "-1 2099 100.00"]
    assert with_label(following, "#RES") == ["0 3010 0.00", "-1 6570 100.00", "-1 8999 -100.00"]
    assert not with_label(following, "#VER")
    assert not following.findings


def test_an_open_year_before_is_said() -> None:
    made = exported(a_voucher(), a_year(year=2024), year=2024)

    assert [finding.code for finding in made.findings] == ["opening_unbalanced"]


def test_months_have_the_change_of_accounts_and_of_their_objects() -> None:
    made = exported(
        a_voucher(
            accounting_date=date(2023, 2, 1),
            lines=(
                Line(account=5010, amount_ore=100_00, project="insatsen", party="leverantoren"),
                Line(account=5010, amount_ore=50_00),
                Line(account=1930, amount_ore=-150_00),
            ),
        )
    )

    assert with_label(made, "#PSALDO") == [
        "0 202302 1930 {} -150.00",
        "0 202302 5010 {} 150.00",
        '0 202302 5010 {"6" "insatsen"} 100.00',
        '0 202302 5010 {"20" "leverantoren"} 100.00',
    ]
    assert '5010 {"6" "insatsen" "20" "leverantoren"} 100.00' in with_label(made, "#TRANS")


def test_balances_of_objects_are_there_for_the_balance_sheet() -> None:
    rows = (
        Line(account=1510, amount_ore=70_00, party="staten"),
        Line(account=2081, amount_ore=-70_00),
    )
    made = exported(EnterOpeningBalances(year=2023, lines=rows, text="Ingående"))

    assert with_label(made, "#OIB") == ['0 1510 {"20" "staten"} 70.00']
    assert with_label(made, "#OUB") == ['0 1510 {"20" "staten"} 70.00']


def test_a_month_in_which_an_account_comes_to_zero_has_its_change() -> None:
    made = exported(
        a_voucher(accounting_date=date(2023, 1, 31)),
        a_voucher(accounting_date=date(2023, 2, 1), lines=lines((1930, 100_00), (6570, -100_00))),
    )

    assert with_label(made, "#PSALDO")[2:] == ["0 202302 1930 {} 100.00", "0 202302 6570 {} -100.00"]


def test_a_budget_is_spread_on_the_months_to_the_last_ore() -> None:
    budget = a_budget(lines=builders.plan_lines((2023, 3985, -1_000_00), (2023, 4010, 1_000_00), (2024, 4010, 7)))

    spread = [line.split() for line in with_label(exported(budget), "#PBUDGET")]

    assert len(spread) == 24
    assert sum(int(row[4].replace(".", "")) for row in spread if row[2] == "4010") == 1_000_00
    assert {row[4] for row in spread if row[2] == "4010"} == {"83.33", "83.34"}


def test_the_same_book_gives_the_same_bytes_and_the_date_may_be_said() -> None:
    assert exported(a_voucher()).data == exported(a_voucher()).data
    assert "#GEN 20240101" in text_of(exported(a_voucher(), generated_on=date(2024, 1, 1)))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Hyra – januari", "Hyra - januari"),
        ("5 € – ”rabatt”", '5 EUR - \\"rabatt\\"'),
        ("§ 4", "par 4"),
        ("Łódź, Kraków", "Lódz, Kraków"),
        ("Smørrebrød", "Smorrebrod"),
        ("日本", "??"),
        ("två\nrader\toch", "två rader och"),
        ("bak\\", "bak/"),
        ('a\\"b', 'a/\\"b'),
        ("½ ¼ ¾", "½ ¼ 3/4"),
    ],
)
def test_what_codepage_437_lacks_is_rewritten_and_said(text: str, written: str) -> None:
    made = exported(a_voucher(text=text))

    assert f'"A" 1 20230630 "{written}" 20230630 "Anna"' in with_label(made, "#VER")
    found = [finding for finding in made.findings if finding.code == "characters_replaced"]
    assert len(found) == 1
    assert read_sie(made.data).file.vouchers[0].text == written.replace('\\"', '"')


def test_a_text_that_fits_is_not_touched() -> None:
    text = r'C:\Bok "åäö" {1}'

    made = exported(a_voucher(text=text))

    assert read_sie(made.data).file.vouchers[0].text == text
    assert "characters_replaced" not in {finding.code for finding in made.findings}


def test_a_year_that_is_not_in_the_book_is_refused() -> None:
    with pytest.raises(YearNotInBook) as refused:
        exported(year=2022)

    assert refused.value.facts == {"year": 2022, "years": (2023,)}


def test_vouchers_of_other_years_stay_out() -> None:
    made = exported(
        a_voucher(),
        a_year(year=2024),
        PostVoucher(accounting_date=date(2024, 1, 1), text="Nästa", lines=lines((6570, 1), (1930, -1))),
    )

    assert len(with_label(made, "#VER")) == 1


def test_names_that_were_registered_in_between_are_objects_too() -> None:
    made = exported(a_party(party="ny", name='AB "Ny"'), a_project(project="p/1"))

    assert '20 "ny" "AB \\"Ny\\""' in with_label(made, "#OBJEKT")
    assert read_sie(made.data).file.objects[20, "ny"].name == 'AB "Ny"'


def test_the_file_of_an_example_is_as_it_was(*, update_golden: bool) -> None:
    made = export_sie(_example("varend"), 2017)

    path = GOLDEN / "varend-2017.se"
    if update_golden:
        path.write_bytes(made.data)
    assert made.data == path.read_bytes()
    assert not read_sie(made.data).findings


def _example(name: str) -> list[AnyEvent]:
    """Return the events of an example book."""
    store = MemoryShelf(catalogue_mapper()).create(name)
    writer = BookWriter(store, FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))
    for path in sorted((ROOT / "examples" / name).glob("*.jsonl")):
        writer.write([incoming for incoming, _ in read_file(io.BytesIO(path.read_bytes()), path.name)])
    return [event for _, event in store.events()]
