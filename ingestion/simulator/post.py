"""From an event to deliveries: who is subscribed to it, and with which address, headers and patience it travels."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from ingestion.simulator import bodies, updates
from ingestion.simulator.deliver import Delivery, Target
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json, MetaApp, Thread

# Meta switches a webhook off after an hour of failures, Telegram keeps an update for a day (channels.md 1.4, 4.3).
META_KEEPS = timedelta(hours=1)
TELEGRAM_KEEPS = timedelta(hours=24)
_UPDATE_KINDS = {
    "message": "message", "edit": "edited_message", "callback": "callback_query", "member": "my_chat_member",
    "reaction": "message_reaction", "reaction_count": "message_reaction_count", "business": "business_connection",
    "deleted": "deleted_business_messages",
}  # fmt: skip
_IN_CHANNELS = {"message": "channel_post", "edit": "edited_channel_post"}
_IN_BUSINESS_CHATS = {"message": "business_message", "edit": "edited_business_message"}
# What another app's thread still tells us, under standby (channels.md 2.2).
_ON_STANDBY = frozenset({"message", "echo", "delivery", "read", "postback"})


def meta_event(stage: Stage, thread: Thread, kind: str, item: Json) -> list[Delivery]:
    """Send one item to every app that is subscribed to its kind; on standby to those that do not have the thread."""
    sent, account, now = [], thread.account, stage.clock.now()
    for app in _subscribed(stage, account):
        waits = thread.owner_app not in {None, app.id} and kind in _ON_STANDBY
        told = _without_payload(item) if waits else item
        body = bodies.written(bodies.envelope(account, now, told, "standby" if waits else "messaging"))
        sent += _to_app(stage, account, app, ("standby" if waits else kind, kind, thread.person.key, body))
    return sent


def about_account(stage: Stage, account: Account, kind: str, item: Json) -> list[Delivery]:
    """An item about the Page or Instagram account itself, with nobody it is about."""
    body = bodies.written(bodies.envelope(account, stage.clock.now(), item))
    return [d for app in _subscribed(stage, account) for d in _to_app(stage, account, app, (kind, kind, "", body))]


def _subscribed(stage: Stage, account: Account) -> list[MetaApp]:
    return [app for app in map(stage.world.app_by_id, stage.world.subscriptions(account)) if app is not None]


def _without_payload(item: Json) -> Json:
    if "postback" not in item:
        return item
    return item | {"postback": {key: value for key, value in item["postback"].items() if key != "payload"}}


def _to_app(stage: Stage, account: Account, app: MetaApp, event: tuple[str, str, str, bytes]) -> list[Delivery]:
    """`event` is the field's kind that must be subscribed, the kind it is noted under, the person, and the bytes."""
    field, kind, person, body = event
    if not _listens(stage, account, app, field):
        return []
    resolve = _target(stage, account, app, (field, body))
    delivery = Delivery(account.channel, account.id, person, kind, body, resolve, stage.clock.now())
    delivery.keep_for = META_KEEPS
    stage.courier.send(stage.courier.note(delivery))
    return [delivery]


def _target(stage: Stage, account: Account, app: MetaApp, event: tuple[str, bytes]) -> Callable[[], Target | None]:
    kind, body = event

    def resolve() -> Target | None:
        if not _listens(stage, account, app, kind):
            return None
        return Target(app.webhook_url, bodies.signed(body, app.signing_secret))

    return resolve


def _listens(stage: Stage, account: Account, app: MetaApp, kind: str) -> bool:
    fields = stage.world.subscriptions(account).get(app.id)
    if fields is None:
        return False
    if account.channel == "messenger":
        return bodies.PAGE_FIELDS.get(kind) in fields
    offered = bodies.ALL_INSTAGRAM_FIELDS if account.page else bodies.LOGIN_FLAVOUR_FIELDS
    return bodies.INSTAGRAM_FIELDS.get(kind) in offered


def unsubscribe_failing(stage: Stage) -> Callable[[Delivery], None]:
    """What Meta does after an hour without a 2xx: the app is no longer subscribed for that account."""

    def given_up(delivery: Delivery) -> None:
        if delivery.channel == "telegram":
            return
        account = stage.world.account(delivery.channel, delivery.account)
        for app in stage.world.apps.values():
            if app.webhook_url == delivery.url:
                stage.world.subscriptions(account).pop(app.id, None)

    return given_up


def bot_update(stage: Stage, thread: Thread, kind: str, content: Json, at: datetime) -> list[Delivery]:
    """Send one update about a thread, under the name its chat gives to the kind."""
    group, special = thread.group, {}
    if thread.connection is not None:
        special = _IN_BUSINESS_CHATS
    elif group is not None and group.kind == "channel":
        special = _IN_CHANNELS
    delivery = Delivery("telegram", thread.account.id, thread.person.key, kind, b"", lambda: None, at)
    delivery.chat = f"{thread.connection.id}/{thread.person.key}" if thread.connection else ""
    return to_bot(stage, thread.account, {special.get(kind, _UPDATE_KINDS.get(kind, kind)): content}, delivery)


def to_bot(stage: Stage, bot: Account, content: Json, delivery: Delivery) -> list[Delivery]:
    """Send an update of one key, or keep it for a day where no webhook is set. What was not asked for is never made."""
    name = next(iter(content))
    if not _asked_for(bot, name):
        return []
    told = updates.update(bot, name, content[name])
    delivery.update_id, delivery.body = told["update_id"], updates.written(told)
    delivery.blocks_queue, delivery.keep_for, delivery.resolve = True, TELEGRAM_KEEPS, partial(target_of, bot)
    stage.courier.note(delivery)
    if bot.webhook.url:
        stage.courier.send(delivery)
    else:
        delivery.state = "pending"
    return [delivery]


def flush_pending(stage: Stage, bot: Account) -> None:
    """A webhook was set: what waited for less than a day goes out, the rest is lost."""
    for delivery in pending(stage, bot):
        if stage.clock.now() - delivery.created_at >= TELEGRAM_KEEPS:
            delivery.state = "dropped"
        else:
            stage.courier.send(delivery)


def drop_pending(stage: Stage, bot: Account) -> None:
    for delivery in pending(stage, bot):
        delivery.state = "dropped"


def pending(stage: Stage, bot: Account) -> list[Delivery]:
    return [d for d in stage.courier.log if (d.channel, d.account) == bot.key and d.state == "pending"]


def _asked_for(bot: Account, name: str) -> bool:
    allowed = bot.webhook.allowed_updates
    return name in allowed if allowed else name not in updates.BY_NAME_ONLY


def target_of(bot: Account) -> Target | None:
    """Where a bot's updates go at present, with the secret that proves them; None without a webhook."""
    if not bot.webhook.url:
        return None
    secret = bot.webhook.secret_token
    named = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    return Target(bot.webhook.url, {"Content-Type": "application/json", **named})
