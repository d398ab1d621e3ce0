"""Takes the pictures of docs/pictures from a demo of its own, light and dark. `make docs`; no test.

Nothing in them is real: Clients, people and messages are invented by the demo.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import CHROMIUM, FLAGS
from tests.support.processes import free_port

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
READY = re.compile(r"ready in")
Scheme = Literal["light", "dark"]


def inbox(page: Page, url: str) -> None:
    enter(page, f"{url}/login", "agent")
    page.locator(".conv", has=page.locator(".av.sm")).first.click()
    page.locator("#hilo .msg.out").first.wait_for()


def client(page: Page, url: str) -> None:
    enter(page, f"{url}/admin/login", "trust")
    page.goto(f"{url}/admin/client/list?search=Taller Ñandú")
    page.locator("main table a").first.click()
    page.get_by_role("link", name="Suspender").first.wait_for()


def suspend(page: Page, url: str) -> None:
    client(page, url)
    page.get_by_role("link", name="Suspender").first.click()
    page.get_by_role("button", name="Suspender ahora").wait_for()


def overview(page: Page, url: str) -> None:
    enter(page, f"{url}/admin/login", "analyst")
    page.goto(f"{url}/dashboard/")
    page.locator(".kpis li").first.wait_for()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.wait_for_timeout(1500)  # the charts draw themselves after their frame is there


SCENES: dict[str, Callable[[Page, str], None]] = {
    "inbox": inbox,
    "client": client,
    "suspend": suspend,
    "overview": overview,
}
# What a row of the sign-in page says of each role, in Spanish.
WORDS = {"agent": "Agente", "trust": "Confianza", "analyst": "Análisis"}


def enter(page: Page, url: str, role: str) -> None:
    """One click on the sign-in page of the demo."""
    page.goto(url)
    page.locator(".demo-people li", has_text=WORDS[role]).get_by_role("button").first.click()
    page.wait_for_url(lambda found: "login" not in found)


def take(browser: Browser, url: str, scheme: Scheme, *, width: int = 1440) -> None:
    for name, scene in SCENES.items():
        context = browser.new_context(
            locale="es-MX",
            timezone_id="America/Mexico_City",
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
        )
        page = context.new_page()
        scene(page, url)
        page.screenshot(path=PICTURES / f"{name}-{scheme}.png", full_page=name != "inbox")
        context.close()


@contextmanager
def demo() -> Iterator[str]:
    """A demo in a folder and on a port of its own; its address when it is ready."""
    with tempfile.TemporaryDirectory(prefix="konectus-pictures-") as folder:
        port = free_port()
        command = [sys.executable, "-m", "konectus.cli", "demo", "--data-dir", folder, "--port", str(port), "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if READY.search(line):
                    break
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(30)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        take(browser, url, "light")
        take(browser, url, "dark")
        browser.close()


if __name__ == "__main__":
    main()
