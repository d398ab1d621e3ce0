"""Takes the pictures of docs/pictures and docs/dashboard from a demo of its own, light and dark. `make docs`; no test.

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
from urllib.parse import urlsplit

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.shell import PAGES, PREFIX
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.processes import free_port

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
DASHBOARD = PICTURES.parent / "dashboard"
COLOURS = 192  # of a picture of the dashboard, a third of the size that all would have
READY = re.compile(r"ready in")
PERSON = "Renata Olvera"
# The simulator's control API stands ten ports above the web.
_BESIDE = 10
Scheme = Literal["light", "dark"]


def inbox(page: Page, url: str) -> None:
    enter(page, f"{url}/login", "agent")
    page.locator(".conv", has=page.locator(".av.sm")).first.click()
    page.locator("#hilo .msg.out").first.wait_for()


def thread(page: Page, url: str) -> None:
    """A conversation in which much happened that a channel can tell."""
    page.set_viewport_size({"width": 1440, "height": 1640})
    enter(page, f"{url}/login", "agent")
    page.locator(".conv", has_text=PERSON).first.click()
    page.locator("#hilo .msg.out").nth(2).wait_for()
    page.wait_for_timeout(1000)  # the small pictures come after the page


def search(page: Page, url: str) -> None:
    enter(page, f"{url}/login", "agent")
    page.locator("#words").fill("comedor")
    page.locator("#found .hit").first.click()
    page.locator("#hilo .sought").wait_for()


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
    "thread": thread,
    "search": search,
    "client": client,
    "suspend": suspend,
    "overview": overview,
}
# These scroll inside their panes: the window is the picture.
INBOX = ("inbox", "thread", "search")
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
        page.screenshot(path=PICTURES / f"{name}-{scheme}.png", full_page=name not in INBOX)
        context.close()


def happen(url: str) -> None:
    """Somebody writes to a Client as one can write on Instagram; the simulator delivers it as the channel does."""
    port = urlsplit(url).port or 0
    with httpx.Client(base_url=f"http://127.0.0.1:{port + _BESIDE}/sim", timeout=30) as sim:

        def act(path: str, **given: object) -> dict[str, str]:
            answer = sim.post(path, json=given)
            answer.raise_for_status()
            told: dict[str, str] = answer.json()
            return told

        accounts = sim.get("/accounts", params={"channel": "instagram"}).json()["accounts"]
        account = next(one["id"] for one in accounts if one["name"] == "Taller Ñandú")
        person = sim.post("/persons", json={"name": PERSON, "handle": "renata.olvera"}).json()["persons"][0]["person"]
        thread = {"channel": "instagram", "account": account, "person": person}
        ad = {"source": "ADS", "type": "OPEN_THREAD", "ads_context_data": {"ad_title": "Comedores de parota −20 %"}}
        first = act("/say", **thread, text="Hola, vi su anuncio del comedor de parota.", referral=ad)
        act("/say", **thread, text="¿También lo hacen así de largo?", story=True)
        wrong = act("/say", **thread, text="Mi teléfono es")
        act("/unsend", **thread, message_id=wrong["message_id"])
        act("/say", **thread, text="Este es el espacio", attachments=[{"type": "image"}])
        act("/say", **thread, attachments=[{"type": "audio"}])
        act("/say", **thread, attachments=[{"type": "share"}])
        own = act("/owner-says", **thread, text="¡Qué bonito espacio! Sí, hasta 2.40 m.")
        act("/react", **thread, message_id=own["message_id"])
        act("/say", **thread, text="¿Y cuánto tarda?", reply_to=own["message_id"])
        act("/say", **thread, attachments=[{"type": "unsupported"}])
        act("/say", **thread, text="Soy de Cuernavaca, por el envío.", reply_to=first["message_id"])
        act("/settle", seconds=20)


def answer(browser: Browser, url: str) -> None:
    """The agent answers once, in two messages, and waits until the channel took them."""
    context = browser.new_context(locale="es-MX", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    enter(page, f"{url}/login", "agent")
    page.locator(".conv", has_text=PERSON).first.click()
    for text in ("Seis semanas, con anticipo de la mitad.", "El envío a Cuernavaca sale en $1,150 con maniobras."):
        page.get_by_label("Respuesta", exact=True).fill(text)
        page.get_by_label("Respuesta", exact=True).press("Enter")
    page.locator(".msg.out", has_text="Enviado").nth(2).wait_for(timeout=60_000)
    context.close()


def figures(browser: Browser, url: str, scheme: Scheme) -> None:
    """Every page of the dashboard from top to bottom, as the analyst sees it."""
    context = browser.new_context(locale="es-MX", color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    enter(page, f"{url}/admin/login", "analyst")
    for shown in PAGES:
        page.goto(f"{url}{PREFIX}{shown.path}")
        page.locator(".card").first.wait_for()
        page.wait_for_load_state("networkidle")
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": 1280, "height": height})
        page.wait_for_timeout(1500)  # the charts draw themselves after their frame is there
        file = DASHBOARD / f"{shown.path or 'overview'}-{scheme}.png"
        page.screenshot(path=file)
        Image.open(file).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
        page.set_viewport_size({"width": 1280, "height": 900})
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
        happen(url)
        answer(browser, url)
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            take(browser, url, scheme)
            figures(browser, url, scheme)
        browser.close()


if __name__ == "__main__":
    main()
