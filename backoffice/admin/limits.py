"""Above which amount one person is not enough (lifecycle.md 6), by the reading that the owner can change."""

from datetime import timedelta
from uuid import UUID

from backoffice.admin.commands import Second
from backoffice.admin.given import Typed
from konectus.domain.approvals import Action
from konectus.i18n import format_money, gettext
from konectus.services.work import Work
from konectus.store.queries import admin_audit, readings

_TOGETHER = timedelta(days=1)
_RECORDED = {Action.RECORD_PAYMENT: "payment.recorded", Action.CREDIT_NOTE: "credit_note.issued"}
# What a form carries for its own way and is no part of what is approved.
_OWN = frozenset({"seen", "weighed", "look", "name"})


def above_limit(work: Work, cents: int, action: Action, client_id: UUID, given: Typed) -> Second | None:
    """A second person for what is done to a Client above the limit, None below and at it.

    What the same person did alone to the same Client within a day counts too: parts of a large amount are large.
    """
    limit = readings.current(work.session).four_eyes_above_cents
    alone = admin_audit.Alone(client_id, work.actor.id, _RECORDED[action], work.now - _TOGETHER)
    together = cents + admin_audit.cents_alone(work.session, alone, limit)
    if together <= limit:
        return None
    shown = {"amount": format_money(together), "limit": format_money(limit)}
    because = gettext("{amount} is more than {limit}.", **shown)
    if together > cents:
        because = gettext("Within a day you come to {amount}, more than {limit}.", **shown)
    return Second(action, ("client", str(client_id)), args(given), because, client_id)


def args(given: Typed) -> dict[str, str]:
    """What was typed, as the approval keeps it and the command is rebuilt from it."""
    return {name: value for name, value in given.values.items() if name not in _OWN}
