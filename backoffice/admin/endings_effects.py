"""What endings do, in words: the end of a contract as it will be or is, holds, the way of a deletion."""

from datetime import datetime, timedelta
from uuid import UUID

from backoffice.admin import endings_words as say
from backoffice.admin.commands import Effect
from konectus.domain.connectors import LIVE, ConnectorState
from konectus.i18n import format_date, format_datetime, format_money, gettext, ngettext
from konectus.services.work import Work
from konectus.store.models.payments import Refund
from konectus.store.queries import admin_clients, approvals, billing, payments, readings

_STOPPED = (*LIVE, ConnectorState.PENDING_AUTH)


def at_work(work: Work, client_id: UUID) -> int:
    """Connectors that an end would disconnect."""
    return sum(link.state in _STOPPED for link in admin_clients.links(work.session, client_id))


def takes_effect(at: datetime, *, earliest: bool) -> Effect:
    """`earliest`: the days run from a delivery that is still to come."""
    day = format_datetime(at)
    if not earliest:
        heading = gettext("The contract ends now")
        return Effect("circle-x", "danger", heading, gettext("Without prior notice, as clause 15.2 allows."), heading)
    heading = gettext("The contract ends on {day} at the earliest", day=day)
    small = gettext(
        "Thirty full days counted from the delivery of the notice (clause 15.2). One that bounces does not run."
    )
    return Effect("calendar-clock", "danger", heading, small, heading)


def stops(connectors: int, *, now: bool) -> Effect:
    heading = ngettext("{n} connector is disconnected", "{n} connectors are disconnected", connectors)
    if not connectors:
        heading = gettext("No connector is at work")
    small = gettext("And everybody is signed out; the owner can sign in to export and to pay.")
    if not now:
        small = gettext("Only on that day: until then the service goes on as contracted.")
    return Effect("unplug", "danger" if now else "warn", heading, small, heading)


def exports(work: Work, *, now: bool) -> Effect:
    days = readings.current(work.session).export_window_days
    heading = ngettext("{n} day to export everything begins", "{n} days to export everything begin", days)
    small = gettext("From the end of the contract on (clause 15.3). What is owed stays owed.")
    return Effect("download", "info", heading if now else gettext("Then: {what}", what=heading), small, heading)


def refunded(found: list[Refund], *, due: bool) -> Effect:
    if not due:
        none = gettext("No refund is proposed")
        return Effect("undo-2", "", none, gettext("The Terms grant none on this ground."), none)
    cents = sum(one.amount_cents for one in found)
    heading = gettext("A refund of {amount} is proposed", amount=format_money(cents))
    small = gettext("Of prepaid days that are not used, if it ends on that day. A person of Billing decides.")
    if not cents:
        heading = gettext("There is nothing to give back")
        small = gettext("Nothing was paid for days after the end.")
    return Effect("undo-2", "info", heading, small, heading)


def mailed(heading: str) -> Effect:
    small = gettext("To the registered address, in Spanish first; its delivery is the proof.")
    return Effect("mail", "info", heading, small, heading)


def owes(work: Work, client_id: UUID) -> Effect:
    cents = sum(one.balance_cents for one in billing.owed(work.session, client_id))
    small = gettext("{amount} stays owed. Audit, invoices and notices are kept.", amount=format_money(cents))
    left = sum(one.left_cents for one in payments.sources(work.session, client_id) if one.kind == "payment")
    if left:
        back = gettext("Its credit of {amount} is then proposed to be given back.", amount=format_money(left))
        small = f"{small} {back}"
    return Effect("shield-check", "ok", gettext("What does not change"), small)


def held(work: Work, client_id: UUID) -> Effect:
    return held_by(len(approvals.holds(work.session, client_id)))


def held_by(n: int) -> Effect:
    """What so many holds in force mean."""
    if n:
        heading = ngettext("{n} hold forbids deleting", "{n} holds forbid deleting", n)
        small = gettext("Nothing of the Client is deleted while one is in force.")
        return Effect("lock", "warn", heading, small, heading)
    heading = gettext("No hold forbids deleting any more")
    small = gettext("A deletion may be asked for once the days to export have passed; it still takes two people.")
    return Effect("circle-check", "info", heading, small, heading)


def erases(work: Work, client_id: UUID, starts_at: datetime | None) -> tuple[Effect, ...]:
    """What a deletion does; None for its start while a second person is missing."""
    rest = readings.current(work.session).deletion_rest_hours
    waits = gettext("It waits for the second person")
    small = gettext("It rests {n} hours after the second signature and can be given up until then.", n=rest)
    if starts_at is not None:
        waits = gettext("It begins on {when} at the earliest", when=format_datetime(starts_at))
    gone = gettext("Every message, contact, file and setting of the Client is gone for good")
    key = gettext("Its key is destroyed first, so that backups cannot be read either. Nothing brings it back.")
    paper = gettext("A certificate is written at the end")
    return (
        Effect("alarm-clock", "warn", waits, small, waits),
        Effect("trash-2", "danger", gone, key, gone),
        Effect("file-text", "info", paper, gettext("As PDF and JSON, on the page of the deletion."), paper),
        owes(work, client_id),
    )


def extended(until: datetime) -> Effect:
    last = format_date(until - timedelta(minutes=1), form="full")
    heading = gettext("The Client can export until the end of {day}", day=last)
    small = gettext("Days are only ever added. Nothing is deleted before.")
    return Effect("calendar-clock", "info", heading, small, heading)


def rests(starts_at: datetime, now: datetime) -> str:
    """The countdown of a deletion that two people approved."""
    return gettext("begins {when}, {left}", when=format_datetime(starts_at), left=say.left(starts_at, now))
