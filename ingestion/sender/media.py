"""The attachments loop: pending ones onto threads of their own, and where Telegram keeps a file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import httpx

from ingestion import registry
from ingestion.attachments.addresses import Addresses, Origin, origin_of
from ingestion.attachments.fetch import TOO_LARGE
from ingestion.attachments.keeping import Keeping
from ingestion.attachments.refusals import Refused, Unreachable
from ingestion.channels.port.failures import Action, Permanent, Transient
from ingestion.sender.calls import Calls, NoSuchApp
from ingestion.sender.loops import Lanes
from konectus.services.work import Works
from konectus.settings import LOOPBACK, Settings
from konectus.store.queries import requests

_THREADS = 4
_LANE = "media"
# What an adapter says of a file that its channel does not hand out for its size (Telegram: over 20 MB).
TOO_BIG = "too_big"
_MENDABLE = frozenset({Action.NEEDS_REAUTH, Action.PERMISSION_LOST, Action.RESTRICTED})


def addresses(settings: Settings) -> Addresses:
    """Public https alone; outside production also the channel simulator, where the settings point at this machine."""
    if settings.environment == "production":
        return Addresses()
    told = (settings.simulator_url, settings.meta_graph_url, settings.instagram_graph_url, settings.telegram_api_url)
    found = {origin for url in told if url and (origin := _loopback(url))}
    return Addresses(loopback=frozenset(found))


def _loopback(url: str) -> Origin | None:
    origin = origin_of(httpx.URL(url))
    return origin if origin and origin[1] in {host.strip("[]") for host in LOOPBACK} else None


@dataclass(frozen=True)
class FileAddresses:
    """Asks the channel where a file named by an id is."""

    works: Works
    calls: Calls

    def __call__(self, client_id: UUID, connector_id: UUID, file_id: str) -> str:
        """Raises Refused or Unreachable."""
        with self.works.system() as work:
            line = requests.line(work.session, client_id, connector_id)
        if line is None or line.secret_sealed is None:
            raise Refused("disconnected")
        token = self.works.keys.of(client_id).open_text(line.secret_sealed, "connector", "secret_sealed", line.id)
        try:
            access = self.calls.access(line.channel, line.account_id, line.app, token)
            return registry.adapter(line.channel).media_url(self.calls.http, access, file_id)
        except Transient as trouble:
            raise Unreachable(str(trouble.action)) from None
        except Permanent as refusal:
            if refusal.provider_code == TOO_BIG:
                raise Refused(TOO_LARGE) from None
            # A new token may come; a file the channel does not know will not.
            if refusal.action in _MENDABLE:
                raise Unreachable(str(refusal.action)) from None
            raise Refused("gone") from None
        except NoSuchApp as refusal:
            raise Refused(refusal.code) from None


@dataclass
class Media:
    """Claims as many as there are free threads for."""

    keeping: Keeping
    done: Callable[[], None]
    lanes: Lanes = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes(_LANE, _THREADS, _THREADS, self.done)

    def step(self) -> bool:
        room = self.lanes.room(_LANE)
        if not room:
            return False
        for pending in self.keeping.claim(room):
            self.lanes.run(_LANE, pending.connector_id, pending.id, partial(self.keeping.keep, pending))
        return False

    def sweep(self) -> bool:
        """Files of messages that were taken back."""
        return self.keeping.erase_withdrawn()

    def close(self) -> None:
        """End the child that makes previews."""
        self.keeping.previews.close()
