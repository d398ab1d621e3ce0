"""Plain Messenger traffic of one page for promises that need no more, and what of it is stored; no test is here."""

import hashlib
import hmac
import json
from uuid import UUID

from konectus.services.installation import Installation
from konectus.store.queries import threads
from konectus.store.roles import Role
from tests.support.processes import META_SECRET

PAGE = "100200300"


def message(mid: str, *, person: str, at: int) -> bytes:
    """The body of a webhook with one message."""
    said = {"mid": mid, "text": f"¿Siguen abiertos? {mid}"}
    item = {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": at, "message": said}
    return json.dumps({"object": "page", "entry": [{"id": PAGE, "time": at, "messaging": [item]}]}).encode()


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(META_SECRET.encode(), body, hashlib.sha256).hexdigest()


def stored(installation: Installation, client_id: UUID) -> list[str]:
    """External ids of everything the Client holds, as its own role reads them."""
    keys, found, after = installation.keys.of(client_id), list[str](), None
    while True:
        with installation.database.session(Role.APP, client_id) as session:
            rows = threads.messages_after(session, keys, after, connector_id=None, limit=500)
        if not rows:
            return found
        found += [row.external_id or "" for row in rows]
        after = rows[-1].id


def drained(installation: Installation) -> bool:
    with installation.database.session(Role.WORKER) as session:
        waiting = session.connection().exec_driver_sql(
            "select count(*) from platform.webhook_event where processed_at is null"
        )
        return waiting.scalar() == 0
