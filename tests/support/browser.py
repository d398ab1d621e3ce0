"""A real Chromium from the system's package, with a fresh profile; tests skip with the reason where there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

# The shell is Chromium without the window that nobody sees here, and a quarter less work.
_PLACES = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next((place for place in _PLACES if place.exists()), _PLACES[0])
# Milliseconds. A busy machine is slow and not wrong; what never happens is told after these.
PATIENCE = 20_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module: while it is open, its event loop stands in the way of other tests' loops."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: sudo apt-get install {CHROMIUM.name}")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a new person: Spanish of Mexico, no cookies; what its console complains of fails the test."""
    context = browser.new_context(
        locale="es-MX", timezone_id="America/Mexico_City", viewport={"width": 1440, "height": 900}
    )
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda e: complaints.append(str(e)))
    yield opened
    context.close()
    wrong = [c for c in complaints if "Content Security Policy" in c or "Error" in c]
    assert not wrong, wrong


def focus(page: Page, selector: str) -> None:
    """In one step of the page: a Locator first finds a node, which the stream may put anew before it is focused."""
    page.evaluate("selector => document.querySelector(selector).focus()", selector)
