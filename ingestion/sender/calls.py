"""What a call to a channel needs, from settings and a Connector: where, for whom, with which secrets."""

from dataclasses import dataclass
from uuid import UUID

import httpx

from ingestion.channels.port.adapter import Access, Hook
from ingestion.channels.port.lines import Lines
from konectus.domain.channels import Channel
from konectus.errors import Invalid
from konectus.settings import MetaApp, Settings

# A read shorter than the ten seconds a channel takes to fetch a file would make `unknown` of what succeeds.
TIMEOUT = httpx.Timeout(10.0, connect=3.0, pool=3.0)


class NoSuchApp(Invalid):
    """The Connector came through a Meta app that the settings do not name any more."""

    code = "no_such_app"


def open_http() -> httpx.Client:
    """The client of all calls: no proxy or credentials of the environment, no redirect, no cookie kept by intent."""
    return httpx.Client(transport=Lines(), timeout=TIMEOUT, trust_env=False, follow_redirects=False)


@dataclass(frozen=True)
class Calls:
    """Makes the access of calls, and of a Telegram connector the address where its events shall go."""

    settings: Settings
    http: httpx.Client

    def access(self, channel: Channel, account_id: str, app: str | None, token: str) -> Access:
        """Raises NoSuchApp."""
        if channel is Channel.TELEGRAM:
            return Access(base_url=self.settings.telegram_api_url, account=account_id, token=token)
        found = self._app(app)
        is_login = found.flavour == "instagram"
        return Access(
            base_url=self.settings.instagram_graph_url if is_login else self.settings.meta_graph_url,
            account=account_id,
            token=token,
            app_id=found.id,
            app_secret=found.call_secret,
            flavour=found.flavour,
        )

    def hook(self, connector_id: UUID, secret: str) -> Hook:
        url = f"{self.settings.public_url.rstrip('/')}/webhooks/telegram/{connector_id}"
        return Hook(url=url, secret=secret)

    def _app(self, name: str | None) -> MetaApp:
        for app in self.settings.meta_apps:
            if app.name == name:
                return app
        raise NoSuchApp(f"KONECTUS_META_APPS names no app {name!r}")
