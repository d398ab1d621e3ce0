"""graph.facebook.com and graph.instagram.com: which call means what. Sends, reads and logins have their own files."""

from collections.abc import Awaitable, Callable
from typing import Literal

from ingestion.simulator import bodies, graph_errors, history, login, owners, sending, tokens
from ingestion.simulator.calls import Call
from ingestion.simulator.sending import Send
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json, Thread

Host = Literal["messenger", "instagram"]  # whose tokens the host takes

_PAGE_FIELDS = frozenset({
    *bodies.PAGE_FIELDS.values(), "messaging_optins", "messaging_optouts", "messaging_handovers", "standby",
    "messaging_account_linking", "messaging_feedback", "messaging_integrity", "messaging_customer_information",
    "send_cart", "response_feedback", "feed",
})  # fmt: skip
_INSTAGRAM_FIELDS = frozenset({
    *bodies.LOGIN_FLAVOUR_FIELDS, "message_echoes", "messaging_handover", "messaging_optins", "standby", "comments",
    "live_comments", "mentions", "story_insights",
})  # fmt: skip
_NO_ACCOUNT: dict[tuple[str, ...], Callable[[Stage, Call], Json]] = {
    ("debug_token",): tokens.debug,
    ("oauth", "access_token"): login.exchange,
    ("me", "accounts"): login.pages,
    ("access_token",): login.lengthen_instagram,
    ("refresh_access_token",): login.refresh_instagram,
}


def identify(stage: Stage, call: Call, host: Host) -> Account | None:
    """The account the call is about, None for calls that need none. A send to a person on Instagram is Instagram's."""
    if call.words in _NO_ACCOUNT:
        return None
    owner = tokens.holder(stage, call, host)
    linked = stage.world.linked_instagram(owner.id)
    recipient = str(call.mapping("recipient").get("id", "")) or call.text("recipient")
    is_about_linked = linked is not None and (
        call.words[:1] == (linked.id,)
        or call.text("platform").lower() == "instagram"
        or (recipient and stage.world.thread_of(linked, recipient) is not None)
    )
    return linked if is_about_linked else owner


async def answer(stage: Stage, call: Call) -> Json:
    """The body of a 200. Raises GraphError."""
    account = call.account
    if account is None:
        return _NO_ACCOUNT[call.words](stage, call)
    if not call.words:
        raise graph_errors.unknown_object("", call.verb)
    is_self = call.words[0] in {"me", account.id, account.page}
    if len(call.words) == 1:
        return _node(stage, call, account, is_self=is_self)
    edge = _EDGES.get((call.verb, call.words[1]))
    thread = _thread_by_conversation(stage, account, call.words[0])
    if thread is not None and call.words[1] == "messages" and call.verb == "GET":
        return history.messages(thread)
    if edge is None or not is_self:
        raise graph_errors.unknown_object(call.words[0], call.verb)
    return await edge(stage, call, account)


def _node(stage: Stage, call: Call, account: Account, *, is_self: bool) -> Json:
    name = call.words[0]
    if is_self:
        return history.account(stage, account, call)
    for theirs in filter(None, (account, stage.world.linked_instagram(account.id))):
        if (thread := stage.world.thread_of(theirs, name)) is not None:
            return history.profile(stage, thread, call)
        if (thread := _thread_by_conversation(stage, theirs, name)) is not None:
            return history.conversation(stage, thread, call)
        for thread in stage.world.threads_of(theirs):
            if any(m.id == name for m in thread.messages):
                return history.message(thread, name, call)
    raise graph_errors.unknown_object(name, call.verb)


def _thread_by_conversation(stage: Stage, account: Account, name: str) -> Thread | None:
    if not name.startswith("t_"):
        return None
    linked = stage.world.linked_instagram(account.id)
    theirs = [t for a in filter(None, (account, linked)) for t in stage.world.threads_of(a)]
    return next((t for t in theirs if history.conversation_id(stage, t) == name), None)


async def _send(stage: Stage, call: Call, account: Account) -> Json:
    recipient = call.mapping("recipient")
    if "id" not in recipient:
        raise graph_errors.parameter("The parameter recipient is required")
    thread = stage.world.thread_of(account, str(recipient["id"]))
    if thread is None:
        raise graph_errors.unknown_recipient(account)
    return await sending.send(stage, Send(call, account, thread))


async def _upload(stage: Stage, call: Call, account: Account) -> Json:
    given = call.mapping("message").get("attachment") or {}
    words = f"{account.id}/{len(stage.uploads)}"
    kind, url = str(given.get("type", "")), (given.get("payload") or {}).get("url")
    if "filedata" in call.files:
        made = sending.uploaded(stage, kind, call.files["filedata"], words)
    elif url:
        made = await sending.fetched(stage, kind, str(url))
    else:
        raise graph_errors.parameter("Upload needs filedata or a url")
    return {"attachment_id": sending.keep(stage, made, words)}


async def _subscribe(stage: Stage, call: Call, account: Account) -> Json:
    _own_subscription(account, call)
    named = tuple(str(name) for name in call.listing("subscribed_fields"))
    known = _PAGE_FIELDS if account.channel == "messenger" else _INSTAGRAM_FIELDS
    wrong = next((name for name in named if name not in known), None)
    if wrong is not None or not named:
        allowed = ", ".join(sorted(known))
        raise graph_errors.parameter(f"Param subscribed_fields[0] must be one of {{{allowed}}} - got {wrong!r}.")
    account.subscribed[stage.world.app(account.app).id] = named
    return {"success": True}


async def _subscriptions(stage: Stage, call: Call, account: Account) -> Json:
    _own_subscription(account, call)
    apps = ((stage.world.app_by_id(app_id), names) for app_id, names in account.subscribed.items())
    return {"data": [{"id": a.id, "name": a.name, "subscribed_fields": list(names)} for a, names in apps if a]}


async def _unsubscribe(stage: Stage, call: Call, account: Account) -> Json:
    _own_subscription(account, call)
    account.subscribed.pop(stage.world.app(account.app).id, None)
    return {"success": True}


def _own_subscription(account: Account, call: Call) -> None:
    """An Instagram account under a Page has no subscription of its own: the Page has."""
    if account.page:
        raise graph_errors.unknown_object(call.words[0], call.verb)


async def _conversations(stage: Stage, call: Call, account: Account) -> Json:
    return history.conversations(stage, account, call)


_Edge = Callable[[Stage, Call, Account], Awaitable[Json]]
_EDGES: dict[tuple[str, str], _Edge] = {
    ("POST", "messages"): _send,
    ("POST", "message_attachments"): _upload,
    ("POST", "subscribed_apps"): _subscribe,
    ("GET", "subscribed_apps"): _subscriptions,
    ("DELETE", "subscribed_apps"): _unsubscribe,
    ("GET", "conversations"): _conversations,
    ("POST", "pass_thread_control"): owners.pass_thread,
    ("POST", "take_thread_control"): owners.take_thread,
    ("POST", "request_thread_control"): owners.request_thread,
    ("POST", "release_thread_control"): owners.release_thread,
    ("POST", "extend_thread_control"): owners.extend_thread,
    ("GET", "thread_owner"): owners.thread_owner,
}
