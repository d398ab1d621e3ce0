"""The inbox open in a real Chromium: when what a webhook brought is painted there. Only where one can be driven."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from konectus.cli.bench.ground import BenchStalled

if TYPE_CHECKING:
    from playwright.async_api import Page

_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# The frame after the change is on the screen when the next task of the page runs.
_WATCH = r"""
window.painted = {};
window.loads = 0;
new MutationObserver((records) => {
  const found = records.flatMap((record) => [...record.addedNodes, record.target])
    .flatMap((node) => [...(node.textContent ?? '').matchAll(/medida-(\d+)-fin/g)].map((match) => match[1]))
    .filter((number) => !(number in window.painted));
  if (!found.length) return;
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      const at = performance.timeOrigin + performance.now();
      for (const number of found) window.painted[number] ??= at;
    };
    channel.port2.postMessage(0);
  });
}).observe(document, { childList: true, subtree: true, characterData: true });
"""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")


def is_there() -> str | None:
    """Where Chromium is; None where it, or playwright (a development dependency), is missing."""
    try:
        import playwright.async_api  # noqa: F401, PLC0415  # late: no dependency of the product
    except ImportError:
        return None
    return next(filter(None, map(shutil.which, _NAMES)), None)


@asynccontextmanager
async def opened(executable: str, address: str, cookie: tuple[str, str]) -> AsyncIterator["Page"]:
    """The inbox of an agent, its stream open."""
    from playwright.async_api import async_playwright  # noqa: PLC0415  # late: the same

    name, value = cookie
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        context = await browser.new_context(locale="es-MX", viewport={"width": 1440, "height": 900})
        # A __Host- cookie is set for https alone; to localhost it is sent over http too.
        await context.add_cookies([{"name": name, "value": value, "url": "https://localhost", "secure": True}])
        page = await context.new_page()
        await page.add_init_script(_WATCH)
        async with page.expect_response(lambda answer: "/inbox/stream" in answer.url):
            answer = await page.goto(f"{address}/inbox")
        if answer is None or not answer.ok:
            raise BenchStalled("the inbox did not open in Chromium")
        yield page
        await browser.close()


async def painted(page: "Page") -> dict[int, float]:
    """Seconds since 1970 at which each message stood on the screen."""
    found: dict[str, float] = await page.evaluate("window.painted")
    return {int(number): at / 1e3 for number, at in found.items()}
