"""What the sender does with one part of a reply: begin it, and write down what became of it. The call is not here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from konectus.domain import windows
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE, ConnectorState, Reason
from konectus.domain.conversations import Delivery, advance
from konectus.domain.windows import Permission, Window, WindowShut
from konectus.sealing import ClientKeys, Unreadable
from konectus.services import connectors
from konectus.services.work import Work
from konectus.store import signals
from konectus.store.keystore import NoKey
from konectus.store.queries import clients, outcomes
from konectus.store.queries import connectors as connector_rows
from konectus.store.queries import sending as parts
from konectus.store.queries.outcomes import Named, Receipts
from konectus.store.queries.sending import Head, PartRow

# engine.md 4: what waited longer goes back to the agent.
LONGEST_WAIT = timedelta(hours=24)
# A key that is missing may be a key store that is not mounted: nothing is thrown away for it.
_WITHOUT_KEY = timedelta(minutes=5)
# Set by people or by the channel's policy: no outcome of a call changes them.
_KEPT_REASONS = (Reason.PAUSED_BY_STAFF, Reason.POLICY_BLOCK)
_BUSINESS_ID_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A part that goes to its channel now. Secrets and content stay out of its repr."""

    client_id: UUID
    id: UUID
    connector_id: UUID
    conversation_id: UUID
    contact_id: UUID
    channel: Channel
    account_id: str
    app: str | None
    attempts: int
    late: bool
    degraded: bool
    secret: str = field(repr=False)
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    business_connection: str | None = None


def begin(work: Work, head: Head, wait_for: Callable[[Order], timedelta]) -> Order | None:
    """Decide on a part at the moment of sending and write down that it goes out.

    `wait_for` says how long the person's own budget makes it wait. None: it does not go out now, and why is written.
    """
    part = parts.lock_part(work.session, head.client_id, head.id)
    if part is None or not part.can_send:
        return None
    window = windows.of(part.channel, part.window_opened_at, work.now)
    if _is_stopped(work, part, window):
        return None
    order = _opened(work, part, late=window.permission is Permission.HUMAN_AGENT)
    wait = wait_for(order) if order is not None else _WITHOUT_KEY
    if order is None or wait:
        parts.put_back(work.session, part.client_id, part.id, work.now + wait)
        return None
    parts.write_down(work.session, part.client_id, part.id, work.now)
    return order


def accepted(work: Work, order: Order, external_id: str) -> None:
    """The channel took it under this id; receipts and an echo that were faster are applied.

    Raises IntegrityError where the echo is being written at this moment: do it again in a new transaction.
    """
    keys = work.client_keys(order.client_id)
    known = outcomes.receipts(work.session, order.client_id, order.id)
    if known is None:
        return
    key = keys.key_of("message", external_id)
    status = _after(known)
    for seen in (
        outcomes.take_over_echo(work.session, order.client_id, order.connector_id, order.id, key),
        outcomes.take_tombstone(work.session, order.client_id, order.connector_id, key),
    ):
        status = advance(status, seen) if seen is not None else status
    sealed = keys.seal_text(external_id, "message", "external_id_sealed", order.id)
    outcomes.name_part(work.session, order.client_id, order.id, status, Named(key, sealed))
    _end(work, order, True)  # noqa: FBT003 - the change is a fact


def unconfirmed(work: Work, order: Order) -> None:
    """It was written to the wire and nobody knows whether it took effect: never sent again by us."""
    _end(work, order, parts.leave_open(work.session, order.client_id, order.id))


def refused(work: Work, order: Order, failure: str) -> None:
    """The channel will not have it, today or later. `failure` is a stable code, details after a colon."""
    _end(work, order, parts.refuse(work.session, order.client_id, order.id, failure))


def postponed(work: Work, order: Order, not_before: datetime) -> None:
    """Nothing of it took effect; it goes out again at `not_before`."""
    parts.put_back(work.session, order.client_id, order.id, not_before)


def rested(work: Work, order: Order, until: datetime) -> None:
    """The channel asked the whole page or bot to wait; the part stays at the head of its conversation."""
    parts.hold_account(work.session, order.connector_id, until)
    parts.put_back(work.session, order.client_id, order.id, work.now)


def moved(work: Work, order: Order, recipient: str) -> None:
    """The chat has a new id: remember it and send again; refused where that chat is known already."""
    keys = work.client_keys(order.client_id)
    key = keys.key_of("contact", recipient)
    sealed = keys.seal_text(recipient, "contact", "external_id_sealed", order.contact_id)
    if outcomes.rename_contact(work.session, order.client_id, order.contact_id, Named(key, sealed)):
        parts.put_back(work.session, order.client_id, order.id, work.now)
    else:
        refused(work, order, "recipient_gone")


def strand(work: Work, written_before: datetime) -> int:
    """Parts that a dead process had on the wire are unknown; how many."""
    found = parts.strand(work.session, written_before)
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


def _is_stopped(work: Work, part: PartRow, window: Window) -> bool:
    """Age, access and window, as they are now and not as they were at the click."""
    if work.now - part.queued_at >= LONGEST_WAIT:
        return parts.cancel(work.session, part.client_id, part.id, "expired")
    if clients.access(work.session, part.client_id).send:
        return parts.cancel(work.session, part.client_id, part.id, "suspended")
    try:
        windows.require_open(window, written_by_person=part.by_person)
    except WindowShut:
        _end(work, part, parts.refuse(work.session, part.client_id, part.id, "window"))
        return True
    return False


def _opened(work: Work, part: PartRow, *, late: bool) -> Order | None:
    try:
        return _order(work, work.client_keys(part.client_id), part, late=late)
    except (NoKey, Unreadable):
        return None


def _order(work: Work, keys: ClientKeys, part: PartRow, *, late: bool) -> Order:
    return Order(
        client_id=part.client_id,
        id=part.id,
        connector_id=part.connector_id,
        conversation_id=part.conversation_id,
        contact_id=part.contact_id,
        channel=part.channel,
        account_id=part.account_id,
        app=part.app,
        attempts=part.attempts + 1,
        late=late,
        degraded=part.is_degraded,
        secret=keys.read(part.secret_sealed, "connector", "secret_sealed", part.connector_id),
        recipient=keys.open_text(part.recipient_sealed, "contact", "external_id_sealed", part.contact_id),
        text=keys.read(part.text_sealed, "message", "text_sealed", part.id),
        business_connection=_business_connection(work, keys, part),
    )


def _business_connection(work: Work, keys: ClientKeys, part: PartRow) -> str | None:
    """Telegram names a message of a business chat connection:chat:message; an answer goes through the same one."""
    if part.channel is not Channel.TELEGRAM:
        return None
    found = parts.last_inbound(work.session, part.client_id, part.conversation_id)
    if found is None:
        return None
    pieces = keys.open_text(found[1], "message", "external_id_sealed", found[0]).split(":")
    return pieces[0] if len(pieces) == _BUSINESS_ID_PARTS else None


def _end(work: Work, part: Order | PartRow, changed: bool) -> None:  # noqa: FBT001 - told by the change itself
    parts.close_part(work.session, part.client_id, part.id, work.now)
    if changed:
        signals.notify_live(work.session, part.client_id, [part.conversation_id])
