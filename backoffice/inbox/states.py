"""What is told of a part's state and of an attachment, in words of the reader (look.md, "States of things")."""

import json
from typing import Any

from backoffice.inbox.views import Badge, File
from konectus import i18n
from konectus.domain.channels import AttachmentKind, AttachmentState
from konectus.domain.conversations import Delivery
from konectus.i18n import msg
from konectus.store.queries.threads import AttachmentRow

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
# By the code kept with a part (ingestion's actions, and ours).
_WHY = {
    "needs_reauth": msg("the session of the channel expired"),
    "permission_lost": msg("the channel took a permission away"),
    "restricted": msg("the channel holds the account back"),
    "window": msg("the reply window is shut"),
    "window_shut": msg("the reply window is shut"),
    "refused": msg("the channel does not take this message"),
    "recipient_gone": msg("this person cannot be reached any more"),
    "not_owner": msg("another application holds the conversation"),
    "conflict": msg("the account is in use elsewhere"),
    "rate_limit": msg("the channel asks to slow down"),
    "suspended": msg("the service is paused"),
    "expired": msg("it waited for more than a day"),
    "disconnected": msg("the channel was disconnected"),
}
_KINDS = {
    AttachmentKind.IMAGE: ("image", msg("Image")),
    AttachmentKind.AUDIO: ("mic", msg("Audio")),
    AttachmentKind.VIDEO: ("play", msg("Video")),
    AttachmentKind.FILE: ("file-text", msg("File")),
    AttachmentKind.STICKER: ("smile", msg("Sticker")),
    AttachmentKind.LOCATION: ("globe", msg("Place")),
    AttachmentKind.CONTACT: ("circle-user", msg("Contact card")),
    AttachmentKind.SHARE: ("link", msg("Shared post")),
    AttachmentKind.STORY: ("camera", msg("Story")),
    AttachmentKind.UNKNOWN: ("paperclip", msg("Attachment")),
}
_NOT_HERE = {
    AttachmentState.PENDING: msg("arriving"),
    AttachmentState.FAILED: msg("could not be fetched"),
    AttachmentState.LINK_ONLY: msg("stays in the channel"),
    AttachmentState.NO_BYTES: msg("without a file"),
    AttachmentState.STORED: "",
}
PREVIEWED = ("image/jpeg", "image/png", "image/gif", "image/webp")
_KILO = 1000


def of_part(status: Delivery, failure: str | None) -> Badge | None:
    """The state of a part that we sent; nothing for what came in."""
    if status is Delivery.RECEIVED:
        return None
    glyph, words, tone = _STATES[status]
    why = i18n.gettext(_WHY.get((failure or "").partition(":")[0], msg("the channel did not take it")))
    return Badge(glyph, i18n.gettext(words, why=why), tone)


def of_attachment(row: AttachmentRow) -> File:
    """By kind and name; linked only where its bytes are ours, a picture only where browsers draw it safely."""
    glyph, words = _KINDS[row.kind]
    stored = row.state is AttachmentState.STORED
    kind = i18n.gettext(words)
    about = [kind, *([size(row.size)] if row.size else []), *_place(row)]
    if _NOT_HERE[row.state]:
        about.append(i18n.gettext(_NOT_HERE[row.state]))
    return File(
        glyph=glyph,
        name=row.name or kind,
        about=" · ".join(about if row.name else about[1:] or about),
        url=f"/files/{row.id}" if stored else None,
        is_image=stored and row.media_type in PREVIEWED,
    )


def _place(row: AttachmentRow) -> list[str]:
    """Coordinates of a place, as the channel gave them."""
    if row.kind is not AttachmentKind.LOCATION:
        return []
    source: Any = json.loads(row.source or "{}")
    facts = source.get("facts", source) if isinstance(source, dict) else {}
    latitude, longitude = facts.get("lat", facts.get("latitude")), facts.get("long", facts.get("longitude"))
    return [f"{latitude}, {longitude}"] if latitude is not None and longitude is not None else []


def size(count: int) -> str:
    """Bytes in kB or MB, as the look sheet writes them."""
    if count < _KILO * _KILO:
        return f"{i18n.format_number(max(1, round(count / _KILO)))} kB"
    return f"{i18n.format_number(count / _KILO / _KILO, 1)} MB"
