"""Webhook bodies of Messenger and Instagram as Meta writes and signs them. Nothing here decides whether one is sent."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from ingestion.simulator import shares
from ingestion.simulator.state import Account, Json, Message, Thread

# The field an app must have subscribed to for a kind of event, per object.
PAGE_FIELDS = {
    "message": "messages", "echo": "message_echoes", "edit": "message_edits", "delivery": "message_deliveries",
    "read": "message_reads", "reaction": "message_reactions", "postback": "messaging_postbacks",
    "referral": "messaging_referrals", "policy": "messaging_policy_enforcement", "optin": "messaging_optins",
    "handover": "messaging_handovers", "standby": "standby", "account_linking": "messaging_account_linking",
    "customer_information": "messaging_customer_information", "order": "send_cart", "feedback": "response_feedback",
}  # fmt: skip
INSTAGRAM_FIELDS = {
    "message": "messages", "echo": "messages", "unsend": "messages", "edit": "message_edit", "read": "messaging_seen",
    "reaction": "message_reactions", "postback": "messaging_postbacks", "referral": "messaging_referral",
    "optin": "messaging_optins", "handover": "messaging_handover", "standby": "standby",
}  # fmt: skip
# Everything the dashboard offers; an Instagram account gets every field its app has (channels.md 1.6, 3.1).
ALL_INSTAGRAM_FIELDS = (
    "messages", "message_reactions", "messaging_postbacks", "messaging_seen", "messaging_referral", "standby",
    "messaging_handover",
)  # fmt: skip
LOGIN_FLAVOUR_FIELDS = (*ALL_INSTAGRAM_FIELDS, "message_edit", "messaging_optins")
PAGE_INBOX_APP_ID = "263902037430900"

_REACTIONS = {
    "❤️": "love",
    "❤": "love",
    "👍": "like",
    "👎": "dislike",
    "😆": "smile",
    "😂": "smile",
    "😮": "wow",
    "😢": "sad",
    "😠": "angry",
}


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def written(body: Json) -> bytes:
    """The bytes Meta sends: every letter beyond ASCII and every slash escaped."""
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()


def signed(body: bytes, secret: str) -> dict[str, str]:
    """The headers over exactly these bytes."""
    sha256 = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sha1 = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
        "X-Hub-Signature": f"sha1={sha1}",
        "X-Hub-Signature-256": f"sha256={sha256}",
    }


def envelope(account: Account, at: datetime, item: Json, listing: str = "messaging") -> Json:
    """One POST with one entry and one item; `listing` is standby where another app has the thread."""
    name = "page" if account.channel == "messenger" else "instagram"
    return {"object": name, "entry": [{"time": milliseconds(at), "id": account.id, listing: [item]}]}


def from_person(thread: Thread, at: datetime, **event: Any) -> Json:
    sender, recipient = {"id": thread.person_id}, {"id": thread.account.id}
    return {"sender": sender, "recipient": recipient, "timestamp": milliseconds(at), **event}


def from_business(thread: Thread, at: datetime, **event: Any) -> Json:
    sender, recipient = {"id": thread.account.id}, {"id": thread.person_id}
    return {"sender": sender, "recipient": recipient, "timestamp": milliseconds(at), **event}


def said(thread: Thread, message: Message) -> Json:
    """A person's message."""
    content: Json = {"mid": message.id, **_content(thread.account, message), **message.native}
    return from_person(thread, message.at, message=content)


def echoed(thread: Thread, message: Message) -> Json:
    """What the business itself said, whoever pressed send. Instagram names no app."""
    content: Json = {"mid": message.id, "is_echo": True, **_content(thread.account, message)}
    if thread.account.channel == "messenger":
        content["app_id"] = int(message.app_id or PAGE_INBOX_APP_ID)
        if message.metadata is not None:
            content["metadata"] = message.metadata
    return from_business(thread, message.at, message=content)


def delivered(thread: Thread, message: Message, at: datetime) -> Json:
    return from_person(thread, at, delivery={"mids": [message.id], "watermark": milliseconds(message.at)})


def read(thread: Thread, last: Message, at: datetime) -> Json:
    """Messenger says until when everything was read, Instagram names the last message."""
    fact: Json = {"mid": last.id} if thread.account.channel == "instagram" else {"watermark": milliseconds(at)}
    return from_person(thread, at, read=fact)


def edited(thread: Thread, message: Message, at: datetime) -> Json:
    return from_person(thread, at, message_edit={"mid": message.id, "text": message.text, "num_edit": message.edits})


def unsent(thread: Thread, message: Message, at: datetime) -> Json:
    return from_person(thread, at, message={"mid": message.id, "is_deleted": True})


def reacted(thread: Thread, message: Message, at: datetime) -> Json:
    """The reaction that the message carries now; none means it was taken back."""
    fact: Json = {"mid": message.id, "action": "unreact"}
    if message.reaction:
        fact |= {"action": "react", "emoji": message.reaction, "reaction": _REACTIONS.get(message.reaction, "other")}
    return from_person(thread, at, reaction=fact)


def tapped(thread: Thread, message: Message, payload: str, referral: Json | None = None) -> Json:
    fact: Json = {"mid": message.id, "title": message.text, "payload": payload}
    return from_person(thread, message.at, postback=fact | ({"referral": referral} if referral else {}))


def _content(account: Account, message: Message) -> Json:
    content: Json = {"text": message.text} if message.text else {}
    if message.reply_to:
        content["reply_to"] = {"mid": message.reply_to}
    if message.attachments:
        content["attachments"] = [item for told in message.attachments for item in shares.attachment(account, told)]
    return content


def policy(page: Account, at: datetime, action: str, reason: str | None) -> Json:
    """policy_enforcement names no sender; a reason comes with a block alone."""
    fact = {"action": action} | ({"reason": reason} if reason else {})
    return {"recipient": {"id": page.id}, "timestamp": milliseconds(at), "policy_enforcement": fact}
