"""Long and regular work on a Connector's behalf: its token is prolonged or asked about, its history compared."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ingestion.channels.meta import oauth
from ingestion.channels.meta.history import Named, Told
from ingestion.channels.meta.oauth import AppLogin
from ingestion.channels.port.failures import Action, Permanent
from ingestion.reconcile import Account, Hands, Progress, Walk
from ingestion.sender.calls import NoSuchApp
from ingestion.sender.connecting import Connecting, NotConnected
from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.connectors import LIVE
from konectus.services import grants
from konectus.services.grants import Prolonged
from konectus.services.work import Change, Works
from konectus.settings import MetaApp, Settings
from konectus.store.queries import connectors as connector_rows
from konectus.store.queries import requests, upkeep
from konectus.store.queries.requests import Claimed, Line
from konectus.store.roles import Role
from konectus.stream import postgres
from konectus.stream.postgres import Arrival

# Conversations API: two calls a second (channels.md 1.9).
CALL_GAP = 0.5
# A turn is over well within the lease of its request, so that the Connector's other requests get through.
TURN = 20.0
_LEASE = timedelta(seconds=90)
_LIFE = timedelta(days=60)
# Farther back nobody looks: requests older than a month are not listed either.
FARTHEST = timedelta(days=30)
_NEEDED = {Channel.MESSENGER: "pages_messaging", Channel.INSTAGRAM: "instagram_manage_messages"}


@dataclass(frozen=True)
class Upkeep:
    """Each of the two is a request; both raise ChannelError, NoSuchApp, NoKey and NotConnected."""

    works: Works
    connecting: Connecting
    stopping: threading.Event = field(default_factory=threading.Event)
    gap: float = CALL_GAP
    turn: float = TURN

    def refresh(self, line: Line) -> None:
        """A token of Instagram Login lives 60 days more; of a Page token is asked whether it lives and how long."""
        if line.state not in LIVE or line.secret_sealed is None:
            raise NotConnected(f"the connector is {line.state}")
        app = self._app(line)
        if app.flavour == "instagram":
            self._prolong(line)
        else:
            self._ask(line, app)

    def reconcile(self, line: Line, claimed: Claimed) -> bool:
        """A turn of comparing the channel's conversations with ours; whether that is over."""
        if line.state not in LIVE:
            raise NotConnected(f"the connector is {line.state}")
        now = self.works.clock.now()
        known = claimed.progress
        progress = Progress(**known) if known else Progress(_since(line, now).isoformat(), now.isoformat())
        account = self._account(line)
        hands = _Hands(self, line, claimed.id, account, monotonic() + self.turn)
        progress = Walk(account, hands.given()).turn(progress)
        if progress.finished:
            self._compared(line, progress)
            return True
        with self.works.system() as work:
            requests.go_on(work.session, claimed.id, work.now)
        return False

    def _prolong(self, line: Line) -> None:
        reach, before = self.connecting.reach(line), line.secret_sealed
        assert before is not None, "the caller looked"
        try:
            told = oauth.refresh_instagram(self.connecting.calls.http, reach.access.base_url, reach.access.token)
        except Permanent as refusal:
            if refusal.action is not Action.REFUSED:
                raise
            # Too young, or no longer allowed to: the token itself lives, and the day it ends stands on the page.
            self.connecting.note(line, f"not_prolonged: {refusal}")
            return
        with self.works.system() as work:
            row = connector_rows.lock(work.session, line.client_id, line.id)
            if row is not None and row.state in LIVE:
                until = work.now + (told.lives or _LIFE)
                grants.refreshed(work, row, Prolonged(before=before, secret=told.secret, until=until))

    def _ask(self, line: Line, app: MetaApp) -> None:
        token = self.connecting.reach(line).access.token
        facts = oauth.facts(self.connecting.calls.http, login_of(self.connecting.calls.settings, app), token)
        if not facts.valid:
            raise Permanent("debug_token", action=Action.NEEDS_REAUTH)
        if facts.scopes and _NEEDED[line.channel] not in facts.scopes:
            raise Permanent("scope", action=Action.PERMISSION_LOST)
        with self.works.database.session(Role.WORKER) as session:
            upkeep.note_expiry(session, line.client_id, line.id, facts.ends_at)

    def _account(self, line: Line) -> Account:
        """Of an Instagram account on a Page the Page is asked, whose token it is."""
        reach = self.connecting.reach(line)
        linked = line.channel is Channel.INSTAGRAM and reach.access.flavour == "page"
        node = (line.page_id or "me") if linked else line.account_id
        own = frozenset({line.account_id, line.page_id or line.account_id})
        return Account(self.connecting.calls.http, reach.access, line.channel, node, own)

    def _compared(self, line: Line, progress: Progress) -> None:
        with self.works.database.session(Role.WORKER) as session:
            upkeep.note_reconciled(session, line.client_id, line.id, datetime.fromisoformat(progress.started))
        found = ("conversations", "messages", "missing", "added", "too_old")
        with self.works.system() as work:
            after = {name: getattr(progress, name) for name in found}
            work.record("connector.reconciled", ("connector", line.id), Change(line.client_id, after=after))

    def _app(self, line: Line) -> MetaApp:
        app = self.connecting.calls.settings.meta_app(line.app)
        if app is None:
            raise NoSuchApp(f"KONECTUS_META_APPS names no app {line.app!r}")
        return app


def login_of(settings: Settings, app: MetaApp) -> AppLogin:
    """The hosts of an app's login."""
    is_login = app.flavour == "instagram"
    return AppLogin(
        app_id=app.id,
        login_id=app.login_id,
        secret=app.call_secret,
        graph=(settings.instagram_graph_url if is_login else settings.meta_graph_url).rstrip("/"),
        code_host=settings.instagram_api_url.rstrip("/"),
    )


def _since(line: Line, now: datetime) -> datetime:
    """From where on history is of interest: what is known to be here needs no second look."""
    known = line.reconciled_until or line.created_at or now
    return max(known, now - FARTHEST).astimezone(UTC)


@dataclass(frozen=True)
class _Hands:
    """What a walk does to the store, for one Connector."""

    upkeep: Upkeep
    line: Line
    request_id: UUID
    account: Account
    until: float

    def given(self) -> Hands:
        return Hands(self._may_call, self._missing, self._is_twin, self._keep)

    def _may_call(self) -> bool:
        """Waits for the next call's turn; False when the sender stops or this turn is over."""
        return not self.upkeep.stopping.wait(self.upkeep.gap) and monotonic() < self.until

    def _missing(self, named: Sequence[Named]) -> list[Named]:
        keys = self.upkeep.works.keys.of(self.line.client_id)
        by_key = {keys.key_of("message", one.id): one for one in named}
        with self.upkeep.works.database.session(Role.WORKER) as session:
            held = upkeep.held(session, self.line.client_id, self.line.id, by_key)
        return [one for key, one in by_key.items() if key not in held]

    def _is_twin(self, told: Told) -> bool:
        """Here under another id: same person, same second, same words (channels.md 2.8 promises no equal ids)."""
        keys = self.upkeep.works.keys.of(self.line.client_id)
        person = told.recipient if told.sender in self.account.own else told.sender
        key, who = keys.key_of("contact", person), (self.line.client_id, self.line.id)
        with self.upkeep.works.database.session(Role.WORKER) as session:
            near = upkeep.said_then(session, who, key, told.created_at)
        words = told.text or ""
        return bool(words) and any(keys.read(sealed, "message", "text_sealed", row) == words for row, sealed in near)

    def _keep(self, bodies: Sequence[bytes], progress: Progress) -> None:
        """Bodies into the log and the progress beside them, in one transaction."""
        works = self.upkeep.works
        now = works.clock.now()
        with works.database.session(Role.WORKER) as session:
            if bodies:
                arrivals = [Arrival(f"meta:{self.line.app}", now, body) for body in bodies]
                postgres.append_in(session, works.keys, arrivals)
            requests.note_progress(session, self.request_id, progress.kept(), now + _LEASE)
