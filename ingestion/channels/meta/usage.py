"""How much of its allowance Meta says an app, a Page or an account has used (channels.md 1.9)."""

from collections.abc import Mapping
from datetime import timedelta

from ingestion.channels.port.calls import Answer
from ingestion.channels.port.reading import Undecodable, decode, list_of, mapping_of, number_of

_APP, _BUSINESS = "X-App-Usage", "X-Business-Use-Case-Usage"
_COUNTS = ("call_count", "total_cputime", "total_time")


def used(answer: Answer) -> int | None:
    """The greatest percentage of the app's rolling hour and of the business use cases; None where none is told."""
    rows = [_header(answer, _APP), *_business(answer)]
    told = [number for row in rows for key in _COUNTS if (number := number_of(row.get(key))) is not None]
    return max(told, default=None)


def regain(answer: Answer) -> timedelta | None:
    """How long until a business use case may call again (the header counts minutes)."""
    rows = _business(answer)
    minutes = max((number_of(row.get("estimated_time_to_regain_access")) or 0 for row in rows), default=0)
    return timedelta(minutes=minutes) if minutes > 0 else None


def _business(answer: Answer) -> list[Mapping[str, object]]:
    return [mapping_of(row) for rows in _header(answer, _BUSINESS).values() for row in list_of(rows)]


def _header(answer: Answer, name: str) -> Mapping[str, object]:
    """The object in a header; empty for none, and for what is no JSON object."""
    header = answer.headers.get(name, "")
    if not header.startswith("{"):
        return {}
    try:
        return mapping_of(decode(header.encode()))
    except Undecodable:
        return {}
