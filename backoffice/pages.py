"""How a page is put together: templates, words, times, icons, files of the browser. No route and no rule is here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from konectus import i18n
from konectus.domain.elapsed import full_days_left

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"
STATIC_URL = "/static"

CHANNELS = {
    "messenger": ("Messenger", "zap", "ch-m"),
    "instagram": ("Instagram", "camera", "ch-i"),
    "telegram": ("Telegram", "send", "ch-t"),
}


@dataclass(frozen=True)
class Reader:
    """For whom a page is written: the instant of writing and the zone its times are told in."""

    now: datetime
    zone: str = i18n.LEGAL_ZONE.key


def render(template: str, reader: Reader, **context: object) -> str:
    """The template in the present locale (konectus.i18n). A name the template asks for and nobody gave is an error."""
    return environment().get_template(template).render(reader=reader, **context)


def asset(path: str) -> str:
    """The address of a file of static/. It holds a hash of the whole folder, so browsers may keep the file for ever."""
    if not (STATIC / path).is_file():
        raise FileNotFoundError(path)
    return f"{STATIC_URL}/{static_version()}/{path}"


@lru_cache
def static_version() -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in STATIC.rglob("*") if p.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache
def environment() -> Environment:
    """The one Jinja environment: autoescape always on, unknown names refused."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(_GLOBALS)
    found.filters.update(_FILTERS)
    return found


def icon(name: str, size: str = "") -> Markup:
    """A symbol of icons.svg; `size` is "", "sm" or "lg". Words stand beside it, so readers of the screen skip it."""
    if f'id="{name}"' not in _sprite():
        raise KeyError(name)
    kind = f"i i-{size}" if size else "i"
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(kind, asset("icons.svg"), name)


@lru_cache
def _sprite() -> str:
    return (STATIC / "icons.svg").read_text(encoding="utf-8")


def translate(msgid: str, **values: object) -> str:
    """gettext for templates: values are escaped unless they are markup already."""
    text = i18n.gettext(msgid)
    return escape(text).format(**values) if values else text


def initials(name: str) -> str:
    """First letters of the given name and of the surname, in any script; four words are two of each in Mexico."""
    words = [word for word in name.replace(".", " ").replace("_", " ").split() if word]
    letters = [next((c for c in word if c.isalnum()), word[0]) for word in words]
    surname = letters[2:3] if len(letters) >= _FULL_NAME else letters[1:2]
    return "".join(letters[:1] + surname).upper()


_FULL_NAME = 4


def tint(identifier: object) -> str:
    """One of the six colours of people, always the same for one identifier."""
    return f"c{hashlib.blake2s(str(identifier).encode(), digest_size=2).digest()[0] % 6 + 1}"


def exact(instant: datetime, zone: str) -> str:
    """The instant in full for a title: the reader's zone, and beside it the legal one where they differ."""
    told = i18n.format_datetime(instant, zone, "full")
    legal = i18n.format_datetime(instant, i18n.LEGAL_ZONE, "long")
    if instant.astimezone(ZoneInfo(zone)).utcoffset() == instant.astimezone(i18n.LEGAL_ZONE).utcoffset():
        return told
    return i18n.gettext("{told} ({zone}); {legal} in Mexico City", told=told, zone=zone, legal=legal)


def legal(instant: datetime, reader: Reader) -> str:
    """The instant in the legal zone, and the reader's own hour beside it where that is another (lifecycle.md 2, #2)."""
    told = _spelled(instant, i18n.LEGAL_ZONE, reader)
    own = ZoneInfo(reader.zone)
    if instant.astimezone(own).utcoffset() == instant.astimezone(i18n.LEGAL_ZONE).utcoffset():
        return told
    place = reader.zone.rpartition("/")[2].replace("_", " ")
    same_day = instant.astimezone(own).date() == instant.astimezone(i18n.LEGAL_ZONE).date()
    there = i18n.format_time(instant, own) if same_day else _spelled(instant, own, reader)
    return i18n.gettext("{told} in Mexico City ({there} in {place})", told=told, there=there, place=place)


def _spelled(instant: datetime, zone: ZoneInfo, reader: Reader) -> str:
    """Day and hour in words; with the year where it is not the present one."""
    is_this_year = instant.astimezone(zone).year == reader.now.astimezone(zone).year
    return i18n.format_datetime(instant, zone, "long" if is_this_year else "full")


def until(instant: datetime, reader: Reader) -> str:
    """The last minute before an instant: a term that ends with a legal day ends at 23:59 of it."""
    return legal(instant - timedelta(minutes=1), reader)


def when(instant: datetime, reader: Reader) -> str:
    """For scanning a list: the hour today, "yesterday", the day this fortnight, else the date."""
    day = instant.astimezone(ZoneInfo(reader.zone)).date()
    age = (reader.now.astimezone(ZoneInfo(reader.zone)).date() - day).days
    if age == 0:
        return i18n.format_time(instant, reader.zone)
    if age == 1:
        return i18n.gettext("yesterday")
    return i18n.format_date(day, form="scan" if 0 < age <= _SCAN_DAYS else "medium")


_SCAN_DAYS = 14


def soon(instant: datetime, reader: Reader) -> str:
    """A moment near the present in words: "today 15:24", "tomorrow 15:24", "monday 16, 17:20"."""
    day = instant.astimezone(ZoneInfo(reader.zone)).date()
    ahead = (day - reader.now.astimezone(ZoneInfo(reader.zone)).date()).days
    names = {0: i18n.msg("today {time}"), 1: i18n.msg("tomorrow {time}"), -1: i18n.msg("yesterday {time}")}
    clock = i18n.format_time(instant, reader.zone)
    if ahead in names:
        return i18n.gettext(names[ahead], time=clock)
    return f"{i18n.format_date(day, form='scan' if abs(ahead) <= _SCAN_DAYS else 'medium')}, {clock}"


def time_element(instant: datetime, text: str, reader: Reader) -> Markup:
    stamp = instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, exact(instant, reader.zone), text)


@pass_context
def _when(context: Context, instant: datetime) -> Markup:
    return time_element(instant, when(instant, context["reader"]), context["reader"])


@pass_context
def _clock(context: Context, instant: datetime) -> Markup:
    return time_element(instant, i18n.format_time(instant, context["reader"].zone), context["reader"])


@pass_context
def _soon(context: Context, instant: datetime) -> Markup:
    return time_element(instant, soon(instant, context["reader"]), context["reader"])


@pass_context
def _full(context: Context, instant: datetime) -> Markup:
    reader = context["reader"]
    return time_element(instant, _spelled(instant, ZoneInfo(reader.zone), reader), reader)


@pass_context
def _legal(context: Context, instant: datetime) -> Markup:
    return time_element(instant, legal(instant, context["reader"]), context["reader"])


@pass_context
def _until(context: Context, instant: datetime) -> Markup:
    return time_element(instant, until(instant, context["reader"]), context["reader"])


def days_left(closes_at: datetime, now: datetime) -> str:
    """How long a term still runs, as the notices count it: whole legal days after today."""
    days = full_days_left(closes_at, now)
    if days < 0:
        return i18n.gettext("the term is over")
    if days == 0:
        return i18n.gettext("today is the last day")
    return i18n.ngettext("{n} day is left", "{n} days are left", days)


@pass_context
def _days_left(context: Context, closes_at: datetime) -> str:
    return days_left(closes_at, context["reader"].now)


@pass_context
def _ago(context: Context, instant: datetime) -> Markup:
    return time_element(instant, i18n.relative(instant, context["reader"].now), context["reader"])


_GLOBALS: Mapping[str, Any] = {
    "_": translate,
    "ngettext": i18n.ngettext,
    "asset": asset,
    "icon": icon,
    "initials": initials,
    "tint": tint,
    "CHANNELS": CHANNELS,
    "lang": i18n.tag,
}
_FILTERS: Mapping[str, Any] = {
    "when": _when,
    "clock": _clock,
    "soon": _soon,
    "full": _full,
    "ago": _ago,
    "days_left": _days_left,
    "legal": _legal,
    "until": _until,
    "money": i18n.format_money,
    "number": i18n.format_number,
    "percent": i18n.format_percent,
    "day": i18n.format_date,
}
