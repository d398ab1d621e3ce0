"""Second factors of people of the staff who were signed in without one: the codes their app would show."""

from uuid import UUID

import httpx

from backoffice.sessions import token_in
from konectus.services import credentials, identity, proving
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.queries import people


def staff_of(installation: Installation, http: httpx.Client) -> UUID:
    """Who is signed in there."""
    found = identity.staff_of(installation.works, token_in(http.headers["cookie"], "staff") or "")
    assert found is not None
    return found.staff_id


def codes_of(installation: Installation, http: httpx.Client) -> list[str]:
    """The codes that are taken now, oldest first: the former, the present and the next one."""
    staff_id = staff_of(installation, http)
    credentials.ensure_factor(installation.works, staff_id)
    with installation.works.staff(Actor("staff", str(staff_id), "")) as work:
        staff = people.staff_by_id(work.session, staff_id)
        assert staff is not None
        return [code for _, code in sorted(identity.codes_of(work.keys, work.now, staff).items())]


def code_of(installation: Installation, http: httpx.Client) -> str:
    """One that this person has not used yet."""
    codes_of(installation, http)
    with installation.works.staff(Actor("staff", str(staff_of(installation, http)), "")) as work:
        return proving.unused_code(work)
