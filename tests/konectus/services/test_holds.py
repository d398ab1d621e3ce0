"""Holds: placed by one person or by a program, released by two, and in the way of every deletion."""

import pytest
from sqlalchemy.exc import DBAPIError

from konectus.domain.approvals import AlreadyRequested, ApprovalOver, NotYourRole, SamePerson
from konectus.domain.endings import HoldKind
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import ReasonTooShort
from konectus.ids import uuid7
from konectus.services import holds
from konectus.services.holds import HoldReleased, NoSuchHold
from konectus.services.work import Actor
from konectus.store.queries import approvals as read
from konectus.store.queries.approvals import HoldRow
from konectus.store.roles import Role
from tests.konectus.services.owing import WHY, Owing, clock, installation, make, mexico, owing, staff, suspended
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "owing"]


@pytest.fixture(scope="module")
def lawyers(make: Factory) -> tuple[Actor, Actor]:
    return staff(make, StaffRole.LEGAL), staff(make, StaffRole.LEGAL, "Rosa Ibarra")


def in_force(owing: Owing) -> list[HoldRow]:
    with owing.installation.database.session(Role.STAFF) as session:
        return read.holds(session, owing.client_id)


def test_hold_is_placed_by_one_person_and_released_by_two(owing: Owing, lawyers: tuple[Actor, Actor]) -> None:
    first, second = lawyers
    works = owing.installation.works
    with works.staff(first) as work:
        hold_id = holds.place(work, owing.client_id, HoldKind.DISPUTE, WHY)
        asked = holds.request_release(work, hold_id, WHY)
    assert [(one.id, one.kind, one.placed_by) for one in in_force(owing)] == [
        (hold_id, HoldKind.DISPUTE, f"staff:{first.id}")
    ]
    with pytest.raises(AlreadyRequested), works.staff(second) as work:
        holds.request_release(work, hold_id, WHY)
    with pytest.raises(SamePerson), works.staff(first) as work:
        holds.decide_release(work, asked.id, approve=True, reason=WHY)
    assert in_force(owing)

    with works.staff(second) as work:
        assert holds.decide_release(work, asked.id, approve=True, reason="El juicio terminó ayer")

    assert in_force(owing) == []
    with pytest.raises(HoldReleased), works.staff(second) as work:
        holds.decide_release(work, asked.id, approve=True, reason=WHY)
    with pytest.raises(HoldReleased), works.staff(first) as work:
        holds.request_release(work, hold_id, WHY)


def test_rejected_release_leaves_the_hold(owing: Owing, make: Factory, lawyers: tuple[Actor, Actor]) -> None:
    works = owing.installation.works
    with works.staff(lawyers[0]) as work:
        asked = holds.request_release(work, holds.place(work, owing.client_id, HoldKind.LEGAL, WHY), WHY)
    with pytest.raises(NotYourRole), works.staff(staff(make, StaffRole.BILLING)) as work:
        holds.decide_release(work, asked.id, approve=True, reason=WHY)
    with works.staff(lawyers[1]) as work:
        assert not holds.decide_release(work, asked.id, approve=False, reason="Sigue el juicio")
    assert len(in_force(owing)) == 1
    with pytest.raises(ApprovalOver), works.staff(lawyers[1]) as work:
        holds.decide_release(work, asked.id, approve=True, reason=WHY)


def test_archive_that_is_done_frees_its_own_hold_and_no_other(owing: Owing, lawyers: tuple[Actor, Actor]) -> None:
    works = owing.installation.works
    with works.system() as work:
        holds.place(work, owing.client_id, HoldKind.EXPORT_RUNNING, "Se está armando un archivo")
    with works.staff(lawyers[0]) as work:
        holds.place(work, owing.client_id, HoldKind.LEGAL, WHY)
    with works.system() as work:
        assert holds.release_export(work, owing.client_id, "El archivo está listo") == 1
        assert holds.release_export(work, owing.client_id, "El archivo está listo") == 0
    assert [one.kind for one in in_force(owing)] == [HoldKind.LEGAL]


def test_hold_stands_in_the_way_of_a_deletion(owing: Owing, lawyers: tuple[Actor, Actor]) -> None:
    suspended(owing)
    window, at = owing.windows()[0], mexico("2026-04-06T00:00")
    owing.sql("update ledger.export_window set closed_at = :at, close_reason = 'elapsed' where client_id = :id", at=at)
    with owing.installation.works.staff(lawyers[0]) as work:
        holds.place(work, owing.client_id, HoldKind.AUTHORITY, WHY)
    with pytest.raises(DBAPIError, match="a hold forbids this deletion"):
        owing.sql(
            "insert into ledger.deletion (id, client_id, window_id, eligible_at, export_done, requested_at,"
            " requested_by, approved_by, approved_at, second_by, second_at, started_at) values (gen_random_uuid(),"
            " :id, :window, :at, false, :at, 'system:x', 'staff:1', :at, 'staff:2', :at, :at + interval '1 day')",
            window=window.id,
            at=at,
        )


def test_hold_without_a_reason_and_one_that_is_not_there_are_refused(
    owing: Owing, lawyers: tuple[Actor, Actor]
) -> None:
    works = owing.installation.works
    with pytest.raises(ReasonTooShort), works.staff(lawyers[0]) as work:
        holds.place(work, owing.client_id, HoldKind.LEGAL, "porque sí")
    with pytest.raises(NoSuchHold), works.staff(lawyers[0]) as work:
        holds.request_release(work, uuid7(work.now), WHY)
