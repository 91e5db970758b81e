"""A refusal by a rule names the field that holds what was refused, also inside rows."""

from datetime import date

import pytest

from domain.kernel.event import Command
from services.application.writer import BookWriter
from services.contract.answers import Refused
from tests.builders import a_payment, a_supplier_invoice, a_voucher, lines
from tests.services.messages import envelope, founding, read

REFUSED: list[tuple[Command, str, str]] = [
    (a_voucher(lines=lines((6570, 100), (9999, -100))), "account_unknown", "data.lines[1].account"),
    (a_voucher(accounting_date=date(2031, 5, 1)), "date_outside_year", "data.accounting_date"),
    (a_supplier_invoice(supplier="okand"), "party_unknown", "data.supplier"),
    (a_payment(invoice="finns-inte"), "supplier_invoice_unknown", "data.invoice"),
    (a_voucher(lines=lines((6570, 100), (1930, -99))), "voucher_not_balanced", ""),
]


@pytest.mark.parametrize(("command", "code", "field"), REFUSED)
def test_names_the_field_that_a_rule_refused(writer: BookWriter, command: Command, code: str, field: str) -> None:
    writer.write(read(*founding()))

    (answer,) = writer.write(read(envelope(command, "fel-1")))

    assert isinstance(answer, Refused)
    assert (answer.code, answer.field) == (code, field)
