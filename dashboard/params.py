"""What a permalink may ask for: periods that are published, and nothing else."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode

from dashboard.data import History, Release
from konectus.errors import Invalid

KNOWN = {"period", "versus"}
LONGEST = 200


class Unpublished(Invalid):
    """The address or the call asks for something that is not published."""

    code = "unpublished"


@dataclass(frozen=True)
class Asked:
    """One month, and the earlier one it is compared with."""

    release: Release
    versus: Release | None

    @property
    def permalink(self) -> str:
        """The query that shows the same again, also when newer months exist."""
        pairs = {"period": f"{self.release.period:%Y-%m}"}
        if self.versus is not None:
            pairs["versus"] = f"{self.versus.period:%Y-%m}"
        return f"?{urlencode(pairs)}"


def read(search: str | None, history: History) -> Asked | None:
    """The query of an address, `?period=2026-10&versus=2026-09`; both parts may be left out.

    None where nothing is published yet. Raises Unpublished for anything that is not a published month.
    """
    pairs = _pairs(search or "")
    if not history.published:
        if pairs:
            raise Unpublished("nothing is published yet")
        return None
    release = published(pairs["period"], history) if "period" in pairs else history.published[-1]
    earlier = [other for other in history.published if other.period < release.period]
    versus = published(pairs["versus"], history) if "versus" in pairs else None
    if versus is not None and versus not in earlier:
        raise Unpublished("a month is compared with an earlier one")
    return Asked(release, versus or (earlier[-1] if earlier else None))


def published(month: str, history: History) -> Release:
    """The release of a month as an address writes it, `2026-10`. Raises Unpublished."""
    try:
        found = history.at(date.fromisoformat(f"{month}-01"))
    except ValueError:
        found = None
    if found is None:
        raise Unpublished("that month is not published")
    return found


def _pairs(search: str) -> dict[str, str]:
    if len(search) > LONGEST:
        raise Unpublished("no address of ours is that long")
    try:
        found = parse_qsl(
            search.removeprefix("?"), keep_blank_values=True, strict_parsing=bool(search.removeprefix("?"))
        )
    except ValueError:
        raise Unpublished("the query of the address cannot be read") from None
    pairs = dict(found)
    if len(pairs) != len(found) or not pairs.keys() <= KNOWN:
        raise Unpublished("the query of the address has parts we do not know")
    return pairs
