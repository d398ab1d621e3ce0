"""What stands where the product would: a webhook that notes what it gets, and short words for the control API."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

APP_ID, APP_SECRET = "1001", "s3cret"
PAGE_FIELDS = (
    "messages,message_echoes,message_deliveries,message_reads,message_reactions,message_edits,messaging_postbacks"
)


@dataclass
class StillClock:
    """Stands still unless somebody moves it."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Got:
    """One POST as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def item(self) -> Any:
        """The one item of a Meta body."""
        return self.json["entry"][0]["messaging"][0]


@dataclass
class Receiver:
    """Answers 200 but for the statuses lined up in `next_answers`."""

    got: list[Got] = field(default_factory=list)
    next_answers: list[int] = field(default_factory=list)
    always: int = 200
    retry_after: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "GET":
            answer = PlainTextResponse(request.query_params["hub.challenge"])
        else:
            self.got.append(Got(request.url.path, dict(request.headers), await request.body()))
            headers = {"Retry-After": self.retry_after} if self.retry_after else None
            answer = PlainTextResponse("", self.next_answers.pop(0) if self.next_answers else self.always, headers)
        await answer(scope, receive, send)

    def items(self) -> list[Any]:
        return [got.item for got in self.got]

    def kinds(self) -> list[str]:
        """The kind of each Meta item, an echo apart from a message."""
        found = []
        for item in self.items():
            kind = next(key for key in item if key not in {"sender", "recipient", "timestamp"})
            found.append("echo" if kind == "message" and item[kind].get("is_echo") else kind)
        return found


@dataclass
class Sim:
    """The control API and the providers' APIs as a program from outside uses them."""

    http: httpx.AsyncClient

    async def post(self, path: str, /, **words: Any) -> Any:
        answer = await self.http.post(path, json=words)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str, /, **words: Any) -> Any:
        answer = await self.http.get(path, params=words)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def settle(self) -> None:
        assert (await self.post("/sim/settle", seconds=10))["settled"]

    async def page(self, *, subscribed: bool = True, **words: Any) -> Any:
        """A Page with an Instagram account, subscribed to the fields we use."""
        linked = {"username": "tallerlumbre"}
        page = await self.post("/sim/pages", name="Taller Lumbre", app="demo", instagram=linked, **words)
        if subscribed:
            given = {"access_token": page["token"], "subscribed_fields": PAGE_FIELDS}
            answer = await self.http.post(f"/graph/v26.0/{page['id']}/subscribed_apps", params=given)
            assert answer.json() == {"success": True}
        return page

    async def bot(self, **hook: Any) -> Any:
        """A bot with its webhook set."""
        bot = await self.post("/sim/bots", username="taller_lumbre_bot", name="Taller Lumbre")
        hook = {"url": "http://127.0.0.1:8000/webhooks/telegram/c1", "secret_token": "hush", **hook}
        answer = await self.http.post(f"/telegram/bot{bot['token']}/setWebhook", json=hook)
        assert answer.json()["result"] is True, answer.text
        return bot

    async def say(self, account: Any, text: str = "Hola, ¿cuánto cuesta?", *, person: str = "new", **words: Any) -> Any:
        """Somebody writes, and what was sent has arrived."""
        said = await self.post(
            "/sim/say", person=person, channel=account["channel"], account=account["id"], text=text, **words
        )
        await self.settle()
        return said

    async def send(self, page: Any, person_id: str, **body: Any) -> httpx.Response:
        """POST /{page}/messages with the Page's token."""
        message = {} if "sender_action" in body else {"message": {"text": "Con gusto"}}
        words = {"recipient": {"id": person_id}, "messaging_type": "RESPONSE", **message, **body}
        params = {"access_token": page["token"]}
        answer = await self.http.post(f"/graph/v26.0/{page['id']}/messages", params=params, json=words)
        await self.settle()
        return answer

    async def bot_call(self, bot: Any, method: str, **words: Any) -> httpx.Response:
        answer = await self.http.post(f"/telegram/bot{bot['token']}/{method}", json=words)
        await self.settle()
        return answer
