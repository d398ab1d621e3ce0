"""What a second person is asked for, in words, and who of the staff decides it."""

from uuid import UUID

from konectus.domain.approvals import MAY_DECIDE, Action
from konectus.domain.roles import StaffRole
from konectus.i18n import gettext, msg
from konectus.services.work import Work

WORDS = {
    "suspension.lift_legal_order": msg("Lift a suspension by order"),
    "suspension.lift_security": msg("Lift a suspension for security"),
    "hold.release": msg("Release a hold"),
    "client.delete": msg("Delete a Client's data"),
    "client.delete_exported": msg("Delete the data of a Client that exported"),
    "client.terminate_breach": msg("End a contract for breach"),
    "payment.record": msg("Record a large payment"),
    "invoice.void": msg("Make an invoice void"),
    "credit_note.issue": msg("Issue a large credit note"),
    "refund.approve": msg("Approve a large refund"),
    "document.publish": msg("Publish new terms"),
    "plan.publish": msg("Publish a price"),
}


def about(action: str) -> str:
    return gettext(WORDS[action]) if action in WORDS else action


def decides(action: str, role: StaffRole | None) -> bool:
    """Whether a person of that role may be the second one."""
    return role in MAY_DECIDE.get(Action(action), frozenset())


def reader(work: Work) -> UUID:
    """The person who looks."""
    return UUID(work.actor.id)
