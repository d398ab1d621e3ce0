"""What a permalink may ask for: periods and cuts that are published, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from dashboard import cuts, periods
from dashboard.data import History, Release
from konectus.errors import Invalid
from konectus.figures import GRAINS, MONTH

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
    def written(self) -> str:
        """The periods alone, `2026-10/2026-09`, as a chart is asked for them."""
        return "/".join(periods.written(one) for one in (self.release, self.versus) if one is not None)

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


def read(search: str | None, history: History, grains: Sequence[str] = GRAINS) -> Asked | None:
    """The query of an address, `?period=2026-10&versus=2026-09&cut=messages/channel`; every part may be left out.

    `grains`: lengths of period that the page has, the one first that is meant where the address says none. None where
    nothing of it is published yet. Raises Unpublished for anything that is not a published period or cut.
    """
    pairs = _pairs(search or "")
    grain = pairs.get("grain", grains[0])
    known = history.of(grain)
    if not known or grain not in grains:
        if pairs:
            raise Unpublished("no such period is published")
        return None
    release = published(pairs["period"], history, grain) if "period" in pairs else known[-1]
    earlier = [other for other in known if other.period < release.period]
    versus = published(pairs["versus"], history, grain) if "versus" in pairs else None
    if versus is not None and versus not in earlier:
        raise Unpublished("a period is compared with an earlier one")
    cut = pairs.get("cut", "")
    if "cut" in pairs and not cuts.is_published(release, cut):
        raise Unpublished("that figure is not published")
    return Asked(release, versus or (earlier[-1] if earlier else None), cut, grain)


def chosen(written: str, history: History) -> Asked:
    """What `Asked.written` wrote. Raises Unpublished for what is no published period and an earlier one."""
    period, slash, before = written.partition("/")
    grain = next((g for g in GRAINS if any(periods.written(release) == period for release in history.of(g))), MONTH)
    release = published(period, history, grain)
    versus = published(before, history, grain) if slash else None
    if versus is not None and versus.period >= release.period:
        raise Unpublished("a period is compared with an earlier one")
    return Asked(release, versus, grain=grain)


def published(period: str, history: History, grain: str = MONTH) -> Release:
    """The release of a period as an address writes it: `2026-10`, `2026-Q3`, `2026-W41`. Raises Unpublished."""
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
