"""What the sender does with one part of a reply: begin it, and write down what became of it. The call is not here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from konectus.domain import windows
from konectus.domain.connectors import LIVE, ConnectorState, Reason
from konectus.domain.conversations import Delivery, advance
from konectus.domain.windows import Permission, Window, WindowShut
from konectus.sealing import Unreadable
from konectus.services import connectors, orders
from konectus.services.orders import Order, PartRef
from konectus.services.work import Work
from konectus.store import signals
from konectus.store.keystore import NoKey
from konectus.store.queries import clients, groups, outbox, outcomes, search
from konectus.store.queries import connectors as connector_rows
from konectus.store.queries import sending as parts
from konectus.store.queries.business import BusinessRoute
from konectus.store.queries.groups import Migration
from konectus.store.queries.outcomes import Named, Receipts
from konectus.store.queries.sending import Head, PartRow

# engine.md 4: what waited longer goes back to the agent.
LONGEST_WAIT = timedelta(hours=24)
# A key that is missing may be a key store that is not mounted: nothing is thrown away for it.
_WITHOUT_KEY = timedelta(minutes=5)
# An echo is here by then, mostly.
FIRST_QUESTION = timedelta(seconds=5)
# Why an outcome is not known: somebody is being asked, or nobody can be.
CHECKING, UNCONFIRMED = "checking", "unconfirmed"
# Set by people or by the channel's policy: no outcome of a call changes them.
_KEPT_REASONS = (Reason.PAUSED_BY_STAFF, Reason.POLICY_BLOCK)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a part failed: a stable code, details after a colon; and what that says of the one it was for.

    `unreachable`: the person blocked us or is gone. `closes`: the chat is over for us.
    """

    failure: str
    unreachable: str | None = None
    closes: bool = False


def begin(work: Work, head: Head, wait_for: Callable[[Work, Order], timedelta]) -> Order | None:
    """Decide on a part at the moment of sending and write down that it goes out.

    `wait_for` says how long the chat's own budget makes it wait. None: it does not go out now, and why is written.
    """
    part = parts.lock_part(work.session, head.client_id, head.id)
    if part is None or not part.can_send:
        return None
    try:
        route = orders.route_of(work, part)
        window = windows.of(part.channel, part.window_opened_at, work.now, through_owner=route is not None)
        if _is_stopped(work, part, window, route):
            return None
        order = orders.opened(work, part, route, late=window.permission is Permission.HUMAN_AGENT)
    except (NoKey, Unreadable):
        outbox.put_back(work.session, part.client_id, part.id, work.now + _WITHOUT_KEY)
        return None
    if wait := wait_for(work, order):
        outbox.put_back(work.session, part.client_id, part.id, work.now + wait)
        return None
    outbox.write_down(work.session, part.client_id, part.id, work.now)
    return order


def accepted(work: Work, part: PartRef, external_id: str) -> tuple[UUID, ...]:
    """The channel has it under this id; receipts and an echo that were faster are applied.

    Returns files of the echo that nobody names any more: for the caller to delete, once this is committed.
    Raises IntegrityError where the echo is being written at this moment: do it again in a new transaction.
    """
    keys = work.client_keys(part.client_id)
    key = keys.key_of("message", external_id)
    # Before the part is locked, as the worker does.
    receipt = outcomes.wake_waiting(work.session, part.client_id, part.connector_id, key, work.now)
    known = outcomes.receipts(work.session, part.client_id, part.id)
    if known is None:
        return ()
    status = _after(known)
    echo = outcomes.take_over_echo(work.session, part.client_id, part.connector_id, part.id, key)
    if echo is not None:
        outcomes.amend(work.session, part.client_id, part.id, echo)
    for seen in (echo.status if echo else None, receipt):
        status = advance(status, seen) if seen is not None else status
    sealed = keys.seal_text(external_id, "message", "external_id_sealed", part.id)
    outcomes.name_part(work.session, part.client_id, part.id, status, Named(key, sealed))
    outbox.ask(work.session, part.client_id, part.id, None)
    _end(work, part, True)  # noqa: FBT003 - the change is a fact
    return echo.files if echo else ()


def reached(work: Work, order: Order, *, took_thread: bool) -> None:
    """What an accepted send says of the person and the thread: in reach, and ours again."""
    if order.was_unreachable:
        outcomes.mark_contact(work.session, order.client_id, order.contact_id, None, work.now)
    if took_thread:
        outcomes.free_thread(work.session, order.client_id, order.conversation_id)


def unconfirmed(work: Work, order: Order) -> None:
    """It was written to the wire and nobody knows whether it took effect: never sent again by us, asked for if we can.

    Telegram tells nobody, but for the owner's own account, where what was sent comes back as an event.
    """
    can_ask = order.channel.has_history or order.business_connection is not None
    failure = CHECKING if can_ask else UNCONFIRMED
    changed = outbox.leave_open(work.session, order.client_id, order.id, failure)
    if changed and can_ask:
        outbox.ask(work.session, order.client_id, order.id, work.now + FIRST_QUESTION)
    _end(work, order, changed)


def refused(work: Work, order: Order, refusal: Refusal) -> None:
    """The channel will not have it, today or later."""
    if refusal.unreachable is not None:
        outcomes.mark_contact(work.session, order.client_id, order.contact_id, refusal.unreachable, work.now)
    if refusal.closes:
        outcomes.close_thread(work.session, order.client_id, order.conversation_id, work.now)
    _end(work, order, outbox.refuse(work.session, order.client_id, order.id, refusal.failure))


def postponed(work: Work, order: Order, not_before: datetime) -> None:
    """Nothing of it took effect; it goes out again at `not_before`."""
    outbox.put_back(work.session, order.client_id, order.id, not_before)


def rested(work: Work, order: Order, until: datetime) -> None:
    """The channel asked the whole page or bot to wait; the part stays at the head of its conversation."""
    outbox.hold_account(work.session, order.connector_id, until)
    outbox.put_back(work.session, order.client_id, order.id, work.now)


def moved(work: Work, order: Order, recipient: str) -> None:
    """The chat has a new id: remember it and send again. Refused where the channel names the id we have used."""
    if recipient == order.recipient:
        refused(work, order, Refusal("chat_closed", closes=True))
        return
    keys = work.client_keys(order.client_id)
    move = Migration(client_id=order.client_id, connector_id=order.connector_id, old=order.recipient, new=recipient)
    merged = groups.rename(work.session, keys, move)
    outbox.put_back(work.session, order.client_id, order.id, work.now)
    if merged is not None:
        search.queue(work.session, order.client_id, list(merged.messages), work.now)
        signals.notify_live(work.session, order.client_id, [merged.ended, merged.going_on])


def strand(work: Work, lease_over: datetime) -> int:
    """Parts that a dead process, or one that hangs since `lease_over`, had on the wire are unknown; how many."""
    words = CHECKING, UNCONFIRMED
    found = outbox.strand(work.session, lease_over, work.now + FIRST_QUESTION, words)
    for client_id in {client_id for client_id, _ in found}:
        signals.notify_live(work.session, client_id, [thread for owner, thread in found if owner == client_id])
    return len(found)


def degrade(work: Work, client_id: UUID, connector_id: UUID, reason: Reason) -> None:
    """A call told that the Connector is not well; nothing where it is not live or was stopped by people."""
    row = connector_rows.lock(work.session, client_id, connector_id)
    if row is None or row.state not in LIVE or row.reason in _KEPT_REASONS:
        return
    # That a channel is down says nothing about a dead token, which would be forgotten when it is up again.
    if row.state is ConnectorState.DEGRADED and reason is Reason.PROVIDER_DOWN:
        return
    connectors.settle(work, client_id, connector_id, ConnectorState.DEGRADED, reason)


def recover(work: Work, client_id: UUID, connector_id: UUID, *reasons: Reason) -> None:
    """A call went well: a Connector degraded for one of these reasons is connected again."""
    row = connector_rows.lock(work.session, client_id, connector_id)
    if row is not None and row.state is ConnectorState.DEGRADED and row.reason in reasons:
        connectors.settle(work, client_id, connector_id, ConnectorState.CONNECTED)


def _after(known: Receipts) -> Delivery:
    """Sent, or further where a receipt has been here: compared with when it was written, not with the click."""
    status = advance(Delivery.SENT, known.status)
    if known.written_at is None:
        return status
    if known.delivered_until is not None and known.delivered_until >= known.written_at:
        status = advance(status, Delivery.DELIVERED)
    if known.read_until is not None and known.read_until >= known.written_at:
        status = advance(status, Delivery.READ)
    return status


def _is_stopped(work: Work, part: PartRow, window: Window, route: BusinessRoute | None) -> bool:
    """Age, access, the owner's permission and window, as they are now and not as they were at the click."""
    if work.now - part.queued_at >= LONGEST_WAIT:
        return outbox.cancel(work.session, part.client_id, part.id, "expired")
    if clients.access(work.session, part.client_id).send:
        return outbox.cancel(work.session, part.client_id, part.id, "suspended")
    if route is not None and not route.can_reply:
        return _refused_here(work, part, "business_gone")
    try:
        windows.require_open(window, written_by_person=part.by_person)
    except WindowShut:
        return _refused_here(work, part, "window")
    return False


def _refused_here(work: Work, part: PartRow, failure: str) -> bool:
    _end(work, part, outbox.refuse(work.session, part.client_id, part.id, failure))
    return True


def _end(work: Work, part: PartRef, changed: bool) -> None:  # noqa: FBT001 - told by the change itself
    outbox.close_part(work.session, part.client_id, part.id, work.now)
    if changed:
        signals.notify_live(work.session, part.client_id, [part.conversation_id])
