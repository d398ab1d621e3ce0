"""Files of the browser: what is not ours is what it says it is, and pages are put together from what exists."""

import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest

from backoffice import pages
from konectus import i18n

ROW = re.compile(r"^\| `([^`]+)` \|.*\| ([0-9a-f]{64}) \|$", re.MULTILINE)
NOON = datetime(2026, 11, 19, 18, 0, tzinfo=UTC)


def test_every_file_from_elsewhere_has_its_hash_and_a_licence() -> None:
    rows = dict(ROW.findall((pages.STATIC / "VENDORED.md").read_text(encoding="utf-8")))
    assert set(rows) == {
        "vendor/htmx.min.js",
        "vendor/hx-sse.min.js",
        "fonts/inter-latin-wght-normal.woff2",
        "icons.svg",
    }
    for path, digest in rows.items():
        assert hashlib.sha256((pages.STATIC / path).read_bytes()).hexdigest() == digest, path
    for licence in ("vendor/htmx.LICENSE.txt", "fonts/OFL.txt", "icons.LICENSE.txt"):
        assert (pages.STATIC / licence).stat().st_size > 500


def test_no_sheet_script_or_template_names_another_host() -> None:
    ours = [p for p in pages.STATIC.rglob("*") if p.suffix in (".css", ".js", ".svg") and "vendor" not in p.parts]
    for path in [*ours, *pages.TEMPLATES.rglob("*.html")]:
        found = re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}", path.read_text(encoding="utf-8"))
        assert [url for url in found if "www.w3.org" not in url] == [], path


def test_no_template_has_a_script_or_a_style_inside() -> None:
    """The policy of every page would stop it; better that it is never written."""
    for path in pages.TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text), path


def test_every_template_can_be_read() -> None:
    environment = pages.environment()
    for name in environment.list_templates(extensions=["html"]):
        if not name.startswith(("admin/", "sqladmin/")):
            environment.get_template(name)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("María Fernanda Gutiérrez de la Peña", "MG"),
        ("José Ángel Núñez Zúñiga", "JN"),
        ("Mariana Ortúzar", "MO"),
        ("Íñigo", "Í"),
        ("vero.diseña", "VD"),
        ("🌵 lupita", "🌵L"),
        ("", ""),
    ],
)
def test_initials_are_of_the_given_name_and_the_surname(name: str, letters: str) -> None:
    assert pages.initials(name) == letters


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(hours=2), "10:00"),
        (timedelta(hours=13), "ayer"),
        (timedelta(days=10), "lun 9"),
        (timedelta(days=40), "10 oct 2026"),
    ],
)
def test_a_list_tells_times_for_scanning(ago: timedelta, told: str) -> None:
    assert pages.when(NOON - ago, pages.Reader(NOON)) == told


def test_a_time_says_the_readers_hour_and_beside_it_the_legal_one() -> None:
    reader = pages.Reader(NOON, "America/Tijuana")
    shown = str(pages.time_element(NOON, "x", reader))
    assert '<time datetime="2026-11-19T18:00:00Z"' in shown
    assert "jueves 19 de noviembre de 2026, 10:00 (America/Tijuana)" in shown
    assert "jueves 19 de noviembre, 12:00 en Ciudad de México" in shown
    assert "Ciudad de México" not in str(pages.time_element(NOON, "x", pages.Reader(NOON)))


def test_words_are_escaped_where_values_enter_them() -> None:
    with i18n.use("es_MX"):
        assert "<b>" not in str(pages.translate("Inbox of {house}", house="<b>x</b>"))
