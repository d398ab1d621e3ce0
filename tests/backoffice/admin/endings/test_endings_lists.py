"""What lists and the pages of documents, archives, jobs and invariants tell, in one shared installation."""

import hashlib
from datetime import timedelta

import httpx
from sqlalchemy import insert

import scheduler
from backoffice.admin import job_words
from konectus import i18n
from konectus.domain import alarms
from konectus.services import jobs
from konectus.services.installation import Installation
from konectus.services.invariants import WORDS
from konectus.store.models.traffic import JobSlot
from konectus.store.queries import invariants as kept
from konectus.store.queries.invariants import Broken, Last
from konectus.store.roles import Role
from tests.backoffice.admin.fates import fates
from tests.backoffice.admin.pages import Page
from tests.konectus.services.endings import Ends
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.queries import statements

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


def test_a_longer_list_asks_no_more_often(
    legal: httpx.Client, ends: Ends, make: Factory, installation: Installation
) -> None:
    def asked() -> dict[str, int]:
        found = {}
        for name in (*LISTS, "notice", "staff-task", "document-version", "job-slot"):
            with statements() as seen:
                assert legal.get(f"/admin/{name}/list").status_code == 200
            found[name] = len(seen)
        return found

    fates(installation, ends.id, make.client().id)
    few = asked()
    for _ in range(3):
        fates(installation, make.client().id, make.client().id)
    assert asked() == few
    assert max(few.values()) <= 12


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
    assert "Servicio de vuelta tras un pago" in missing, "it never ended well"
    assert "Periodos nuevos" not in missing
    assert "lift_paid" not in missing, "the id stands beside its words in the table alone"


def test_every_job_process_and_invariant_has_words() -> None:
    assert set(job_words.JOBS) == {job.id for job in scheduler.JOBS}
    assert set(job_words.PROCESSES) == set(alarms.PROCESSES)
    with i18n.use("es_MX"):
        said = [job_words.job(name) for name in job_words.JOBS] + [job_words.invariant(code) for code in WORDS]
    assert [words for words in said if not words or "_" in words] == []


def test_today_tells_parts_and_alarms_in_words(
    legal: httpx.Client, installation: Installation, clock: ManualClock
) -> None:
    for name in ("worker", "scheduler"):
        jobs.beat(installation, name, "uno", {})
    with installation.database.session(Role.WORKER) as session:
        row = {"slot": clock.now() - timedelta(days=3), "claimed_at": clock.now(), "worker": "uno"}
        session.execute(insert(JobSlot).values(job="prune", finished_at=clock.now() - timedelta(days=3), **row))
        kept.keep(session, "installation", Last(clock.now(), {"seats_exceeded": Broken(1, ("cliente-a",))}))
    page = Page(legal.get("/admin/").text)
    health = page.words.split("Salud")[1]
    assert "Lectura de eventos En marcha" in health
    assert "Tareas automáticas En marcha" in health
    assert "Hay más personas que lugares" in health
    for raw in ("scheduler", "worker", "invariants", "seats_exceeded", "prune"):
        assert raw not in page.words, raw
    assert "Limpieza de lo que ya cumplió su plazo" in page.words, "the job that is late"
    assert "/admin/job-slot/list" in page.links
