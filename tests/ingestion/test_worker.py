"""What the worker makes of the log: promises P1 to P4, P6, P10 and echoes, receipts, dead letters."""

import json
import threading
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from ingestion import wire
from ingestion.worker.batch import Batch
from ingestion.worker.process import Worker
from konectus.domain.channels import Channel
from konectus.domain.conversations import Delivery
from konectus.sealing import Place
from konectus.services import connectors, inbox
from konectus.services.connectors import SUSPENDED
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from konectus.stream.postgres import claim
from tests.ingestion.harness import dropped, page, pages, said, update
from tests.ingestion.stored import Stored, letters, log, outcomes, work
from tests.support.clock import ManualClock
from tests.support.cluster import connect
from tests.support.factories import Factory

CORPUS = Path(__file__).parents[1] / "corpus"
HOSTILE: list[str] = [told["text"] for told in json.loads((CORPUS / "hostile.json").read_text()) if told["text"]]
PAGE = "9001"
META = "meta:demo"
T0 = 1795107600393


@pytest.fixture
def client(installation: Installation, make: Factory) -> Stored:
    """A Client with a connected Page."""
    made = make.client()
    make.connector(made.id, account_id=PAGE)
    return Stored(installation, made.id)


@pytest.fixture
def no_taps(installation: Installation, superuser: Endpoint) -> None:
    """A rule of the database that taps break: the stand-in for a row nobody foresaw."""
    name = str(installation.database.engine(Role.WORKER).url.database)
    with connect(superuser, name) as conn:
        conn.execute("alter table tenant.message add constraint no_taps check (kind <> 'postback') not valid")


def out(mid: str, words: str, *, at: int = T0, person: str = "55", **more: object) -> dict[str, object]:
    """An echo of a Page."""
    message = {"mid": mid, "text": words, "is_echo": True, **more}
    return {"sender": {"id": PAGE}, "recipient": {"id": person}, "timestamp": at, "message": message}


def receipt(kind: str, until: int, *mids: str, person: str = "55") -> dict[str, object]:
    content: dict[str, object] = {"watermark": until}
    if mids:
        content["mids"] = list(mids)
    return {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": until, kind: content}


def queued(installation: Installation, client: Stored, words: str) -> UUID:
    """An agent's reply in the Client's only conversation, waiting for the sender."""
    user = UUID(int=7)
    conversation = client.conversations()[0].id
    with installation.works.tenant(client.client_id, Actor("agent", str(user), "")) as tenant:
        new = inbox.NewReply(id=tenant.new_id(), conversation_id=conversation, author_id=user, text=words)
        return inbox.reply(tenant, new)[0]


def set_status(installation: Installation, message: UUID, status: Delivery) -> None:
    """As the sender does before it writes to the wire."""
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("update tenant.message set status = :s where id = :id"), {"s": status, "id": message})


def test_message_is_stored_once_with_person_and_conversation(
    installation: Installation, client: Stored, clock: ManualClock
) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1", "¿Tienen talla M?")))
    work(installation)
    (message,) = client.messages()
    assert message["text"] == "¿Tienen talla M?"
    assert (message["external_id"], message["direction"], message["author"]) == ("m1", "in", "contact")
    assert message["occurred_at"].timestamp() * 1000 == T0
    assert message["received_at"] == clock.now()
    (conversation,) = client.conversations()
    assert (conversation.status, conversation.unread, conversation.channel) == ("open", 1, "messenger")
    assert conversation.window_opened_at == conversation.last_at == message["occurred_at"]
    assert client.contacts() == [("55", "")]
    assert outcomes(installation) == [("message", "stored", None)]


def test_same_message_is_one_however_often_and_in_whatever_company(installation: Installation, client: Stored) -> None:
    one, two = said(PAGE, "m1", "uno"), said(PAGE, "m2", "dos")
    log(installation, META, page(PAGE, one), page(PAGE, one), page(PAGE, one, one, two))
    work(installation)
    log(installation, META, pages({PAGE: [two]}), page(PAGE, one))
    work(installation)
    assert client.texts() == ["uno", "dos"]
    assert client.conversations()[0].unread == 2


def test_equal_ids_at_two_connectors_are_two_messages(installation: Installation, make: Factory) -> None:
    clients = [make.client(), make.client()]
    for number, client in enumerate(clients):
        make.connector(client.id, account_id=f"80{number}")
    body = pages({f"80{number}": [said(f"80{number}", "m1", f"para {number}")] for number in (0, 1)})
    log(installation, META, body)
    work(installation)
    assert [Stored(installation, client.id).texts() for client in clients] == [["para 0"], ["para 1"]]


def test_each_entry_goes_to_its_own_client_and_a_strangers_stays_nowhere(
    installation: Installation, make: Factory, client: Stored
) -> None:
    other = make.client()
    make.connector(other.id, account_id="802")
    body = pages(
        {PAGE: [said(PAGE, "m1", "mío")], "404": [said("404", "m2", "ajeno")], "802": [said("802", "m3", "suyo")]}
    )
    log(installation, META, body)
    with installation.database.session(Role.WORKER) as session:
        event_id = session.execute(text("select id from platform.webhook_event")).scalar_one()
    work(installation)
    assert client.texts() == ["mío"]
    assert Stored(installation, other.id).texts() == ["suyo"]
    assert dropped(installation) == {("messenger", "unknown"): 1}
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("update platform.webhook_event set processed_at = null where id = :id"), {"id": event_id})
        (kept,) = claim(session, installation.keys, 1)
        session.rollback()
    assert b"ajeno" not in kept.body
    assert json.loads(kept.body)[1]["entry"][0]["id"] == "802"


def test_suspended_between_door_and_worker_is_not_stored(
    installation: Installation, make: Factory, client: Stored
) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1", "secreto")))
    connector = client.rows("select id from tenant.connector where client_id = :client")[0].id
    with installation.works.system() as unit:
        connectors.disconnect(unit, client.client_id, connector, SUSPENDED)
    work(installation)
    assert client.messages() == []
    assert client.contacts() == []
    assert dropped(installation) == {("messenger", str(connector)): 1}
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("update platform.webhook_event set processed_at = null"))
        assert claim(session, installation.keys, 1)[0].body == b"[]"
        session.rollback()


def test_hostile_text_is_stored_as_sent(installation: Installation, client: Stored) -> None:
    told = [said(PAGE, f"m{n}", words, at=T0 + n) for n, words in enumerate(HOSTILE)]
    log(installation, META, page(PAGE, *told))
    work(installation)
    kept = ["".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in words) for words in HOSTILE]
    assert client.texts() == kept


def test_telegram_tells_the_name_along(installation: Installation, make: Factory) -> None:
    client = make.client()
    bot = make.connector(client.id, channel=Channel.TELEGRAM)
    for body in [update(n, f"línea {n}") for n in range(19, 0, -1)]:
        log(installation, f"telegram:{bot}", body)
        work(installation)
    stored = Stored(installation, client.id)
    assert stored.contacts() == [("7", "Ana Solís")]
    # All within one second of Telegram's clock: the chat's own number decides, whatever the order of arrival.
    assert stored.texts() == [f"línea {n}" for n in range(1, 20)]
    assert stored.external_ids()[0] == "7:1"


def test_files_wait_to_be_fetched_and_stories_never_do(installation: Installation, client: Stored) -> None:
    files = [
        {"type": "image", "payload": {"url": "https://cdn.example.test/a.jpg"}},
        {"type": "fallback", "payload": {"url": "https://tienda.test/", "title": "Mesa"}},
        {"type": "location", "payload": {"coordinates": {"lat": 0, "long": 0}}},
        {"type": "hologram", "payload": {"url": "https://cdn.example.test/x.holo"}},
    ]
    item = said(PAGE, "m1")
    item["message"] = {"mid": "m1", "attachments": files}
    log(installation, META, page(PAGE, item), page(PAGE, item))
    work(installation)
    kept = client.attachments()
    assert [(a["kind"], a["state"]) for a in kept] == [
        ("image", "pending"),
        ("share", "link_only"),
        ("location", "no_bytes"),
        ("unknown", "link_only"),
    ]
    assert json.loads(kept[0]["source"]) == {"type": "image", "url": "https://cdn.example.test/a.jpg"}
    assert json.loads(kept[2]["source"])["facts"] == {"lat": 0, "long": 0}


def test_inbound_message_reopens_and_echo_does_not(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1")))
    work(installation)
    conversation = client.conversations()[0].id

    def close() -> None:
        with installation.works.tenant(client.client_id, Actor("agent", "x", "")) as tenant:
            inbox.close(tenant, conversation)

    close()
    log(installation, META, page(PAGE, out("e1", "a mano", at=T0 + 1000), receipt("read", T0 + 2000)))
    work(installation)
    assert client.conversations()[0].status == "closed"
    log(installation, META, page(PAGE, said(PAGE, "m2", at=T0 + 5000)))
    work(installation)
    (row,) = client.conversations()
    assert (row.status, row.closed_at, row.unread) == ("open", None, 2)


def test_late_message_is_inserted_in_place(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m2", "después", at=T0 + 60_000)))
    work(installation)
    before = client.conversations()[0].last_at
    log(installation, META, page(PAGE, said(PAGE, "m1", "antes", at=T0)))
    work(installation)
    assert client.texts() == ["antes", "después"]
    assert client.conversations()[0].last_at == before


def test_message_from_the_future_does_not_pin_its_conversation(
    installation: Installation, client: Stored, clock: ManualClock
) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1", at=4_000_000_000_000)))
    work(installation)
    assert client.conversations()[0].last_at == clock.now()


def test_tap_without_an_id_is_one_tap(installation: Installation, client: Stored) -> None:
    tap = {
        "sender": {"id": "55"},
        "recipient": {"id": PAGE},
        "timestamp": T0,
        "postback": {"title": "Sí", "payload": "SI"},
    }
    again = {**tap, "timestamp": T0 + 60_000}
    log(installation, META, page(PAGE, tap), page(PAGE, tap, again))
    work(installation)
    assert client.texts() == ["Sí", "Sí"]
    assert len(set(client.external_ids())) == 2


def test_echo_of_others_is_a_message_out(installation: Installation, client: Stored) -> None:
    by_hand = out("e1", "desde la bandeja", app_id=263902037430900)
    log(installation, META, page(PAGE, by_hand, out("e2", "de un programa", app_id=99, at=T0 + 1)))
    work(installation)
    assert [(m["direction"], m["author"], m["status"]) for m in client.messages()] == [
        ("out", "owner", "sent"),
        ("out", "program", "sent"),
    ]
    assert client.conversations()[0].unread == 0
    assert client.conversations()[0].window_opened_at is None


@pytest.mark.parametrize("before", [Delivery.SENDING, Delivery.UNKNOWN])
def test_echo_of_our_part_is_that_part(installation: Installation, client: Stored, before: Delivery) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1")))
    work(installation)
    part = queued(installation, client, "ya sale su pedido")
    set_status(installation, part, before)
    echo = out("e1", "ya sale su pedido", metadata=wire.part_name(part), app_id=1001)
    log(installation, META, page(PAGE, echo), page(PAGE, echo))
    work(installation)
    mine = [message for message in client.messages() if message["direction"] == "out"]
    assert [(message["id"], message["external_id"], message["status"]) for message in mine] == [(part, "e1", "sent")]
    assert client.rows("select done_at from tenant.outbox where client_id = :client")[0].done_at is not None


def test_echo_never_takes_another_clients_part(installation: Installation, make: Factory, client: Stored) -> None:
    other = make.client()
    make.connector(other.id, account_id="802")
    log(installation, META, page("802", said("802", "m1")))
    work(installation)
    part = queued(installation, Stored(installation, other.id), "suyo")
    log(installation, META, page(PAGE, out("e1", "mío", metadata=wire.part_name(part))))
    work(installation)
    assert client.texts() == ["mío"]
    assert Stored(installation, other.id).statuses() == ["received", "queued"]


def test_receipts_advance_what_they_name_and_all_before_their_watermark(
    installation: Installation, client: Stored
) -> None:
    echoes = [out(f"e{n}", str(n), at=T0 + n * 1000) for n in range(4)]
    log(installation, META, page(PAGE, *echoes))
    work(installation)
    log(installation, META, page(PAGE, receipt("delivery", T0 + 1500, "e3")))
    work(installation)
    assert client.statuses() == ["delivered", "delivered", "sent", "delivered"]
    log(installation, META, page(PAGE, receipt("read", T0 + 500), receipt("delivery", T0 + 2500)))
    work(installation)
    assert client.statuses() == ["read", "delivered", "delivered", "delivered"]
    log(installation, META, page(PAGE, receipt("delivery", T0 + 9000), receipt("read", T0 + 100)))
    work(installation)
    assert client.statuses() == ["read", "delivered", "delivered", "delivered"]


def test_receipts_that_come_first_are_kept_for_their_message(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1")))
    log(installation, META, page(PAGE, receipt("delivery", T0, "e1"), receipt("read", T0 + 5000)))
    work(installation)
    assert client.rows("select status from tenant.tombstone where client_id = :client")[0].status == "delivered"
    log(installation, META, page(PAGE, out("e1", "uno", at=T0 + 1000), out("e2", "dos", at=T0 + 9000)))
    work(installation)
    assert client.statuses() == ["received", "read", "sent"]
    assert client.rows("select * from tenant.tombstone where client_id = :client") == []


def test_watermarks_of_a_person_nobody_knows_yet_wait_for_them(installation: Installation, client: Stored) -> None:
    """They were lost where another batch was just making the conversation."""
    log(installation, META, page(PAGE, receipt("read", T0 + 1000), receipt("delivery", T0 + 3000)))
    log(installation, META, page(PAGE, receipt("read", T0 + 500)))
    work(installation)
    log(installation, META, page(PAGE, *(out(f"e{n}", str(n), at=T0 + n * 1000) for n in (1, 2, 4))))
    work(installation)
    assert client.statuses() == ["read", "delivered", "sent"]
    assert client.rows("select * from tenant.tombstone where client_id = :client") == []


def test_receipt_alone_makes_no_conversation(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, receipt("delivery", T0, "e1"), receipt("read", T0)))
    work(installation)
    assert client.conversations() == []
    assert client.contacts() == []


def test_instagram_reads_up_to_the_message_it_names(installation: Installation, make: Factory) -> None:
    client = make.client()
    make.connector(client.id, channel=Channel.INSTAGRAM, account_id="1784")

    def item(at: int, **content: object) -> dict[str, object]:
        return {"sender": {"id": "1784"}, "recipient": {"id": "66"}, "timestamp": at, **content}

    echoes = [item(T0 + n, message={"mid": f"e{n}", "text": str(n), "is_echo": True}) for n in range(3)]
    seen = {"sender": {"id": "66"}, "recipient": {"id": "1784"}, "timestamp": T0 + 9, "read": {"mid": "e1"}}
    body = {"object": "instagram", "entry": [{"id": "1784", "time": T0, "messaging": [*echoes, seen]}]}
    log(installation, META, json.dumps(body).encode())
    work(installation)
    assert Stored(installation, client.id).statuses() == ["read", "read", "sent"]


def test_instagrams_read_that_comes_first_counts_for_all_before_it(installation: Installation, make: Factory) -> None:
    client = make.client()
    make.connector(client.id, channel=Channel.INSTAGRAM, account_id="1784")

    def body(*items: dict[str, object]) -> bytes:
        return json.dumps({"object": "instagram", "entry": [{"id": "1784", "time": T0, "messaging": items}]}).encode()

    echoes = [
        {
            "sender": {"id": "1784"},
            "recipient": {"id": "66"},
            "timestamp": T0 + n,
            "message": {"mid": f"e{n}", "is_echo": True},
        }
        for n in range(3)
    ]
    log(installation, META, body({"sender": {"id": "66"}, "recipient": {"id": "1784"}, "read": {"mid": "e1"}}))
    work(installation)
    log(installation, META, body(*echoes))
    work(installation)
    assert Stored(installation, client.id).statuses() == ["read", "read", "sent"]


def test_what_never_left_us_is_not_delivered_by_a_watermark(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1")))
    work(installation)
    for status in (Delivery.QUEUED, Delivery.FAILED, Delivery.UNKNOWN, Delivery.CANCELLED):
        set_status(installation, queued(installation, client, "x"), status)
    log(installation, META, page(PAGE, receipt("read", 1_900_000_000_000)))
    work(installation)
    assert sorted(client.statuses()) == ["cancelled", "failed", "queued", "received", "unknown"]


def test_not_json_is_a_dead_letter_that_opens_again(installation: Installation) -> None:
    log(installation, META, b"hola {")
    work(installation)
    ((row, client_id, reason, sealed),) = letters(installation, ("id", "client_id", "reason", "body_sealed"))
    assert (client_id, reason) == (None, "not JSON")
    place = Place(None, "dead_letter", "body_sealed", row)
    assert installation.keys.dead_letters().open(sealed, place) == b"hola {"
    assert outcomes(installation) == [("body", "dead", "not JSON")]


def test_broken_item_is_a_dead_letter_of_its_client_and_its_neighbours_live(
    installation: Installation, client: Stored
) -> None:
    broken = {"sender": {"id": "55"}, "recipient": {"id": PAGE}, "timestamp": T0, "message": {"text": "sin id"}}
    log(installation, META, page(PAGE, said(PAGE, "m1", "uno"), broken, 7, said(PAGE, "m2", "dos")))
    work(installation)
    assert client.texts() == ["uno", "dos"]
    kept = letters(installation, ("id", "client_id", "item", "reason", "body_sealed"))
    assert [row[1:4] for row in kept] == [(client.client_id, 1, "no id"), (client.client_id, 2, "not an object")]
    keys = installation.keys.of(client.client_id)
    opened = keys.data.open(kept[0][4], keys.place("dead_letter", "body_sealed", kept[0][0]))
    assert json.loads(opened)["entry"][0]["messaging"] == [broken]


@pytest.mark.usefixtures("no_taps")
def test_poisoned_row_costs_itself_alone(installation: Installation, client: Stored) -> None:
    told = [said(PAGE, f"m{n}", str(n), at=T0 + n) for n in range(40)]
    bodies = [page(PAGE, item) for item in told]
    poison = {"sender": {"id": "55"}, "recipient": {"id": PAGE}, "timestamp": T0, "postback": {"title": "x"}}
    bodies.insert(20, page(PAGE, said(PAGE, "n1", "vecino", at=T0 + 99), poison))
    log(installation, META, *bodies)
    work(installation)
    assert client.texts() == [*(str(n) for n in range(40)), "vecino"]
    assert letters(installation, ("client_id", "item", "reason")) == [(client.client_id, 1, "not stored: 23514")]
    with installation.database.session(Role.WORKER) as session:
        assert (
            session.execute(text("select count(*) from platform.webhook_event where processed_at is null")).scalar()
            == 0
        )


def test_body_that_does_not_open_leaves_the_log(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1", "uno")), page(PAGE, said(PAGE, "m2", "dos")))
    with installation.database.session(Role.WORKER) as session:
        session.execute(
            text(
                "update platform.webhook_event set body_sealed = decode(repeat('00', 40), 'hex')"
                " where id = (select min(id) from platform.webhook_event)"
            )
        )
    work(installation)
    assert client.texts() == ["dos"]
    assert letters(installation) == [("unreadable",)]


def test_crash_between_effects_and_commit_stores_once(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1", "uno")))
    with installation.database.session(Role.WORKER) as session:
        claimed = claim(session, installation.keys, 10)
        Batch(session, installation.keys, installation.clock.now(), claimed).handle()
        session.rollback()
    assert client.messages() == []
    work(installation)
    work(installation)
    assert client.texts() == ["uno"]


def test_two_workers_at_once_store_each_once(installation: Installation, client: Stored) -> None:
    told = [said(PAGE, f"m{n}", str(n), person=str(n % 7), at=T0 + n) for n in range(60)]
    echoes = [out(f"e{n}", str(n), person=str(n % 7), at=T0 + n) for n in range(20)]
    bodies = [page(PAGE, item, told[(i * 7) % 60]) for i, item in enumerate([*told, *echoes])]
    log(installation, META, *bodies, *bodies)
    workers = [Worker(installation) for _ in range(2)]
    for worker in workers:
        worker._bite = 8

    def run(worker: Worker) -> None:
        while worker.step():
            worker._bite = 8

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(client.messages()) == 80
    assert len(client.contacts()) == 7
    assert sum(row.unread for row in client.conversations()) == 60
    assert letters(installation) == []


def test_client_whose_keys_are_destroyed_gets_nothing_written(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1", "uno"), 7))
    for name in ("data", "index"):
        installation.keys.store.destroy(f"client-{client.client_id}-{name}")
    installation.keys.forget()
    work(installation)
    assert client.rows("select * from tenant.message where client_id = :client") == []
    assert letters(installation) == []
    assert [word for _, word, _ in outcomes(installation)] == ["unroutable", "unroutable"]


def test_worker_counts_what_it_did(installation: Installation, client: Stored) -> None:
    log(installation, META, page(PAGE, said(PAGE, "m1"), said(PAGE, "m1"), 7), page(PAGE, receipt("read", T0)))
    counted = work(installation).counters.snapshot()
    assert counted == {
        f'konectus_intake_events_total{{channel="messenger",outcome="{word}"}}': 1.0
        for word in ("stored", "duplicate", "dead", "applied")
    }
