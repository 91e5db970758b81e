"""Values of a SIE file: amounts, dates, account numbers, organisation numbers (SIE 4B 5.6-5.9).

Each reader returns the value or None; what was odd, or why there is none, is a finding on the line.
"""

import re
from datetime import date

from domain.kernel.identity import is_organisation_number
from domain.kernel.money import MAX_ORE
from services.formats.sie4_findings import Findings

_AMOUNT = re.compile(r"([-+]?)(\d{0,18})(?:([.,])(\d*))?", re.ASCII)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_PERIOD = re.compile(r"(\d{4})-?(\d{2})", re.ASCII)
_ACCOUNT = re.compile(r"\d{1,8}", re.ASCII)
NO_DATE = frozenset({"", "00000000", "0", "0000-00-00"})


def amount(text: str, line: int, findings: Findings) -> int | None:
    """Return an amount in öre: a point and at most two decimals (SIE 4B 5.9)."""
    match = _AMOUNT.fullmatch(text)
    sign, whole, mark, part = match.groups(default="") if match is not None else ("", "", "", "")
    if not whole + part or len(part) > 2:
        findings.add("amount_wrong", line, value=text[:40])
        return None
    if sign == "+" or mark == "," or not whole:
        findings.add("amount_odd", line, value=text)
    ore = int(whole or "0") * 100 + int(part.ljust(2, "0"))
    if ore > MAX_ORE:
        findings.add("amount_too_large", line, value=text)
        return None
    return -ore if sign == "-" else ore


def day(text: str, line: int, findings: Findings, *, severe: bool = False) -> date | None:
    """Return a date, `ÅÅÅÅMMDD`, or None where none is stated or there is no such day."""
    if text in NO_DATE:
        return None
    match = _DATE.fullmatch(text)
    found = None if match is None else _date(*(int(part) for part in match.groups()))
    if found is None:
        findings.add("date_wrong" if severe else "date_ignored", line, value=text[:40])
    elif "-" in text:
        findings.once("date_odd", line, value=text)
    return found


def month(text: str, line: int, findings: Findings) -> date | None:
    """Return the first day of a period, `ÅÅÅÅMM`."""
    match = _PERIOD.fullmatch(text)
    found = None if match is None else _date(int(match[1]), int(match[2]), 1)
    if found is None:
        findings.add("date_ignored", line, value=text[:40])
    return found


def _date(year: int, month: int, day: int) -> date | None:
    """Return a day of the calendar, in the years a book can have."""
    if not 1900 <= year <= 2999:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def account(text: str, line: int, findings: Findings) -> int | None:
    """Return an account number: digits, of which real files have two to eight."""
    if _ACCOUNT.fullmatch(text) is None or int(text) == 0:
        findings.add("account_wrong", line, value=text[:40])
        return None
    if text.startswith("0"):
        findings.add("account_leading_zero", line, value=text, account=int(text))
    return int(text)


def year_number(text: str, line: int, findings: Findings) -> int | None:
    """Return the number of a year in the file: 0 is the year it is about, -1 the one before."""
    if re.fullmatch(r"-?\d{1,2}", text, re.ASCII) is None:
        findings.add("year_number_wrong", line, value=text[:40])
        return None
    return int(text)


def organisation_number(text: str, line: int, findings: Findings) -> str:
    """Return an organisation number as NNNNNN-NNNN, or an empty text when it cannot be one (SIE 4B #ORGNR)."""
    digits = re.sub(r"[\s-]", "", text)
    if not digits:
        findings.add("organisation_number_missing", line)
        return ""
    if re.fullmatch(r"\d{12}", digits, re.ASCII):
        digits = digits[2:]
    number = f"{digits[:6]}-{digits[6:]}"
    if not re.fullmatch(r"\d{10}", digits, re.ASCII) or not is_organisation_number(number):
        findings.add("organisation_number_invalid", line, value=text[:40])
        return ""
    if number != text:
        findings.add("organisation_number_odd", line, value=text, number=number)
    return number
