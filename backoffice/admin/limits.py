"""Above which amount one person is not enough (lifecycle.md 6), by the reading that the owner can change."""

from uuid import UUID

from backoffice.admin.commands import Second
from backoffice.admin.given import Typed
from konectus.domain.approvals import Action
from konectus.i18n import format_money, gettext
from konectus.services.work import Work
from konectus.store.queries import readings

# What a form carries for its own way and is no part of what is approved.
_OWN = frozenset({"seen", "weighed", "look", "name"})


def above_limit(work: Work, cents: int, action: Action, client_id: UUID, given: Typed) -> Second | None:
    """A second person for what is done to a Client above the limit, None below and at it."""
    limit = readings.current(work.session).four_eyes_above_cents
    if cents <= limit:
        return None
    because = gettext("{amount} is more than {limit}.", amount=format_money(cents), limit=format_money(limit))
    return Second(action, ("client", str(client_id)), args(given), because, client_id)


def args(given: Typed) -> dict[str, str]:
    """What was typed, as the approval keeps it and the command is rebuilt from it."""
    return {name: value for name, value in given.values.items() if name not in _OWN}
