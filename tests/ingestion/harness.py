"""Doors in a test: an installation with a Meta app, requests as an ASGI server makes them, what the log then holds."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text

from ingestion.doors import Doors
from konectus.services.installation import Installation
from konectus.settings import MetaApp
from konectus.store.roles import Role

SECRETS = ("old-secret", "new-secret")
VERIFY = "verify-me"
APP = MetaApp(
    name="demo", id="1001", secrets=tuple(SecretStr(secret) for secret in SECRETS), verify_token=SecretStr(VERIFY)
)
META = "/webhooks/meta/demo"
Headers = dict[str, str]
T = TypeVar("T")


def with_app(installation: Installation) -> Installation:
    """The same installation with a Meta app in its settings."""
    return replace(installation, settings=installation.settings.model_copy(update={"meta_apps": (APP,)}))


def signed(body: bytes, secret: str = SECRETS[0]) -> Headers:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def page(account: str, *items: object) -> bytes:
    return pages({account: items})


def pages(items: dict[str, Sequence[object]]) -> bytes:
    """A body of Messenger with an entry for each Page."""
    entries = [{"id": account, "time": 1795107600393, "messaging": list(listed)} for account, listed in items.items()]
    return json.dumps({"object": "page", "entry": entries}).encode()


def said(account: str, mid: str, words: str = "hola", *, person: str = "55", at: int = 1795107600393) -> dict[str, Any]:
    """Somebody writes to a Page."""
    message = {"mid": mid, "text": words}
    return {"sender": {"id": person}, "recipient": {"id": account}, "timestamp": at, "message": message}


def update(number: int, words: str, *, person: int = 7) -> bytes:
    """Somebody writes to a bot."""
    sender = {"id": person, "is_bot": False, "first_name": "Ana", "last_name": "Solís", "username": "anasolis"}
    chat = {"id": person, "type": "private", "first_name": "Ana"}
    message = {"message_id": number, "date": 1795107600, "chat": chat, "from": sender, "text": words}
    return json.dumps({"update_id": 9000 + number, "message": message}).encode()


@dataclass
class Door:
    """Running doors, and requests to them."""

    doors: Doors
    answers: list[int] = field(default_factory=list)

    async def request(
        self,
        method: str,
        path: str,
        *,
        chunks: Sequence[bytes] = (b"",),
        headers: Headers | None = None,
        query: str = "",
    ) -> tuple[int, bytes]:
        """As a server hands it over; the body in as many pieces as given."""
        listed = [(key.encode(), value.encode("latin-1")) for key, value in (headers or {}).items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": listed}
        waiting: list[MutableMapping[str, Any]] = [
            {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
        ]
        waiting[-1]["more_body"] = False
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            await asyncio.sleep(0)
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.doors(scope, receive, send)
        return sent[0]["status"], b"".join(message["body"] for message in sent[1:])

    async def post(self, path: str, body: bytes, headers: Headers | None = None) -> int:
        status, _ = await self.request("POST", path, chunks=[body], headers=headers)
        return status

    async def meta(self, body: bytes, *, secret: int = 0) -> int:
        return await self.post(META, body, signed(body, SECRETS[secret]))

    async def telegram(self, connector: UUID, body: bytes, secret: str) -> int:
        return await self.post(f"/webhooks/telegram/{connector}", body, {"x-telegram-bot-api-secret-token": secret})


@asynccontextmanager
async def opened(installation: Installation) -> AsyncIterator[Door]:
    """Doors that have read the map of accounts."""
    doors = Doors(with_app(installation))
    await doors.start()
    try:
        await doors._live.refreshed()
        yield Door(doors)
    finally:
        await doors.stop()


def at_the_doors(installation: Installation, scenario: Callable[[Door], Awaitable[T]]) -> T:
    async def run() -> T:
        async with opened(installation) as door:
            return await scenario(door)

    return asyncio.run(run())


def webhook_secret(installation: Installation, connector: UUID) -> str:
    """The secret that Telegram was told for a connector."""
    with installation.database.session(Role.WORKER) as session:
        row = session.execute(
            text("select client_id, webhook_secret_sealed from tenant.connector where id = :id"), {"id": connector}
        ).one()
    keys = installation.keys.of(row.client_id)
    return keys.open_text(row.webhook_secret_sealed, "connector", "webhook_secret_sealed", connector)


def count(installation: Installation, table: str) -> int:
    with installation.database.session(Role.WORKER) as session:
        return int(session.execute(text(f"select count(*) from {table}")).scalar_one())


def dropped(installation: Installation) -> dict[tuple[str, str], int]:
    """Events dropped so far by (channel, connector)."""
    with installation.database.session(Role.WORKER) as session:
        rows = session.execute(text("select channel, connector, sum(events) from platform.dropped_count group by 1, 2"))
        return {(channel, connector): int(events) for channel, connector, events in rows}
