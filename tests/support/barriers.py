"""What bars somebody from a page: axe's serious findings and sideways scrolling. Which pages are tried, tests say."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_SERIOUS = ("serious", "critical")
_OF_COLOURS = ("color-contrast", "link-in-text-block")
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def barriers(page: Page) -> list[str]:
    """Every rule in the present colours, and "scrolls sideways" where the page is wider than its window."""
    found = _told(Axe().run(page).response["violations"])
    return found + (["scrolls sideways"] if page.evaluate(TOO_WIDE) > 0 else [])


def barriers_in_the_dark(page: Page) -> list[str]:
    """The same document in its dark colours, after `barriers`: what looks at colours is run again. Leaves the light."""
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    wanted = {"runOnly": _OF_COLOURS, "resultTypes": ["violations"]}
    found = _told(page.evaluate("wanted => axe.run(wanted)", wanted)["violations"])
    page.emulate_media(color_scheme="light")
    return [f"{one} in the dark" for one in found]


def _told(rules: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{rule['id']}: {node['html'][:120]}" for rule in rules if rule["impact"] in _SERIOUS for node in rule["nodes"]
    ]
