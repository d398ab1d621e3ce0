"""How a job goes through what is due: one transaction for each Client, decided again inside it. No rule lives here."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.services.installation import Installation
from konectus.services.work import Work

BATCH = 200

Due = Callable[[Session, datetime, int], Sequence[UUID]]


def sweep(installation: Installation, due: Due, act: Callable[[Work, UUID], object]) -> int:
    """Do `act` for each id that `due(session, now, most)` names; how many times it answered something true.

    What is due follows from facts, so missed runs, double runs and several schedulers change nothing: `act` locks its
    Client, looks again and answers None where somebody was faster.
    """
    done = 0
    while True:
        with installation.works.system() as work:
            found = due(work.session, work.now, BATCH)
        before = done
        for one in found:
            with installation.works.system() as work:
                done += bool(act(work, one))
        if len(found) < BATCH or done == before:
            return done
