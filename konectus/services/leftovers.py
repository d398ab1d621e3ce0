"""Credit that is left when a contract has ended: proposed to be given back, so that it is neither lost nor forgotten.

Money alone, payment by payment, since it goes back to where it came from; credit notes are never given back. Nothing is
paid here: a person approves, two above the limit, and the transfer is made by hand (refunds).
"""

from uuid import UUID

from konectus.domain.money import RefundStatus
from konectus.domain.tasks import TaskKind
from konectus.services import tasks
from konectus.services.work import Change, Work
from konectus.store.models.payments import Refund
from konectus.store.queries import clients, refunds, terminations
from konectus.store.queries import payments as read

WHY = "The contract ended and this credit pays nothing any more"


def propose(work: Work, client_id: UUID, *, again: UUID | None = None) -> list[Refund]:
    """Propose to give back each payment's money that pays nothing, of a Client whose contract is over.

    What is proposed or on its way is not proposed twice. What a person refused stays refused, but for `again`: a
    payment whose transfer came back. The caller holds the Client's lock; a contract that goes on proposes nothing.
    """
    access = clients.access(work.session, client_id)
    if not (access.terminated or access.deleting):
        return []
    work.session.flush()  # what was just allocated or taken back counts
    decided = refunds.of_payments(work.session, client_id)
    open_ones = [one for one in read.sources(work.session, client_id) if one.kind == "payment"]
    ended = terminations.live(work.session, client_id)
    termination_id = ended.id if ended is not None and ended.effected_at is not None else None
    return [
        _proposed(work, client_id, one, termination_id)
        for one in open_ones
        if one.id == again or not decided.get(one.id, set()) - {RefundStatus.SETTLED}
    ]


def _proposed(work: Work, client_id: UUID, source: read.Source, termination_id: UUID | None) -> Refund:
    refund = Refund(
        id=work.new_id(),
        client_id=client_id,
        payment_id=source.id,
        termination_id=termination_id,
        base_paid_cents=source.left_cents,
        amount_cents=source.left_cents,
        status=RefundStatus.PROPOSED,
        proposed_at=work.now,
    )
    work.session.add(refund)
    after = {"amount_cents": source.left_cents, "payment": str(source.id)}
    work.record("refund.proposed", ("refund", refund.id), Change(client_id, WHY, {}, after))
    tasks.open_task(work, TaskKind.REFUND_DUE, str(refund.id), client_id=client_id)
    return refund
