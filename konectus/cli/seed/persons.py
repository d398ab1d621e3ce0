"""The simulator's control API as the seed uses it: registers the invented Clients' accounts, lets persons write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from konectus.cli.seed.businesses import Business
from konectus.domain.channels import Channel
from konectus.errors import Unavailable
from konectus.settings import MetaApp

PATIENCE = 30.0
_MARKS = {"[foto]": "image", "[voz]": "voice", "[archivo]": "file", "[ubicación]": "location"}


class SimulatorDown(Unavailable):
    code = "simulator"


@dataclass(frozen=True)
class Place:
    """An account at a channel, as the simulator knows it, with the token that connects it."""

    channel: Channel
    account: str
    token: str
    app: str | None


@dataclass(frozen=True)
class Simulator:
    """Speaks to /sim of one simulator. Everything raises SimulatorDown where it does not answer."""

    http: httpx.Client

    @classmethod
    def at(cls, url: str) -> "Simulator":
        return cls(httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False))

    def register_app(self, app: MetaApp) -> None:
        """The Meta app whose secret the doors know."""
        secret, verify = app.secrets[0].get_secret_value(), app.verify_token.get_secret_value()
        given = {"name": app.name, "id": app.id, "secret": secret, "verify_token": verify, "flavour": app.flavour}
        self._post("/sim/meta/apps", given)

    def register(self, business: Business, app: str) -> list[Place]:
        """The accounts of one Client: a Page with its Instagram account, a bot. The same again changes nothing."""
        places = []
        if Channel.MESSENGER in business.channels or Channel.INSTAGRAM in business.channels:
            places += self._register_page(business, app)
        if Channel.TELEGRAM in business.channels:
            username = f"{business.slug.replace('-', '_')}_bot"
            given = {"username": username, "name": business.trade_name, "business": business.script}
            told = self._post("/sim/bots", given)
            places.append(Place(Channel.TELEGRAM, told["id"], told["token"], None))
        return places

    def say(self, person: str, place: Place, line: str, at: datetime) -> str:
        """A person writes; `new` is somebody who never wrote before. Returns who it was."""
        mark, _, words = line.partition(" ") if line.startswith("[") else ("", "", line)
        files = [{"type": _MARKS[mark]}] if mark else []
        given = {"person": person, "channel": place.channel, "account": place.account, "at": at.isoformat()}
        told = self._post("/sim/say", {**given, "text": words, "attachments": files})
        return str(told["person"])

    def start_players(self, places: list[Place], per_minute: float) -> None:
        accounts = [{"channel": place.channel, "account": place.account} for place in places]
        self._post("/sim/players/start", {"accounts": accounts, "per_minute": per_minute})

    def settle(self, seconds: float) -> None:
        """Wait until nothing is on its way to us."""
        self._post("/sim/settle", {"seconds": seconds})

    def _register_page(self, business: Business, app: str) -> list[Place]:
        given: dict[str, Any] = {"name": business.trade_name, "app": app, "business": business.script}
        if Channel.INSTAGRAM in business.channels:
            given["instagram"] = {"username": business.slug.replace("-", ""), "name": business.trade_name}
        told = self._post("/sim/pages", given)
        places = [Place(Channel.MESSENGER, told["id"], told["token"], app)]
        if Channel.INSTAGRAM in business.channels:
            places.append(Place(Channel.INSTAGRAM, told["instagram"]["id"], told["token"], app))
        return [place for place in places if place.channel in business.channels]

    def _post(self, path: str, given: dict[str, Any]) -> Any:
        try:
            answer = self.http.post(path, json=given)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            said = getattr(getattr(error, "response", None), "text", "") or type(error).__name__
            raise SimulatorDown(
                f"the channel simulator refused {path}: {said[:200]}; it runs with konectus demo"
            ) from None
        return answer.json()
