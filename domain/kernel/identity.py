"""Names of things (identitet): slugs for what an association names itself, organisation numbers by law."""

from typing import Annotated

import msgspec

Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._/-]{0,63}$(?!\n)")]
"""A short name in lower case that messages use for a party, project, grant or invoice rule."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S")]
"""A line of text for people; white space alone says nothing."""

Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"\S")]
"""An outside reference: an invoice number, a decision, a receipt."""

OrganisationNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}-[0-9]{4}$(?!\n)")]
"""An organisation number (organisationsnummer) as printed: six digits, hyphen, four digits."""


def is_same_person(one: str, other: str) -> bool:
    """Tell whether two names or user names mean the same person: case and spaces at the ends do not matter."""
    return one.strip().casefold() == other.strip().casefold()


def is_organisation_number(number: str) -> bool:
    """Tell whether the check digit (Luhn) and the third digit (at least 2) are right."""
    digits = [int(sign) for sign in number.replace("-", "")]
    doubled = [digit * (2 - place % 2) for place, digit in enumerate(digits)]
    return len(digits) == 10 and digits[2] >= 2 and sum(d // 10 + d % 10 for d in doubled) % 10 == 0
