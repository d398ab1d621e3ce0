"""One language for all surfaces: the reader's locale, messages, dates, numbers and money.

Msgids are English; Spanish of Mexico lives in locale/es_MX/*.po, all files merged into one catalogue.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.core import negotiate_locale
from babel.messages.pofile import read_po

LOCALES = ("es_MX", "en")
DEFAULT = LOCALES[0]
LEGAL_ZONE = ZoneInfo("America/Mexico_City")  # every legal day ends there, whatever zone the reader has
Number = int | float | Decimal
Zone = str | tzinfo

_locale: ContextVar[str] = ContextVar("konectus_locale", default=DEFAULT)

# CLDR patterns; "scan" is for lists, "full" for what a reader must be able to rely on.
_DATES = {
    "es_MX": {
        "full": "EEEE d 'de' MMMM 'de' y",
        "long": "EEEE d 'de' MMMM",
        "medium": "d MMM y",
        "scan": "EEE d",
        "day": "d MMM",
        "month": "MMMM 'de' y",
    },
    "en": {
        "full": "EEEE, MMMM d, y",
        "long": "EEEE, MMMM d",
        "medium": "MMM d, y",
        "scan": "EEE d",
        "day": "MMM d",
        "month": "MMMM y",
    },
}


@contextmanager
def use(locale: str) -> Iterator[None]:
    """Speak this locale inside the block; one that is not in LOCALES becomes the default."""
    token = _locale.set(locale if locale in LOCALES else DEFAULT)
    try:
        yield
    finally:
        _locale.reset(token)


def current() -> str:
    return _locale.get()


def tag() -> str:
    """The present locale as HTML writes it: es-MX, en."""
    return current().replace("_", "-")


def negotiate(accept_language: str) -> str:
    """The best of LOCALES for an Accept-Language header; Spanish when none fits."""
    weighted = []
    for position, part in enumerate(accept_language[:500].split(",")):
        name, _, parameters = part.partition(";")
        quality = parameters.strip().removeprefix("q=") if parameters else "1"
        weighted.append((-_quality(quality), position, name.strip().replace("-", "_")))
    wanted = [name for quality, _, name in sorted(weighted) if quality < 0]
    for name in wanted:
        if name.split("_")[0].lower() == "es":
            return DEFAULT
        found = negotiate_locale([name, name.split("_")[0]], LOCALES)
        if found:
            return found
    return DEFAULT


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def gettext(msgid: str, **values: object) -> str:
    """The message in the present locale; `{name}` in it takes the value of that name."""
    text = _catalogue(current()).one.get(msgid, msgid)
    return text.format(**values) if values else text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """The message for n things; `{n}` is the number, grouped as the locale does."""
    forms = _catalogue(current()).many.get(one, (one, many))
    return forms[0 if n == 1 else 1].format(n=format_number(n), **values)


def msg(msgid: str) -> str:
    """The msgid itself: names a message in a table, where the catalogue's test finds it, for gettext later."""
    return msgid


@dataclass(frozen=True)
class lazy:  # noqa: N801 -- reads as a function: lazy("Clients") is a message for later
    """A message that is put into words when it is shown, for names fixed at import."""

    msgid: str

    def __str__(self) -> str:
        return gettext(self.msgid)

    def __html__(self) -> str:
        return str(self).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def format_date(day: date | datetime, zone: Zone = LEGAL_ZONE, form: str = "long") -> str:
    """A day in words; forms full, long, medium, scan, day, month. An instant counts in `zone`."""
    if isinstance(day, datetime):
        day = _local(day, zone).date()
    return dates.format_date(day, _DATES[current()][form], locale=current()).replace(".", "")


def format_time(instant: datetime, zone: Zone = LEGAL_ZONE) -> str:
    """Hours and minutes, 24 h."""
    return _local(instant, zone).strftime("%H:%M")


def format_datetime(instant: datetime, zone: Zone = LEGAL_ZONE, form: str = "medium") -> str:
    return f"{format_date(instant, zone, form)}, {format_time(instant, zone)}"


# Seconds of the unit, the words for the past, the words for the future. CLDR's es_MX says "en 3 n" for three hours.
_STEPS = (
    (86400, msg("{n} d ago"), msg("in {n} d")),
    (3600, msg("{n} h ago"), msg("in {n} h")),
    (60, msg("{n} min ago"), msg("in {n} min")),
)


def relative(instant: datetime, now: datetime) -> str:
    """How long ago, or in how long, for scanning: "hace 2 min", "en 3 h"."""
    seconds = (instant - now).total_seconds()
    for length, ago, ahead in _STEPS:
        if abs(seconds) >= length:
            return gettext(ahead if seconds > 0 else ago, n=format_number(int(abs(seconds) // length)))
    return gettext("just now")


_LENGTHS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))
_FEW = 10  # of a unit, up to which the next smaller one is told whatever the doubt


def format_number(value: Number, digits: int | None = None) -> str:
    """Grouped digits; `digits` fixes how many stand after the point."""
    pattern = "#,##0.###" if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return _minus(numbers.format_decimal(value, pattern, locale=current()))


def format_percent(share: Number, digits: int = 0) -> str:
    """A share of one as "9 %", with a no-break space."""
    return f"{format_number(share * 100, digits)}\N{NO-BREAK SPACE}%"


def format_duration(seconds: float, margin: float = 0.0) -> str:
    """In the largest unit and, where a doubt of `margin` seconds leaves it a meaning, the next one: "2 h 10 min"."""
    for size, unit, small, below in _LENGTHS:
        if seconds < size - small / 2:
            continue
        whole, rest = divmod(round(seconds / small), size // small)
        if whole >= _FEW and margin >= size:
            return f"{format_number(round(seconds / size))}\N{NO-BREAK SPACE}{unit}"
        told = f"{format_number(whole)}\N{NO-BREAK SPACE}{unit}"
        return f"{told} {rest}\N{NO-BREAK SPACE}{below}" if rest else told
    return f"{format_number(round(max(seconds, 0.0)))}\N{NO-BREAK SPACE}s"


def format_money(cents: int, currency: str = "MXN") -> str:
    """Minor units as money: $1,948.00."""
    return _minus(numbers.format_currency(Decimal(cents) / 100, currency, locale="es_MX"))


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _local(instant: datetime, zone: Zone) -> datetime:
    return instant.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


@dataclass(frozen=True)
class _Catalogue:
    one: dict[str, str]
    many: dict[str, tuple[str, str]]


@lru_cache
def _catalogue(locale: str) -> _Catalogue:
    """Every .po of the locale read by Babel: 59 ms for 2,000 messages; .mo files vanish in an sdist."""
    found = _Catalogue({}, {})
    for path in sorted((folder() / locale).glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale=locale, abort_invalid=True):
                match message.id, message.string:
                    case (one, _), (singular, plural):
                        found.many[one] = (singular, plural)
                    case str(msgid), str(text) if msgid and text:
                        found.one[msgid] = text
    return found


def folder() -> Path:
    """Where the catalogues are: beside the packages in a clone, inside konectus in a wheel."""
    here = Path(__file__).parent
    return here / "locale" if (here / "locale").is_dir() else here.parent / "locale"
