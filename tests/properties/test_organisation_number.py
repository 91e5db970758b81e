"""Organisation numbers are judged as a library of standard numbers judges them."""

from hypothesis import given
from hypothesis import strategies as st
from stdnum.se import orgnr

from domain.kernel.identity import is_organisation_number


@given(st.from_regex(r"\A[0-9]{2}[2-9][0-9]{3}-[0-9]{4}\Z"))
def test_agrees_with_a_library(number: str) -> None:
    assert is_organisation_number(number) == orgnr.is_valid(number)
