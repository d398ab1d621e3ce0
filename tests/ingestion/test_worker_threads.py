"""What stands beside messages: windows and what opened them, groups, owners' chats, threads of other apps, policies."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from konectus.domain import windows
from konectus.domain.channels import Channel
from konectus.services.installation import Installation
from konectus.store.queries import watch
from konectus.store.queries.business import BusinessRoute, business_route
from konectus.store.roles import Role
from tests.ingestion.harness import page, said, update, with_app
from tests.ingestion.stored import Stored, log, outcomes, work
from tests.support.factories import Factory

PAGE = "9001"
META = "meta:demo"
T0 = 1795107600393
SECOND = 1795107600
OUR_APP, OTHER_APP = "1001", "2002"
GROUP = {"id": -638, "type": "group", "title": "Obra"}
SUPERGROUP = {"id": -100638, "type": "supergroup", "title": "Obra"}
ANA = {"id": 7, "is_bot": False, "first_name": "Ana", "username": "anasolis"}


@pytest.fixture
def client(installation: Installation, make: Factory) -> Stored:
    """A Client with a connected Page."""
    made = make.client()
    make.connector(made.id, account_id=PAGE)
    return Stored(installation, made.id)


@pytest.fixture
def bot(installation: Installation, make: Factory) -> tuple[Stored, UUID]:
    """A Client with a bot."""
    made = make.client()
    return Stored(installation, made.id), make.connector(made.id, channel=Channel.TELEGRAM)


def item(at: int, *, person: str = "55", **content: object) -> dict[str, Any]:
    return {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": at, **content}


def handled(installation: Installation, *items: object) -> None:
    log(installation, META, page(PAGE, *items))
    work(with_app(installation))


def updated(installation: Installation, bot: UUID, *told: dict[str, Any], start: int = 100) -> None:
    bodies = [json.dumps({"update_id": start + n, **one}).encode() for n, one in enumerate(told)]
    log(installation, f"telegram:{bot}", *bodies)
    work(installation)


def spoken(chat: dict[str, Any], number: int, words: str, **more: object) -> dict[str, Any]:
    return {
        "message": {"message_id": number, "date": SECOND + number, "chat": chat, "from": ANA, "text": words, **more}
    }


def mention() -> dict[str, Any]:
    story = {"type": "story_mention", "payload": {"url": "https://cdn.example.test/s"}}
    return item(T0, message={"mid": "m1", "attachments": [story]})


STORY_REPLY = item(
    T0, message={"mid": "m1", "text": "¡qué bonito!", "reply_to": {"story": {"url": "https://x", "id": "1"}}}
)


@pytest.mark.parametrize(
    ("first", "then", "opener"),
    [
        (said(PAGE, "m1", at=T0), [], "message"),
        (mention(), [], "story_mention"),
        (STORY_REPLY, [], "story_reply"),
        (item(T0, postback={"title": "Empezar", "payload": "x"}), [], "postback"),
        (said(PAGE, "m1"), [item(T0 + 9000, reaction={"mid": "m1", "action": "react", "emoji": "❤"})], "reaction"),
        (said(PAGE, "m1"), [item(T0 + 9000, referral={"ref": "promo", "source": "SHORTLINK"})], "referral"),
        (said(PAGE, "m1"), [item(T0 + 9000, optin={"ref": "boletín"})], "optin"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_window_is_opened_by_whatever_opens_it_in_either_order(
    installation: Installation, client: Stored, first: dict[str, Any], then: list[dict[str, Any]], opener: str
) -> None:
    for items in ([first, *then], [*then[::-1], first]):
        for one in items:
            handled(installation, one)
        (conversation,) = client.conversations()
        latest = max(one["timestamp"] for one in items)
        assert conversation.window_opened_at.timestamp() * 1000 == latest
        assert conversation.window_opened_by == opener
        if then:
            forget_all(installation)


def forget_all(installation: Installation) -> None:
    """As if nothing had come."""
    tables = ("attachment", "message", "conversation", "contact", "reaction", "conversation_event", "tombstone")
    with installation.database.session(Role.WORKER) as session:
        for table in tables:
            session.connection().exec_driver_sql(f"delete from tenant.{table}")


def test_leave_to_send_notifications_and_a_reaction_taken_away_open_nothing(
    installation: Installation, client: Stored
) -> None:
    handled(installation, said(PAGE, "m1"))
    handled(
        installation,
        item(T0 + 9000, optin={"type": "notification_messages", "payload": "x"}),
        item(T0 + 9000, reaction={"mid": "m1", "action": "unreact"}),
    )
    assert client.conversations()[0].window_opened_by == "message"
    assert [kind for kind, _ in client.events()] == ["optin"]


def test_story_reply_keeps_its_story_and_a_message_from_an_ad_its_ad(
    installation: Installation, client: Stored
) -> None:
    from_ad = item(T0 + 1, message={"mid": "m2", "text": "hola", "referral": {"source": "ADS", "ad_id": "77"}})
    quick = item(T0 + 2, message={"mid": "m3", "text": "Sí", "quick_reply": {"payload": "SI"}})
    handled(installation, STORY_REPLY, from_ad, quick, said(PAGE, "m4", at=T0 + 3))
    assert [message["facts"] for message in client.messages()] == [
        {"story": {"url": "https://x", "id": "1"}},
        {"referral": {"source": "ADS", "ad_id": "77"}},
        {"payload": "SI"},
        None,
    ]


def test_event_is_kept_once_and_an_unknown_kind_stays_in_the_log(installation: Installation, client: Stored) -> None:
    referral = item(T0, referral={"ref": "promo", "source": "SHORTLINK"})
    handled(installation, referral, referral, item(T0, checkout_update={"payload": "x"}))
    handled(installation, referral)
    assert client.events() == [("referral", {"referral": {"ref": "promo", "source": "SHORTLINK"}})]
    assert client.conversations() == []
    assert outcomes(installation) == [
        ("referral", "applied", None),
        ("referral", "duplicate", None),
        ("checkout_update", "unknown", None),
        ("referral", "duplicate", None),
    ]
    with installation.database.session(Role.WORKER) as session:
        kinds = watch.unknown_kinds(session, installation.clock.now() - timedelta(days=1), 10)
    assert [(one.channel, one.kind, one.items) for one in kinds] == [("messenger", "checkout_update", 1)]


def test_guest_without_an_id_is_no_contact(installation: Installation, client: Stored) -> None:
    guest = {"sender": {"user_ref": "g-1"}, "recipient": {"id": PAGE}, "timestamp": T0}
    handled(installation, guest | {"postback": {"title": "Hola"}}, guest | {"optin": {"user_ref": "g-1"}})
    assert (client.contacts(), client.messages()) == ([], [])
    assert [kind for kind, _ in client.events()] == ["optin"]


def test_group_is_one_conversation_of_its_own_and_names_who_speaks(
    installation: Installation, bot: tuple[Stored, UUID]
) -> None:
    client, connector = bot
    log(installation, f"telegram:{connector}", update(1, "en privado"))
    beto = {"id": 8, "is_bot": False, "first_name": "Beto"}
    updated(installation, connector, spoken(GROUP, 2, "en grupo"), spoken(GROUP, 3, "yo también", **{"from": beto}))
    assert client.contacts() == [("-638", "Obra"), ("7", "Ana Solís")]
    assert sorted((row.kind, row.unread) for row in client.conversations()) == [("group", 2), ("person", 1)]
    senders = {message["text"]: (message["facts"] or {}).get("sender") for message in client.messages()}
    assert senders["en grupo"] == {"id": "7", "name": "Ana", "handle": "anasolis"}
    assert senders["yo también"] == {"id": "8", "name": "Beto"}
    assert senders["en privado"] is None


def test_channel_is_kept_apart_and_its_posts_wait_for_no_answer(
    installation: Installation, bot: tuple[Stored, UUID]
) -> None:
    client, connector = bot
    channel = {"id": -1007, "type": "channel", "title": "Avisos"}
    post = {"message_id": 4, "date": SECOND, "chat": channel, "sender_chat": channel, "text": "abrimos"}
    edited = post | {"text": "cerramos", "edit_date": SECOND + 5}
    updated(installation, connector, {"channel_post": post}, {"edited_channel_post": edited})
    (conversation,) = client.conversations()
    assert (conversation.kind, conversation.unread) == ("channel", 0)
    assert [(m["text"], m["direction"]) for m in client.shown()] == [("cerramos", "out")]


def test_albums_quotes_and_forwards_of_telegram_are_told(installation: Installation, bot: tuple[Stored, UUID]) -> None:
    client, connector = bot
    photo = [{"file_id": "F", "width": 9, "height": 9}]
    origin = {"type": "user", "sender_user": {"id": 9, "is_bot": False, "first_name": "Eva", "last_name": "Luna"}}
    story = {"id": 14, "chat": {"id": -1009, "type": "channel"}}
    updated(
        installation,
        connector,
        *({"message": spoken(PRIVATE, n, "")["message"] | {"media_group_id": "A1", "photo": photo}} for n in (1, 2)),
        spoken(PRIVATE, 3, "reenviado", forward_origin=origin),
        spoken(PRIVATE, 4, "sobre eso", quote={"text": "eso", "position": 0}, reply_to_message={"message_id": 3}),
        spoken(PRIVATE, 5, "qué bien", reply_to_story=story),
    )
    assert [message["facts"] for message in client.messages()] == [
        {"album": "A1"},
        {"album": "A1"},
        {"forwarded": True, "forwarded_from": "Eva Luna"},
        {"quote": "eso"},
        {"story": {"id": "14", "chat": "-1009"}},
    ]
    assert len({message["conversation_id"] for message in client.messages()}) == 1


def service(chat: dict[str, Any], number: int, **note: object) -> dict[str, Any]:
    return {"message": {"message_id": number, "date": SECOND + 50, "chat": chat, "from": ANA, **note}}


OLD_SIDE = service(GROUP, 41, migrate_to_chat_id=SUPERGROUP["id"])
NEW_SIDE = service(SUPERGROUP, 1, migrate_from_chat_id=GROUP["id"])


@pytest.mark.parametrize(
    "steps",
    [
        [spoken(GROUP, 2, "antes"), OLD_SIDE, NEW_SIDE, spoken(SUPERGROUP, 60, "después")],
        [spoken(GROUP, 2, "antes"), spoken(SUPERGROUP, 60, "después"), NEW_SIDE, OLD_SIDE],
        [NEW_SIDE, spoken(SUPERGROUP, 60, "después"), spoken(GROUP, 2, "antes")],
        [spoken(SUPERGROUP, 60, "después"), OLD_SIDE, spoken(GROUP, 2, "antes")],
    ],
    ids=["as it should be", "notes last", "notes first", "old message last"],
)
def test_group_that_becomes_a_supergroup_stays_one_thread(
    installation: Installation, bot: tuple[Stored, UUID], steps: Sequence[dict[str, Any]]
) -> None:
    client, connector = bot
    for number, step in enumerate(steps):
        updated(installation, connector, step, start=200 + number)
    assert client.contacts() == [("-100638", "Obra")]
    (conversation,) = client.conversations()
    assert {message["conversation_id"] for message in client.messages()} == {conversation.id}
    assert client.texts() == ["antes", "después"]
    assert conversation.unread == 2
    assert [kind for kind, _ in client.events()].count("migration") in (1, 2)


def membership(chat: dict[str, Any], status: str, at: int) -> dict[str, Any]:
    return {"my_chat_member": {"chat": chat, "from": ANA, "date": at, "new_chat_member": {"status": status}}}


PRIVATE = {"id": 7, "type": "private", "first_name": "Ana"}


def test_person_who_blocks_the_bot_cannot_be_reached_until_they_are_back(
    installation: Installation, bot: tuple[Stored, UUID]
) -> None:
    client, connector = bot
    reach = "select unreachable from tenant.contact where client_id = :client"
    updated(installation, connector, membership(PRIVATE, "kicked", SECOND + 10), spoken(PRIVATE, 1, "hola"))
    assert client.rows(reach)[0].unreachable == "blocked"
    updated(installation, connector, membership(PRIVATE, "member", SECOND + 5), start=300)
    assert client.rows(reach)[0].unreachable == "blocked"
    updated(installation, connector, spoken(PRIVATE, 20, "ya volví"), start=400)
    assert client.rows(reach)[0].unreachable is None
    updated(installation, connector, membership(PRIVATE, "kicked", SECOND + 10), start=500)
    assert client.rows(reach)[0].unreachable is None


def test_bot_that_is_thrown_out_closes_the_group(installation: Installation, bot: tuple[Stored, UUID]) -> None:
    client, connector = bot
    updated(installation, connector, spoken(GROUP, 1, "hola"), membership(GROUP, "kicked", SECOND + 10))
    assert client.conversations()[0].status == "closed"
    updated(installation, connector, spoken(GROUP, 20, "lo volvimos a meter"), start=300)
    updated(installation, connector, membership(GROUP, "kicked", SECOND + 10), start=400)
    assert client.conversations()[0].status == "open"


def test_message_of_before_the_bot_was_thrown_out_does_not_open_the_group_again(
    installation: Installation, bot: tuple[Stored, UUID]
) -> None:
    """Two workers hear of both in either order: a replay of the day closed again what the late message had opened."""
    client, connector = bot
    updated(installation, connector, spoken(GROUP, 1, "hola"))
    updated(installation, connector, membership(GROUP, "kicked", SECOND + 10), start=200)
    updated(installation, connector, spoken(GROUP, 5, "llega tarde"), start=300)
    late = client.conversations()[0]
    assert (late.status, late.unread, late.closed_at) == ("closed", 2, late.left_at)
    updated(installation, connector, membership(GROUP, "kicked", SECOND + 10), start=400)
    assert client.conversations() == [late]
    updated(installation, connector, spoken(GROUP, 20, "lo volvimos a meter"), start=500)
    assert client.conversations()[0].status == "open"


def business(words: str, number: int, speaker: dict[str, Any]) -> dict[str, Any]:
    told = spoken(PRIVATE, number, words, **{"from": speaker})["message"]
    return {"business_message": told | {"business_connection_id": "bc1"}}


def connection(at: int, **facts: object) -> dict[str, Any]:
    told = {"id": "bc1", "user": {"id": 99, "is_bot": False}, "date": at, "is_enabled": True}
    return {"business_connection": told | {"rights": {"can_reply": True}} | facts}


def test_chat_of_the_owner_has_a_window_and_the_rights_of_its_connection(
    installation: Installation, bot: tuple[Stored, UUID]
) -> None:
    client, connector = bot
    owner = {"id": 99, "is_bot": False, "first_name": "Lucía"}
    updated(installation, connector, connection(SECOND), business("hola", 1, ANA), business("dígame", 2, owner))
    (conversation,) = client.conversations()
    assert [(m["text"], m["author"]) for m in client.messages()] == [("hola", "contact"), ("dígame", "owner")]
    assert windows.through_owner(conversation.window_opened_at, conversation.business_at)
    assert route(installation, client, connector) == BusinessRoute("bc1", enabled=True, can_reply=True)
    updated(installation, connector, connection(SECOND + 60, rights={}), connection(SECOND + 30), start=300)
    assert route(installation, client, connector) == BusinessRoute("bc1", enabled=True, can_reply=False)
    updated(installation, connector, spoken(PRIVATE, 50, "ahora al bot"), start=400)
    (conversation,) = client.conversations()
    assert not windows.through_owner(conversation.window_opened_at, conversation.business_at)


def route(installation: Installation, client: Stored, connector: UUID) -> BusinessRoute | None:
    with installation.database.session(Role.WORKER) as session:
        keys = installation.keys.of(client.client_id)
        return business_route(session, keys, connector, client.conversations()[0].id)


def test_thread_of_another_app_is_told_by_its_own_time(installation: Installation, client: Stored) -> None:
    def holder() -> str | None:
        owner: str | None = client.conversations()[0].owner_app
        return owner

    passed = item(T0 + 1000, pass_thread_control={"previous_owner_app_id": OUR_APP, "new_owner_app_id": OTHER_APP})
    taken = item(T0 + 3000, take_thread_control={"previous_owner_app_id": OTHER_APP, "new_owner_app_id": OUR_APP})
    handled(installation, passed, said(PAGE, "m1", at=T0))
    assert holder() == OTHER_APP
    handled(installation, item(T0 + 2000, request_thread_control={"requested_owner_app_id": OUR_APP}))
    assert holder() == OTHER_APP
    handled(installation, taken, passed)
    assert holder() is None
    body = json.loads(page(PAGE))
    body["entry"][0]["standby"] = [said(PAGE, "m2", "a la otra", at=T0 + 5000)]
    log(installation, META, json.dumps(body).encode())
    work(installation)
    assert holder() == "unknown"
    assert client.messages()[-1]["facts"] == {"standby": True}
    handled(installation, said(PAGE, "m3", "otra vez aquí", at=T0 + 6000))
    assert holder() is None


def policy(action: str, at: int) -> dict[str, Any]:
    return {"recipient": {"id": PAGE}, "timestamp": at, "policy_enforcement": {"action": action, "reason": "x"}}


def state(client: Stored) -> tuple[str, str | None]:
    (row,) = client.rows("select state, reason from tenant.connector where client_id = :client")
    return row.state, row.reason


def test_page_that_meta_blocks_is_degraded_until_the_latest_word(installation: Installation, client: Stored) -> None:
    handled(installation, policy("warning", T0))
    assert state(client) == ("connected", None)
    handled(installation, policy("block", T0 + 1))
    assert state(client) == ("degraded", "policy_block")
    handled(installation, said(PAGE, "m1", "sigue entrando"))
    assert client.texts() == ["sigue entrando"]
    handled(installation, policy("unblock", T0 + 9))
    assert state(client) == ("connected", None)
    handled(installation, policy("block", T0 + 5), policy("block", T0 + 1))
    assert state(client) == ("connected", None)
    audited = client.rows("select actor_kind, after from ledger.audit_entry where action = 'connector.settled'")
    assert [row.after["reason"] for row in audited if row.actor_kind == "provider"] == ["policy_block", None]
