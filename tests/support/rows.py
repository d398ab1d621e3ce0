"""At least one row of a Client in every table that has a Client: what a test of isolation looks for."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Table, insert, select

from konectus.domain.roles import UserRole
from konectus.ids import token
from konectus.sealing import token_hash
from konectus.services import credentials
from konectus.services.installation import Installation
from konectus.services.work import Change
from konectus.store.models import amendments, figures, inbox, search, traffic
from konectus.store.models.clients import Subscription
from konectus.store.models.figures import BINS
from konectus.store.planes import Plane
from konectus.store.registry import ENTRIES
from konectus.store.roles import Role
from tests.support.factories import Factory
from tests.support.ledger_rows import ledger_rows

NOISE = b"\x00" * 40
ATTACHMENT = {"position": 0, "kind": "image", "state": "stored", "source_sealed": NOISE}


def fill_every_table(installation: Installation, make: Factory, client_id: UUID) -> None:
    """Through services where there is one; the rest as rows whose sealed values are noise (isolation needs no text)."""
    user_id = make.user(client_id, role=UserRole.OWNER)
    make.user_session(client_id, user_id)
    connector_id = make.connector(client_id)
    with installation.works.system() as work:
        credentials.add_api_token(work, client_id, "Exportación nocturna")
        work.record("test.filled", ("client", client_id), Change(client_id=client_id))
    with installation.database.session(Role.WORKER) as session:
        mine = Subscription.client_id == client_id
        subscription_id = session.execute(select(Subscription.id).where(mine)).scalar_one()
        now = installation.clock.now()
        rows = _rows(client_id, user_id, connector_id, now)
        for model, values in [*rows, *ledger_rows(client_id, subscription_id, user_id, now)]:
            table: Table = model.__table__
            session.execute(insert(table).values(values))
        for entry in ENTRIES:
            if entry.plane is Plane.PLATFORM or "client_id" not in entry.table.columns:
                continue
            found = session.execute(select(entry.table.c.client_id).where(entry.table.c.client_id == client_id))
            assert found.first() is not None or entry.name == "ledger.suspension", f"no row in {entry.name}"


def _rows(client_id: UUID, user_id: UUID, connector_id: UUID, now: datetime) -> list[tuple[Any, dict[str, Any]]]:
    ids = {
        name: uuid5(client_id, name) for name in ("contact", "conversation", "message", "attachment", "reply", "dead")
    }
    at_connector = {"client_id": client_id, "connector_id": connector_id}
    in_thread = {"client_id": client_id, "conversation_id": ids["conversation"]}
    draft = {"user_id": user_id, "text_sealed": NOISE, "updated_at": now}
    reply = {"id": ids["reply"], "author_id": user_id, "created_at": now}
    tombstone = {"external_key": NOISE[:16], "status": "read", "at": now}
    return [
        (inbox.EndContact, at_connector | {"id": ids["contact"]} | _contact(now)),
        (inbox.Conversation, at_connector | {"id": ids["conversation"], "contact_id": ids["contact"]} | _open(now)),
        (inbox.Message, at_connector | in_thread | {"id": ids["message"]} | _message(now)),
        (
            inbox.Attachment,
            {"client_id": client_id, "id": ids["attachment"], "message_id": ids["message"]} | ATTACHMENT,
        ),
        (inbox.Reply, in_thread | reply),
        (inbox.Outbox, at_connector | in_thread | {"id": ids["message"]} | _outbox(now)),
        (inbox.Draft, in_thread | draft),
        (inbox.Tombstone, at_connector | tombstone),
        (amendments.MessageVersion, at_connector | {"id": ids["message"]} | _said(now)),
        (amendments.Reaction, at_connector | {"id": ids["message"], "direction": "in"} | _said(now)),
        (amendments.ConversationEvent, at_connector | {"id": ids["message"], "kind": "referral"} | _when(now)),
        (search.MessageSearch, in_thread | {"at": now, "message_id": ids["message"], "words": [1]}),
        (search.ContactSearch, {"client_id": client_id, "contact_id": ids["contact"], "prefixes": [1]}),
        (search.SearchPending, {"client_id": client_id, "id": ids["message"], "message_ids": [], "queued_at": now}),
        (figures.UsageDaily, {"client_id": client_id} | _usage(now)),
        (figures.ClientDaily, {"client_id": client_id, "day": now.date(), "plan_code": "crece"}),
        (traffic.DeadLetter, {"client_id": client_id, "id": ids["dead"]} | _dead_letter(now)),
    ]


def _when(now: datetime) -> dict[str, Any]:
    return {"at": now, "received_at": now}


def _said(now: datetime) -> dict[str, Any]:
    return {"external_key": NOISE[:16]} | _when(now)


def _contact(now: datetime) -> dict[str, Any]:
    return {"external_key": token_hash(token())[:16], "external_id_sealed": NOISE, "first_seen_at": now}


def _open(now: datetime) -> dict[str, Any]:
    return {"channel": "messenger", "status": "open", "opened_at": now, "last_at": now, "unread": 0}


def _message(now: datetime) -> dict[str, Any]:
    said = {"direction": "out", "author": "agent", "kind": "message", "text_sealed": NOISE, "status": "queued"}
    return said | {"occurred_at": now, "received_at": now}


def _outbox(now: datetime) -> dict[str, Any]:
    later = now + timedelta(days=1)
    return {"position": "1", "queued_at": now, "not_before": later, "attempts": 0, "by_person": True}


def _usage(now: datetime) -> dict[str, Any]:
    day = {"day": now.date(), "channel": "messenger", "plan_code": "crece", "first_response_hist": [0] * BINS}
    moved = ("messages_in", "messages_out", "contacts_active", "sends_failed")
    return day | dict.fromkeys((*moved, "conversations_opened", "conversations_closed"), 1)


def _dead_letter(now: datetime) -> dict[str, Any]:
    return {"event_id": 1, "item": 0, "door": "meta:demo", "reason": "test", "body_sealed": NOISE, "created_at": now}
