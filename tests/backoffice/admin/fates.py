"""One of everything that ends: a termination, days to export, an archive, a hold with its request, a deletion."""

from uuid import UUID

from sqlalchemy import select

from konectus.domain.endings import HoldKind
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import authority, documents, ending_sweeps, holds, registration, terminations
from konectus.services.installation import Installation
from konectus.services.work import Actor, Change
from konectus.store.models.documents import DocumentVersion
from konectus.store.models.endings import Deletion, ExportJob
from konectus.store.queries import windows
from tests.support.factories import STAFF
from tests.support.papers import PDF

WHY = "Lo pide el área jurídica hoy"


def fates(installation: Installation, client_id: UUID, ended_id: UUID) -> dict[str, str]:
    """The ids of what pages name; the contract of the second Client has ended."""
    with installation.works.system() as work:
        documents.publish_terms(work)
        announced = terminations.cancel(work, client_id)
        ended = terminations.cancel(work, ended_id, at_once=True)
        ending_sweeps.effect(work, ended)
        document = work.session.scalars(select(DocumentVersion.id)).first()
        window = windows.open_of(work.session, ended_id)[0].id
    with installation.works.system() as work:
        legal = registration.add_staff(work, f"{client_id}@legal.example", "Rosa Ibarra", StaffRole.LEGAL).id
    with installation.works.staff(Actor("staff", str(legal), "Rosa Ibarra")) as work:
        hold = holds.place(work, client_id, HoldKind.LEGAL, WHY)
        approval = holds.request_release(work, hold, WHY).id
    return {
        "ended": str(ended_id),
        "termination": str(announced),
        "document": str(document),
        "window": str(window),
        "hold": str(hold),
        "approval": str(approval),
        "archive": str(archive(installation, ended_id)),
        "deletion": str(deletion(installation, ended_id, window)),
        "paper": str(paper(installation, ended_id)),
    }


def paper(installation: Installation, client_id: UUID) -> UUID:
    """A proof of authority that an owner handed in."""
    with installation.works.staff(STAFF) as work:
        documents.request_authority(work, client_id, "Poder notarial", reason=WHY)
    with installation.works.system() as work:
        owner = registration.add_user(work, client_id, f"{client_id}@owner.example", "Lucía Sanz", UserRole.OWNER)
        work.session.flush()
        return authority.hand_in(work, client_id, owner.id, "poder.pdf", PDF)


def archive(installation: Installation, client_id: UUID) -> UUID:
    """Asked for and half built."""
    with installation.works.system() as work:
        job = ExportJob(id=work.new_id(), client_id=client_id, requested_by="agent:1", requested_at=work.now)
        job.state, job.done, job.total, job.attempts = "building", 1_200, 2_400, 1
        work.session.add(job)
        work.record("export.requested", ("export_job", job.id), Change(client_id))
        return job.id


def deletion(installation: Installation, client_id: UUID, window_id: UUID) -> UUID:
    """Asked for before its time, which the services never do."""
    with installation.works.system() as work:
        made = Deletion(id=work.new_id(), client_id=client_id, window_id=window_id, requested_by="system:1")
        made.eligible_at, made.requested_at, made.export_done = work.now, work.now, False
        work.session.add(made)
        work.record("deletion.requested", ("deletion", made.id), Change(client_id, WHY))
        return made.id
