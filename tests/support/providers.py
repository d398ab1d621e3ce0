"""Channels that answer what a test tells them, and the real channel simulator on a port of its own."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from ingestion.simulator.app import create_app
from ingestion.simulator.tuning import Options
from konectus.clock import Clock
from konectus.listening import listen

Answer = httpx.Response | Exception
Script = Callable[[httpx.Request], Answer | None]


def meta_error(code: int, subcode: int | None = None, status: int = 400) -> httpx.Response:
    error = {"message": "x", "type": "OAuthException", "code": code, "error_subcode": subcode, "fbtrace_id": "Tr4ce"}
    return httpx.Response(status, json={"error": error})


def telegram_error(status: int, words: str, **parameters: int | str) -> httpx.Response:
    body = {"ok": False, "error_code": status, "description": words, "parameters": parameters}
    return httpx.Response(status, json=body)


@dataclass
class FakeChannels:
    """Graph and Bot API at once. Accepts everything but for the answers lined up in `next`; `during` sees each call."""

    next: list[Answer] = field(default_factory=list)
    always: Script | None = None
    during: Callable[[httpx.Request], None] | None = None
    calls: list[httpx.Request] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def http(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with self._lock:
            self.calls.append(request)
            answer = self.next.pop(0) if self.next else (self.always(request) if self.always else None)
        if self.during is not None:
            self.during(request)
        if isinstance(answer, Exception):
            raise answer
        return answer if answer is not None else self._accept(request)

    def told(self, number: int = -1) -> Any:
        """The JSON body of a call."""
        return json.loads(self.calls[number].content)

    def texts(self) -> list[str]:
        """The texts of every send that was asked for, in order."""
        bodies = [json.loads(call.content) for call in self.calls if call.content]
        return [body.get("text") or body["message"]["text"] for body in bodies]

    def _accept(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            number = next(self._numbers)
        body = json.loads(request.content) if request.content else {}
        if "/bot" in request.url.path:
            self.accepted.append(body["text"])
            sent = {"message_id": number, "date": 1795000000, "chat": {"id": int(body["chat_id"])}}
            return httpx.Response(200, json={"ok": True, "result": sent})
        self.accepted.append(body["message"]["text"])
        return httpx.Response(200, json={"recipient_id": body["recipient"]["id"], "message_id": f"m_{number}"})


@dataclass(frozen=True)
class Simulator:
    """The control API of a running simulator."""

    address: str

    def get(self, path: str, **query: Any) -> Any:
        return self._told(httpx.get(f"{self.address}/sim/{path}", params=query))

    def post(self, path: str, **body: Any) -> Any:
        return self._told(httpx.post(f"{self.address}/sim/{path}", json=body))

    def account(self, channel: str, account: str) -> Any:
        return self.get("accounts", channel=channel, account=account)["accounts"][0]

    @staticmethod
    def _told(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def running_simulator(clock: Clock, webhooks: str = "http://127.0.0.1:9") -> Iterator[Simulator]:
    """A simulator that listens on a free port of this machine, in a thread of this process."""
    listening = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = create_app(Options(seed=3, webhooks=webhooks, address=address), clock)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        simulator = Simulator(address)
        simulator.post("meta/apps", name="demo", id="1001", secret="s3cret", verify_token="v", flavour="page")
        yield simulator
    finally:
        server.should_exit = True
        thread.join(10)
