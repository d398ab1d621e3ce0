"""What is told of a part's state, and what an agent may do about it (look.md, "States of things")."""

from backoffice.inbox.bubbles import Act, Badge
from konectus import i18n
from konectus.domain.conversations import Delivery
from konectus.i18n import msg
from konectus.store.queries.threads import MessageRow

_STATES = {
    Delivery.QUEUED: ("hourglass", msg("Queued"), ""),
    Delivery.SENDING: ("loader-circle", msg("Sending…"), "busy"),
    Delivery.SENT: ("check", msg("Sent"), ""),
    Delivery.DELIVERED: ("check-check", msg("Delivered"), ""),
    Delivery.READ: ("check-check", msg("Read"), "read"),
    Delivery.FAILED: ("circle-alert", msg("Not sent: {why}"), "failed"),
    Delivery.UNKNOWN: ("circle-help", msg("Unconfirmed; checking. Do not resend."), "unknown"),
    Delivery.CANCELLED: ("ban", msg("Cancelled: {why}; back in your draft"), ""),
}
_SENT_AGAIN, _UNCONFIRMED = "sent_again", "unconfirmed"
# By the code kept with a part (ingestion's actions, and ours).
_WHY = {
    "needs_reauth": msg("the session of the channel expired"),
    "permission_lost": msg("the channel took a permission away"),
    "restricted": msg("the channel holds the account back"),
    "window": msg("the reply window is shut"),
    "window_shut": msg("the reply window is shut"),
    "refused": msg("the channel does not take this message"),
    "media": msg("the channel does not take this file"),
    "recipient_gone": msg("this person cannot be reached any more"),
    "recipient_blocked": msg("this person blocked the account"),
    "chat_closed": msg("the group is closed or the bot is not in it any more"),
    "business_gone": msg("the business connection ended or has been quiet for 24 hours"),
    "not_owner": msg("another application holds the conversation"),
    "conflict": msg("the account is in use elsewhere"),
    "rate_limit": msg("the channel asks to slow down"),
    "file_lost": msg("we do not have the file any more"),
    "no_app": msg("the channel is not set up here"),
    "cancelled": msg("you stopped it"),
    "suspended": msg("the service is paused"),
    "expired": msg("it waited for more than a day"),
    "disconnected": msg("the channel was disconnected"),
}
# Sending the same again cannot help.
_FINAL = frozenset({_SENT_AGAIN, "file_lost", "no_app"})


def of_part(status: Delivery, failure: str | None) -> Badge | None:
    """The state of a part that we sent; nothing for what came in."""
    if status is Delivery.RECEIVED:
        return None
    code = _code(failure)
    if code == _SENT_AGAIN:
        return Badge("rotate-cw", i18n.gettext("Not sent; sent again below"))
    if status is Delivery.UNKNOWN and code == _UNCONFIRMED:
        return Badge("circle-help", i18n.gettext("Unconfirmed; the channel cannot tell. Did it arrive?"), "unknown")
    glyph, words, tone = _STATES[status]
    why = i18n.gettext(_WHY.get(code, msg("the channel did not take it")))
    return Badge(glyph, i18n.gettext(words, why=why), tone)


def acts_of(message: MessageRow) -> tuple[Act, ...]:
    """What an agent may do about a part: stop it, send it again, or say what became of it."""
    code = _code(message.failure)
    url = f"/inbox/c/{message.conversation_id}/parts/{message.id}"
    if message.status is Delivery.QUEUED:
        return (Act(f"{url}/cancel", i18n.gettext("Do not send")),)
    if message.status is Delivery.UNKNOWN and code == _UNCONFIRMED:
        return (
            Act(f"{url}/decide", i18n.gettext("It arrived"), "arrived", i18n.gettext("It is marked as sent.")),
            Act(
                f"{url}/decide",
                i18n.gettext("Send again"),
                "again",
                i18n.gettext("If it did arrive after all, they read it twice."),
            ),
        )
    is_lost_file = message.status is Delivery.CANCELLED and bool(message.attachments)
    if (message.status is Delivery.FAILED or is_lost_file) and code not in _FINAL:
        return (Act(f"{url}/retry", i18n.gettext("Send again")),)
    return ()


def _code(failure: str | None) -> str:
    return (failure or "").partition(":")[0]
