"""People of the account: who has a seat, invitations, roles, deactivating. The rules are services.invitations'."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, letters, pages
from backoffice.account.visits import TheVisit, Visit
from backoffice.deps import TheReader
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain.roles import UserRelation, UserRole
from konectus.domain.seats import LastOwner
from konectus.domain.suspension import ClientSuspended
from konectus.errors import Invalid, KonectusError, NotFound, TooMany
from konectus.i18n import msg
from konectus.services import credentials, invitations
from konectus.services.invitations import Invited, NewMember, NotInvited
from konectus.services.registration import EmailTaken, SeatsFull
from konectus.store.queries import clients, team
from konectus.store.queries.team import Member

router = APIRouter(prefix="/account/people", include_in_schema=False)

HOME = "/account/people"
NOTES = {
    "invited": msg("The invitation is on its way; it lasts 72 hours."),
    "role": msg("The role is changed."),
    "deactivated": msg("The seat is free. Whoever had it is signed out everywhere."),
    "last_owner": msg("This is the only owner: name another owner first."),
    "not_invited": msg("That invitation was answered or withdrawn."),
    "seats_full": msg("All seats of your Plan are taken: deactivate somebody or add a seat under Plan."),
}
ROLES = {
    UserRole.OWNER: msg("Owner"),
    UserRole.SUPERVISOR: msg("Supervisor"),
    UserRole.AGENT: msg("Agent"),
}
RELATIONS = {
    UserRelation.EMPLOYEE: msg("Employee"),
    UserRelation.CONTRACTOR: msg("Contractor"),
    UserRelation.AGENT: msg("Agent of the Client"),
}
_REFUSALS: dict[type[KonectusError], tuple[str, str]] = {
    SeatsFull: ("", NOTES["seats_full"]),
    EmailTaken: ("email", msg("That e-mail signs in already; a person belongs to one Client. Use another address.")),
    Invalid: ("email", msg("An e-mail looks like name@example.com.")),
}


class InvitationForm(BaseModel):
    email: str = Field("", max_length=254)
    name: str = Field("", max_length=200)
    role: UserRole = UserRole.AGENT
    relation: UserRelation = UserRelation.EMPLOYEE


class RoleForm(BaseModel):
    role: UserRole


@dataclass(frozen=True, slots=True)
class Shown:
    """A person of the list; `lapses_at`: until when the open invitation can be answered."""

    member: Member
    lapses_at: datetime | None
    is_you: bool


@router.get("")
def show(visit: TheVisit, reader: TheReader, note: str = "") -> HTMLResponse:
    visit.require_owner()
    return _page(visit, reader, InvitationForm(), note=i18n.gettext(NOTES[note]) if note in NOTES else "")


@router.post("")
def invite(visit: TheVisit, reader: TheReader, form: Annotated[InvitationForm, Form()]) -> Response:
    """Raises ClientSuspended: nobody new comes in while the service is paused."""
    visit.require_owner()
    if not visit.visitor.access.is_open:
        raise ClientSuspended
    new = NewMember(email=form.email, name=form.name, role=form.role, relation=form.relation)
    try:
        invitations.count(visit.installation.works, visit.client_id, form.email)
        with visit.installation.works.system(visit.actor) as work:
            invited = invitations.invite(work, visit.client_id, new)
    except (SeatsFull, EmailTaken, Invalid, TooMany) as error:
        return _page(visit, reader, form, refused=error)
    return _told(visit, invited)


@router.post("/{user_id}/again")
def invite_again(visit: TheVisit, reader: TheReader, user_id: UUID) -> Response:
    visit.require_owner()
    if not visit.visitor.access.is_open:
        raise ClientSuspended
    try:
        invitations.count_again(visit.installation.works, visit.client_id, user_id)
        with visit.installation.works.system(visit.actor) as work:
            invited = invitations.invite_again(work, visit.client_id, user_id)
    except NotInvited:
        return _back("not_invited")
    except TooMany as error:
        return _page(visit, reader, InvitationForm(), refused=error)
    return _told(visit, invited)


@router.post("/{user_id}/role")
def change_role(visit: TheVisit, user_id: UUID, form: Annotated[RoleForm, Form()]) -> Response:
    visit.require_owner()
    try:
        with visit.installation.works.system(visit.actor) as work:
            invitations.change_role(work, visit.client_id, user_id, form.role)
    except LastOwner:
        return _back("last_owner")
    return _back("role")


@router.get("/{user_id}/deactivate")
def ask_deactivate(visit: TheVisit, reader: TheReader, user_id: UUID) -> HTMLResponse:
    """What will happen, before it does."""
    visit.require_owner()
    with visit.work() as work:
        found = next((one for one in team.of_client(work.session, visit.client_id) if one.id == user_id), None)
    if found is None or not found.active:
        raise NotFound
    return HTMLResponse(pages.render("account/deactivate.html", reader, visitor=visit.visitor, member=found))


@router.post("/{user_id}/deactivate")
def deactivate(visit: TheVisit, user_id: UUID) -> Response:
    """Open while suspended: shutting somebody out can never wait."""
    visit.require_owner()
    try:
        with visit.installation.works.system(visit.actor) as work:
            invitations.deactivate(work, visit.client_id, user_id)
    except LastOwner:
        return _back("last_owner")
    return _back("deactivated")


def _told(visit: Visit, invited: Invited) -> Response:
    """The letter leaves once the page was answered: a slow mail server holds nobody up."""
    language = "en" if visit.visitor.locale == "en" else "es"
    task = BackgroundTask(letters.invite, visit.installation, invited, visit.visitor.client_name, language)
    return RedirectResponse(f"{HOME}?note=invited", errors.SEE_OTHER, background=task)


def _page(
    visit: Visit, reader: Reader, form: InvitationForm, *, refused: KonectusError | None = None, note: str = ""
) -> HTMLResponse:
    with visit.work() as work:
        contracted, used = clients.seats(work.session, visit.client_id)
        members = team.of_client(work.session, visit.client_id)
    life = credentials.INVITATION_LIFE
    field, words = _words(refused)
    page = pages.render(
        "account/people.html",
        reader,
        visitor=visit.visitor,
        people=[
            Shown(one, one.invited_at + life if one.invited_at else None, one.id == visit.visitor.user_id)
            for one in members
        ],
        seats=contracted,
        used=used,
        form=form,
        wrong=field,
        refusal=words,
        note=note,
        roles=ROLES,
        relations=RELATIONS,
        may_invite=visit.visitor.access.is_open,
    )
    return HTMLResponse(page, errors.status_of(refused) if refused else 200)


def _words(refused: KonectusError | None) -> tuple[str, str]:
    """The field that does not fit, and what is said about it."""
    if refused is None:
        return "", ""
    if isinstance(refused, TooMany):
        seconds = max(1, int(refused.retry_after.total_seconds()))
        told = i18n.ngettext("Too many tries. Wait {n} second.", "Too many tries. Wait {n} seconds.", seconds)
        return "email", told
    if refused.facts.get("field") == "name":
        return "name", i18n.gettext("Write the person's name.")
    return next(
        ((field, i18n.gettext(words)) for kind, (field, words) in _REFUSALS.items() if isinstance(refused, kind)),
        ("", i18n.gettext("This does not fit; nothing was changed.")),
    )


def _back(note: str) -> Response:
    return RedirectResponse(f"{HOME}?note={note}", errors.SEE_OTHER)
