"""A Client whose contract ended comes back by itself: what it needs, what forbids it, and the new contract.

Until a deletion starts (lifecycle.md 2, #14). `terminations.reactivate` does what follows, also for the staff; a trial
that only ran out is lifted by contracting a Plan (`changes`).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from konectus.domain.endings import DeletionBegun, EndedBy, Ground, NotEnding
from konectus.domain.roles import UserRole
from konectus.domain.suspension import POLICIES, LiftRule
from konectus.errors import Forbidden
from konectus.services import documents, terminations
from konectus.services.contracting import PlanNotOffered
from konectus.services.documents import Answer
from konectus.services.invitations import OwnerNeeded
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.clients import PlanVersion
from konectus.store.queries import billing, clients, contracts, people, windows
from konectus.store.queries import terminations as ended
from konectus.store.queries.documents import Version
from konectus.store.queries.terminations import TerminationRow

WHY = "An owner contracted again in the product"


class ComebackRefused(Forbidden):
    """Konectus ended the contract, or holds a cause that a person lifts: a person of Konectus decides."""

    code = "comeback_refused"


@dataclass(frozen=True, slots=True)
class Possible:
    """What an owner reads before. `refused`: the code of why it is not for the Client to decide, None where it may."""

    ended_at: datetime
    ground: Ground
    refused: str | None
    # The last of its windows; None where none is open any more.
    closes_at: datetime | None
    owed_cents: int
    seats_used: int
    terms: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Comeback:
    """The Plan that is contracted, and the answer to the Terms in force that were shown."""

    plan_version_id: UUID
    answer: Answer


def possible(work: Work, client_id: UUID) -> Possible | None:
    """What coming back would mean; None where the contract goes on. Raises NoTerms, NotFound for no such Client."""
    found = _ended(work, client_id)
    if found is None or found.effected_at is None:
        return None
    return Possible(
        ended_at=found.effected_at,
        ground=found.ground,
        refused=_refusal(work, client_id, found),
        closes_at=max((one.closes_at for one in windows.open_of(work.session, client_id)), default=None),
        owed_cents=sum(one.balance_cents for one in billing.owed(work.session, client_id)),
        seats_used=clients.seats(work.session, client_id)[1],
        terms=documents.terms_in_force(work),
    )


def come_back(work: Work, client_id: UUID, wanted: Comeback) -> None:
    """An owner contracts again: a new Subscription from now on, billed at once, under the Terms in force.

    The window of the end closes, a deletion that was asked for is given up. Debts stay and go on suspending where they
    did; Connectors need reconfiguring. Runs as the system in the owner's name. Raises OwnerNeeded, NotEnding,
    ComebackRefused, DeletionBegun, PlanNotOffered, SeatsBelowUse, NotTheVersionShown or AcceptanceNeeded.
    """
    locks.client(work.session, client_id)
    if work.actor.kind != "agent" or not _is_owner(work, client_id):
        raise OwnerNeeded("an owner contracts for the Client")
    found = _ended(work, client_id)
    if found is None:
        raise NotEnding("this contract has not ended")
    refused = _refusal(work, client_id, found)
    if refused == DeletionBegun.code:
        raise DeletionBegun("the data of this Client is being deleted")
    if refused is not None:
        raise ComebackRefused("write to Konectus: a person decides whether this contract comes back")
    version = _plan(work, wanted.plan_version_id)
    documents.accept_shown(work, client_id, wanted.answer)
    terms = wanted.answer.version
    # Whoever accepted this version in the contract before accepts it again for this one (Terms 1).
    after = {"terms": terms.version, "sha256_es": terms.sha256_es.hex(), "language": wanted.answer.language}
    work.record("client.came_back", ("client", client_id), Change(client_id, WHY, {}, after))
    terminations.reactivate(work, client_id, version, WHY)


def _refusal(work: Work, client_id: UUID, found: TerminationRow) -> str | None:
    access = clients.access(work.session, client_id)
    if access.deleting:
        return DeletionBegun.code
    by_a_person = (LiftRule.MANUAL, LiftRule.TWO_PERSONS)
    held = any(POLICIES[cause].lift in by_a_person for cause in access.causes)
    return ComebackRefused.code if held or found.by_whom is not EndedBy.CLIENT else None


def _plan(work: Work, plan_version_id: UUID) -> PlanVersion:
    """Raises PlanNotOffered."""
    found = work.session.get(PlanVersion, plan_version_id)
    if found is None or not contracts.is_sold(work.session, plan_version_id):
        raise PlanNotOffered("that Plan is not sold")
    return found


def _ended(work: Work, client_id: UUID) -> TerminationRow | None:
    found = ended.live(work.session, client_id)
    return found if found is not None and found.effected_at is not None else None


def _is_owner(work: Work, client_id: UUID) -> bool:
    return people.role_of(work.session, client_id, UUID(work.actor.id)) is UserRole.OWNER
