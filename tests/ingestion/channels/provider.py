"""A channel that answers what a test tells it and remembers what it was asked."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from ingestion.channels.port.adapter import Access, Outgoing

TOKEN = "7204418836:AAplanted-token_1"
SECRET = "planted-app-secret"
META = Access(base_url="https://graph.test", account="9001", token=TOKEN, app_id="1001", app_secret=SECRET)
LOGIN = Access(base_url="https://ig.test", account="1784", token=TOKEN, flavour="instagram")
BOT = Access(base_url="https://tg.test", account="7204418836", token=TOKEN)
OUT = Outgoing(recipient="55", part="obx_1")


@dataclass
class Provider:
    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    breaks: type[Exception] | None = None
    asked: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        if self.breaks:
            raise self.breaks(f"broke at {request.url}")
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return httpx.Response(self.status, content=content, headers=self.headers)

    @property
    def http(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    @property
    def last(self) -> httpx.Request:
        return self.asked[-1]

    def told(self) -> Any:
        """The JSON body of the last request."""
        return json.loads(self.last.content)
