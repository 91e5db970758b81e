"""The shipped charts: every role has an account of the right kind, every number one account."""

from typing import get_args

import pytest

from domain.books.chart import AccountKind, ChartName, Role
from domain.books.series import RESERVED
from domain.posting_rules.charts import TABLES, shipped_chart

CHARTS: tuple[ChartName, ...] = get_args(ChartName)
KINDS: dict[AccountKind, set[Role]] = {
    "cash": {"bank"},
    "asset": {
        "member_receivable",
        "other_receivable",
        "input_vat",
        "accrued_contributions",
        "accrued_income",
        "prepaid_costs",
    },
    "liability": {
        "payable",
        "withheld_tax",
        "social_charges_owed",
        "accrued_costs",
        "prepaid_contributions",
        "prepaid_income",
    },
    "equity": {"result_in_equity"},
    "result": {"year_result"},
    "income": {"contribution_state", "contribution_region", "contribution_municipality"},
    "cost": {"grants", "salaries", "social_charges", "board_fees"},
}


@pytest.mark.parametrize("name", CHARTS)
def test_ships_each_account_once_in_order(name: ChartName) -> None:
    numbers = [number for number, _, _ in TABLES[name][0]]

    assert numbers == sorted(set(numbers))
    assert len(shipped_chart(name).accounts) == len(numbers)


@pytest.mark.parametrize("name", CHARTS)
def test_has_an_account_of_the_right_kind_for_every_role(name: ChartName) -> None:
    chart = shipped_chart(name)

    kinds = {role: chart.accounts[number].kind for role, number in chart.roles.items()}

    assert kinds == {role: kind for kind, roles in KINDS.items() for role in roles}
    assert set(kinds) == set(get_args(Role))


@pytest.mark.parametrize("name", CHARTS)
def test_gives_no_two_roles_the_same_account(name: ChartName) -> None:
    numbers = shipped_chart(name).roles.values()

    assert len(set(numbers)) == len(numbers)


def test_reserves_a_series_for_each_ledger() -> None:
    assert len(RESERVED) == 11
    assert "A" not in RESERVED
