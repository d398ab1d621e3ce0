"""Why a send failed, in words, by the class that daily usage keeps. How a single part says it is the inbox's."""

from konectus.i18n import gettext, msg

_WORDS = {
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
    "suspended": msg("the service is paused"),
    "expired": msg("it waited for more than a day"),
    "disconnected": msg("the channel was disconnected"),
}


def of_class(name: str) -> str:
    """Without the channel's own numbers; of a class that is not listed, what is true of all."""
    return gettext(_WORDS.get(name.partition(":")[0], msg("the channel did not take it")))
