"""Calendar days of the legal zone, America/Mexico_City. Instants in, instants out."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("America/Mexico_City")


def local_day(instant: datetime) -> date:
    """The legal calendar day an instant falls on."""
    return instant.astimezone(LEGAL_ZONE).date()


def start_of(day: date) -> datetime:
    """The first instant of a legal day."""
    return datetime.combine(day, time(), LEGAL_ZONE)


def after_full_days(anchor: datetime, days: int) -> datetime:
    """The first instant after `days` full legal days; the day of the anchor is not counted (lifecycle.md 2, #1)."""
    return start_of(local_day(anchor) + timedelta(days=days + 1))
