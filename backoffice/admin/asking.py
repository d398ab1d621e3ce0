"""Handing a command to a second person: the request for approval, and the way to its page."""

from backoffice.admin.commands import Known, Second
from backoffice.admin.given import Slip, Typed
from backoffice.admin.roles import APPROVAL
from backoffice.admin.shell import page_of
from konectus.domain.approvals import Action, AlreadyRequested, Command
from konectus.i18n import gettext
from konectus.services import approvals
from konectus.services.work import Work


def ask(work: Work, second: Second, given: Typed, known: Known) -> str:
    """Write the request down, bound to the facts on the page; where it waits. Raises Slip where it waits already."""
    command = Command(Action(second.action), second.subject, dict(second.args))
    try:
        asked = approvals.request(work, command, given.why, known.seen, second.client_id)
    except AlreadyRequested:
        raise Slip(gettext("A second person was asked for exactly this already; see Today")) from None
    return page_of(APPROVAL, asked.id)
