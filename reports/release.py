"""`python -m reports.release build|list|verify`, and what the scheduler calls. How one release is made: building.py."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import func, select

from konectus.errors import Conflict
from konectus.services.installation import Installation
from konectus.store.models.released import Release
from konectus.store.roles import Role
from reports import chain, chronicle, console, periods, sources
from reports.building import Databases, Outcome, build
from reports.chronicle import Ceilings, Chronicle
from reports.periods import KINDS, Period


class BrokenChain(Conflict):
    code = "broken_chain"


def run(installation: Installation) -> list[Outcome]:
    """One run of the job: every period that waits, oldest first, each in transactions of its own."""
    made = []
    while (period := pending(installation)) is not None:
        made.append(release(installation, period))
    return made


def pending(installation: Installation) -> Period | None:
    """The period that is to be released next; None where none waits."""
    with _databases(installation) as databases:
        so_far, first_day = Chronicle.read(databases.released), sources.first_day(databases.main)
        return chronicle.due(so_far, first_day, _ceilings(installation), installation.clock.now())


def release(installation: Installation, period: Period) -> Outcome:
    """`build` with the installation's databases, settings and clock, committed."""
    with _databases(installation) as databases:
        return build(period, databases, _ceilings(installation), installation.clock.now())


def _ceilings(installation: Installation) -> Ceilings:
    settings = installation.settings
    return Ceilings(settings.privacy_rho, settings.privacy_rho_year, settings.privacy_k)


@contextmanager
def _databases(installation: Installation) -> Iterator[Databases]:
    with (
        installation.database.session(Role.RELEASER) as main,
        installation.released.session(Role.RELEASER) as released,
    ):
        yield Databases(main, released)


def _listed(installation: Installation) -> Iterator[str]:
    with installation.released.session(Role.RELEASER) as released:
        for made in released.scalars(select(Release).order_by(Release.number)):
            figures = f"rung {made.rung:>4}  cells {made.cells:>3}  rho {made.rho:.4f}"
            yield f"{_named(made)!s:<8}  {figures}  {made.sha256[:12]}"


def _named(made: Release) -> Period:
    return KINDS[made.grain](made.period)  # type: ignore[index]  # one of the grains, by its check


def _verified(installation: Installation) -> Iterator[str]:
    with installation.released.session(Role.RELEASER) as released:
        wrong = chain.broken(released)
        count = released.scalar(select(func.count()).select_from(Release))
    if wrong:
        raise BrokenChain("; ".join(wrong))
    yield f"{count} releases, each is what it was"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m reports.release", description="Anonymous figures.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("build", help="release a closed period, or all that wait").add_argument(
        "--period", metavar="2026-10", help="a month; a quarter is 2026-Q3, a week 2026-W41"
    )
    verbs.add_parser("list", help="releases made so far")
    verbs.add_parser("verify", help="check the hash chain and the ledger")
    given = parser.parse_args(arguments)

    def build_asked(installation: Installation) -> Iterator[str]:
        made = [release(installation, periods.parse(given.period))] if given.period else run(installation)
        yield from (f"{_named(one.release)}  {'released' if one.built else 'was released before'}" for one in made)
        if not made:
            yield "no period waits for its release"

    return console.run({"build": build_asked, "list": _listed, "verify": _verified}[given.verb])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
