"""The dashboard as a process of its own: `uvicorn dashboard.asgi:app`, behind its gate. Nobody imports it."""

import os

from starlette.types import Receive, Scope, Send

from dashboard.app import create_app
from dashboard.gate import Gate
from konectus.clock import Clock, OffsetClock, SystemClock
from konectus.settings import Settings


class FromEnvironment:
    """Opened when the server starts, so that importing this reads nothing."""

    _gate: Gate | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._gate is None:
            self._gate = gated(Settings.load(os.environ))
        await self._gate(scope, receive, send)


def gated(settings: Settings) -> Gate:
    """Raises SettingsError where the analyst's address or the key of the tickets is missing."""
    clock: Clock = OffsetClock(settings.data_dir / "clock") if settings.environment == "demo" else SystemClock()
    return Gate(create_app(settings, clock), settings, clock)


app = FromEnvironment()
