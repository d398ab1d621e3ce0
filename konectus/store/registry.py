"""Every table with its plane and what becomes of its rows. A table that is not here fails a test.

Grants are letters (select, insert, update, delete); sealed columns are left out of SELECT for roles without keys.
What a Client's people may write inside a table is narrowed in bounds.py.
"""

from collections.abc import Mapping

from konectus.store.base import Base
from konectus.store.models import (
    amendments,
    audit,
    billing,
    clients,
    compliance,
    connectors,
    documents,
    endings,
    episodes,
    figures,
    identity,
    inbox,
    limits,
    notices,
    payments,
    readers,
    search,
    traffic,
)
from konectus.store.planes import Deletion, Entry
from konectus.store.roles import Role

APP, STAFF, WORKER, RELEASER, OPERATOR = Role.APP, Role.STAFF, Role.WORKER, Role.RELEASER, Role.OPERATOR


_CATALOGUE = "Konectus's own catalogue, the same for all Clients"
_STAFF = "a person of Konectus, not of a Client"
_NO_CLIENT = "on the sums of all Clients; names none"
_TRAFFIC = "arrives before the Client is known"
_KEPT = "5 years after termination (Terms 11)"
_CONTENT = "until erased (Terms 15.3)"
# A Client's people see their bills and write none.
_BOOKS: Mapping[Role, str] = {APP: "S", STAFF: "SIU", WORKER: "SIU"}
_TENANT: Mapping[Role, str] = {APP: "SIUD", WORKER: "SIUD", STAFF: "S", RELEASER: "S", OPERATOR: "S"}


def _tenant(
    model: type[Base], *, export: str | None, grants: Mapping[Role, str] = _TENANT, audited: bool = False
) -> Entry:
    return Entry(model, Deletion.PURGED, _CONTENT, grants, export=export, audited=audited)


def _ledger(model: type[Base], grants: Mapping[Role, str], *, export: str | None = None, audited: bool = True) -> Entry:
    return Entry(model, Deletion.KEPT, _KEPT, grants, export=export, audited=audited)


def _platform(model: type[Base], retention: str, grants: Mapping[Role, str], why: str) -> Entry:
    return Entry(model, Deletion.EXPIRES, retention, grants, exemption=why)


ENTRIES: tuple[Entry, ...] = (
    # ledger
    Entry(
        clients.Client,
        Deletion.KEPT,
        _KEPT,
        {APP: "SU", STAFF: "SIU", WORKER: "SIU", RELEASER: "S", OPERATOR: "S"},
        client_column="id",
        exemption="its id is the client_id",
        export="client",
        audited=True,
    ),
    Entry(
        clients.Plan,
        Deletion.KEPT,
        "for good",
        {APP: "S", STAFF: "SIU", WORKER: "SIU", RELEASER: "S"},
        _CATALOGUE,
        audited=True,
    ),
    Entry(
        clients.PlanVersion,
        Deletion.KEPT,
        "for good",
        {APP: "S", STAFF: "SIU", WORKER: "SIU", RELEASER: "S"},
        _CATALOGUE,
        audited=True,
    ),
    _ledger(clients.Subscription, {APP: "S", STAFF: "SIU", WORKER: "SIU", RELEASER: "S"}, export="subscriptions"),
    Entry(
        clients.CausePolicy, Deletion.KEPT, "for good", {APP: "S", STAFF: "S", WORKER: "SIU", OPERATOR: "S"}, _CATALOGUE
    ),
    Entry(
        clients.Suspension,
        Deletion.KEPT,
        _KEPT,
        {APP: "S", STAFF: "SIU", WORKER: "SIU", RELEASER: "S", OPERATOR: "S"},
        export="suspensions",
        audited=True,
        columns={RELEASER: ("client_id", "opened_at", "lifted_at")},
    ),
    _ledger(audit.AuditEntry, {APP: "SI", STAFF: "SI", WORKER: "SI"}, export="audit", audited=False),
    _ledger(identity.AuthorizedUser, {APP: "SIU", STAFF: "SIU", WORKER: "SIU"}, export="people"),
    _ledger(identity.AgentSession, {APP: "SIU", STAFF: "SU", WORKER: "SIU"}, audited=False),
    _ledger(identity.ApiToken, {APP: "SIU", STAFF: "SU", WORKER: "SIU"}),
    Entry(
        identity.Staff,
        Deletion.KEPT,
        "while employed, then 5 years",
        {STAFF: "SIU", WORKER: "SIU"},
        _STAFF,
        audited=True,
    ),
    Entry(identity.StaffSession, Deletion.EXPIRES, "30 days", {STAFF: "SIU", WORKER: "SIU"}, _STAFF),
    Entry(
        identity.OneTimeLink,
        Deletion.EXPIRES,
        "30 days",
        {STAFF: "SIU", WORKER: "SIU"},
        "read before the person is known, through a function",
    ),
    Entry(
        identity.SignInFailure,
        Deletion.EXPIRES,
        "1 day",
        {APP: "SIUD", STAFF: "SIUD", WORKER: "SIUD"},
        "a keyed hash of an address nobody has signed in with yet",
    ),
    # money
    Entry(billing.Reading, Deletion.KEPT, "for good", {APP: "S", STAFF: "SU", WORKER: "SIU"}, _CATALOGUE, audited=True),
    Entry(billing.NumberSeries, Deletion.KEPT, "for good", {STAFF: "SIU", WORKER: "SIU"}, _CATALOGUE),
    _ledger(
        billing.SubscriptionChange,
        {APP: "SIU", STAFF: "SIU", WORKER: "SIU", RELEASER: "S"},
        export="subscription_changes",
    ),
    _ledger(billing.Invoice, _BOOKS, export="invoices"),
    _ledger(billing.InvoiceLine, _BOOKS, export="invoice_lines", audited=False),
    _ledger(payments.Payment, _BOOKS, export="payments"),
    _ledger(payments.CreditNote, _BOOKS, export="credit_notes"),
    _ledger(payments.Allocation, {APP: "S", STAFF: "SI", WORKER: "SI"}, export="allocations", audited=False),
    _ledger(payments.Refund, _BOOKS, export="refunds"),
    _ledger(payments.Deferral, _BOOKS, export="deferrals"),
    _ledger(payments.PaymentEvent, {STAFF: "S", WORKER: "SIU"}, audited=False),
    _ledger(payments.PaymentEventOther, {STAFF: "S", WORKER: "SI"}, audited=False),
    # notices
    _ledger(notices.Notice, {APP: "SIU", STAFF: "SIU", WORKER: "SIU"}, export="notices", audited=False),
    _ledger(notices.NoticeEvent, {APP: "SI", STAFF: "SI", WORKER: "SI"}, export="notice_events", audited=False),
    _ledger(notices.NoticeInvoice, {APP: "SI", STAFF: "SI", WORKER: "SI"}, export="notice_invoices", audited=False),
    _ledger(notices.StaffTask, {APP: "SI", STAFF: "SIU", WORKER: "SIU"}, audited=False),
    # endings
    _ledger(endings.Termination, {APP: "SIU", STAFF: "SIU", WORKER: "SIU", OPERATOR: "S"}, export="terminations"),
    _ledger(endings.ExportWindow, {APP: "S", STAFF: "SIU", WORKER: "SIU"}, export="export_windows"),
    _ledger(endings.ExportJob, {APP: "SIU", STAFF: "SI", WORKER: "SIU"}, export="export_jobs"),
    _ledger(endings.Hold, {APP: "SI", STAFF: "SIU", WORKER: "SIU"}),
    _ledger(endings.Approval, {STAFF: "SIU", WORKER: "SIU"}),
    _ledger(endings.Deletion, {APP: "S", STAFF: "SIU", WORKER: "SIU", OPERATOR: "S"}),
    # documents
    Entry(
        documents.DocumentVersion,
        Deletion.KEPT,
        "for good",
        {APP: "S", STAFF: "SIU", WORKER: "SIU"},
        _CATALOGUE,
        audited=True,
    ),
    _ledger(documents.DocumentAcceptance, {APP: "SI", STAFF: "S", WORKER: "SI"}, export="acceptances"),
    _ledger(documents.AuthorityDocument, {APP: "S", STAFF: "S", WORKER: "SIU"}, export="authority_documents"),
    _ledger(identity.EmailChange, {APP: "SIU", STAFF: "S", WORKER: "SIU"}, export="email_changes"),
    _ledger(figures.UsageDaily, {APP: "S", STAFF: "S", WORKER: "SIUD", RELEASER: "SIUD"}, audited=False),
    _ledger(figures.ClientDaily, {STAFF: "S", WORKER: "SIUD", RELEASER: "SIUD"}, audited=False),
    # tenant
    _tenant(
        connectors.Connector,
        export="connectors",
        audited=True,
        grants={APP: "SIU", WORKER: "SIUD", STAFF: "SU", RELEASER: "S", OPERATOR: "S"},
    ),
    _tenant(connectors.ConnectorChange, export=None, grants={APP: "SI", WORKER: "SID", STAFF: "SI", RELEASER: "S"}),
    _tenant(inbox.EndContact, export="contacts"),
    _tenant(inbox.Conversation, export="conversations"),
    _tenant(episodes.Episode, export=None, grants={APP: "SIU", WORKER: "SIUD", RELEASER: "S"}),
    _tenant(inbox.Message, export="messages", grants={**_TENANT, STAFF: "SU"}),
    _tenant(inbox.Attachment, export="attachments"),
    _tenant(inbox.Reply, export=None, grants={APP: "SI", WORKER: "SIUD"}),
    _tenant(inbox.Outbox, export=None, grants=_TENANT),
    _tenant(inbox.Draft, export="drafts", grants={APP: "SIUD", WORKER: "SIUD"}),
    _tenant(inbox.Tombstone, export=None, grants={WORKER: "SIUD"}),
    _tenant(amendments.MessageVersion, export="versions"),
    _tenant(amendments.Reaction, export="reactions"),
    _tenant(amendments.ConversationEvent, export="conversation_events"),
    # Read by the functions of konectus_search alone: under a policy of one's own the index is not used (engine.md 5).
    _tenant(search.MessageSearch, export=None, grants={WORKER: "SIUD"}),
    _tenant(search.ContactSearch, export=None, grants={WORKER: "SIUD"}),
    _tenant(search.SearchPending, export=None, grants={APP: "I", WORKER: "SIUD", STAFF: "S", OPERATOR: "S"}),
    # platform
    Entry(
        connectors.Account,
        Deletion.PURGED,
        "while its connector exists",
        {APP: "SIU", STAFF: "SU", WORKER: "SIUD", OPERATOR: "S"},
    ),
    Entry(
        connectors.ConnectorRequest,
        Deletion.PURGED,
        "90 days",
        {APP: "SI", STAFF: "SI", WORKER: "SIUD", OPERATOR: "S"},
    ),
    Entry(connectors.Consent, Deletion.PURGED, "1 hour", {APP: "SIU", WORKER: "SIUD", OPERATOR: "S"}),
    _platform(traffic.WebhookEvent, "7 days", {WORKER: "SIUD", STAFF: "SU", OPERATOR: "S"}, _TRAFFIC),
    _platform(traffic.WebhookItem, "7 days", {WORKER: "SIUD", STAFF: "S", OPERATOR: "S"}, _TRAFFIC),
    Entry(
        traffic.DeadLetter,
        Deletion.PURGED,
        "until decided, 30 days at most",
        {WORKER: "SIUD", STAFF: "SU", OPERATOR: "S"},
    ),
    _platform(
        compliance.DataDeletionRequest,
        "5 years",
        {WORKER: "SIUD", STAFF: "SU", OPERATOR: "S"},
        "a person, not a Client: Meta names the one who granted",
    ),
    _platform(traffic.DroppedCount, "90 days", {WORKER: "SIUD", STAFF: "S", OPERATOR: "S"}, _TRAFFIC),
    _platform(
        traffic.JobSlot, "30 days", {WORKER: "SIUD", RELEASER: "SIU", STAFF: "S", OPERATOR: "S"}, "a run of a job"
    ),
    _platform(
        traffic.Heartbeat, "1 day", {APP: "SIUD", WORKER: "SIUD", STAFF: "S", OPERATOR: "S"}, "a process of ours"
    ),
    _platform(
        limits.SendBudget,
        "an hour after its last use",
        {WORKER: "SIUD", OPERATOR: "S"},
        "a level and an instant of a channel's budget",
    ),
    Entry(
        limits.ConnectorPace,
        Deletion.PURGED,
        "while its connector exists",
        {APP: "S", STAFF: "S", WORKER: "SIUD", OPERATOR: "S"},
    ),
    Entry(
        readers.Annotation,
        Deletion.KEPT,
        "while the figures are shown",
        {STAFF: "SIU", RELEASER: "S"},
        _NO_CLIENT,
        audited=True,
    ),
    _platform(readers.SavedView, "until taken away", {STAFF: "SIUD"}, _STAFF),
    Entry(
        readers.ReportSubscription,
        Deletion.KEPT,
        "while employed, then 5 years",
        {STAFF: "SIU", WORKER: "S"},
        _STAFF,
        audited=True,
    ),
    _platform(readers.ReportMail, "for good: what was sent is not sent again", {STAFF: "S", WORKER: "SIU"}, _STAFF),
    _platform(traffic.CollectWatermark, "for good", {RELEASER: "SIU", WORKER: "S"}, "a watermark of a job"),
)
BY_TABLE: Mapping[str, Entry] = {entry.name: entry for entry in ENTRIES}
ROLES_WITH_KEYS = (APP, WORKER)
