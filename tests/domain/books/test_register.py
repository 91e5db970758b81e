"""The association, the parties and the projects: registered once, by valid numbers, and known before they are used."""

from domain.book import Book
from domain.books.register import (
    AssociationExists,
    AssociationMissing,
    AssociationRegistered,
    CloseProject,
    OrganisationNumberWrong,
    PartyExists,
    PartyRegistered,
    PartyUnknown,
    ProjectClosed,
    ProjectExists,
    ProjectIsClosed,
    ProjectOpened,
    ProjectUnknown,
)
from tests.builders import (
    OURS,
    a_customer_invoice,
    a_grant,
    a_party,
    a_project,
    a_year,
    after,
    an_association,
    decided,
    event_of,
    given,
    refused,
)


def test_opens_the_book_of_an_association() -> None:
    command = an_association(chart="kommun-bas", recognition="as-invoiced", layout="varend")

    assert decided(Book(), command) == event_of(AssociationRegistered, command)


def test_uses_the_chart_and_the_recognition_of_the_association() -> None:
    book = after(Book(), an_association(chart="kommun-bas", recognition="as-invoiced"))

    assert book.journal.chart.name == "kommun-bas"
    assert book.journal.chart.roles["payable"] == 2510
    assert book.journal.register.recognition == "as-invoiced"


def test_refuses_anything_before_the_association() -> None:
    assert refused(Book(), a_year(), AssociationMissing) == {}


def test_refuses_a_second_association() -> None:
    assert refused(given(), an_association(name="En annan"), AssociationExists) == {"organisation_number": OURS}


def test_refuses_an_association_whose_number_has_a_wrong_check_digit() -> None:
    command = an_association(organisation_number="222000-2734")

    assert refused(Book(), command, OrganisationNumberWrong) == {"organisation_number": "222000-2734"}


def test_registers_a_party() -> None:
    command = a_party(organisation_number="222000-2634")

    assert decided(given(), command) == event_of(PartyRegistered, command)


def test_refuses_a_party_whose_number_has_a_wrong_check_digit() -> None:
    command = a_party(organisation_number="222000-2635")

    assert refused(given(), command, OrganisationNumberWrong) == {"organisation_number": "222000-2635"}


def test_refuses_a_party_that_is_registered() -> None:
    assert refused(given(a_party()), a_party(), PartyExists) == {"party": "lokalbolaget"}


def test_refuses_a_customer_nobody_registered() -> None:
    assert refused(given(), a_customer_invoice(customer="okand"), PartyUnknown) == {"party": "okand"}


def test_opens_a_project() -> None:
    assert decided(given(), a_project()) == event_of(ProjectOpened, a_project())


def test_refuses_a_project_that_is_open() -> None:
    assert refused(given(a_project()), a_project(), ProjectExists) == {"project": "stegen"}


def test_closes_a_project() -> None:
    command = CloseProject(project="insatsen")

    assert decided(given(), command) == event_of(ProjectClosed, command)


def test_refuses_to_close_a_project_twice() -> None:
    command = CloseProject(project="insatsen")

    assert refused(given(command), command, ProjectIsClosed) == {"project": "insatsen"}


def test_refuses_to_reopen_a_closed_project_under_its_name() -> None:
    book = given(CloseProject(project="insatsen"))

    assert refused(book, a_project(project="insatsen"), ProjectExists) == {"project": "insatsen"}


def test_refuses_a_project_nobody_opened() -> None:
    assert refused(given(), a_grant(project="okand"), ProjectUnknown) == {"project": "okand"}
