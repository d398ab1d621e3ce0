"""What browsers get: the same look as the back office, the vendored library as its makers shipped it, no other host."""

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from plotly.offline import get_plotlyjs_version

import dashboard
from dashboard.app import create_app
from tests.support.browsing import HTML, Visitor
from tests.support.clock import ManualClock
from tests.support.figures import AFTER, World

ROOT = Path(dashboard.__file__).parent
ASSETS = ROOT / "assets"
STATIC = ROOT.parent / "backoffice/static"
FONT = "fonts/inter-latin-wght-normal.woff2"
COPIES = ["tokens.css", "look.css", "mark.svg", "icons.LICENSE.txt", FONT, "fonts/OFL.txt"]
OURS = ["konectus.js", "plotly-2-es-mx.js", "figures.css", "icons.css", "tokens.css", "look.css"]
PLOTLY = ASSETS / "plotly-1-cartesian.min.js"
VENDORED = (ROOT / "VENDORED.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COPIES)
def test_the_look_is_that_of_the_back_office(name: str) -> None:
    """The dashboard can run alone, so it has its own copies: cp backoffice/static/<name> dashboard/assets/<name>."""
    assert (ASSETS / name).read_bytes() == (STATIC / name).read_bytes()


def test_icons_are_the_symbols_of_the_sprite() -> None:
    sprite = (STATIC / "icons.svg").read_text(encoding="utf-8")
    masks = re.findall(r'\.m-([\w-]+) { --m: url\("data:image/svg\+xml,([^"]+)"\)', (ASSETS / "icons.css").read_text())
    assert masks
    for name, image in masks:
        drawn = re.search(rf'<symbol id="{name}"[^>]*>(.*?)</symbol>', sprite, re.DOTALL)
        assert drawn, name
        assert unquote(image).split(">", 1)[1].removesuffix("</svg>") == drawn[1].replace("\n", "")


def test_every_icon_of_the_pages_has_its_mask(published: World) -> None:
    made = create_app(published.installation.settings, ManualClock(AFTER))
    visitor = Visitor(made)
    pages = [visitor.get(path, **HTML).text for path in ("/dashboard/", "/dashboard/making", "/dashboard/nothing")]
    calls = [{"url.pathname": path, "url.search": ""} for path in ("/dashboard/", "/dashboard/making")]
    pages += [visitor.call("page.children", call).text for call in calls]
    made.close()
    used = {name for page in pages for name in re.findall(r'class(?:Name)?"?[=:]"i(?: i-\w+)? m-([\w-]+)"', page)}
    assert used >= {"chart-line", "table-2", "link", "info"}
    assert used <= set(re.findall(r"\.m-([\w-]+) {", (ASSETS / "icons.css").read_text(encoding="utf-8")))


def test_plotly_is_the_version_that_its_python_draws_for() -> None:
    head = PLOTLY.read_text(encoding="utf-8")[:200]
    assert f"plotly.js (cartesian - minified) v{get_plotlyjs_version()}" in head


def test_vendored_files_are_as_their_makers_shipped_them() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|.*\| ([0-9a-f]{64}) \|$", VENDORED, re.MULTILINE)
    assert {name for name, _ in rows} >= {PLOTLY.name, FONT}
    for name, digest in rows:
        assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == digest, name
    assert "MIT License" in (ASSETS / "plotly.LICENSE.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OURS)
def test_no_file_of_ours_names_another_host(name: str) -> None:
    written = (ASSETS / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|url\(\s*[\"']?//", written)
