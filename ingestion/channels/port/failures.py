"""How a call to a channel can fail, in classes that say what to do. The providers' own numbers are data elsewhere."""

from datetime import timedelta
from enum import StrEnum

from konectus.errors import Invalid, KonectusError, Unavailable


class Action(StrEnum):
    """What we do about a refusal."""

    NEEDS_REAUTH = "needs_reauth"  # the token is dead: connector waits for its owner, outbox stops
    PERMISSION_LOST = "permission_lost"  # the connector may not: alert staff
    RESTRICTED = "restricted"  # the channel holds the account back: pause it, alert the Client
    WINDOW = "window"  # outside the reply window
    REFUSED = "refused"  # this message, as it is, never
    MEDIA = "media"  # the file of this message, never
    RECIPIENT_GONE = "recipient_gone"  # deactivated, unknown
    RECIPIENT_BLOCKED = "recipient_blocked"  # out of reach until they write again
    CHAT_CLOSED = "chat_closed"  # the group or channel is over for us
    BUSINESS_GONE = "business_gone"  # the owner's own account is not open to us any more, or not for this chat
    NOT_OWNER = "not_owner"  # another app holds the thread: take it once
    HELD = "held"  # a flow of the channel holds the thread for a while
    CONFLICT = "conflict"  # the token is in use elsewhere: alert
    MIGRATED = "migrated"  # the chat has a new id, named in `new_recipient`
    RATE_LIMIT = "rate_limit"  # later, and not only this message
    RETRY = "retry"  # the channel's trouble
    DONE = "done"  # it is already as it was asked to be: no failure


class ChannelError(KonectusError):
    """A call failed. The text names codes and the channel's trace id, never a token, an address or content."""

    action: Action
    provider_code: str


class Transient(Unavailable, ChannelError):
    """Worth trying again, at the earliest after `retry_after`.

    `maybe_accepted`: the request may have taken effect, so a send must not be repeated blindly.
    """

    code = "channel_transient"

    def __init__(
        self,
        provider_code: str,
        *,
        action: Action = Action.RETRY,
        maybe_accepted: bool,
        retry_after: timedelta | None = None,
        trace: str = "",
    ) -> None:
        super().__init__(f"{action} {provider_code} {trace}".strip())
        self.provider_code = provider_code
        self.action = action
        self.maybe_accepted = maybe_accepted
        self.retry_after = retry_after


class Permanent(Invalid, ChannelError):
    """The same call will fail again until somebody does what `action` says."""

    code = "channel_permanent"

    def __init__(
        self, provider_code: str, *, action: Action, trace: str = "", new_recipient: str | None = None
    ) -> None:
        super().__init__(f"{action} {provider_code} {trace}".strip())
        self.provider_code = provider_code
        self.action = action
        self.new_recipient = new_recipient
