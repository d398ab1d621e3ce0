"""The dashboard as a browser sees it: over ASGI without a socket, or on a port of loopback to a real Chromium."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import uvicorn
from starlette.types import ASGIApp

from konectus.clock import monotonic
from konectus.listening import listen

HOST = "dashboard.test"
HTML = {"accept": "text/html"}


@dataclass(frozen=True)
class Visitor:
    """Asks an ASGI application."""

    app: ASGIApp

    def get(self, address: str, **headers: str) -> httpx.Response:
        return self._ask("GET", address, headers)

    def post(self, address: str, content: bytes, **headers: str) -> httpx.Response:
        return self._ask("POST", address, {"content-type": "application/json"} | headers, content)

    def call(self, output: str, inputs: Mapping[str, object], **headers: str) -> httpx.Response:
        """A callback, as Dash's script writes it."""
        given = [dict(zip(("id", "property"), name.split("."), strict=True), value=v) for name, v in inputs.items()]
        node, prop = output.split(".")
        body = {"output": output, "outputs": {"id": node, "property": prop}, "inputs": given}
        sent = json.dumps(body | {"changedPropIds": list(inputs)}).encode()
        return self.post("/dashboard/_dash-update-component", sent, **headers)

    def _ask(self, method: str, address: str, headers: dict[str, str], content: bytes | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}") as http:
                return await http.request(method, address, headers=headers, content=content)

        return anyio.run(ask)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application on a free port; its address."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    until = monotonic() + 10
    while not server.started and monotonic() < until:
        threading.Event().wait(0.02)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
