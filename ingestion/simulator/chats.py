"""Telegram beyond the private chat: groups, channels, the bot's place in them, migration, business connections."""

from dataclasses import dataclass

from ingestion.simulator import acts, post, updates
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, BusinessConnection, Group, GroupKind, Json, Message, Thread, Writer
from konectus.errors import Conflict, Invalid

# What an owner may allow (channels.md 4.10); a connection has all of it unless told otherwise.
RIGHTS = ("can_reply", "can_read_messages", "can_delete_sent_messages", "can_delete_all_messages")
_GONE = frozenset({"left", "kicked"})


def make_group(stage: Stage, title: str, kind: GroupKind) -> Group:
    """A chat of several; ids of supergroups and channels begin with -100."""
    world = stage.world
    key = f"g{len(world.groups) + 1}"
    number = world.mint.digits(9 if kind == "group" else 10, "group", key)
    chat_id = f"-{number}" if kind == "group" else f"-100{number}"
    world.groups[key] = Group(key, title, "", "", kind=kind, chat_id=chat_id)
    return world.groups[key]


def set_membership(stage: Stage, thread: Thread, status: str, by: Writer) -> list[Delivery]:
    """The bot is added to a group or channel, made administrator, or thrown out."""
    if thread.group is None:
        raise Invalid("people block and unblock a bot by /sim/block; membership is of groups")
    before = "left" if thread.last_customer_at is None and not thread.blocked else "kicked"
    before = before if thread.blocked or thread.last_customer_at is None else "member"
    thread.blocked = status in _GONE
    now = stage.clock.now()
    if not thread.blocked:
        thread.last_customer_at = thread.last_customer_at or now
    return post.bot_update(stage, thread, "member", updates.membership(thread, now, (before, status), by), now)


def migrate(stage: Stage, thread: Thread, by: Writer) -> tuple[Group, list[Delivery]]:
    """A group becomes a supergroup: both sides say so, and the old id answers with the new one from then on."""
    old = thread.group
    if old is None or old.kind != "group" or old.migrated_to is not None:
        raise Conflict("only a group that has not migrated can become a supergroup")
    new = make_group(stage, old.name, "supergroup")
    old.migrated_to = new.chat_id
    there = stage.world.thread(thread.account, new)
    there.last_customer_at = stage.clock.now()
    _, left = acts.say(stage, thread, acts.Words(writer=by, native={"migrate_to_chat_id": int(new.chat_id)}))
    _, entered = acts.say(stage, there, acts.Words(writer=by, native={"migrate_from_chat_id": int(old.chat_id)}))
    return new, left + entered


@dataclass(frozen=True)
class Wish:
    """How an owner wants a connection to be; rights None leaves them."""

    is_enabled: bool = True
    rights: Json | None = None


def connect_business(
    stage: Stage, bot: Account, owner: Writer, wish: Wish
) -> tuple[BusinessConnection, list[Delivery]]:
    """An owner connects the bot to his own account, changes what it may do, or ends it."""
    world, now = stage.world, stage.clock.now()
    known = (c for c in world.connections.values() if c.bot is bot and c.owner.person is owner.person)
    found = next(known, None)
    if found is None:
        connection_id = world.mint.text(22, "business", bot.id, owner.person.key)
        found = BusinessConnection(connection_id, bot, owner, dict.fromkeys(RIGHTS, True), now)
        world.connections[connection_id] = found
    found.is_enabled = wish.is_enabled
    found.rights = found.rights if wish.rights is None else wish.rights
    update = Delivery("telegram", bot.id, owner.person.key, "business", b"", lambda: None, now)
    return found, post.to_bot(stage, bot, {"business_connection": updates.connection(found, now)}, update)


def tell_bot(stage: Stage, bot: Account, content: Json) -> list[Delivery]:
    """An update of any kind as it is; only its number is given."""
    if len(content) != 1 or not isinstance(next(iter(content.values())), dict):
        raise Invalid("an update has one kind with one object")
    return post.to_bot(
        stage, bot, content, Delivery("telegram", bot.id, "", "other", b"", lambda: None, stage.clock.now())
    )


def echo_of_bot(stage: Stage, thread: Thread, message: Message) -> None:
    """In a business chat a bot hears what it said itself."""
    if thread.connection is not None:
        post.bot_update(stage, thread, "message", updates.message(thread, message), message.at)
