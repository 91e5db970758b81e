"""From records to a SIE file: one small reader for each label (SIE 4B 5.11); unknown labels are passed over."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.formats import sie4_values as values
from services.formats.sie4_file import AccountType, Balance, Read, SieAccount, SieFile, SieObject
from services.formats.sie4_findings import Findings
from services.formats.sie4_syntax import ROW_LABELS, Record, read_records
from services.formats.sie4_vouchers import check_numbers, objects_of, read_voucher

if TYPE_CHECKING:
    from datetime import date

    from services.formats.sie4_file import SieVoucher

BALANCES = {
    "#IB": "opening",
    "#UB": "closing",
    "#RES": "results",
    "#OIB": "object_opening",
    "#OUB": "object_closing",
    "#PSALDO": "period_balances",
    "#PBUDGET": "period_budgets",
}
WITH_PERIOD = frozenset({"#PSALDO", "#PBUDGET"})
WITH_OBJECTS = frozenset({"#OIB", "#OUB"})
KNOWN_AND_PASSED_OVER = frozenset(
    {
        "#PROSA", "#FTYP", "#FNR", "#BKOD", "#ADRESS", "#TAXAR", "#OMFATTN", "#KPTYP", "#ENHET", "#SRU", "#UNDERDIM",
        "#KSUMMA",
    }
)  # fmt: skip
TYPES: dict[str, AccountType] = {"T": "T", "S": "S", "K": "K", "I": "I"}


def read_sie(data: bytes) -> Read:
    """Return what a SIE file says, and everything odd about it; never raises, whatever the bytes."""
    findings = Findings()
    syntax = read_records(data, findings)
    reader = _Reader(findings)
    for record in syntax.records:
        reader.take(record)
    file = reader.file(syntax.charset) if syntax.records else SieFile(charset=syntax.charset)
    return Read(file, findings.all())


class _Reader:
    """Gathers a file, record by record."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._texts: dict[str, str] = {}
        self._generated_on: date | None = None
        self._type: int | None = None
        self._years: dict[int, tuple[date, date]] = {}
        self._accounts: dict[int, tuple[str, int]] = {}
        self._kinds: dict[int, AccountType] = {}
        self._dimensions: dict[int, str] = {}
        self._objects: dict[tuple[int, str], SieObject] = {}
        self._balances: dict[str, list[Balance]] = {name: [] for name in BALANCES.values()}
        self._vouchers: list[SieVoucher] = []
        self._unknown: Counter[str] = Counter()

    def take(self, record: Record) -> None:
        """Take in a record."""
        if record.has_block and record.label != "#VER":
            self._findings.add("rows_ignored", record.line, label=record.label[:20])
        if record.label in BALANCES:
            self._balance(record)
        elif record.label in READERS:
            READERS[record.label](self, record)
        elif record.label in ROW_LABELS:
            self._findings.add("row_outside_voucher", record.line, label=record.label)
        elif record.label not in KNOWN_AND_PASSED_OVER:
            self._unknown[record.label] += 1
            if self._unknown[record.label] == 1:
                self._findings.add("label_unknown", record.line, label=record.label[:20])

    def flag(self, record: Record) -> None:
        if record.text(0) == "1":
            self._findings.add("imported_before", record.line)
            self._texts["flag"] = "1"

    def charset(self, record: Record) -> None:
        if record.text(0).upper() != "PC8":
            self._findings.add("format_wrong", record.line, value=record.text(0)[:20])

    def program(self, record: Record) -> None:
        self._texts["program"] = " ".join(str(field) for field in record.fields if isinstance(field, str)).strip()

    def generated(self, record: Record) -> None:
        self._generated_on = values.day(record.text(0), record.line, self._findings)
        self._texts["by"] = record.text(1).strip()

    def sie_type(self, record: Record) -> None:
        if record.text(0).strip() in {"1", "2", "3", "4"}:
            self._type = int(record.text(0))
        else:
            self._findings.add("type_wrong", record.line, value=record.text(0)[:20])

    def organisation(self, record: Record) -> None:
        self._texts["number"] = values.organisation_number(record.text(0), record.line, self._findings)

    def currency(self, record: Record) -> None:
        if record.text(0).upper() not in {"SEK", ""}:
            self._findings.add("currency_wrong", record.line, value=record.text(0)[:20])

    def name(self, record: Record) -> None:
        self._texts["name"] = self._words(record, 0)

    def year(self, record: Record) -> None:
        number = values.year_number(record.text(0), record.line, self._findings)
        start, end = (values.day(record.text(place), record.line, self._findings) for place in (1, 2))
        if number is None:
            return
        if start is None or end is None or end < start:
            self._findings.add("year_without_dates", record.line, year=number)
            return
        self._years[number] = (start, end)

    def account(self, record: Record) -> None:
        number = values.account(record.text(0), record.line, self._findings)
        if number is None:
            return
        name = self._words(record, 1) or f"Konto {number}"
        if self._accounts.setdefault(number, (name, record.line))[0] != name:
            self._findings.add("account_twice", record.line, account=number, name=name)

    def kind(self, record: Record) -> None:
        number = values.account(record.text(0), record.line, self._findings)
        kind = TYPES.get(record.text(1).strip().upper())
        if number is None:
            return
        if kind is None:
            self._findings.add("kind_wrong", record.line, account=number, value=record.text(1)[:20])
        else:
            self._kinds[number] = kind

    def dimension(self, record: Record) -> None:
        number = record.text(0)
        if number.isascii() and number.isdecimal() and len(number) < 9:
            self._dimensions[int(number)] = self._words(record, 1)
        else:
            self._findings.add("dimension_wrong", record.line, value=number[:20])

    def object_(self, record: Record) -> None:
        pairs = objects_of((record.text(0), record.text(1)), record.line, self._findings)
        for dimension, code in pairs:
            found = SieObject(dimension, code, self._words(record, 2) or code, record.line)
            if self._objects.setdefault((dimension, code), found).name != found.name:
                self._findings.add("object_twice", record.line, object=code, name=found.name)

    def voucher(self, record: Record) -> None:
        self._vouchers.append(read_voucher(record, self._findings))

    def _balance(self, record: Record) -> None:
        label, line, findings = record.label, record.line, self._findings
        place = 1 + (label in WITH_PERIOD)
        year = values.year_number(record.text(0), line, findings)
        period = values.month(record.text(1), line, findings) if label in WITH_PERIOD else None
        account = values.account(record.text(place), line, findings)
        has_list = place + 1 < len(record.fields) and not isinstance(record.fields[place + 1], str)
        objects = objects_of(record.fields[place + 1], line, findings) if has_list else ()
        amount_ore = values.amount(record.text(place + 1 + has_list), line, findings)
        if year is None or account is None or amount_ore is None or (label in WITH_PERIOD and period is None):
            return
        if label in WITH_OBJECTS and not objects:
            findings.add("object_list_wrong", line, value="{}")
            return
        self._balances[BALANCES[label]].append(Balance(year, account, amount_ore, line, objects, period))

    def _words(self, record: Record, place: int) -> str:
        """Return a name; without quotes, the words that follow belong to it."""
        if place < len(record.quoted) and not record.quoted[place]:
            words = [
                field
                for field, quoted in zip(record.fields[place:], record.quoted[place:], strict=True)
                if isinstance(field, str) and not quoted
            ]
            if len(words) > 1:
                self._findings.once("name_not_quoted", record.line, name=" ".join(words)[:60])
            return " ".join(words).strip()
        return record.text(place).strip()

    def file(self, charset: str) -> SieFile:
        """Return what was gathered."""
        if self._type is None:
            self._findings.add("type_missing")
        if "number" not in self._texts:
            self._findings.add("organisation_number_missing")
        check_numbers(self._vouchers, self._findings)
        used = self._accounts.keys() | self._kinds.keys()
        accounts = {
            number: SieAccount(
                number,
                self._accounts.get(number, (f"Konto {number}", 0))[0],
                self._kinds.get(number, ""),
                self._accounts.get(number, ("", 0))[1],
            )
            for number in sorted(used)
        }
        return SieFile(
            charset=charset,
            imported_before="flag" in self._texts,
            program=self._texts.get("program", ""),
            generated_on=self._generated_on,
            generated_by=self._texts.get("by", ""),
            sie_type=self._type or (4 if self._vouchers else 1),
            organisation_number=self._texts.get("number", ""),
            name=self._texts.get("name", ""),
            years=self._years,
            accounts=accounts,
            dimensions=self._dimensions,
            objects=self._objects,
            vouchers=tuple(self._vouchers),
            **{name: tuple(found) for name, found in self._balances.items()},
        )


READERS: dict[str, Callable[[_Reader, Record], None]] = {
    "#FLAGGA": _Reader.flag,
    "#PROGRAM": _Reader.program,
    "#FORMAT": _Reader.charset,
    "#GEN": _Reader.generated,
    "#SIETYP": _Reader.sie_type,
    "#ORGNR": _Reader.organisation,
    "#VALUTA": _Reader.currency,
    "#FNAMN": _Reader.name,
    "#RAR": _Reader.year,
    "#KONTO": _Reader.account,
    "#KTYP": _Reader.kind,
    "#DIM": _Reader.dimension,
    "#OBJEKT": _Reader.object_,
    "#VER": _Reader.voucher,
}
