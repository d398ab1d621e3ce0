"""The document around Dash and the page of a refusal, in the reader's language."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from konectus import i18n
from konectus.i18n import gettext, lazy

PREFIX = "/dashboard/"
BLOCKS = ("css", "config", "scripts", "renderer")


@dataclass(frozen=True)
class Page:
    """A page by its path below the prefix. `about` puts it under the second heading of the menu."""

    path: str
    title: lazy
    icon: str
    has_figures: bool = True
    about: bool = False

    @property
    def words(self) -> str:
        return str(self.title)


OVERVIEW = Page("", lazy("Overview"), "chart-line")
VOLUME = Page("volume", lazy("Volume"), "activity")
CHANNELS = Page("channels", lazy("Channels and delivery"), "plug")
QUALITY = Page("quality", lazy("Response and resolution"), "timer")
PLANS = Page("plans", lazy("Plans and lifecycle"), "layers")
RETENTION = Page("retention", lazy("Retention"), "users")
HOURS = Page("hours", lazy("Hours"), "clock")
MAKING = Page("making", lazy("How they are made"), "book-open", has_figures=False, about=True)
DOWNLOADS = Page("downloads", lazy("Downloads"), "download", has_figures=False, about=True)
PAGES = (OVERVIEW, VOLUME, CHANNELS, QUALITY, PLANS, RETENTION, HOURS, MAKING, DOWNLOADS)
BY_PATH = {PREFIX + page.path: page for page in PAGES}


@dataclass(frozen=True)
class Asked:
    """What a document is for: its path and query, and the name of the analyst where the host tells it.

    `fallback`: the query that means the same as none, for links to addresses where none means another thing.
    """

    path: str
    search: str
    analyst: str = ""
    fallback: str = ""

    @property
    def initials(self) -> str:
        words = self.analyst.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def document(asked: Asked, blocks: dict[str, str]) -> str:
    """The index of a page; `blocks` are Dash's own pieces of HTML: css, config, scripts, renderer."""
    trusted = {name: Markup(blocks[name]) for name in BLOCKS}  # noqa: S704 -- Dash wrote them
    return _render("shell.html", page=BY_PATH[asked.path], pages=PAGES, asked=asked, **trusted)


def refusal(title: str, words: str, *, has_views: bool) -> str:
    """`has_views`: the host is there, where the reader keeps views: one of them may have led here."""
    return _render("refused.html", title=title, words=words, has_views=has_views)


def _render(template: str, **context: object) -> str:
    return _environment().get_template(template).render(prefix=PREFIX, lang=i18n.tag(), **context)


@lru_cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["_"] = gettext
    return found
