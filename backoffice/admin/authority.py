"""Deciding whether the documents prove that a person may bind its entity (Terms 5.1): verified or rejected."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin.commands import Command, Effect, Known, fingerprint
from backoffice.admin.given import Typed
from backoffice.admin.pieces import Cell, Fact
from backoffice.admin.roles import CLIENT, SETTLE
from backoffice.admin.shell import page_of
from backoffice.admin.suspend import REHEARSED
from backoffice.admin.words import authority
from konectus.i18n import gettext
from konectus.services import documents, suspensions
from konectus.services.work import Work
from konectus.store import locks


@dataclass(frozen=True)
class SettleAuthority(Command):
    """The command on one Client; the documents themselves are looked at outside of here."""

    client_id: UUID
    verified: bool
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = SETTLE
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Authority")

    @property
    def go(self) -> str:
        return gettext("Verify the authority") if self.verified else gettext("Reject the documents")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        title = gettext("Verify the authority of {client}", client=client.trade_name)
        if not self.verified:
            title = gettext("Reject the documents of {client}", client=client.trade_name)
        return Known(
            title=title,
            lead=gettext("Whether the person who registered may bind the Client (clause 5.1)."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(
                Fact(gettext("Client"), Cell(client.legal_name, small=client.tax_id or "")),
                Fact(gettext("Authority"), Cell(authority(client.authority))),
                Fact(gettext("Legal e-mail"), Cell(client.registered_email)),
            ),
            read_at=work.now,
            seen=fingerprint(str(client.id), client.authority),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        documents.settle_authority(work, self.client_id, verified=self.verified, reason=REHEARSED)
        state = authority(suspensions.client_of(work, self.client_id).authority)
        heading = gettext("The authority becomes: {state}", state=state)
        glyph, tone = ("shield-check", "ok") if self.verified else ("circle-x", "warn")
        closed = gettext("The task that waits for the documents is closed")
        nothing = gettext("Nobody is suspended for it: what follows, a person decides.")
        return (
            Effect(glyph, tone, heading, gettext("The Client sees it on its pages."), heading),
            Effect("flag", "", closed, gettext("If there was one."), closed),
            Effect("shield-check", "ok", gettext("What does not change"), nothing),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        documents.settle_authority(work, self.client_id, verified=self.verified, reason=given.why)
        return page_of(CLIENT, self.client_id)
