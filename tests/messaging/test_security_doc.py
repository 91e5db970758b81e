"""docs/bus-security.md has the table of who may do what as the program has it; `--update-golden` writes it anew."""

import re
from pathlib import Path

import pytest

from services.messaging.permissions import (
    PUBLIC_ROLES,
    SERVICES,
    Grant,
    account_of,
    inbox_prefix,
    public_grant,
    service_grant,
    shared_with,
    user_name,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "bus-security.md"
BEGIN, END = "<!-- made from services/messaging/permissions.py -->", "<!-- end -->"
BOOK = "<book>"


def rows(user: str, account: str, grant: Grant) -> list[str]:
    listened = [subject for subject in grant.subscribe if not subject.startswith(inbox_prefix(user))]
    answers = ["answers"] if grant.may_answer else []
    told = [f"| `{user}` | `{account}` | listens | {code(listened)} |"] if listened else []
    return [
        *told,
        *(f"| `{user}` | `{account}` | publishes | {code(part)} |" for part in grouped(grant.publish)),
        *(f"| `{user}` | `{account}` | {word} what it is asked | |" for word in answers),
    ]


def grouped(subjects: tuple[str, ...]) -> list[list[str]]:
    """Return what is asked of JetStream, and the rest, apart."""
    api = [subject for subject in subjects if subject.startswith("$JS.API.")]
    rest = [subject for subject in subjects if subject not in api]
    return [part for part in (rest, api) if part]


def code(subjects: list[str]) -> str:
    return "<br>".join(f"`{subject}`" for subject in subjects)


def table() -> str:
    lines = ["| user | account | may | subjects |", "|---|---|---|---|"]
    for role in SERVICES:
        lines += rows(role, "GRUNDBOK", service_grant(role, [BOOK]))
    for role in PUBLIC_ROLES:
        lines += rows(user_name(role, BOOK), account_of(BOOK), public_grant(role, BOOK))
    return "\n".join(lines)


def test_the_table_is_what_the_program_grants(request: pytest.FixtureRequest) -> None:
    text = DOCUMENT.read_text("utf-8")
    before, found, after = re.split(f"{re.escape(BEGIN)}|{re.escape(END)}", text)
    if request.config.getoption("--update-golden"):
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")
        return

    assert found.strip() == table()


def test_what_an_account_shares_is_what_its_users_may_do() -> None:
    shared = {one.subject for one in shared_with(BOOK)}
    granted = {
        subject
        for role in PUBLIC_ROLES
        for part in public_grant(role, BOOK)[:2]
        for subject in part
        if not subject.startswith("_INBOX_")
    }

    assert shared == granted
    assert all(BOOK in subject for subject in shared)
