"""docs/figures.md, written from the catalogue: `python -m reports.catalogue > docs/figures.md`."""

import sys
from collections.abc import Iterator
from decimal import Decimal

from konectus import figures
from konectus.figures import BY_KEY, GRAINS, METRICS, RUNGS, Cut, Grain
from reports import budget, labels

HEAD = """# The figures

Written by `python -m reports.catalogue` from `konectus/figures.py` and `reports/budget.py`; do not edit. How they are
made private is in [privacy.md](privacy.md), how they are read in [use/figures.md](use/figures.md).
"""
NAMES = {"total": "in total", "channel_plan": "by channel and Plan", "hour_week": "by hour of the week"}
SPENT = "| from so many Clients | ρ of a month | its own figures | its weeks | aside for its quarter |"
CEILING = Decimal(1)


def page() -> str:
    """The whole document."""
    parts = [HEAD, *(_metric(metric.key) for metric in METRICS), _spending()]
    return "\n".join(parts)


def _metric(key: str) -> str:
    metric = BY_KEY[key]
    (spanish, english), (meant, meant_en) = labels.both(metric.words), labels.both(metric.definition)
    lines = [f"## {english} (`{key}`)", meant_en, "", f"*{spanish}*: {meant}", ""]
    lines.append(f"Unit `{metric.unit}`, mechanism `{metric.mechanism}`{_capped(key)}.")
    lines += ["", "| | " + " | ".join(GRAINS) + " |", "|---" * (len(GRAINS) + 1) + "|", *_told(key), ""]
    return "\n".join(lines)


def _capped(key: str) -> str:
    metric = BY_KEY[key]
    if metric.cap == 1:
        return ""
    told = [f"{budget.cap(metric, grain):,} a {grain}" for grain in GRAINS if _cuts(key, grain)]
    return f"; each Client counts up to {', '.join(told)}, until released sizes move the caps"


def _told(key: str) -> Iterator[str]:
    dims = dict.fromkeys(cut.dim for grain in GRAINS for cut in _cuts(key, grain))
    for dim in dims:
        cells = [_from(figures.first_rung(grain, key, dim)) for grain in GRAINS]
        yield f"| {NAMES.get(dim, f'by {dim}')} | {' | '.join(cells)} |"


def _from(rung: int | None) -> str:
    return "–" if rung is None else f"from {max(rung, RUNGS[1]):,} Clients"


def _cuts(key: str, grain: Grain) -> list[Cut]:
    return [cut for cut in figures.CUTS if (cut.metric, cut.grain) == (key, grain)]


def _spending() -> str:
    lines = ["## What a month spends", "", SPENT, "|---" * 5 + "|"]
    for rung in RUNGS:
        whole, parts = budget.RHO[rung], budget.split(rung, CEILING)
        own, weeks, aside = (f"{part / whole:.0%}" for part in (parts.own, parts.weeks, parts.aside))
        lines.append(f"| {rung:,} | {whole} | {own} | {weeks} | {aside} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
