"""What a permalink may ask for: periods and cuts that are published, and nothing else."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from dashboard import cuts, periods
from dashboard.data import History, Release
from konectus.errors import Invalid
from konectus.figures import MONTH

KNOWN = {"period", "versus", "cut", "grain"}
LONGEST = 200


class Unpublished(Invalid):
    """The address or the call asks for something that is not published."""

    code = "unpublished"


@dataclass(frozen=True)
class Asked:
    """One period, the earlier one it is compared with, and the cut ("messages/channel"; "" = all) that was chosen."""

    release: Release
    versus: Release | None
    cut: str = ""
    grain: str = MONTH

    @property
    def permalink(self) -> str:
        """The query that shows the same again, also when newer periods exist."""
        pairs = {"period": periods.written(self.release)}
        if self.versus is not None:
            pairs["versus"] = periods.written(self.versus)
        if self.cut:
            pairs["cut"] = self.cut
        if self.grain != MONTH:
            pairs["grain"] = self.grain
        return f"?{urlencode(pairs, safe='/')}"


def read(search: str | None, history: History) -> Asked | None:
    """The query of an address, `?period=2026-10&versus=2026-09&cut=messages/channel`; every part may be left out.

    None where nothing is published yet. Raises Unpublished for anything that is not a published period or cut.
    """
    pairs = _pairs(search or "")
    if not history.published:
        if pairs:
            raise Unpublished("nothing is published yet")
        return None
    grain = pairs.get("grain", MONTH)
    known = history.of(grain)
    if not known:
        raise Unpublished("no such period is published")
    release = published(pairs["period"], history, grain) if "period" in pairs else known[-1]
    earlier = [other for other in known if other.period < release.period]
    versus = published(pairs["versus"], history, grain) if "versus" in pairs else None
    if versus is not None and versus not in earlier:
        raise Unpublished("a period is compared with an earlier one")
    cut = pairs.get("cut", "")
    if "cut" in pairs and not cuts.is_published(release, cut):
        raise Unpublished("that figure is not published")
    return Asked(release, versus or (earlier[-1] if earlier else None), cut, grain)


def published(period: str, history: History, grain: str = MONTH) -> Release:
    """The release of a period as an address writes it, `2026-10`. Raises Unpublished."""
    found = {periods.written(release): release for release in history.of(grain)}.get(period)
    if found is None:
        raise Unpublished("that period is not published")
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
