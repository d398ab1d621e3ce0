"""The webhook doors: a raw ASGI function. Verify over the raw bytes, log, answer after the commit (engine.md 2).

What the bodies say is read by the worker; here only the accounts they name matter.
"""

import asyncio
import contextlib
import gc
import hmac
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ingestion.channels.meta.signatures import is_same, which_signed
from ingestion.channels.port.reading import Undecodable
from ingestion.routing import bodies, names
from ingestion.routing.bodies import Bodies, Body, Gone, Receive, TooLarge, TooMany, TooSlow
from ingestion.routing.doorways import META, TELEGRAM, connector_of
from ingestion.routing.live import LiveAccounts
from konectus import meters
from konectus.errors import KonectusError
from konectus.meters import Counters
from konectus.sealing import token_hash
from konectus.services.installation import Installation, open_installation
from konectus.settings import MetaApp, Settings
from konectus.store.queries.accounts import Holder
from konectus.store.roles import Role
from konectus.stream.grouping import GroupCommit, NotTaken
from konectus.stream.postgres import Arrival

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Headers = Mapping[bytes, bytes]

PREFIX = "/webhooks/"
_OURS = (f"{PREFIX}{META}/", f"{PREFIX}{TELEGRAM}/")
# Forms that Meta sends when somebody takes a permission back: pages of the back office.
_FORMS = ("/deauthorize", "/data-deletion")
_STOPPING = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def head(self) -> Message:
        """A list of its own for each: those outside of us may add to it."""
        return {
            "type": "http.response.start",
            "status": self.status,
            "headers": [(b"content-length", b"%d" % len(self.body)), *self.headers],
        }


TAKEN = Answer(200)
REFUSED = Answer(401)
FORBIDDEN = Answer(403)
UNKNOWN = Answer(404)
ENCODED = Answer(415)
LATER = Answer(503, headers=((b"retry-after", b"5"),))
UNREADABLE: Mapping[type[KonectusError], Answer] = {
    TooLarge: Answer(413),
    TooSlow: Answer(408, headers=((b"connection", b"close"),)),
    TooMany: LATER,
    NotTaken: LATER,
}


# What a door counts, by its answer; what became of the items the worker counts.
_WORDS = {200: "taken", 401: "refused", 408: "too_slow", 413: "too_large", 415: "encoded", 503: "later"}


def serves(scope: Scope) -> bool:
    """Whether a request is the doors'. Payment and mail events, and Meta's forms, come to the back office."""
    path = str(scope["path"])
    return scope["type"] == "http" and path.startswith(_OURS) and not path.endswith(_FORMS)


@dataclass
class Doors:
    """The ASGI function and what it stands on. Between `start` and `stop` it takes events."""

    installation: Installation
    counters: Counters = field(default_factory=Counters)
    _apps: dict[str, MetaApp] = field(init=False, repr=False)
    _secrets: dict[str, Sequence[bytes]] = field(init=False, repr=False)
    _log: GroupCommit = field(init=False, repr=False)
    _live: LiveAccounts = field(init=False, repr=False)
    _running: list[asyncio.Task[None]] = field(default_factory=list, init=False, repr=False)
    _bodies: Bodies = field(init=False, repr=False)

    async def start(self) -> None:
        """Begin to keep the map of accounts and to flush the log; the database may still be down."""
        conninfo = self.installation.database.conninfo(Role.WORKER)
        self._bodies = Bodies(self.installation.settings.max_webhook_bytes)
        self._apps = {app.name: app for app in self.installation.settings.meta_apps}
        self._secrets = {app.name: app.signing_secrets() for app in self.installation.settings.meta_apps}
        self._log = GroupCommit(conninfo, self.installation.keys)
        self._live = LiveAccounts(conninfo)
        self._running = [asyncio.create_task(self._log.run()), asyncio.create_task(self._live.run())]

    async def stop(self) -> None:
        """Write what waits, then end. Requests that come now hear 503."""
        self._log.close()
        log, live = self._running
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOPPING):
                await log
        live.cancel()
        await asyncio.gather(log, live, return_exceptions=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, _, name = scope["path"].removeprefix(PREFIX).partition("/")
        try:
            answer = await self._answered(kind, name, scope, receive)
        except Gone:
            return
        except tuple(UNREADABLE) as refused:
            answer = UNREADABLE[type(refused)]
        self.counters.add(meters.INTAKE_EVENTS, kind, _WORDS.get(answer.status, "other"))
        await respond(send, answer)

    async def _answered(self, kind: str, name: str, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] == "POST":
            headers = dict(reversed(scope["headers"]))  # of equal ones the first
            return await (self._meta if kind == META else self._telegram)(name, headers, receive)
        if scope["method"] == "GET" and kind == META:
            return self._challenge(name, scope["query_string"])
        return Answer(405, headers=((b"allow", b"GET, POST" if kind == META else b"POST"),))

    def _challenge(self, name: str, query: bytes) -> Answer:
        """Meta asks whether the address is ours; the answer echoes digits and nothing else."""
        asked = {key: values[0] for key, values in parse_qs(query.decode("latin-1")).items()}
        challenge, app = asked.get("hub.challenge", ""), self._apps.get(name)
        token = app.verify_token.get_secret_value() if app else ""
        fits = is_same(asked.get("hub.verify_token", ""), token) and asked.get("hub.mode") == "subscribe"
        if not fits or not (challenge.isascii() and challenge.isdigit()):
            return FORBIDDEN
        return Answer(200, challenge.encode(), ((b"content-type", b"text/plain"),))

    async def _meta(self, name: str, headers: Headers, receive: Receive) -> Answer:
        secrets, signature = self._secrets.get(name), headers.get(b"x-hub-signature-256")
        if secrets is None:
            return UNKNOWN
        if signature is None:
            return REFUSED
        raw = await self._bodies.read(receive, headers.get(b"content-length"))
        signer = which_signed(raw, signature.decode("latin-1"), secrets)
        if signer is None:
            return REFUSED
        if signer:
            self.counters.add(meters.INTAKE_EVENTS, META, f"taken_by_secret_{signer + 1}")
        return ENCODED if _is_encoded(headers) else await self._of_meta(f"{META}:{name}", raw)

    async def _of_meta(self, door: str, raw: Body) -> Answer:
        """A verified body: logged while one account in it is live, or when nobody can tell whose it is."""
        try:
            pairs = names.named(raw)
        except Undecodable:
            return await self._take(door, raw)
        if self._live.any_live(pairs) or (await self._refreshed() and self._live.any_live(pairs)):
            return await self._take(door, raw)
        self._live.count(self.installation.clock.now(), pairs)
        return TAKEN

    async def _telegram(self, name: str, headers: Headers, receive: Receive) -> Answer:
        connector_id = connector_of(name)
        holder = await self._bot(connector_id)
        given = token_hash(headers.get(b"x-telegram-bot-api-secret-token", b"").decode("latin-1"))
        # An unknown connector costs the same comparison and hears the same word as a wrong secret.
        wanted = holder.secret_hash if holder and holder.secret_hash else bytes(len(given))
        if not hmac.compare_digest(given, wanted) or holder is None:
            return REFUSED
        raw = await self._bodies.read(receive, headers.get(b"content-length"))
        if _is_encoded(headers):
            return ENCODED
        if not holder.live and await self._refreshed():
            holder = self._live.of_connector(connector_id) or holder
        if holder.live:
            return await self._take(f"{TELEGRAM}:{connector_id}", raw)
        self._live.count(self.installation.clock.now(), [(holder.channel, holder.account)])
        return TAKEN

    async def _bot(self, connector_id: UUID | None) -> Holder | None:
        """Before a connector is called unknown the map is read again: it may be new, or nothing was read yet."""
        holder = self._live.of_connector(connector_id)
        if holder is None and connector_id and await self._refreshed():
            holder = self._live.of_connector(connector_id)
        return holder

    async def _refreshed(self) -> bool:
        """Before anything is dropped or refused the map is read again. Where it cannot be read neither happens."""
        if not await self._live.refreshed():
            raise NotTaken
        return True

    async def _take(self, door: str, raw: Body) -> Answer:
        await self._log.take(Arrival(door, self.installation.clock.now(), raw))
        return TAKEN


def _is_encoded(headers: Headers) -> bool:
    return (headers.get(b"content-encoding") or b"identity").strip().lower() != b"identity"


async def respond(send: Send, answer: Answer) -> None:
    await send(answer.head)
    await send({"type": "http.response.body", "body": answer.body})


class DoorProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a deadline for the header, which no application sees before it is whole (P8)."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._begin()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begin()

    def on_headers_complete(self) -> None:
        self._end()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._end()
        self._timer = self.loop.call_later(bodies.DEADLINE, self.transport.close)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class StandAlone:
    """The doors by themselves: opens the installation of the environment when the server starts."""

    _doors: Doors | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if self._doors is not None and serves(scope):
                await self._doors(scope, receive, send)
            else:
                await respond(send, UNKNOWN)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        gc.collect()
        gc.freeze()  # what is loaded by now is not looked through again while somebody waits
        installation = open_installation(Settings.load(os.environ))
        self._doors = Doors(installation)
        await self._doors.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._doors.stop()
        installation.close()
        await send({"type": "lifespan.shutdown.complete"})


app = StandAlone()
