"""Where what a task asks for is done, and what its words leave out."""

from uuid import UUID

from backoffice.admin.pieces import Cell, Fact
from backoffice.admin.roles import ARCHIVE, CLIENT, DELETION, NOTICE, PAPER, PAYMENT, PAYMENT_EVENT, REFUND, SUSPENSION
from backoffice.admin.shell import HOME, list_of, page_of
from konectus.domain.tasks import TaskKind
from konectus.i18n import gettext
from konectus.services.work import Work
from konectus.store.queries import admin_audit

# By kind, whose page it is that the subject names; a subject without a kind before it is the row itself.
_WHERE = {
    TaskKind.NOTICE_BOUNCED: NOTICE,
    TaskKind.NOTICE_UNDELIVERABLE: NOTICE,
    TaskKind.SUSPENSION_REVIEW: SUSPENSION,
    TaskKind.REFUND_DUE: REFUND,
    TaskKind.DELETION_DUE: DELETION,
    TaskKind.EXPORT_FAILED: ARCHIVE,
    TaskKind.PAYMENT_UNMATCHED: PAYMENT_EVENT,
    TaskKind.PAYMENT_UNSETTLED: PAYMENT,
    TaskKind.PAYMENT_TWICE: PAYMENT,
}


def href(kind: str, subject_ref: str) -> str:
    """The page on which it is done; empty where there is none."""
    try:
        found = UUID(subject_ref.rpartition(":")[2])
    except ValueError:
        return ""
    if kind == TaskKind.AUTHORITY_CAME:
        return f"{list_of(PAPER)}?client={found}"
    if kind == TaskKind.DETAILS_WANTED:
        return f"{HOME}{CLIENT}/edit/{found}"
    identity = _WHERE.get(TaskKind(kind))
    return page_of(identity or CLIENT, found) if identity or subject_ref.startswith("client:") else ""


def about(kind: str, subject_ref: str) -> Cell:
    """The way there, or what it is about where there is none."""
    there = href(kind, subject_ref)
    return Cell(gettext("Open it"), href=there) if there else Cell(subject_ref)


def wanted(work: Work, kind: str, client_id: UUID | None) -> tuple[Fact, ...]:
    """In the Client's own words, what it asks to have corrected."""
    if kind != TaskKind.DETAILS_WANTED or client_id is None:
        return ()
    asked = admin_audit.Asked(client_id=client_id, action="client.details_wanted")
    return tuple(
        Fact(gettext("What the Client asks for"), Cell(str(entry.after.get("wanted", "")), small=entry.actor_name))
        for entry in admin_audit.entries(work.session, asked, 1)
    )
