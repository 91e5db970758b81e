"""Random commands, valid and invalid: drawn from few names, dates and amounts, so that they meet each other."""

from datetime import date, timedelta
from typing import TypeVar, get_args

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.books import accrual, chart, fiscal_year, manual, register, year_end
from domain.funding import facts as funding
from domain.kernel.event import Command
from domain.membership import facts as members
from domain.payables import facts as suppliers
from domain.payroll import pay
from domain.planning import plan
from domain.receivables import other_income
from domain.reporting import issued
from domain.treasury import bank
from tests.builders import WAIVED

ACCOUNTS = (1930, 1940, 1510, 2081, 2440, 3985, 4010, 5010, 6550, 8300)
MONTH_ENDS = [date(2023, 1, 31), date(2023, 3, 31), date(2023, 8, 31), date(2023, 12, 31), date(2024, 1, 31)]
MEMBERS = ("staten", "regionen", "kommunen")

D = TypeVar("D")


def mostly(usual: SearchStrategy[D], other: SearchStrategy[D]) -> SearchStrategy[D]:
    """Draw the usual, and one time in six the other; `one_of` would draw them equally often."""
    return st.integers(0, 5).flatmap(lambda chance: other if chance == 5 else usual)


year = st.sampled_from((2023, 2023, 2023, 2024, 2025))
day = mostly(
    st.integers(0, 364).map(lambda days: date(2023, 1, 1) + timedelta(days=days)),
    st.integers(-40, 800).map(lambda days: date(2023, 1, 1) + timedelta(days=days)),
)
month_end = mostly(st.sampled_from(MONTH_ENDS), day)
first_day = mostly(st.sampled_from([day.replace(day=1) for day in MONTH_ENDS]), day)
amount = st.one_of(st.integers(1, 400_00), st.sampled_from((1, 100_00, 200_00)))
signed = amount | amount.map(lambda ore: -ore) | st.just(0)
account = st.sampled_from((*ACCOUNTS, *ACCOUNTS, *ACCOUNTS, 9999))
project = st.sampled_from((*["", "insatsen"] * 6, "okand"))
member = st.sampled_from((*MEMBERS * 3, "kunden"))
party = st.sampled_from((*["", *MEMBERS, "leverantoren"] * 3, "okand"))
supplier = st.sampled_from((*["leverantoren", "utforaren"] * 4, "okand"))
invoice = st.sampled_from(("1", "2", "3"))
grant = st.sampled_from(("g1", "g1", "g2"))
name = st.sampled_from(("p1", "p2", "p3", "p4"))
person = st.sampled_from(("Anna", "Bo"))
series = st.sampled_from((*["A", "L", "M", "G", "B"] * 2, "X", "IB", "P"))
text = st.just("Text")
reference = st.just("§ 1")


@st.composite
def lines(draw: st.DrawFn) -> tuple[manual.Line, ...]:
    """Draw lines, most of them balanced."""
    amounts = draw(st.lists(signed, min_size=1, max_size=3))
    if draw(st.integers(0, 7)):
        amounts.append(-sum(amounts))
    row = st.builds(manual.Line, account=account, amount_ore=st.just(0), project=project, party=party)
    rows = [draw(row) for _ in amounts]
    return tuple(
        manual.Line(account=row.account, amount_ore=ore, project=row.project, party=row.party)
        for row, ore in zip(rows, amounts, strict=True)
    )


def explained(ore: SearchStrategy[int]) -> SearchStrategy[tuple[int, tuple[manual.Line, ...]]]:
    """Draw an amount and the line that explains it, nearly always."""
    one_ore_off = st.integers(0, 9).map(lambda chance: int(chance == 0))
    return st.builds(
        lambda amount_ore, account, off: (amount_ore, (manual.Line(account=account, amount_ore=-amount_ore - off),)),
        ore,
        account,
        one_ore_off,
    )


costs = st.lists(st.builds(suppliers.CostLine, account=account, amount_ore=signed, project=project), max_size=2).map(
    tuple
)
granted = st.lists(st.builds(funding.YearAmount, year=year, amount_ore=amount), max_size=3).map(tuple)
planned = st.lists(
    st.builds(plan.PlanLine, year=year, account=account, amount_ore=signed, project=project, party=party),
    min_size=1,
    max_size=3,
).map(tuple)

points = st.sets(st.sampled_from(get_args(fiscal_year.Point)))
waivers = mostly(st.just(WAIVED), points.map(lambda some: tuple(waiver for waiver in WAIVED if waiver.point in some)))

STRATEGIES: dict[type[Command], SearchStrategy[Command]] = {
    register.RegisterAssociation: st.just(
        register.RegisterAssociation(organisation_number="222000-2634", name="En annan")
    ),
    register.RegisterParty: st.builds(
        register.RegisterParty,
        party=st.sampled_from(("kunden", "grannen", "okand")),
        name=text,
        kind=st.sampled_from(("supplier", "customer")),
        organisation_number=st.sampled_from((None, "222000-2733", "222000-2734")),
    ),
    register.OpenProject: st.builds(register.OpenProject, project=st.sampled_from(("stegen", "insatsen")), name=text),
    register.CloseProject: st.builds(register.CloseProject, project=st.sampled_from(("stegen", "okand"))),
    chart.OpenAccount: st.builds(
        chart.OpenAccount,
        number=st.sampled_from((1930, 6555, 6556)),
        name=text,
        kind=st.sampled_from(("cost", "asset")),
    ),
    chart.CloseAccount: st.builds(chart.CloseAccount, number=st.sampled_from((6555, 6556, 1940, 9999))),
    chart.AssignAccount: st.builds(
        chart.AssignAccount, role=st.just("input_vat"), number=st.sampled_from((1610, 1650, 9999))
    ),
    fiscal_year.OpenFiscalYear: st.sampled_from((2023, 2024, 2025)).map(
        lambda year: fiscal_year.OpenFiscalYear(year=year, start=date(year, 1, 1), end=date(year, 12, 31))
    ),
    fiscal_year.ClosePeriod: st.builds(fiscal_year.ClosePeriod, year=year, through=month_end, waivers=waivers),
    fiscal_year.ReopenPeriod: st.builds(
        fiscal_year.ReopenPeriod, year=year, opened_from=first_day, reason=text, second_signer=person
    ),
    year_end.CloseYear: st.builds(year_end.CloseYear, year=year, waivers=waivers),
    manual.EnterOpeningBalances: st.builds(manual.EnterOpeningBalances, year=year, lines=lines(), text=text),
    manual.PostVoucher: st.builds(
        manual.PostVoucher, accounting_date=day, text=text, lines=lines(), series=st.just("A") | series
    ),
    manual.CorrectVoucher: st.builds(
        manual.CorrectVoucher,
        year=year,
        series=series,
        number=st.integers(1, 3),
        corrected_on=st.none() | day,
        reason=text,
        lines=st.just(()) | lines(),
    ),
    accrual.SetRecurringAccrual: st.builds(
        accrual.SetRecurringAccrual,
        accrual=name,
        kind=st.sampled_from(("accrued-cost", "prepaid-cost")),
        account=account,
        monthly_ore=amount,
        first_month=day,
        last_month=st.none() | day,
        text=text,
        project=project,
    ),
    accrual.AccrueItem: st.builds(
        accrual.AccrueItem,
        accrual=name,
        kind=st.sampled_from(("accrued-cost", "prepaid-cost", "accrued-income", "prepaid-income")),
        account=account,
        amount_ore=amount,
        period_end=month_end,
        text=text,
        project=project,
        party=party,
        balance_account=st.sampled_from((None, None, 2890, 2891)),
    ),
    accrual.ReverseAccrual: st.builds(accrual.ReverseAccrual, accrual=name),
    members.JoinMember: st.builds(
        members.JoinMember,
        party=st.sampled_from(("staten", "grannkommunen")),
        name=text,
        kind=st.just("municipality"),
        joined_on=day,
    ),
    members.LeaveMember: st.builds(members.LeaveMember, party=st.sampled_from(("kommunen", "kunden")), left_on=day),
    members.AgreeContribution: st.builds(
        members.AgreeContribution,
        party=member,
        year=year,
        amount_ore=st.integers(0, 1_000_00),
        invoicing=st.just("quarterly"),
        decision=reference,
        recognition=st.sampled_from((None, "linear", "as-invoiced")),
    ),
    members.InvoiceContribution: st.builds(
        members.InvoiceContribution,
        party=member,
        year=year,
        invoice=invoice,
        invoice_date=day,
        due_date=day,
        amount_ore=amount,
        text=text,
    ),
    members.ReceiveContribution: st.builds(
        members.ReceiveContribution, invoice=invoice, received_on=day, amount_ore=amount
    ),
    members.CreditContribution: st.builds(
        members.CreditContribution, invoice=invoice, credited_on=day, amount_ore=amount, reason=text
    ),
    members.AccrueContributions: st.builds(members.AccrueContributions, accrual=name, period_end=month_end),
    funding.DecideGrant: st.builds(
        funding.DecideGrant,
        grant=grant,
        project=st.sampled_from(("insatsen", "insatsen", "okand")),
        owner=st.sampled_from(("utforaren", "utforaren", "okand")),
        form=st.just("full"),
        amounts=granted,
        decided_on=day,
        decision=reference,
        account=st.sampled_from((None, 4090, 9999)),
    ),
    funding.AmendGrant: st.builds(funding.AmendGrant, grant=grant, amounts=granted, decided_on=day, decision=reference),
    funding.ClaimGrant: st.builds(
        funding.ClaimGrant,
        grant=grant,
        year=year,
        invoice=invoice,
        claimed_on=day,
        due_date=day,
        amount_ore=amount,
        text=text,
        override=st.sampled_from(("", "§ 2")),
    ),
    funding.ApproveFinalReport: st.builds(funding.ApproveFinalReport, grant=grant, approved_on=day, decision=reference),
    funding.SettleGrant: st.builds(funding.SettleGrant, grant=grant, settled_on=day),
    funding.ReturnRemainder: st.builds(
        funding.ReturnRemainder, grant=grant, year=year, amount_ore=amount, decided_on=day, decision=reference
    ),
    funding.CloseGrant: st.builds(funding.CloseGrant, grant=grant, closed_on=day),
    suppliers.SetAttestationRule: st.builds(
        suppliers.SetAttestationRule,
        attester=person,
        limit_ore=st.sampled_from((100_00, 1_000_00)),
        valid_from=st.just(date(2023, 1, 1)) | day,
        valid_to=st.none() | day,
    ),
    suppliers.ReceiveSupplierInvoice: st.builds(
        suppliers.ReceiveSupplierInvoice,
        supplier=supplier,
        invoice=invoice,
        invoice_date=day,
        due_date=day,
        lines=costs,
        vat_ore=st.just(0) | amount,
        text=text,
    ),
    suppliers.AttestSupplierInvoice: st.builds(
        suppliers.AttestSupplierInvoice, supplier=supplier, invoice=invoice, attester=person, attested_on=day
    ),
    suppliers.DisputeSupplierInvoice: st.builds(
        suppliers.DisputeSupplierInvoice, supplier=supplier, invoice=invoice, disputed_on=day, reason=text
    ),
    suppliers.CreditSupplierInvoice: st.builds(
        suppliers.CreditSupplierInvoice,
        supplier=supplier,
        invoice=invoice,
        credit_invoice=reference,
        credited_on=day,
        lines=costs,
        vat_ore=st.just(0) | amount,
        text=text,
    ),
    suppliers.PaySupplierInvoice: st.builds(
        suppliers.PaySupplierInvoice, supplier=supplier, invoice=invoice, paid_on=day, amount_ore=amount
    ),
    other_income.InvoiceOtherIncome: st.builds(
        other_income.InvoiceOtherIncome,
        customer=st.sampled_from(("kunden", "kunden", "okand")),
        invoice=invoice,
        invoice_date=day,
        due_date=day,
        lines=lines() | signed.map(lambda ore: (manual.Line(account=3010, amount_ore=-abs(ore)),)),
        text=text,
    ),
    other_income.ReceiveOtherIncome: st.one_of(
        st.builds(
            other_income.ReceiveOtherIncome,
            received_on=day,
            amount_ore=amount,
            text=text,
            invoice=invoice,
            lines=st.just(()) | st.just(()) | lines(),
        ),
        st.builds(
            lambda explanation, day: other_income.ReceiveOtherIncome(
                received_on=day, amount_ore=explanation[0], lines=explanation[1], text="Text"
            ),
            explained(amount),
            day,
        ),
    ),
    pay.RecordSalaries: st.builds(
        pay.RecordSalaries,
        paid_on=day,
        gross_ore=amount,
        withheld_tax_ore=st.integers(0, 200_00),
        social_charges_ore=st.just(0) | amount,
        project=project,
        text=text,
    ),
    pay.RecordBoardFees: st.builds(
        pay.RecordBoardFees, paid_on=day, gross_ore=amount, withheld_tax_ore=st.integers(0, 200_00), text=text
    ),
    bank.RecordBankTransaction: st.builds(
        lambda explanation, day, cash: bank.RecordBankTransaction(
            booked_on=day, amount_ore=explanation[0], lines=explanation[1], account=cash, text="Text"
        ),
        explained(signed),
        day,
        st.sampled_from((None, None, 1910, 1510, 9999)),
    ),
    bank.ReconcileBankStatement: st.builds(
        bank.ReconcileBankStatement,
        statement=reference,
        statement_date=day,
        balance_ore=st.just(0) | signed,
        account=st.sampled_from((None, 1910, 1510)),
    ),
    plan.AdoptBudget: st.builds(plan.AdoptBudget, year=year, adopted_on=day, decision=reference, lines=planned),
    plan.ReviseBudget: st.builds(plan.ReviseBudget, year=year, revised_on=day, decision=reference, lines=planned),
    plan.SubmitForecast: st.builds(plan.SubmitForecast, year=year, made_on=day, lines=planned, text=text),
    issued.IssueReport: st.builds(
        issued.IssueReport,
        report=st.just("interim"),
        as_of=day,
        position=st.integers(1, 40),
        unit=st.just("kr"),
        format=st.just("csv"),
        digest=st.just("0f" * 32),
        recipient=text,
    ),
}
"""How to draw each command of the catalogue."""

RARE: frozenset[type[Command]] = frozenset(
    {
        register.RegisterAssociation,
        register.RegisterParty,
        register.OpenProject,
        register.CloseProject,
        chart.OpenAccount,
        chart.CloseAccount,
        chart.AssignAccount,
        fiscal_year.ClosePeriod,
        year_end.CloseYear,
        members.JoinMember,
        members.LeaveMember,
        funding.ApproveFinalReport,
        funding.SettleGrant,
        issued.IssueReport,
    }
)
"""Commands that end or repeat much, drawn a fifth as often as the others."""

BEGINNING: tuple[Command, ...] = (
    suppliers.SetAttestationRule(attester="Bo", limit_ore=2_000_00, valid_from=date(2023, 1, 1)),
    *(
        members.AgreeContribution(
            party=party, year=2023, amount_ore=ore, invoicing="quarterly", decision="§ 1", recognition="linear"
        )
        for party, ore in (("staten", 800_00), ("regionen", 400_00), ("kommunen", 400_00))
    ),
    funding.DecideGrant(
        grant="g1",
        project="insatsen",
        owner="utforaren",
        form="full",
        amounts=(funding.YearAmount(year=2023, amount_ore=600_00),),
        decided_on=date(2023, 1, 1),
        decision="§ 1",
    ),
    members.InvoiceContribution(
        party="staten",
        year=2023,
        invoice="1",
        invoice_date=date(2023, 1, 15),
        due_date=date(2023, 2, 15),
        amount_ore=300_00,
        text="Text",
    ),
    suppliers.ReceiveSupplierInvoice(
        supplier="leverantoren",
        invoice="1",
        invoice_date=date(2023, 1, 15),
        due_date=date(2023, 2, 15),
        lines=(suppliers.CostLine(account=6550, amount_ore=500_00),),
        text="Text",
    ),
    suppliers.AttestSupplierInvoice(supplier="leverantoren", invoice="1", attester="Bo", attested_on=date(2023, 1, 20)),
    manual.PostVoucher(
        accounting_date=date(2023, 1, 31),
        text="Text",
        lines=(manual.Line(account=6570, amount_ore=5_00), manual.Line(account=1930, amount_ore=-5_00)),
    ),
)
"""What has happened before the first command that is drawn, so that there is something to pay, claim and close."""

any_command: SearchStrategy[Command] = st.sampled_from(
    [kind for kind in STRATEGIES for _ in range(1 if kind in RARE else 5)]
).flatmap(STRATEGIES.__getitem__)
