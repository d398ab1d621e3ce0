"""Who of the staff may do what to a contract, asked where it is done and not at the pages alone (lifecycle.md 6)."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest

from konectus.domain.approvals import NotYourRole
from konectus.domain.endings import HoldKind
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import erasure, holds, lifting, suspensions, terminations, windows
from konectus.services.approvals import who
from konectus.services.suspensions import Order
from konectus.services.work import Work
from konectus.store.models.clients import PlanVersion
from konectus.store.queries.windows import open_of
from tests.konectus.services.endings import REASON, Ends, Erases, clock, ends, installation, it, make

__all__ = ["clock", "ends", "installation", "it", "make"]


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.BILLING, StaffRole.PRIVACY, StaffRole.ANALYST])
def test_cause_is_lifted_and_reviewed_by_who_may_suspend_alone(ends: Ends, role: StaffRole) -> None:
    works = ends.installation.works
    with works.staff(ends.staff(StaffRole.TRUST)) as work:
        opened = suspensions.suspend_by_hand(work, ends.id, Cause.AUP, REASON).suspension_id
        secured = suspensions.suspend_by_hand(work, ends.id, Cause.SECURITY, REASON).suspension_id
    acts: dict[str, Callable[[Work], object]] = {
        "lift": lambda work: suspensions.lift_by_hand(work, opened, REASON),
        "review": lambda work: suspensions.review(work, opened, REASON),
        "ask for a lift": lambda work: lifting.request_lift(work, secured, REASON),
    }
    assert refused(ends, role, acts) == set(acts)
    assert refused(ends, StaffRole.LEGAL, acts) == set()


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.BILLING, StaffRole.TRUST, StaffRole.PRIVACY])
def test_contracts_holds_windows_and_deletions_are_of_legal_alone(it: Erases, role: StaffRole) -> None:
    ends = it.ends
    it.ask()
    with ends.installation.works.staff(ends.staff()) as work:
        order = Order("Oficio 7", "todo", forbids_deletion=False)
        suspensions.suspend_by_order(work, ends.id, order, REASON)
        held = holds.place(work, ends.id, HoldKind.LEGAL, REASON)
        deletion_id = it.row.id
    acts: dict[str, Callable[[Work], object]] = {
        "competitor": lambda work: terminations.end_for_competitor(work, ends.id, REASON),
        "notice": lambda work: terminations.give_notice(work, ends.id, REASON),
        "breach": lambda work: terminations.request_breach(work, ends.id, REASON),
        "withdraw": lambda work: terminations.withdraw(work, ends.id, REASON),
        "reactivate": lambda work: terminations.reactivate(work, ends.id, PlanVersion(), REASON),
        "place": lambda work: holds.place(work, ends.id, HoldKind.LEGAL, REASON),
        "release": lambda work: holds.request_release(work, held, REASON),
        "extend": lambda work: windows.extend(work, UUID(int=7), date(2030, 1, 1), REASON),
        "give up": lambda work: erasure.cancel(work, deletion_id, REASON),
        "approve": lambda work: erasure.approve(work, deletion_id, REASON),
    }
    assert refused(ends, role, acts) == set(acts)


def test_legal_extends_a_window_and_a_job_is_asked_for_no_role(ends: Ends) -> None:
    ends.cancel(at_once=True)
    ends.sweep()
    with ends.installation.works.staff(ends.staff()) as work:
        (window,) = open_of(work.session, ends.id)
        until = windows.extend(work, window.id, date(2030, 1, 1), REASON)
    with ends.installation.works.system() as work:
        held = holds.place(work, ends.id, HoldKind.EXPORT_RUNNING, REASON)
        assert who(work) == "system:konectus"
    assert until > window.closes_at
    assert held is not None


def refused(ends: Ends, role: StaffRole, acts: dict[str, Callable[[Work], object]]) -> set[str]:
    """What a person of that role may not do; nothing of it stays."""
    found = set[str]()
    with ends.installation.works.rehearsal(ends.staff(role)) as work:
        for name, act in acts.items():
            try:
                with work.session.begin_nested():
                    act(work)
            except NotYourRole:
                found.add(name)
    return found
