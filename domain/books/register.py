"""The register (register): the association, and the parties and projects that postings may name."""

from typing import Annotated, Literal

import msgspec

from domain.books.chart import ChartName
from domain.kernel.event import Command, Recorded, Value, accept
from domain.kernel.identity import OrganisationNumber, Slug, Text, is_organisation_number
from domain.kernel.refusal import Refusal
from domain.kernel.table import Table

Recognition = Literal["linear", "as-invoiced"]
"""How a contribution becomes income: evenly over the year, or when it is invoiced."""

PartyKind = Literal["state", "region", "municipality", "supplier", "project-owner", "customer", "other"]
MEMBER_KINDS: frozenset[PartyKind] = frozenset({"state", "region", "municipality"})


class Party(Value, frozen=True, kw_only=True):
    """Somebody the association deals with (motpart)."""

    name: str
    kind: PartyKind


class Project(Value, frozen=True, kw_only=True):
    """Something the association does or finances (insats, verksamhet)."""

    name: str
    closed: bool = False


class Register(Value, frozen=True, kw_only=True):
    """Who and what the book knows."""

    organisation_number: str = ""
    recognition: Recognition = "linear"
    parties: Table[str, Party] = Table()
    projects: Table[str, Project] = Table()


class RegisterAssociation(Command, frozen=True, kw_only=True):
    """Open the book of an association (samordningsförbund, lag 2003:1210)."""

    organisation_number: OrganisationNumber
    name: Text
    chart: ChartName = "bas"
    recognition: Recognition = "linear"
    equity_ceiling_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 20
    layout: Slug = "standard"


class AssociationRegistered(
    RegisterAssociation, frozen=True, kw_only=True, tag_field="event", tag="association.registered"
):
    """The book belongs to this association; always the first event."""

    recorded: Recorded


class RegisterParty(Command, frozen=True, kw_only=True):
    """Register a supplier, a project owner, a customer or another counterparty."""

    party: Slug
    name: Text
    kind: PartyKind
    organisation_number: OrganisationNumber | None = None


class PartyRegistered(RegisterParty, frozen=True, kw_only=True, tag_field="event", tag="party.registered"):
    """The book knows the party (motpart)."""

    recorded: Recorded


class OpenProject(Command, frozen=True, kw_only=True):
    """Open a project or an activity that postings may carry."""

    project: Slug
    name: Text


class ProjectOpened(OpenProject, frozen=True, kw_only=True, tag_field="event", tag="project.opened"):
    """The book knows the project (insats)."""

    recorded: Recorded


class CloseProject(Command, frozen=True, kw_only=True):
    """Close a project to further postings."""

    project: Slug


class ProjectClosed(CloseProject, frozen=True, kw_only=True, tag_field="event", tag="project.closed"):
    """The project takes no further postings."""

    recorded: Recorded


RegisterEvent = AssociationRegistered | PartyRegistered | ProjectOpened | ProjectClosed


def evolve(register: Register, event: RegisterEvent) -> Register:
    """Return the register after the event."""
    change = msgspec.structs.replace
    match event:
        case AssociationRegistered():
            return change(register, organisation_number=event.organisation_number, recognition=event.recognition)
        case PartyRegistered():
            return with_party(register, event.party, Party(name=event.name, kind=event.kind))
        case ProjectOpened():
            return change(register, projects=register.projects.put(event.project, Project(name=event.name)))
        case ProjectClosed():
            closed = change(register.projects[event.project], closed=True)
            return change(register, projects=register.projects.put(event.project, closed))


def with_party(register: Register, name: str, party: Party) -> Register:
    """Return the register with the party in it."""
    return msgspec.structs.replace(register, parties=register.parties.put(name, party))


class OrganisationNumberWrong(Refusal):
    """An organisation number has a check digit (Luhn) and a third digit of at least 2."""

    code = "organisation_number_wrong"
    sv = "Organisationsnumret {organisation_number} är inte giltigt (kontrollsiffran stämmer inte)."
    en = "Organisation number {organisation_number} is not valid (its check digit is wrong)."


class AssociationExists(Refusal):
    """A book belongs to one association from its first event."""

    code = "association_exists"
    sv = "Boken tillhör redan {organisation_number}."
    en = "The book already belongs to {organisation_number}."


class AssociationMissing(Refusal):
    """The first message of a book registers its association."""

    code = "association_missing"
    sv = "Boken har inget förbund ännu: det första meddelandet ska registrera förbundet."
    en = "The book has no association yet: its first message must register one."


class PartyExists(Refusal):
    """A party is registered once."""

    code = "party_exists"
    sv = "Motparten {party} finns redan."
    en = "Party {party} is already registered."


class PartyUnknown(Refusal):
    """Messages name parties that are registered."""

    code = "party_unknown"
    sv = "Motparten {party} är inte registrerad."
    en = "Party {party} is not registered."


class ProjectExists(Refusal):
    """A project is opened once."""

    code = "project_exists"
    sv = "Projektet {project} finns redan."
    en = "Project {project} already exists."


class ProjectUnknown(Refusal):
    """Postings name projects that are open."""

    code = "project_unknown"
    sv = "Projektet {project} finns inte."
    en = "Project {project} does not exist."


class ProjectIsClosed(Refusal):
    """A closed project takes no postings."""

    code = "project_closed"
    sv = "Projektet {project} är avslutat."
    en = "Project {project} is closed."


def register_association(register: Register, command: RegisterAssociation, recorded: Recorded) -> AssociationRegistered:
    """Give an empty book to an association."""
    if register.organisation_number:
        raise AssociationExists(organisation_number=register.organisation_number)
    refuse_wrong_number(command.organisation_number)
    return accept(AssociationRegistered, command, recorded=recorded)


def register_party(register: Register, command: RegisterParty, recorded: Recorded) -> PartyRegistered:
    """Register a party that is not yet known."""
    refuse_known_party(register, command.party)
    refuse_wrong_number(command.organisation_number)
    return accept(PartyRegistered, command, recorded=recorded)


def open_project(register: Register, command: OpenProject, recorded: Recorded) -> ProjectOpened:
    """Open a project that is not yet known."""
    if command.project in register.projects:
        raise ProjectExists(project=command.project)
    return accept(ProjectOpened, command, recorded=recorded)


def close_project(register: Register, command: CloseProject, recorded: Recorded) -> ProjectClosed:
    """Close an open project."""
    usable_project(register, command.project)
    return accept(ProjectClosed, command, recorded=recorded)


def known_party(register: Register, name: str) -> Party:
    """Return the party, or refuse."""
    party = register.parties.get(name)
    if party is None:
        raise PartyUnknown(party=name)
    return party


def usable_project(register: Register, name: str) -> Project:
    """Return the project, or refuse: unknown, or closed."""
    project = register.projects.get(name)
    if project is None:
        raise ProjectUnknown(project=name)
    if project.closed:
        raise ProjectIsClosed(project=name)
    return project


def refuse_known_party(register: Register, name: str) -> None:
    """Refuse a party that is registered already."""
    if name in register.parties:
        raise PartyExists(party=name)


def refuse_wrong_number(number: str | None) -> None:
    """Refuse an organisation number whose check digit is wrong."""
    if number is not None and not is_organisation_number(number):
        raise OrganisationNumberWrong(organisation_number=number)
