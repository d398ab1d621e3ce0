"""What lists and the pages of documents, archives, jobs and invariants tell, in one shared installation."""

import hashlib

import httpx
from sqlalchemy import insert

from konectus.services.installation import Installation
from konectus.store.models.traffic import JobSlot
from konectus.store.queries import invariants as kept
from konectus.store.queries.invariants import Broken, Last
from konectus.store.roles import Role
from tests.backoffice.admin.fates import fates
from tests.backoffice.admin.pages import Page
from tests.konectus.services.endings import Ends
from tests.support.clock import ManualClock
from tests.support.factories import Factory

LISTS = ("approval", "termination", "export-window", "export-job", "hold", "deletion")


def test_every_list_and_the_tab_of_a_client_name_what_there_is(
    legal: httpx.Client, ends: Ends, make: Factory, installation: Installation
) -> None:
    ended = make.client()
    found = fates(installation, ends.id, ended.id)
    for name in LISTS:
        words = Page(legal.get(f"/admin/{name}/list").text).words
        assert ends.client.trade_name in words or ended.trade_name in words, name
    tab = Page(legal.get(f"/admin/client/ending/{ended.id}").text)
    assert f"/admin/deletion/details/{found['deletion']}" in tab.links
    assert f"/admin/client/reactivate/{ended.id}" in tab.links
    archive = Page(legal.get(f"/admin/export-job/details/{found['archive']}").text)
    assert "Solo el Cliente la descarga" in archive.words
    assert not [link for link in archive.links if "download" in link], "nobody of the staff fetches it"


def test_the_text_of_a_version_has_the_hash_that_is_shown(
    legal: httpx.Client, ends: Ends, installation: Installation, make: Factory
) -> None:
    document = fates(installation, ends.id, make.client().id)["document"]
    page = Page(legal.get(f"/admin/document-version/details/{document}").text)
    text = legal.get(f"/admin/document-version/text/{document}").content
    assert hashlib.sha256(text).hexdigest() in page.words


def test_jobs_that_are_missing_and_what_does_not_hold_are_told_with_the_mend(
    legal: httpx.Client, installation: Installation, clock: ManualClock
) -> None:
    page = "/admin/job-slot/list"
    with installation.database.session(Role.WORKER) as session:
        row = {"slot": clock.now(), "claimed_at": clock.now(), "worker": "uno", "finished_at": clock.now()}
        session.execute(insert(JobSlot).values(job="renew", **row))
        session.execute(insert(JobSlot).values(job="lift_paid", error="la base no contestó", **row))
        broken = {"seats_exceeded": Broken(2, ("cliente-a", "cliente-b"))}
        kept.keep(session, "installation", Last(clock.now(), broken))
    words = Page(legal.get(page).text).words
    assert "1 no se cumple" in words
    assert "cliente-a, cliente-b" in words
    assert "Pregunta al dueño" in words, "the mend"
    assert "la base no contestó" in words
    missing = words.split("Tareas automáticas que faltan")[1].split("Lo que no se cumple")[0]
    assert "lift_paid" in missing, "it never ended well"
    assert "renew" not in missing
