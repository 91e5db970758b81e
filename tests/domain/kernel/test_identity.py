"""Organisation numbers carry a check digit and a third digit of at least 2."""

import pytest

from domain.kernel.identity import is_organisation_number


@pytest.mark.parametrize("number", ["222000-2733", "222000-2634", "556036-0793", "212000-0142", "202100-5521"])
def test_knows_a_right_number(number: str) -> None:
    assert is_organisation_number(number)


@pytest.mark.parametrize(
    "number",
    [
        "222000-2734",  # wrong check digit
        "222000-7233",  # two digits changed places
        "221000-2734",  # a person's: the third digit is below 2
        "811218-9876",  # a person's, with a right check digit
        "222000-273",
        "2222000-2733",
    ],
)
def test_knows_a_wrong_number(number: str) -> None:
    assert not is_organisation_number(number)
