"""One messaging item of Meta as an event. Whose it is (account, contact) the caller has decided."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypedDict

from ingestion.channels.meta import attachments
from ingestion.channels.meta.walk import Found
from ingestion.channels.port.reading import (
    facts_of,
    first_text,
    id_of,
    instant_of,
    mapping_of,
    number_of,
    text_of,
)
from ingestion.wire import Broken, Deletion, Edit, Item, Json, Message, Reaction, Receipt, Receipts, Signal
from konectus.domain.channels import as_stored
from konectus.domain.conversations import Direction

Content = Mapping[str, object]
_ENVELOPE = frozenset({"sender", "recipient", "timestamp", "prior_message", "trace_id", "backfilled"})


class Common(TypedDict):
    """What every event of one item shares."""

    account: str
    contact: str | None
    occurred_at: datetime | None
    standby: bool
    facts: Mapping[str, Json]


def read(found: Found, account: str, contact: str | None) -> Item:
    """The event of an item, Broken when its id is missing, a signal `unknown` for a kind nobody knows yet."""
    common: Common = {
        "account": account,
        "contact": contact,
        "occurred_at": found.at,
        "standby": found.standby,
        "facts": _item_facts(found.item),
    }
    for key, reader in _READERS.items():
        if key in found.item:
            return _told(found, account, reader(common, mapping_of(found.item[key])))
    return _signal(
        common, "unknown", raw_key=next((as_stored(key) for key in found.item if key not in _ENVELOPE), None)
    )


def _told(found: Found, account: str, event: Item | None) -> Item:
    return event or Broken(reason="no id", raw=found.body, account=account)


def _item_facts(item: Content) -> dict[str, Json]:
    """What stands beside the content: a guest's user_ref and the note about an earlier one."""
    sender, optin = mapping_of(item.get("sender")), mapping_of(item.get("optin"))
    facts: dict[str, Json] = {}
    if user_ref := id_of(sender.get("user_ref")) or id_of(optin.get("user_ref")):
        facts["user_ref"] = user_ref
    if "prior_message" in item:
        facts["prior_message"] = facts_of(item["prior_message"])
    if item.get("backfilled") is True:
        facts["backfilled"] = True  # our own word: fetched from the channel's history, not delivered
    return facts


def _with(common: Common, **facts: Json) -> Common:
    """The shared part with more facts; None says nothing and is left out."""
    told = {key: value for key, value in facts.items() if value is not None}
    return {**common, "facts": {**common["facts"], **told}}


def _message(common: Common, content: Content) -> Item | None:
    mid = id_of(content.get("mid"))
    if mid is None:
        return None
    is_self = content.get("is_self") is True
    is_out = content.get("is_echo") is True or is_self
    direction = Direction.OUT if is_out else Direction.IN
    if content.get("is_deleted") is True:
        return Deletion(**common, external_id=mid, direction=direction)
    reply = mapping_of(content.get("reply_to"))
    facts = _with(
        common,
        referral=_object(content.get("referral")),
        story=_object(reply.get("story")),
        commands=facts_of(content["commands"]) if content.get("commands") else None,
        is_self=True if is_self else None,
        is_self_reply=facts_of(reply.get("is_self_reply")),
    )
    return Message(
        **facts,
        kind="echo" if content.get("is_echo") is True else "message",
        direction=direction,
        external_id=mid,
        text=text_of(content.get("text")),
        attachments=attachments.read(content.get("attachments")),
        reply_to=id_of(reply.get("mid")),
        payload=first_text(mapping_of(content.get("quick_reply")).get("payload")),
        metadata=text_of(content.get("metadata")),
        app_id=id_of(content.get("app_id")),
        unsupported=content.get("is_unsupported") is True,
    )


def _postback(common: Common, content: Content) -> Item:
    return Message(
        **_with(common, referral=_object(content.get("referral"))),
        kind="postback",
        direction=Direction.IN,
        external_id=id_of(content.get("mid")),
        text=text_of(content.get("title")),
        payload=text_of(content.get("payload")),
    )


def _edit(common: Common, content: Content) -> Item | None:
    mid, number = id_of(content.get("mid")), number_of(content.get("num_edit"))
    if mid is None:
        return None
    text = text_of(content.get("text"))
    return Edit(**_with(common, num_edit=number), external_id=mid, direction=Direction.IN, text=text, number=number)


def _reaction(common: Common, content: Content) -> Item | None:
    mid = id_of(content.get("mid"))
    if mid is None:
        return None
    taken = content.get("action") == "unreact"
    name, emoji = text_of(content.get("reaction")), text_of(content.get("emoji"))
    told: Json = {"action": "unreact" if taken else "react", "name": name, "emoji": emoji}
    return Reaction(**_with(common, reaction=told), external_id=mid, emoji=None if taken else emoji or name)


def _delivery(common: Common, content: Content) -> Item:
    mids = tuple(mid for mid in map(id_of, _ids(content.get("mids"))) if mid)
    watermark = instant_of(content.get("watermark"))
    return Receipt(**common, state=Receipts.DELIVERED, external_ids=mids, watermark=watermark)


def _read(common: Common, content: Content) -> Item:
    watermark = instant_of(content.get("watermark"))
    return Receipt(**common, state=Receipts.READ, watermark=watermark, external_id=id_of(content.get("mid")))


def _ids(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _handover(change: str) -> Callable[[Common, Content], Item]:
    def read_change(common: Common, content: Content) -> Item:
        told = {key: id_of(v) if key.endswith("app_id") else facts_of(v) for key, v in content.items()}
        return _signal(common, "handover", handover={"change": change, **told})

    return read_change


def _kept(kind: str, direction: Direction | None = Direction.IN) -> Callable[[Common, Content], Item]:
    """A signal that keeps its whole content under one fact."""

    def read_whole(common: Common, content: Content) -> Item:
        return Signal(**_with(common, **{kind: facts_of(content)}), kind=kind, direction=direction)

    return read_whole


def _account_linking(common: Common, content: Content) -> Item:
    # The authorization code beside the status is a secret and goes nowhere.
    return _signal(common, "account_linking", status=text_of(content.get("status")))


def _feedback(common: Common, content: Content) -> Item:
    told = _with(common, response_feedback=facts_of(content))
    return Signal(**told, kind="response_feedback", direction=Direction.IN, external_id=id_of(content.get("mid")))


def _signal(
    common: Common,
    kind: str,
    direction: Direction | None = None,
    **facts: Json,
) -> Signal:
    return Signal(**_with(common, **facts), kind=kind, direction=direction)


def _object(value: object) -> Json:
    """An object that says something, else nothing."""
    return facts_of(value) if mapping_of(value) else None


_READERS: Mapping[str, Callable[[Common, Content], Item | None]] = {
    "message": _message,
    "postback": _postback,
    "message_edit": _edit,
    "reaction": _reaction,
    "delivery": _delivery,
    "read": _read,
    "referral": _kept("referral"),
    "optin": _kept("optin"),
    "pass_thread_control": _handover("pass"),
    "take_thread_control": _handover("take"),
    "request_thread_control": _handover("request"),
    "app_roles": _kept("app_roles", None),
    "account_linking": _account_linking,
    "policy_enforcement": _kept("policy", None),
    "policy-enforcement": _kept("policy", None),
    "messaging_customer_information": _kept("customer_information"),
    "order": _kept("order"),
    "message_request": _kept("message_request"),
    "response_feedback": _feedback,
}
