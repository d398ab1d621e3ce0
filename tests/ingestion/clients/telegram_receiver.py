"""aiogram's own webhook receiver on a port of this machine: what it parsed, and what it refused for a wrong secret."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Update
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

SECRET = "hush_hush-1"


@dataclass
class Heard:
    """Updates in the order they came, and the port they came to."""

    port: int = 0
    updates: list[Update] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def last(self) -> Update:
        return self.updates[-1]


def bot_at(address: str, token: str) -> Bot:
    """A bot of aiogram whose API server is the simulator."""
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(f"{address}/telegram")))


@asynccontextmanager
async def listening(bot: Bot, secret: str = SECRET) -> AsyncIterator[Heard]:
    """A server that takes only deliveries with the secret header."""
    heard, dispatcher = Heard(), Dispatcher()

    async def note(_handler: object, update: Update, _data: object) -> None:
        heard.updates.append(update)

    dispatcher.update.outer_middleware(note)  # type: ignore[arg-type] # its protocol names no return value
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=secret).register(app, "/hook")
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    heard.port = runner.addresses[0][1]
    try:
        yield heard
    finally:
        await runner.cleanup()
        await bot.session.close()
