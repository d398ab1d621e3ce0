"""Money commands that a second person approved: the same command, rebuilt from what was asked for and carried out.

Pages of approvals ask `of` for the command: its `known(...).seen` is what the approval is bound to, its rehearsal is
what the second person sees, and `carry_out` does it in the transaction of the decision.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from backoffice.admin.bill_commands import VoidInvoice
from backoffice.admin.commands import Command
from backoffice.admin.credit import IssueCredit
from backoffice.admin.given import Typed
from backoffice.admin.payment import RecordPayment
from backoffice.admin.publish import PublishPlan
from backoffice.admin.refund import DecideRefund, Verdict
from konectus.domain import approvals as rules
from konectus.domain.approvals import Action
from konectus.domain.endings import ApprovalState
from konectus.services import approvals
from konectus.services.work import Work

MADE: Mapping[Action, Callable[[str], Command]] = {
    Action.RECORD_PAYMENT: lambda subject: RecordPayment(UUID(subject)),
    Action.VOID_INVOICE: lambda subject: VoidInvoice(UUID(subject)),
    Action.CREDIT_NOTE: lambda subject: IssueCredit(UUID(subject)),
    Action.REFUND: lambda subject: DecideRefund(UUID(subject), Verdict.APPROVE),
    Action.PUBLISH_PLAN: PublishPlan,
}


def of(asked: rules.Command) -> tuple[Command, Typed] | None:
    """The command and what was typed into it; None for actions that are no money command."""
    make = MADE.get(asked.action)
    if make is None:
        return None
    return make(asked.subject[1]), Typed({name: str(value) for name, value in asked.args.items()})


def decide(work: Work, approval_id: UUID, *, approve: bool, reason: str) -> str | None:
    """The second person decides, and what was approved is done in the same transaction; where to go then.

    None where nothing was done: rejected, or void since the facts changed. Raises what `approvals.decide` raises,
    Refused and Slip.
    """
    asked = approvals.command_of(approvals.locked(work, approval_id))
    found = of(asked)
    if found is None:
        raise LookupError(asked.action)
    command, given = found
    seen = command.known(work).seen
    if approvals.decide(work, approval_id, approve, reason, seen).state != ApprovalState.APPROVED:
        return None
    if not approvals.use(work, approval_id, asked, seen):
        return None
    return command.carry_out(work, given)
