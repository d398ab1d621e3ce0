"""Proving anew who one is, by a code of the second factor, for what is hard to take back. Signing in is identity's."""

from dataclasses import replace
from uuid import UUID

from konectus.errors import Conflict
from konectus.services import identity, tries
from konectus.services.identity import CodeNeeded
from konectus.services.work import Change, Work, Works
from konectus.store.models.identity import Staff
from konectus.store.queries import people

BY_CODE = "totp"


class NoSecondFactor(Conflict):
    """Whoever has none cannot prove anything; a new link sets one."""

    code = "no_second_factor"


def prove(works: Works, work: Work, code: str, *, action: str, reason: str) -> Work:
    """Spend a code in the command's own transaction; the work from then on, whose audit entries say so.

    Where the command is taken back, its code is not spent. A wrong one counts as at sign-in, whatever becomes of the
    command. Raises CodeNeeded (wrong or used already), TooManyTries or NoSecondFactor.
    """
    staff = _person(work)
    tried = tries.code_of(works, staff.email)
    tries.count(works, tried)
    step = identity.step_of(work.keys, work.now, staff, code)
    if step is None or not people.use_step(work.session, staff.id, step):
        raise CodeNeeded
    tries.forget(works, tried)
    proven = replace(work, actor=replace(work.actor, proof=BY_CODE))
    proven.record("staff.proved", ("staff", staff.id), Change(reason=reason, after={"action": action}))
    return proven


def unused_code(work: Work) -> str:
    """A code the actor could give now: the demo shows it, since nobody there has an authenticator app. May be empty."""
    staff = people.staff_by_id(work.session, UUID(work.actor.id))
    if staff is None or staff.totp_sealed is None:
        return ""
    codes = identity.codes_of(work.keys, work.now, staff)
    unused = (code for step, code in sorted(codes.items())[1:] if step > (staff.totp_last_step or 0))
    return next(unused, "")


def _person(work: Work) -> Staff:
    """Raises NoSecondFactor."""
    staff = people.staff_by_id(work.session, UUID(work.actor.id))
    if staff is None or staff.totp_sealed is None:
        raise NoSecondFactor("no second factor is set")
    return staff
