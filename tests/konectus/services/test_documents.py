"""Versions of documents, who accepted which, and asking for proof of authority."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest

from konectus.domain.deadlines import after_full_days
from konectus.domain.roles import UserRole
from konectus.domain.terms import Document
from konectus.errors import Invalid
from konectus.services import documents
from konectus.services.documents import AcceptanceNeeded, Answer, NewVersion, NotTheVersionShown
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.queries import documents as read
from konectus.store.queries import standing
from konectus.store.roles import Role
from tests.support.clock import ManualClock
from tests.support.factories import STAFF, Factory

REASON = "Revisión anual del contrato"


def publish(installation: Installation, text: str = "Texto en español", *, material: bool = False) -> UUID:
    with installation.works.system() as work:
        return documents.publish(
            work, NewVersion(document=Document.TERMS, body_es=text, body_en="English text", is_material=material)
        )


def must_accept(installation: Installation, client_id: UUID) -> bool:
    with installation.works.system() as work:
        return standing.of_client(work.session, client_id, work.now).must_accept


def accept(installation: Installation, client_id: UUID, user_id: UUID, version: int = 1) -> None:
    with installation.works.tenant(client_id, Actor("agent", str(user_id), "Mariana", "192.0.2.7")) as work:
        shown = read.by_number(work.session, Document.TERMS, version)
        assert shown is not None
        documents.accept_shown(work, client_id, Answer(version=shown, user_id=user_id, language="en", ip="192.0.2.7"))


def test_the_first_version_says_in_spanish_what_it_lacks_and_carries_the_published_text(
    installation: Installation,
) -> None:
    with installation.works.system() as work:
        assert documents.publish_terms(work)
        assert not documents.publish_terms(work)
        terms = documents.terms_in_force(work)
    assert terms.body_es.startswith("Konectus todavía no ha cargado la versión en español")
    assert terms.body_en is not None
    assert terms.body_es.endswith(terms.body_en)
    assert terms.sha256_es == hashlib.sha256(terms.body_es.encode()).digest()


def test_without_published_terms_nobody_is_held_up_and_nothing_can_be_accepted(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    assert not must_accept(installation, client.id)
    with installation.works.system() as work, pytest.raises(documents.NoTerms):
        documents.terms_in_force(work)


def test_a_client_is_held_up_until_an_owner_accepts_and_never_by_an_agent(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    owner, agent = make.user(client.id, role=UserRole.OWNER), make.user(client.id)
    publish(installation)
    assert must_accept(installation, client.id)
    with pytest.raises(AcceptanceNeeded):
        accept(installation, client.id, agent)
    accept(installation, client.id, owner)
    assert not must_accept(installation, client.id)
    with installation.database.session(Role.WORKER) as session:
        (kept,) = read.of_client(session, client.id)
    assert (kept.version, kept.language, kept.outcome) == (1, "en", "accepted_click")
    assert kept.sha256_es == hashlib.sha256("Texto en español".encode()).digest()


def test_accepting_again_changes_nothing_of_what_was_accepted(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    client = make.client()
    first, second = (make.user(client.id, role=UserRole.OWNER, name=name) for name in ("Ana", "Zoë"))
    publish(installation)
    accept(installation, client.id, first)
    clock.advance(days=1)
    accept(installation, client.id, second)
    with installation.database.session(Role.WORKER) as session:
        (kept,) = read.of_client(session, client.id)
    assert kept.person == "Ana"
    assert clock.now() - kept.outcome_at >= timedelta(days=1)


def test_a_later_version_holds_nobody_up_and_is_accepted_by_use(installation: Installation, make: Factory) -> None:
    client = make.client()
    owner = make.user(client.id, role=UserRole.OWNER)
    publish(installation)
    accept(installation, client.id, owner)
    publish(installation, "Texto nuevo")
    assert not must_accept(installation, client.id)
    with pytest.raises(NotTheVersionShown):
        accept(installation, client.id, owner, version=1)
    with installation.works.tenant(client.id, Actor("agent", str(owner), "Mariana")) as work:
        assert documents.accept_by_use(work, client.id, owner, "es")
        assert not documents.accept_by_use(work, client.id, owner, "es")
    with installation.database.session(Role.WORKER) as session:
        found = read.of_client(session, client.id)
    assert {(one.version, one.outcome) for one in found} == {(1, "accepted_click"), (2, "accepted_by_use")}


def test_whoever_never_accepted_does_not_accept_by_use(installation: Installation, make: Factory) -> None:
    client = make.client()
    owner = make.user(client.id, role=UserRole.OWNER)
    publish(installation)
    with installation.works.tenant(client.id, Actor("agent", str(owner), "Mariana")) as work:
        assert not documents.accept_by_use(work, client.id, owner, "es")
    assert must_accept(installation, client.id)


def test_a_material_version_is_in_force_after_thirty_full_days_and_not_an_instant_before(
    installation: Installation, clock: ManualClock
) -> None:
    publish(installation)
    publish(installation, "Cambio importante", material=True)
    starts = after_full_days(clock.now(), 30)
    clock.advance(seconds=(starts - clock.now()).total_seconds() - 1)
    with installation.works.system() as work:
        assert documents.terms_in_force(work).version == 1
    clock.advance(seconds=1)
    with installation.works.system() as work:
        assert documents.terms_in_force(work).version == 2


def test_nothing_is_published_without_spanish_and_nothing_published_changes(installation: Installation) -> None:
    with pytest.raises(Invalid):
        publish(installation, "  ")
    version = publish(installation)
    with pytest.raises(Exception, match="immutable"), installation.database.session(Role.WORKER) as session:
        session.connection().exec_driver_sql(
            "update ledger.document_version set body_es = 'otra' where id = %s", (version,)
        )


def test_asking_for_proof_of_authority_opens_one_task_says_what_was_asked_and_pauses_nothing(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    for asked in ("Poder notarial", "Poder notarial y acta constitutiva"):
        with installation.works.staff(STAFF) as work:
            documents.request_authority(work, client.id, asked, reason=REASON)
    with installation.works.system() as work:
        seen = read.asked_authority(work.session, client.id)
        tasks = work.session.connection().exec_driver_sql(
            "select count(*) from ledger.staff_task where kind = 'authority_documents' and closed_at is null"
        )
        assert tasks.scalar() == 1
        assert read.authority(work.session, client.id) == "requested"
        told = work.session.connection().exec_driver_sql("select 1 from ledger.suspension").all()
    assert told == []
    assert seen is not None
    assert seen.what == "Poder notarial y acta constitutiva"
    with installation.works.staff(STAFF) as work:
        documents.settle_authority(work, client.id, verified=True, reason=REASON)
    with installation.works.system() as work:
        assert read.authority(work.session, client.id) == "verified"
        left = "select 1 from ledger.staff_task where closed_at is null"
        assert work.session.connection().exec_driver_sql(left).all() == []


def test_asking_for_nothing_is_refused(installation: Installation, make: Factory) -> None:
    client = make.client()
    with installation.works.staff(STAFF) as work, pytest.raises(Invalid):
        documents.request_authority(work, client.id, "  ", reason=REASON)
