"""What suspending by hand does, in words: connectors, sessions, queued messages, and what stays as it is."""

from backoffice.admin.commands import Effect
from backoffice.admin.given import Typed
from konectus.domain.suspension import POLICIES, Cause
from konectus.i18n import gettext, ngettext
from konectus.services.suspensions import Effects


def of(cause: Cause, found: Effects, tokens: int) -> tuple[Effect, ...]:
    return (_unplugged(found), _signed_out(found, tokens, cause), _cancelled(found), _unchanged())


def of_order(forbids_deletion: bool, given: Typed) -> tuple[Effect, ...]:  # noqa: FBT001 it is what the order says
    """What an order adds: a hold, the export, silence."""
    held = gettext("A hold forbids deleting anything")
    free = gettext("No hold: the order does not forbid deleting")
    export = gettext("The Client can still export") if given["export"] == "yes" else gettext("The export is closed too")
    silent = (
        gettext("Nobody tells the Client") if given["silent"] == "yes" else gettext("The Client is told afterwards")
    )
    hold = held if forbids_deletion else free
    return (
        Effect("lock", "warn" if forbids_deletion else "", hold, gettext("Two people release a hold."), hold),
        Effect("download", "", export, gettext("As the order says."), export),
        Effect("mail", "", silent, gettext("The notice names the clause and no rule of the order."), silent),
    )


def _unplugged(found: Effects) -> Effect:
    n = len(found.connectors)
    if not n:
        none = gettext("No connector is at work")
        return Effect("unplug", "", none, gettext("There is nothing to disconnect."), none)
    return Effect(
        "unplug",
        "danger",
        ngettext("{n} connector is disconnected", "{n} connectors are disconnected", n),
        gettext("To come back, the Client reconnects them one by one."),
        ngettext("{n} connector out", "{n} connectors out", n),
        tuple(channel for channel, _ in found.connectors),
    )


def _signed_out(found: Effects, tokens: int, cause: Cause) -> Effect:
    n = found.people_signed_out
    heading = ngettext("{n} open session ends", "{n} open sessions end", n) if n else gettext("Nobody is signed in")
    if tokens:
        keys = ngettext("{n} API token can only export", "{n} API tokens can only export", tokens)
        heading = gettext("{sessions} and {tokens}", sessions=heading, tokens=keys)
    shut = gettext("Nobody signs in until it is lifted.")
    open_ = gettext("They can sign in again and see what happened. Nobody reads or replies.")
    return Effect(
        "log-out",
        "danger" if n or tokens else "",
        heading,
        shut if POLICIES[cause].login else open_,
        ngettext("{n} session out", "{n} sessions out", n) if n else gettext("Nobody is signed in"),
    )


def _cancelled(found: Effects) -> Effect:
    n = found.sends_cancelled
    if not n:
        none = gettext("No message is queued")
        return Effect("hourglass", "", none, gettext("There is nothing to cancel."), none)
    return Effect(
        "hourglass",
        "warn",
        ngettext("{n} queued message is cancelled", "{n} queued messages are cancelled", n),
        gettext("Its text comes back as a draft."),
        ngettext("{n} message cancelled", "{n} messages cancelled", n),
    )


def _unchanged() -> Effect:
    return Effect(
        "shield-check",
        "ok",
        gettext("What does not change"),
        gettext("Money, data and backups. No period of deletion begins. A payment does not lift it."),
    )
