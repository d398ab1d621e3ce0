"""Asks a channel once for the name of an End Contact whose messages carry none."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from ingestion import registry
from ingestion.channels.port.failures import Action, ChannelError, Transient
from ingestion.sender.calls import Calls, NoSuchApp
from ingestion.wire import Person
from konectus.domain.channels import Channel
from konectus.sealing import ClientKeys, Unreadable
from konectus.services.work import Works
from konectus.store import signals
from konectus.store.keystore import NoKey
from konectus.store.queries import naming, requests, search
from konectus.store.queries.naming import Nameless

# Telegram's messages carry the name.
CHANNELS = (Channel.MESSENGER, Channel.INSTAGRAM)
_MOST = 20
_REST = timedelta(minutes=2)
_WAITING = frozenset({Action.NEEDS_REAUTH, Action.PERMISSION_LOST, Action.RESTRICTED})


@dataclass
class Names:
    """One loop's look-ups. A connector whose channel does not answer is left alone for a while."""

    works: Works
    calls: Calls
    stopping: threading.Event = field(default_factory=threading.Event)
    _resting: dict[UUID, datetime] = field(default_factory=dict, init=False)

    def step(self) -> bool:
        """Ask for a batch; True when there may be more."""
        now = self.works.clock.now()
        self._resting = {key: until for key, until in self._resting.items() if now < until}
        with self.works.system() as work:
            found = naming.claim(work.session, now, CHANNELS, resting=list(self._resting), most=_MOST)
        for nameless in found:
            self._ask(nameless)
        return len(found) == _MOST and not self.stopping.is_set()

    def _ask(self, nameless: Nameless) -> None:
        if self.stopping.is_set() or nameless.connector_id in self._resting:
            self._later(nameless)
            return
        try:
            told = self._told(nameless)
        except (ChannelError, NoSuchApp, NoKey, Unreadable) as trouble:
            if _is_worth_asking_again(trouble):
                self._resting[nameless.connector_id] = self.works.clock.now() + _REST
                self._later(nameless)
            return
        if told is not None and (told.name or told.handle):
            self._write(nameless, told)

    def _told(self, nameless: Nameless) -> Person | None:
        with self.works.system() as work:
            line = requests.line(work.session, nameless.client_id, nameless.connector_id)
        if line is None or line.secret_sealed is None:
            return None
        keys = self.works.keys.of(nameless.client_id)
        token = keys.open_text(line.secret_sealed, "connector", "secret_sealed", line.id)
        contact = keys.open_text(nameless.external_id_sealed, "contact", "external_id_sealed", nameless.id)
        access = self.calls.access(line.channel, line.account_id, line.app, token)
        return registry.adapter(line.channel).person(self.calls.http, access, contact)

    def _write(self, nameless: Nameless, told: Person) -> None:
        keys = self.works.keys.of(nameless.client_id)
        name = _sealed(keys, nameless, "name_sealed", told.name)
        handle = _sealed(keys, nameless, "handle_sealed", told.handle)
        with self.works.system() as work:
            naming.name(work.session, nameless, name, handle)
            search.queue(work.session, nameless.client_id, [], work.now, contact_ids=[nameless.id])
            if nameless.conversation_id is not None:
                signals.notify_live(work.session, nameless.client_id, [nameless.conversation_id])

    def _later(self, nameless: Nameless) -> None:
        with self.works.system() as work:
            naming.forget_asking(work.session, nameless)


def _sealed(keys: ClientKeys, nameless: Nameless, column: str, value: str | None) -> bytes | None:
    return keys.seal_text(value, "contact", column, nameless.id) if value else None


def _is_worth_asking_again(trouble: Exception) -> bool:
    """Not when the channel says no about this very person: profile hidden, unknown, phone-number account."""
    if isinstance(trouble, ChannelError):
        return isinstance(trouble, Transient) or trouble.action in _WAITING
    return True
