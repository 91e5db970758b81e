"""Voucher series (verifikationsserier): one letter for each kind of voucher, as SIE files and auditors expect."""

from typing import Annotated

import msgspec

Series = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{0,7}$(?!\n)")]

OPENING = "IB"
MANUAL = "A"
CONTRIBUTIONS = "M"
OTHER_INCOME = "K"
GRANTS = "G"
SUPPLIERS = "L"
PAYMENTS = "U"
RECEIPTS = "B"
PAYROLL = "N"
ACCRUALS = "P"
YEAR_END = "S"
CORRECTIONS = "R"
RESERVED = frozenset(
    {
        OPENING,
        CONTRIBUTIONS,
        OTHER_INCOME,
        GRANTS,
        SUPPLIERS,
        PAYMENTS,
        RECEIPTS,
        PAYROLL,
        ACCRUALS,
        YEAR_END,
        CORRECTIONS,
    }
)
