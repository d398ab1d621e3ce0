"""Registered data (Terms 5.1): an owner corrects what names no legal person, asks the staff for the rest, confirms all.

The address of the Notices is email_changes'; what the staff edits by itself is theirs.
"""

from dataclasses import dataclass
from uuid import UUID

from konectus.domain import zones
from konectus.domain.roles import UserRole
from konectus.domain.spelling import is_name
from konectus.domain.suspension import ClientSuspended
from konectus.domain.tasks import TaskKind
from konectus.domain.terms import Industry, NotAttested
from konectus.errors import Conflict, Invalid
from konectus.services import tasks
from konectus.services.invitations import OwnerNeeded
from konectus.services.signup import region_of
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.clients import Client
from konectus.store.queries import clients, people
from konectus.store.queries.registered import WANTED

LONGEST_NAME = 200
LONGEST_WISH = 1000


class DetailsChanged(Conflict):
    """Somebody else changed them while the page was open."""

    code = "details_changed"


@dataclass(frozen=True, slots=True)
class Correction:
    """What an owner may change alone. `version` is the row's that was shown; `is_lawful` restates Terms 7."""

    trade_name: str
    zone: str
    language: str
    industry: str
    version: int
    is_lawful: bool = False


def correct(work: Work, client_id: UUID, user_id: UUID, given: Correction) -> bool:
    """Change what differs; whether anything did. What was there before stays in the audit trail.

    Raises OwnerNeeded, DetailsChanged, Invalid (the field is named), NotAttested for another industry without the
    statement of Terms 7, or ClientSuspended once a deletion has started.
    """
    wanted = _fitting(given)
    client = _entered(work, client_id, user_id)
    if client.row_version != given.version:
        raise DetailsChanged("load the page again")
    before = {name: getattr(client, name) for name in wanted if getattr(client, name) != wanted[name]}
    if not before:
        return False
    if "industry" in before and not given.is_lawful:
        raise NotAttested("another industry has to be attested again", missing=("lawful_use",))
    for name in before:
        setattr(client, name, wanted[name])
    after: dict[str, object] = {name: wanted[name] for name in before}
    if "zone" in before:
        client.region = region_of(wanted["zone"])
    if "industry" in before:
        after["stated"] = ["lawful_use"]
    work.record("client.corrected", ("client", client_id), Change(client_id, before=before, after=after))
    return True


def confirm(work: Work, client_id: UUID, user_id: UUID) -> None:
    """An owner says that all of it is right. Raises OwnerNeeded or ClientSuspended."""
    client = _entered(work, client_id, user_id)
    before = {"confirmed_at": client.details_confirmed_at.isoformat() if client.details_confirmed_at else None}
    client.details_confirmed_at = work.now
    change = Change(client_id, before=before, after={"confirmed_at": work.now.isoformat()})
    work.record("client.details_confirmed", ("client", client_id), change)


def ask(work: Work, client_id: UUID, user_id: UUID, text: str) -> None:
    """Ask the staff to correct what says who contracted: one task, and the last words that were asked.

    Raises OwnerNeeded, Invalid, or ClientSuspended.
    """
    wanted = text.strip().replace("\0", "")
    if not 0 < len(wanted) <= LONGEST_WISH:
        raise Invalid("say what has to be corrected", field="wanted")
    _entered(work, client_id, user_id)
    tasks.open_task(work, TaskKind.DETAILS_WANTED, f"client:{client_id}", client_id=client_id)
    work.record(WANTED, ("client", client_id), Change(client_id, after={"wanted": wanted}))


def _entered(work: Work, client_id: UUID, user_id: UUID) -> Client:
    locks.client(work.session, client_id)
    if people.role_of(work.session, client_id, user_id) is not UserRole.OWNER:
        raise OwnerNeeded("an owner keeps the registered data right")
    if clients.access(work.session, client_id).deleting:
        raise ClientSuspended("a deletion has started")
    found = work.session.get(Client, client_id)
    assert found is not None, "an owner has a Client"
    return found


def _fitting(given: Correction) -> dict[str, str]:
    name = given.trade_name.strip()
    if not is_name(name, LONGEST_NAME):
        raise Invalid("a name that people know the business by", field="trade_name")
    if given.zone not in zones.names():
        raise Invalid("one of the list", field="zone")
    if given.language not in ("es", "en"):
        raise Invalid("one of the list", field="language")
    if given.industry not in tuple(Industry):
        raise Invalid("one of the list", field="industry")
    return {"trade_name": name, "zone": given.zone, "language": given.language, "industry": given.industry}
