"""From a SIE file to the messages that bring it into a book: all of them, or findings that say why none (SIE 4B 3).

The messages follow from the file and from what the book lacks. A voucher's message is named by what the file calls
it (year, series, number; content where it has no number), so a file that is read twice gives nothing new.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from hashlib import blake2b

import msgspec

from domain.books.chart import Account, ChartName
from domain.books.fiscal_year import OpenFiscalYear
from domain.books.manual import Line, PostVoucher
from domain.books.register import OpenProject, RegisterAssociation
from domain.kernel.event import Command
from domain.posting_rules.charts import shipped_chart
from projections.history import History
from services.formats.sie4_accounts import accounts_to_open
from services.formats.sie4_file import Read, SieFile, SieVoucher
from services.formats.sie4_findings import Finding, Findings
from services.formats.sie4_naming import Naming, readable
from services.formats.sie4_opening import opening_balances
from services.formats.sie4_vouchers import date_of

SOURCE = "urn:grundbok:sie:"
TEXT_MAX, REFERENCE_MAX, ACTOR_MAX = 500, 100, 200


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the one who imports decides: who a new book belongs to, and where an opening difference goes."""

    organisation_number: str = ""
    name: str = ""
    chart: ChartName = "bas"
    opening_difference: int | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A message to send: its identity, its command, who registered it and when, and the line it comes from."""

    id: str
    command: Command
    actor: str
    registered_on: date | None
    line: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of a file, in order, and what was found; no messages when a finding is an error."""

    source: str
    subject: str
    year: int | None
    messages: tuple[Planned, ...]
    findings: tuple[Finding, ...]

    @property
    def is_refused(self) -> bool:
        """Tell whether a finding is an error."""
        return any(finding.severity == "error" for finding in self.findings)


def plan_import(read: Read, book: History, options: ImportOptions) -> Plan:
    """Return what is to be sent to a book with this history; never raises, whatever the file."""
    planner = _Planner(read.file, book, options)
    messages = tuple(planner.messages())
    findings = (*read.findings, *planner.findings.all())
    refused = read.has_errors or planner.findings.errors
    kind = "" if read.file.is_whole_year else ":4i"
    return Plan(
        source=f"{SOURCE}{planner.number or 'none'}{kind}",
        subject=planner.number,
        year=planner.year,
        messages=() if refused else messages,
        findings=findings,
    )


class _Planner:
    """Plans the messages of one file."""

    def __init__(self, file: SieFile, book: History, options: ImportOptions) -> None:
        self.findings = Findings()
        self._file = file
        self._book = book
        self._options = options
        self.number = self._number()
        self._span = self._file.years.get(0) or self._span_of_vouchers()
        self.year = self._span[1].year if self._span is not None else None
        self._naming = Naming(file, self.findings)
        self._ids: Counter[str] = Counter()
        dates = [self._registered_on(voucher) for voucher in file.vouchers] or [file.generated_on]
        known = [day for day in dates if day is not None]
        self._states_dates = file.is_whole_year and len(known) == len(dates)
        self._first_day = min(known) if self._states_dates else None
        self._actor = readable(file.generated_by or file.program or "SIE", ACTOR_MAX) or "SIE"

    def messages(self) -> Iterator[Planned]:
        """Iterate over the messages: what the book lacks, then opening balances, then vouchers."""
        if self._file.sie_type != 4:
            self.findings.add("type_without_vouchers", type=self._file.sie_type)
            return
        if not self.number:
            self.findings.add("association_missing")
        vouchers = list(self._vouchers())
        yield from self._association()
        yield from self._years()
        accounts = self._accounts()
        for command, line in accounts_to_open(self._file, accounts, self.findings):
            yield self._planned(f"konto/{command.number}", command, line)
            accounts[command.number] = Account(number=command.number, name=command.name, kind=command.kind)
        opening = opening_balances(
            self._file, self._book, self.year, accounts, self._naming, self._options.opening_difference, self.findings
        )
        for named, line in self._naming.to_register(self._book.projects, self._parties()):
            name = f"projekt/{named.project}" if isinstance(named, OpenProject) else f"motpart/{named.party}"
            yield self._planned(name, named, line)
        if opening is not None:
            yield self._planned(f"ib/{self.year}", opening, self._file.opening[0].line if self._file.opening else 0)
        yield from vouchers
        self._naming.say_what_was_left_out()
        if self._file.period_budgets:
            self.findings.add("budgets_left_out", count=len(self._file.period_budgets))

    def _planned(self, name: str, command: Command, line: int) -> Planned:
        return Planned(id=name, command=command, actor=self._actor, registered_on=self._first_day, line=line)

    def _number(self) -> str:
        """Return the organisation number of the book, having compared it with the file's."""
        association, stated = self._book.association, self._file.organisation_number
        if association is None:
            return self._options.organisation_number or stated
        if stated and stated != association.organisation_number:
            self.findings.add("organisation_number_differs", file=stated, book=association.organisation_number)
        return association.organisation_number

    def _association(self) -> Iterator[Planned]:
        if self._book.association is None:
            name = readable(self._options.name or self._file.name, TEXT_MAX) or self.number
            command = RegisterAssociation(organisation_number=self.number, name=name, chart=self._options.chart)
            yield self._planned("forbund", command, 0)

    def _years(self) -> Iterator[Planned]:
        """Open the file's year unless the book has it; vouchers alone open years only in a book that has none."""
        if self._span is None or self.year is None:
            if self._file.is_whole_year or not self._book.years:
                self.findings.add("year_missing")
            return
        known = self._book.years.get(self.year)
        if known is None and (self._file.is_whole_year or not self._book.years):
            command = OpenFiscalYear(year=self.year, start=self._span[0], end=self._span[1])
            yield self._planned(f"rakenskapsar/{self.year}", command, 0)
        elif known is not None and known != self._span and self._file.is_whole_year:
            start, end = self._span
            said = f"{known[0]} - {known[1]}"
            self.findings.add("year_differs", start=str(start), end=str(end), book=said)

    def _span_of_vouchers(self) -> tuple[date, date] | None:
        """Return the calendar year that all vouchers lie in, where the file does not say."""
        years = {day.year for voucher in self._file.vouchers if (day := date_of(voucher)) is not None}
        if len(years) != 1:
            return None
        year = years.pop()
        self.findings.add("year_from_vouchers", year=year)
        return date(year, 1, 1), date(year, 12, 31)

    def _accounts(self) -> dict[int, Account]:
        if self._book.association is not None:
            return dict(self._book.accounts)
        return dict(shipped_chart(self._options.chart).accounts)

    def _parties(self) -> dict[str, str]:
        return {party: named.name for party, named in self._book.parties.items()}

    def _registered_on(self, voucher: SieVoucher) -> date | None:
        """Return the day the source registered a voucher; where it does not say, the day the file was made."""
        return voucher.registered_on or self._file.generated_on

    def _vouchers(self) -> Iterator[Planned]:
        """Iterate over the vouchers, those of a 4E file in the order in which they were registered."""
        vouchers = [voucher for voucher in self._file.vouchers if voucher.counted and not voucher.difference_ore]
        if self._states_dates:
            vouchers.sort(key=lambda voucher: self._registered_on(voucher) or date.max)
        for voucher in vouchers:
            day = date_of(voucher)
            if day is None:
                self.findings.add("voucher_without_date", voucher.line, voucher=str(voucher))
                continue
            if voucher.day is None:
                self.findings.add("voucher_date_from_rows", voucher.line, voucher=str(voucher), day=str(day))
            if self._span is not None and not self._span[0] <= day <= self._span[1]:
                self.findings.add("voucher_outside_year", voucher.line, voucher=str(voucher), day=str(day))
            yield Planned(
                id=self._name(voucher, day),
                command=self._command(voucher, day),
                actor=readable(voucher.sign, ACTOR_MAX) or self._actor,
                registered_on=self._registered_on(voucher) if self._states_dates else None,
                line=voucher.line,
            )

    def _command(self, voucher: SieVoucher, day: date) -> PostVoucher:
        named = " ".join(part for part in ("SIE", voucher.series, voucher.number) if part)
        texts = (voucher.text, *(row.text for row in voucher.counted), f"Verifikation {named}")
        text = next(text for text in texts if readable(text, TEXT_MAX))
        if len(text) > TEXT_MAX:
            self.findings.add("text_shortened", voucher.line, limit=TEXT_MAX)
        return PostVoucher(
            accounting_date=day,
            text=readable(text, TEXT_MAX),
            lines=tuple(
                Line(account=row.account, amount_ore=row.amount_ore, project=project, party=party)
                for row in voucher.counted
                for project, party in (self._naming.project_and_party(row.objects, row.line),)
            ),
            series=self._naming.series(voucher.series, voucher.line),
            reference=readable(named, REFERENCE_MAX),
        )

    def _name(self, voucher: SieVoucher, day: date) -> str:
        """Return the identity of a voucher's message; a name that comes again in the file gets an ordinal."""
        year = self.year if self._span is not None and self._span[0] <= day <= self._span[1] else day.year
        name = f"ver/{year}/{voucher.series}/{voucher.number}"
        if not voucher.number or not name.isprintable() or len(name) > 120:
            rows = [(row.account, row.amount_ore, row.objects) for row in voucher.counted]
            said = msgspec.json.encode((voucher.series, voucher.number, str(day), voucher.text, rows))
            name = f"ver/{year}/{blake2b(said, digest_size=12).hexdigest()}"
        self._ids[name] += 1
        return name if self._ids[name] == 1 else f"{name}#{self._ids[name]}"
