"""Lines across a thread: what happened in a conversation and is no message, in words. Their place is turns.py."""

from collections.abc import Callable
from dataclasses import dataclass

from backoffice.inbox import facts
from backoffice.inbox.facts import Facts
from backoffice.pages import CHANNELS
from konectus import i18n
from konectus.domain.channels import Channel
from konectus.i18n import msg
from konectus.store.queries.threads import EventRow


@dataclass(frozen=True)
class Said:
    """A line's words, before it has its place in the thread."""

    glyph: str
    words: str
    tone: str = ""


@dataclass(frozen=True)
class _Told:
    """An event's facts with the name of the channel; `own` is the object kept under the event's own kind."""

    facts: Facts
    own: Facts
    channel: str


def of(event: EventRow, channel: Channel) -> Said:
    """What a kind of event says; a kind nobody knows yet says its own name."""
    everything = facts.read(event.facts)
    told = _Told(everything, facts.an_object(everything.get(event.kind)), CHANNELS[channel][0])
    reader = _READERS.get(event.kind)
    if reader is not None:
        return reader(told)
    return Said("info", i18n.gettext("{channel} reports: {kind}", channel=told.channel, kind=event.kind))


def _plain(glyph: str, words: str, tone: str = "") -> Callable[[_Told], Said]:
    return lambda told: Said(glyph, i18n.gettext(words, channel=told.channel), tone)


def _referral(told: _Told) -> Said:
    """An advertisement or link that brought somebody back into the conversation."""
    own = told.own or told.facts
    advertisement = facts.an_object(own.get("ads_context_data"))
    ref = facts.words(own.get("ref"))
    if advertisement or own.get("source") == "ADS":
        named = facts.first(advertisement.get("ad_title"), ref, own.get("ad_id"))
        return Said("flag", _named(msg("Came from an advertisement"), named))
    return Said("link", _named(msg("Came through a link"), ref))


def _named(words: str, name: str) -> str:
    told = i18n.gettext(words)
    return f"{told}: {name}" if name else told


def _optin(told: _Told) -> Said:
    status = facts.first(told.own.get("notification_messages_status"), told.facts.get("notification_messages_status"))
    if status.startswith("STOP"):
        return Said("bell", i18n.gettext("Stopped the notices they had asked for"))
    return Said("bell", i18n.gettext("Agreed to receive notices"))


_HANDOVERS = {
    "pass": msg("The conversation was handed to another application"),
    "take": msg("Another application took the conversation"),
    "request": msg("Another application asks for the conversation"),
    "release": msg("The conversation is free again"),
}


def _handover(told: _Told) -> Said:
    change = facts.words(told.own.get("change"))
    return Said("git-merge", i18n.gettext(_HANDOVERS.get(change, _HANDOVERS["take"])))


_POLICIES = {
    "block": (msg("{channel} blocked the account for breaking its rules"), "tone-danger"),
    "unblock": (msg("{channel} lifted the block of the account"), ""),
    "warning": (msg("{channel} warns the account about its rules"), "tone-danger"),
}


def _policy(told: _Told) -> Said:
    words, tone = _POLICIES.get(facts.words(told.own.get("action")), _POLICIES["warning"])
    said = i18n.gettext(words, channel=told.channel)
    reason = facts.words(told.own.get("reason"))
    return Said("shield-alert", f"{said}: {reason}" if reason else said, tone)


def _linking(told: _Told) -> Said:
    if facts.first(told.facts.get("status"), told.own.get("status")) == "unlinked":
        return Said("unplug", i18n.gettext("Unlinked their account"))
    return Said("plug", i18n.gettext("Linked their account"))


def _order(told: _Told) -> Said:
    """Products and amounts as the channel's cart tells them."""
    products = [facts.an_object(one) for one in facts.a_list(told.own.get("products"))]
    named = [
        " ".join(filter(None, (facts.words(one.get("quantity")), "×", facts.first(one.get("name"), one.get("id")))))
        for one in products
    ]
    note = facts.words(told.own.get("note"))
    return Said("receipt", _named(msg("Placed an order"), " · ".join(filter(None, (*named, note)))))


def _information(told: _Told) -> Said:
    answers: list[str] = []
    for screen in facts.a_list(told.own.get("screens")):
        for answer in facts.a_list(facts.an_object(screen).get("responses")):
            one = facts.an_object(answer)
            answers.append(f"{facts.words(one.get('key'))}: {facts.words(one.get('value'))}")
    return Said("table-2", _named(msg("Filled in a form"), " · ".join(answers)))


def _feedback(told: _Told) -> Said:
    is_good = facts.words(told.own.get("feedback")).startswith("Good")
    words = msg("Says that an answer was good") if is_good else msg("Says that an answer was not good")
    return Said("star", i18n.gettext(words))


_AWAY = ("kicked", "left", "banned")


def _membership(told: _Told) -> Said:
    """In a private chat `kicked` means blocked; in a group the bot came or went."""
    status = facts.first(told.facts.get("status"), told.own.get("status"), told.facts.get("new_status"))
    is_away = status in _AWAY
    if facts.first(told.facts.get("chat_type"), told.own.get("chat_type")) not in ("", "private"):
        words = msg("The bot was taken out of the group") if is_away else msg("The bot was added to the group")
        return Said("users", i18n.gettext(words))
    if is_away:
        return Said(
            "ban", i18n.gettext("Blocked the account; nothing can be sent until they unblock it"), "tone-danger"
        )
    return Said("circle-check", i18n.gettext("Can be written to again"))


def _business(told: _Told) -> Said:
    own = told.own or told.facts
    if own.get("enabled") is False or own.get("is_enabled") is False:
        return Said("unplug", i18n.gettext("The business account was disconnected from the bot"))
    return Said("building-2", i18n.gettext("The business account was connected to the bot"))


_SERVICES = {
    "new_chat_members": msg("Somebody joined the group"),
    "new_chat_member": msg("Somebody joined the group"),
    "left_chat_member": msg("Somebody left the group"),
    "new_chat_title": msg("The group has a new name"),
    "pinned_message": msg("A message was pinned"),
    "migrate_to_chat_id": msg("The group became a supergroup; the conversation goes on here"),
    "migrate_from_chat_id": msg("The group became a supergroup; the conversation goes on here"),
    "write_access_allowed": msg("Allowed the bot to write"),
    "web_app_data": msg("Sent a form of the bot's app"),
    "users_shared": msg("Shared contacts"),
    "chat_shared": msg("Shared a chat"),
    "checklist_tasks_done": msg("Ticked tasks of a checklist"),
    "checklist_tasks_added": msg("Added tasks to a checklist"),
    "successful_payment": msg("Paid"),
    "refunded_payment": msg("Got a payment back"),
}


def _service(told: _Told) -> Said:
    service = facts.words(told.facts.get("service"))
    words = _SERVICES.get(service)
    if words is not None:
        return Said("info", i18n.gettext(words))
    return Said("info", i18n.gettext("{channel} reports: {kind}", channel=told.channel, kind=service.replace("_", " ")))


_READERS: dict[str, Callable[[_Told], Said]] = {
    "referral": _referral,
    "optin": _optin,
    "optout": _plain("bell", msg("Stopped the notices they had asked for")),
    "handover": _handover,
    "standby": _plain("eye", msg("Another application leads the conversation; we only listen")),
    "app_roles": _plain("settings", msg("{channel} changed which application leads conversations")),
    "policy": _policy,
    "account_linking": _linking,
    "customer_information": _information,
    "order": _order,
    "message_request": _plain("user-plus", msg("Their message came as a request; answering accepts it")),
    "response_feedback": _feedback,
    "bot_membership": _membership,
    "blocked": _plain("ban", msg("Blocked the account; nothing can be sent until they unblock it"), "tone-danger"),
    "unblocked": _plain("circle-check", msg("Can be written to again")),
    "business_connection": _business,
    "service": _service,
    "migration": _plain("users", msg("The group became a supergroup; the conversation goes on here")),
}
