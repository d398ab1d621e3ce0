"""How heavy and how quick the pages are in a real Chromium: a first visit, a warm one, a filter (surfaces.md 4)."""

import statistics
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import shell
from dashboard.app import create_app
from konectus.clock import monotonic
from konectus.services.installation import Installation
from tests.support.browsing import served
from tests.support.clock import ManualClock
from tests.support.figures import AFTER

pytestmark = pytest.mark.browser

MOST_BYTES = 1_700_000  # of a first visit, compressed
WARM, FILTER = 1.5, 0.3  # seconds
TIMES = 9
SETTLED = (
    1_000  # milliseconds, in which the charts of the choice before are drawn: nobody chooses faster than they read
)
# Chooses a month as a person does; milliseconds until the page of that month stands there. Polling would add its own.
CHOOSE = """month => new Promise(done => {
  const begin = performance.now();
  const wanted = `period=${month}&`;
  new MutationObserver((_, watching) => {
    if (!document.querySelector("[data-permalink]")?.dataset.permalink.includes(wanted)) return;
    watching.disconnect();
    requestAnimationFrame(() => done(performance.now() - begin));
  }).observe(document.body, { childList: true, subtree: true, attributes: true });
  const chosen = document.getElementById("filter-period");
  chosen.value = month;
  chosen.dispatchEvent(new Event("change", { bubbles: true }));
})"""


@pytest.fixture(scope="module")
def address(grown: Installation) -> Iterator[str]:
    made = create_app(grown.settings, ManualClock(AFTER))
    with served(made) as found:
        yield f"{found}{shell.PREFIX}"
    made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="es-MX", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def drawn(page: Page) -> None:
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def weighed(page: Page) -> list[int]:
    """From now on, the bytes of each answer as they came over the wire; nothing for what the browser had kept."""
    sizes: list[int] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    return sizes


def test_a_first_visit_is_lighter_than_1_7_megabytes(page: Page, address: str) -> None:
    """With all that it needs, scripts and fonts included, as it goes over the wire."""
    sizes = weighed(page)
    page.goto(address)
    drawn(page)
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 10
    assert sum(sizes) < MOST_BYTES


def test_a_second_visit_asks_for_no_script_again(page: Page, address: str) -> None:
    page.goto(address)
    drawn(page)
    sizes = weighed(page)
    page.reload()
    drawn(page)
    page.wait_for_load_state("networkidle")
    assert sum(sizes) < MOST_BYTES / 10


@pytest.mark.load
def test_a_warm_visit_and_a_filter_are_quick(page: Page, address: str) -> None:
    """The median of nine on a quiet machine."""
    page.goto(f"{address}volume")
    drawn(page)

    def reload() -> None:
        page.reload()
        drawn(page)

    months = iter([f"2026-{month:02}" for month in (9, 8, 7, 6, 5, 4, 9, 8, 7)])

    def choose() -> float:
        page.wait_for_timeout(SETTLED)
        return float(page.evaluate(CHOOSE, next(months))) / 1_000

    took = {
        "warm": statistics.median(_timed(reload) for _ in range(TIMES)),
        "filter": statistics.median(choose() for _ in range(TIMES)),
    }
    assert took["warm"] < WARM
    assert took["filter"] < FILTER


def _timed(act: Callable[[], None]) -> float:
    begin = monotonic()
    act()
    return monotonic() - begin
