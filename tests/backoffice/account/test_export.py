"""An owner takes everything along in a browser; agents, strangers and blocked ones do not."""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from backoffice import deps
from backoffice.account import exports as pages
from backoffice.account.visits import Visit
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.suspension import Cause
from konectus.ids import uuid7
from konectus.services import exports, suspensions
from konectus.services.work import Actor
from konectus.store.queries import exports as rows
from konectus.store.queries import people
from konectus.store.roles import Role
from reports.export import builder
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk
from tests.backoffice.shared import clock, installation, make, talk, web
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make", "talk", "web"]
HOME = "/account/export"


@pytest.fixture
def client_id(make: Factory, talk: Talk) -> UUID:
    return talk.begin(make.client(name="Óptica Lucía").id, "hola").client_id


def owner_of(web: Web, client_id: UUID) -> httpx.Client:
    return web.agent_of(client_id, role=UserRole.OWNER)


def job_of(web: Web, client_id: UUID) -> UUID:
    with web.installation.database.session(Role.WORKER) as session:
        return rows.recent(session, client_id)[0].id


def built(web: Web, client_id: UUID) -> UUID:
    """An archive that an owner asked for and that is ready."""
    assert owner_of(web, client_id).post(HOME).headers["location"] == HOME
    job_id = job_of(web, client_id)
    assert builder.build(web.installation, job_id) == "ready"
    return job_id


def test_owner_asks_watches_and_fetches_the_whole_archive(web: Web, client_id: UUID) -> None:
    owner = owner_of(web, client_id)
    assert "hx-trigger" not in owner.get(HOME).text
    owner.post(HOME)
    page = owner.get(HOME).text
    assert 'hx-get="/account/export/progress" hx-trigger="every 2s"' in page
    assert "disabled" in page
    assert owner.post(HOME).headers["location"] == f"{HOME}?note=running"
    job_id = job_of(web, client_id)
    assert builder.build(web.installation, job_id) == "ready"
    piece = owner.get(f"{HOME}/progress").text
    assert "hx-trigger" not in piece
    answer = owner.post(f"{HOME}/{job_id}/download")

    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() in piece
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert re.fullmatch(
        r'attachment; filename="konectus-optica-lucia-\d{4}-\d\d-\d\d\.zip"', answer.headers["content-disposition"]
    )
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    assert "Descargado" in owner.get(HOME).text


def test_a_program_that_lost_its_connection_goes_on_where_it_stood(web: Web, client_id: UUID) -> None:
    owner, job_id = owner_of(web, client_id), built(web, client_id)
    whole = owner.post(f"{HOME}/{job_id}/download").content
    rest = owner.post(f"{HOME}/{job_id}/download", headers={"range": "bytes=700-"})

    assert (rest.status_code, rest.headers["content-range"]) == (206, f"bytes 700-{len(whole) - 1}/{len(whole)}")
    assert rest.content == whole[700:]
    assert owner.post(f"{HOME}/{job_id}/download", headers={"range": "bytes=9-2"}).content == whole
    last = len(whole) - 1
    parts = {"bytes=3-8": whole[3:9], "bytes=-7": whole[-7:], "bytes=5-99999999": whole[5:], "bytes=0-0": whole[:1]}
    for wanted, part in (parts | {f"bytes={last}-{last}": whole[-1:], f"bytes={last}-": whole[-1:]}).items():
        got = owner.post(f"{HOME}/{job_id}/download", headers={"range": wanted})
        assert (got.status_code, got.content) == (206, part), wanted


def test_a_range_behind_the_end_is_refused_with_the_length_and_is_no_download(web: Web, client_id: UUID) -> None:
    """RFC 9110, 15.5.17. Whoever has all of it asks for the rest: the whole once more would be written behind it."""
    owner, job_id = owner_of(web, client_id), built(web, client_id)
    refused = [owner.post(f"{HOME}/{job_id}/download", headers={"range": wanted}) for wanted in behind(web, job_id)]
    size = str(size_of(web, job_id))
    assert [answer.status_code for answer in refused] == [416, 416, 416]
    assert {answer.headers["content-range"] for answer in refused} == {f"bytes */{size}"}
    assert {answer.content for answer in refused} == {b""}
    with web.installation.database.session(Role.WORKER) as session:
        assert rows.recent(session, client_id)[0].downloaded_at is None


def size_of(web: Web, job_id: UUID) -> int:
    with web.installation.database.session(Role.WORKER) as session:
        found = rows.by_id(session, job_id)
    assert found is not None
    return found.finished[0]


def behind(web: Web, job_id: UUID) -> list[str]:
    size = size_of(web, job_id)
    return [f"bytes={size}-", f"bytes={size}-{size + 9}", "bytes=-0"]


def test_the_next_range_of_a_download_is_refused_once_its_owner_is_none_or_its_time_is_over(
    web: Web, client_id: UUID, clock: ManualClock
) -> None:
    """A program that goes on takes neither a page nor a refusal for the rest of its file."""
    job_id, owner = built(web, client_id), owner_of(web, client_id)

    def goes_on(role: str) -> int:
        with web.installation.database.session(Role.WORKER) as session:
            change = text("update ledger.authorized_user set role = :role where client_id = :id")
            session.execute(change, {"role": role, "id": client_id})
        return owner.post(f"{HOME}/{job_id}/download", headers=more).status_code

    more = {"range": "bytes=10-19"}
    assert [goes_on(role) for role in ("owner", "supervisor", "owner")] == [206, 403, 206]
    clock.advance(hours=72)
    answer = owner_of(web, client_id).post(f"{HOME}/{job_id}/download", headers=more)
    assert (answer.status_code, "zip" in answer.headers["content-type"]) == (409, False)


def test_agents_and_supervisors_neither_ask_nor_fetch(web: Web, client_id: UUID) -> None:
    job_id = built(web, client_id)
    for role in (UserRole.AGENT, UserRole.SUPERVISOR):
        person = web.agent_of(client_id, role=role)
        answers = [person.get(HOME), person.get(f"{HOME}/progress"), person.post(HOME)]
        answers.append(person.post(f"{HOME}/{job_id}/download"))
        assert [answer.status_code for answer in answers] == [403] * 4


def test_another_clients_archive_looks_like_none(web: Web, make: Factory, client_id: UUID, clock: ManualClock) -> None:
    job_id, stranger = built(web, client_id), owner_of(web, make.client().id)
    theirs = stranger.post(f"{HOME}/{job_id}/download")
    absent = stranger.post(f"{HOME}/{uuid7(clock.now())}/download")

    assert (theirs.status_code, theirs.content) == (404, absent.content)
    assert str(job_id) not in stranger.get(HOME).text


def test_nobody_fetches_without_a_session_or_as_staff(web: Web, client_id: UUID) -> None:
    job_id = built(web, client_id)

    assert web.browser().post(f"{HOME}/{job_id}/download").headers["location"].startswith("/login")
    assert web.staff_as(StaffRole.ADMIN).post(f"{HOME}/{job_id}/download").status_code == 404


def test_another_site_cannot_make_a_browser_ask_or_fetch(web: Web, client_id: UUID) -> None:
    job_id, owner = built(web, client_id), owner_of(web, client_id)
    foreign = {"sec-fetch-site": "cross-site"}

    assert owner.post(HOME, headers=foreign).status_code == 403
    assert owner.post(f"{HOME}/{job_id}/download", headers=foreign).status_code == 403
    assert owner.get(f"{HOME}/{job_id}/download").status_code == 405  # no GET changes anything


def test_an_archive_cannot_be_fetched_once_its_time_is_over(web: Web, client_id: UUID, clock: ManualClock) -> None:
    job_id = built(web, client_id)
    clock.advance(hours=72)
    owner = owner_of(web, client_id)

    assert owner.post(f"{HOME}/{job_id}/download").headers["location"] == f"{HOME}?note=gone"
    assert "Pide uno nuevo" in owner.get(f"{HOME}?note=gone").text


def test_a_suspended_owner_takes_everything_along(web: Web, client_id: UUID) -> None:
    with web.installation.works.staff(STAFF) as work:
        suspensions.open_cause(work, client_id, Cause.TRIAL_EXPIRED, "La prueba terminó sin contrato")
    job_id, owner = built(web, client_id), owner_of(web, client_id)

    assert owner.post(f"{HOME}/{job_id}/download").status_code == 200
    assert "Puedes llevarte tus datos hasta el" in owner.get(HOME).text


def test_a_download_that_runs_ends_with_its_session_and_with_its_time(
    web: Web, client_id: UUID, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ends a stolen session, or is no owner any more, does not go on handing out everything."""
    monkeypatch.setattr(pages, "_LOOK_AGAIN", -1.0)
    job_id = built(web, client_id)

    def running() -> tuple[UUID, Iterator[bytes]]:
        user_id = web.make.user(client_id, role=UserRole.OWNER)
        found = deps.agent_of(web.installation.works, web.make.user_session(client_id, user_id))
        assert found is not None, "an owner is not let in"
        visit = Visit(found, Actor("agent", str(found.user_id), found.name), web.installation)
        flow = pages._while_allowed(visit, job_id, iter([b"a", b"b", b"c"]))
        assert next(flow) == b"a", "it was cut while its owner was signed in"
        return found.session_id, flow

    session_id, stolen = running()
    _, late = running()
    with web.installation.database.session(Role.WORKER) as session:
        people.end_user_session(session, session_id, clock.now())
    with pytest.raises(exports.ExportGone):
        next(stolen)
    assert next(late) == b"b", "another session ended it"
    clock.advance(hours=73)
    with pytest.raises(exports.ExportGone):
        next(late)
