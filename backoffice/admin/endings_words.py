"""States of approvals, endings, holds, windows, archives and deletions in words of the staff."""

from datetime import datetime, timedelta

from backoffice.admin.pieces import Cell, State
from konectus.domain.endings import ApprovalState, DeletionEnd, DeletionState, EndedBy, ExportState, Ground, HoldKind
from konectus.domain.endings import WindowEnd as End
from konectus.domain.endings import WindowSource as Source
from konectus.domain.terms import Acceptance, Document
from konectus.i18n import LEGAL_ZONE, format_datetime, gettext, msg, ngettext
from konectus.store.queries.admin_checks import Version
from konectus.store.queries.admin_endings import TerminationLine, WindowLine

Look = tuple[str, str, str]
_HOUR = timedelta(hours=1)

_APPROVALS: dict[ApprovalState, Look] = {
    ApprovalState.REQUESTED: (msg("Waits for a second person"), "warn", "hourglass"),
    ApprovalState.APPROVED: (msg("Approved"), "ok", "circle-check"),
    ApprovalState.USED: (msg("Approved and done"), "ok", "check-check"),
    ApprovalState.REJECTED: (msg("Rejected"), "mute", "circle-x"),
    ApprovalState.EXPIRED: (msg("Nobody decided in time"), "mute", "alarm-clock"),
    ApprovalState.VOID: (msg("Void: the facts changed"), "mute", "circle-x"),
}
_GROUNDS = {
    Ground.CLIENT_CANCEL: msg("The Client cancelled"),
    Ground.TERMS_REJECTED: msg("The Client rejected new terms"),
    Ground.ASSIGNMENT_COMPETITOR: msg("The acquirer is its competitor"),
    Ground.KONECTUS_NOTICE: msg("Konectus gave thirty days' notice"),
    Ground.MATERIAL_BREACH: msg("Material breach"),
}
_HOLDS = {
    HoldKind.LEGAL: msg("Legal"),
    HoldKind.DISPUTE: msg("Dispute"),
    HoldKind.INCIDENT: msg("Incident"),
    HoldKind.AUTHORITY: msg("Order of an authority"),
    HoldKind.EXPORT_RUNNING: msg("An export is under way"),
    HoldKind.DATA_REQUEST: msg("Request of a person about its data"),
}
_SOURCES = {
    Source.TERMINATION: msg("End of the contract"),
    Source.NONPAYMENT: msg("Suspension for non-payment"),
    Source.TRIAL_EXPIRED: msg("End of the trial"),
}
_ENDS = {
    End.ELAPSED: msg("Its days passed"),
    End.PAID: msg("The Client paid"),
    End.REACTIVATED: msg("The Client came back"),
}
_ARCHIVES: dict[ExportState, Look] = {
    ExportState.REQUESTED: (msg("Waits for its turn"), "info", "hourglass"),
    ExportState.BUILDING: (msg("Being built"), "info", "loader-circle"),
    ExportState.READY: (msg("Ready to download"), "ok", "circle-check"),
    ExportState.FAILED: (msg("The export failed"), "danger", "circle-alert"),
    ExportState.EXPIRED: (msg("Expired and removed"), "mute", "circle-x"),
}
_DELETIONS: dict[DeletionState, Look] = {
    DeletionState.REQUESTED: (msg("Waits for two people"), "warn", "hourglass"),
    DeletionState.APPROVED_1: (msg("Approved by one person"), "warn", "fingerprint"),
    DeletionState.APPROVED_2: (msg("Approved by two; it rests"), "warn", "alarm-clock"),
    DeletionState.STARTED: (msg("Begun: no way back"), "danger", "loader-circle"),
    DeletionState.KEY_DESTROYED: (msg("The key is destroyed"), "danger", "key-round"),
    DeletionState.ROWS_PURGED: (msg("The rows are gone"), "danger", "loader-circle"),
    DeletionState.FILES_PURGED: (msg("The files are gone"), "danger", "loader-circle"),
    DeletionState.VERIFIED: (msg("Verified"), "info", "check"),
    DeletionState.CERTIFIED: (msg("Deleted and certified"), "ok", "shield-check"),
    DeletionState.CANCELLED: (msg("Given up"), "mute", "circle-x"),
}
_GIVEN_UP = {
    DeletionEnd.REJECTED: msg("The second person rejected it"),
    DeletionEnd.REACTIVATED: msg("The Client has its service"),
    DeletionEnd.HOLD: msg("A hold forbids it"),
    DeletionEnd.WINDOW: msg("The days to export have not passed"),
    DeletionEnd.FACTS_CHANGED: msg("The facts changed"),
    DeletionEnd.BY_HAND: msg("A person gave it up"),
}
_DOCUMENTS = {
    Document.TERMS: msg("Terms and conditions"),
    Document.PRIVACY: msg("Privacy policy"),
    Document.DPA: msg("Data processing agreement"),
}
_ANSWERS: dict[Acceptance, Look] = {
    Acceptance.BY_CLICK: (msg("Accepted by click"), "ok", "check"),
    Acceptance.BY_USE: (msg("Accepted by use"), "ok", "check"),
    Acceptance.REJECTED: (msg("Not accepted"), "danger", "circle-x"),
}


def approval(state: str, expires_at: datetime, now: datetime) -> State:
    """One whose time has run out is told as expired before the job has said so."""
    if state == ApprovalState.REQUESTED and expires_at <= now:
        state = ApprovalState.EXPIRED
    return _said(_APPROVALS[ApprovalState(state)])


def ground(of: str) -> str:
    return gettext(_GROUNDS[Ground(of)])


def ended_by(of: str) -> str:
    return gettext("The Client") if of == EndedBy.CLIENT else "Konectus"


def termination(row: TerminationLine) -> State:
    if row.withdrawn_at is not None:
        return State(gettext("Withdrawn"), "mute", "undo-2")
    if row.reactivated_at is not None:
        return State(gettext("Undone: the contract came back"), "ok", "rotate-cw")
    if row.effected_at is not None:
        return State(gettext("The contract has ended"), "danger", "circle-x")
    return State(gettext("Announced"), "warn", "calendar-clock")


def hold_kind(of: str) -> str:
    return gettext(_HOLDS[HoldKind(of)])


def hold(released_at: datetime | None) -> State:
    if released_at is None:
        return State(gettext("In force"), "warn", "lock")
    return State(gettext("Released"), "mute", "circle-check")


def source(of: str) -> str:
    return gettext(_SOURCES[Source(of)])


def window(row: WindowLine) -> State:
    if row.closed_at is not None:
        ended = gettext(_ENDS[End(row.close_reason)]) if row.close_reason else ""
        return State(ended, "mute", "circle-check")
    if row.paused_at is not None:
        return State(gettext("It stands still: the export is blocked"), "warn", "hourglass")
    return State(gettext("It runs"), "info", "alarm-clock")


def archive(state: str) -> State:
    return _said(_ARCHIVES[ExportState(state)])


def deletion(state: DeletionState) -> State:
    return _said(_DELETIONS[state])


def given_up(why: str | None) -> str:
    return gettext(_GIVEN_UP[DeletionEnd(why)]) if why else ""


def document(of: str) -> str:
    return gettext(_DOCUMENTS[Document(of)])


def answer(outcome: str | None) -> State:
    if outcome is None:
        return State(gettext("Shown, not answered"), "warn", "hourglass")
    return _said(_ANSWERS[Acceptance(outcome)])


def version(row: Version, now: datetime) -> State:
    if row.withdrawn_at is not None:
        return State(gettext("Withdrawn"), "mute", "undo-2")
    if row.published_at is None or row.effective_at is None:
        return State(gettext("Draft"), "mute", "pencil")
    if row.effective_at > now:
        return State(gettext("Published, not in effect yet"), "info", "calendar-clock")
    return State(gettext("In effect"), "ok", "circle-check")


def both_zones(at: datetime | None, zone: str) -> Cell:
    """An instant on our clock, and below on the Client's where that is another one."""
    if at is None:
        return Cell()
    if zone == LEGAL_ZONE.key:
        return Cell(at=at, small=gettext("Mexico City, also the Client's time"))
    return Cell(at=at, small=gettext("{when} in {zone}", when=format_datetime(at, zone), zone=zone))


def left(until: datetime, now: datetime) -> str:
    """How long until then: days, else hours; what is past is over."""
    gap = until - now
    if gap <= timedelta(0):
        return gettext("run out")
    if gap.days:
        return ngettext("{n} day left", "{n} days left", gap.days)
    hours = -(-gap // _HOUR)
    return ngettext("{n} hour left", "{n} hours left", hours)


def _said(look: Look) -> State:
    return State(gettext(look[0]), look[1], look[2])
