"""Asking a Client for proof that it may bind its entity (Terms 5.1): a task and words on its page, no sanction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import given as read
from backoffice.admin.commands import Command, Effect, Known, explanation, fingerprint
from backoffice.admin.given import Typed
from backoffice.admin.payment import REHEARSED
from backoffice.admin.pieces import Cell, Fact, Field
from backoffice.admin.roles import ASK_DOCUMENTS, CLIENT
from backoffice.admin.shell import page_of
from backoffice.admin.words import authority
from konectus.i18n import gettext
from konectus.services import documents, suspensions
from konectus.services.work import Work
from konectus.store import locks

LONGEST = 1000


@dataclass(frozen=True)
class AskDocuments(Command):
    """The command on one Client."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = ASK_DOCUMENTS
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Request documents")

    @property
    def go(self) -> str:
        return gettext("Request the documents")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        return Known(
            title=gettext("Request documents from {client}", client=client.trade_name),
            lead=gettext("The Client declared that it may bind its entity; you may ask for proof (clause 5.1)."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(
                Fact(gettext("Client"), Cell(client.legal_name, small=client.tax_id or "")),
                Fact(gettext("Authority"), Cell(authority(client.authority))),
                Fact(gettext("Legal e-mail"), Cell(client.registered_email)),
            ),
            read_at=work.now,
            seen=fingerprint(str(client.id), client.authority, client.registered_email),
        )

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        hint, error = gettext("The Client reads exactly this."), problems.get("asked", "")
        label = gettext("Which documents")
        return (
            Field("asked", label, given["asked"], "area", hint=hint, error=error, is_wide=True, longest=LONGEST),
            explanation(given, problems, gettext("It stays in Audit with your name.")),
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        found: dict[str, str] = {}
        read.problem(found, "asked", lambda: read.line(given["asked"], most=LONGEST))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        documents.request_authority(work, self.client_id, given["asked"] or REHEARSED, reason=REHEARSED)
        told = gettext("The Client sees the request on its pages")
        task = gettext("A task waits for the documents")
        nothing = gettext("Nobody is suspended for it: what follows, a person decides.")
        return (
            Effect("file-text", "info", told, gettext("With the words you write below."), told),
            Effect("flag", "", task, gettext("In Tasks, until somebody closes it."), task),
            Effect("shield-check", "ok", gettext("What does not change"), nothing),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        documents.request_authority(work, self.client_id, given["asked"], reason=given.why)
        return page_of(CLIENT, self.client_id)
