"""What a Client's people and programs may do under each cause, route by route (lifecycle.md 3), written by hand.

An outcome is what the asker meets: it works, it is refused, it leads to the door, or there is nothing of the kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OWNER, SUPERVISOR, AGENT = "owner", "supervisor", "agent"
ROLES = (AGENT, SUPERVISOR, OWNER)
YES, NO, OUT, NONE = "works", "refused", "to the door", "nothing there"

# Causes that leave signing in open, those that do not, and each with what else there is.
PAUSED = ("nonpayment", "trial_expired", "aup", "terminated")
SHUT = ("legal_order", "legal_order_export", "security", "deleting")
CAUSES = ("none", *PAUSED, *SHUT)


@dataclass(frozen=True)
class Rule:
    """What becomes of a request for a person who may ask for it at all; `unless` names causes that differ."""

    paused: str
    shut: str = OUT
    well: str = YES
    roles: tuple[str, ...] = ROLES
    unless: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, cause: str, role: str) -> str:
        if cause in SHUT:
            return self.unless.get(cause, self.shut)
        if role not in self.roles:
            return NO
        if cause == "none":
            return self.well
        return self.unless.get(cause, self.paused)


OWNERS = (OWNER,)
LEADERS = (OWNER, SUPERVISOR)
INBOX = Rule(NO)  # reading, answering, files: blocked by every cause
CONNECT = Rule(NO, roles=OWNERS)  # nothing comes in, so nothing is connected
ACCOUNT = Rule(YES)  # how it stands, what is owed, notices
OWN = Rule(YES, roles=OWNERS)
FIGURES = Rule(NO, roles=LEADERS)  # not among what lifecycle.md 3 leaves open; the archive holds everything
# Terms 2, 15.3: whoever is suspended for not paying, misuse or at the end takes everything along.
EXPORT = Rule(YES, roles=OWNERS)
# Another Plan is what ends an expired trial; whoever owes pays first, whoever ended has none to change.
PLAN = Rule(NO, roles=OWNERS, unless={"trial_expired": YES, "terminated": NONE})
# Nobody has answered the channel's dialog of that login, so there is nothing to pick, whatever the cause.
UNANSWERED = Rule(NONE, well=NONE, roles=OWNERS)
# A form of a page that is older than the row, and one without the right password: refused, whatever the cause.
STALE = UNPROVEN = Rule(NONE, well=NONE, roles=OWNERS)
# A Connector that a cause has cut is neither asked for nor subscribed again: the page says so.
CUT = Rule(YES, roles=OWNERS)
CANCEL = Rule(YES, roles=OWNERS)
MEMBERS = Rule(NO, roles=OWNERS)  # nobody new comes in; shutting somebody out never waits
PROGRAM_INBOX = Rule(NO, NO)
PROGRAM_EXPORT = Rule(YES, NO, unless={"legal_order_export": YES})
CHANNEL_FETCHES = Rule(NONE, NONE)


@dataclass(frozen=True)
class Ask:
    """One request; `{…}` of the address and of the form is something of the Client's."""

    rule: Rule
    address: str = ""
    form: Mapping[str, str] | None = None
    who: str = "person"


def get(rule: Rule, address: str = "", who: str = "person") -> Ask:
    return Ask(rule, address, None, who)


def post(rule: Rule, address: str = "", **form: str) -> Ask:
    return Ask(rule, address, form)


# In the order they are asked: what changes the most comes last.
TABLE: Mapping[tuple[str, str], Ask] = {
    ("GET", "/inbox"): get(INBOX),
    ("GET", "/inbox/rows"): get(INBOX, "/inbox/rows?before={place}"),
    ("GET", "/inbox/c/{conversation_id}"): get(INBOX),
    ("GET", "/inbox/c/{conversation_id}/earlier"): get(INBOX, "/inbox/c/{conversation_id}/earlier?before={place}"),
    ("GET", "/inbox/c/{conversation_id}/later"): get(INBOX, "/inbox/c/{conversation_id}/later?after={place}"),
    ("GET", "/inbox/c/{conversation_id}/composer"): get(INBOX),
    ("GET", "/inbox/stream"): get(INBOX),
    ("GET", "/files/{attachment_id}"): get(INBOX),
    ("POST", "/inbox/found"): post(INBOX, words="hola"),
    ("POST", "/inbox/c/{conversation_id}/replies"): post(INBOX, reply_id="{reply_id}", text="¿Mande?"),
    ("POST", "/inbox/c/{conversation_id}/parts/{message_id}/cancel"): post(
        INBOX, "/inbox/c/{conversation_id}/parts/{queued_id}/cancel"
    ),
    ("POST", "/inbox/c/{conversation_id}/parts/{message_id}/retry"): post(
        INBOX, "/inbox/c/{conversation_id}/parts/{failed_id}/retry"
    ),
    ("POST", "/inbox/c/{conversation_id}/parts/{message_id}/decide"): post(
        INBOX, "/inbox/c/{conversation_id}/parts/{unknown_id}/decide", outcome="arrived"
    ),
    ("POST", "/inbox/c/{conversation_id}/files/{attachment_id}/retry"): post(
        INBOX, "/inbox/c/{conversation_id}/files/{failed_file}/retry"
    ),
    ("POST", "/inbox/c/{conversation_id}/draft"): post(INBOX, text="Ahora mismo"),
    ("POST", "/inbox/c/{conversation_id}/read"): post(INBOX),
    ("POST", "/inbox/c/{conversation_id}/assign"): post(INBOX, to=""),
    ("POST", "/inbox/c/{conversation_id}/close"): post(INBOX),
    ("POST", "/inbox/c/{conversation_id}/reopen"): post(INBOX),
    ("GET", "/account"): get(ACCOUNT),
    ("POST", "/account/notices/{notice_id}/read"): post(OWN),
    ("GET", "/account/documents"): get(ACCOUNT),
    ("POST", "/account/documents/accept"): post(OWN, version="{version}", accepted="true"),
    ("POST", "/account/documents/authority"): post(OWN),
    ("POST", "/account/documents/authority/{paper_id}/withdraw"): post(
        OWN, "/account/documents/authority/{user_id}/withdraw"
    ),
    ("GET", "/account/details"): get(OWN),
    ("POST", "/account/details"): post(STALE, trade_name="Ñandú", zone="America/Cancun", language="es", industry="x"),
    ("POST", "/account/details/confirm"): post(OWN),
    ("POST", "/account/details/wanted"): post(OWN, wanted="El RFC es otro"),
    ("POST", "/account/details/email"): post(UNPROVEN, email="{email}", password="no es la mía"),
    ("POST", "/account/details/email/withdraw"): post(OWN),
    ("GET", "/account/figures"): get(FIGURES),
    ("GET", "/account/figures.csv"): get(FIGURES),
    ("GET", "/account/invoices"): get(OWN),
    ("GET", "/account/invoices/{invoice_id}.pdf"): get(OWN),
    ("GET", "/account/export"): get(EXPORT),
    ("GET", "/account/export/progress"): get(EXPORT),
    ("POST", "/account/export"): post(EXPORT),
    ("POST", "/account/export/{job_id}/download"): post(EXPORT),
    ("GET", "/account/people"): get(OWN),
    ("POST", "/account/people"): post(MEMBERS, email="{email}", name="Zoë Ñandú", role="agent", relation="employee"),
    ("POST", "/account/people/{user_id}/again"): post(MEMBERS),
    ("POST", "/account/people/{user_id}/role"): post(OWN, role="agent"),
    ("GET", "/account/people/{user_id}/deactivate"): get(OWN),
    ("POST", "/account/people/{user_id}/deactivate"): post(OWN),
    ("GET", "/account/connectors"): get(ACCOUNT),
    ("GET", "/account/connectors/logins/{consent_id}"): get(OWN),
    ("GET", "/account/connectors/{connector_id}/disconnect"): get(OWN),
    ("GET", "/connect/{channel}/callback"): get(CONNECT, "/connect/messenger/callback?state={state}&code=abc"),
    ("POST", "/account/connectors/login"): post(CONNECT, channel="messenger", flavour="page"),
    ("POST", "/account/connectors/logins/{consent_id}"): post(UNANSWERED, account="messenger:1"),
    ("POST", "/account/connectors/telegram"): post(CONNECT, token="{bot_token}"),
    ("POST", "/account/connectors/{connector_id}/check"): post(CUT),
    ("POST", "/account/connectors/{connector_id}/again"): post(CUT),
    ("POST", "/account/connectors/{connector_id}/disconnect"): post(OWN),
    ("GET", "/account/plan"): get(OWN),
    ("GET", "/account/plan/change"): get(PLAN, "/account/plan/change?plan={plan}"),
    ("POST", "/account/plan/change"): post(PLAN, plan="{plan}"),
    ("POST", "/account/plan/withdraw"): post(OWN),
    ("GET", "/account/cancel"): get(OWN),
    ("POST", "/account/cancel"): post(CANCEL, when="period", understood="true"),
    ("POST", "/account/cancel/withdraw"): post(CANCEL),
    ("GET", "/api/v1/messages"): get(PROGRAM_EXPORT, who="program"),
    ("GET", "/api/v1/conversations/{conversation_id}/messages"): get(PROGRAM_INBOX, who="program"),
    ("GET", "/api/v1/files/{attachment_id}"): get(PROGRAM_EXPORT, who="program"),
    ("GET", "/api/v1/conversations"): get(PROGRAM_EXPORT, who="program"),
    ("GET", "/api/v1/contacts"): get(PROGRAM_EXPORT, who="program"),
    ("GET", "/api/v1/connectors"): get(PROGRAM_EXPORT, who="program"),
    ("GET", "/media/{token}"): get(CHANNEL_FETCHES, "/media/{media}", who="channel"),
    # Where the contract goes on, both lead to its page; after its end, the last one lifts the end.
    ("GET", "/account/return"): get(OWN),
    ("POST", "/account/return"): post(OWN, plan="{plan}", version="{version}", accepted="true"),
}

# Asks for nobody's session and tells nothing of a Client; what it is instead.
NOBODYS: Mapping[str, str] = {
    "/": "leads to the inbox",
    "/api/openapi.json": "describes the API",
    "/healthz": "of the process", "/readyz": "of the process", "/metrics": "of the process, by a token",
    "/login": "the door: it refuses whom a cause keeps out (below)",
    "/login/demo": "the door of the demo", "/logout": "ends a session",
    "/invite/{token}": "sets a password, opens nothing", "/reset/{token}": "sets a password, opens nothing",
    "/reset": "asks for a letter", "/reset/sent": "says so",
    "/confirm-email/{token}": "the address of the Notices, by the link that was sent there",
    "/signup": "makes another Client", "/signup/sent": "says so",
    "/terms": "for everybody", "/terms/{version}": "for everybody",
    "/views": "of the staff's readers of figures, of no Client", "/views/{view_id}/rename": "the same",
    "/views/{view_id}/delete": "the same", "/tickets/dashboard": "the same",
    "/deletion/{code}": "for End Contacts, by a code",
    "/webhooks/mail": "signed by the mail system: proofs of delivery never wait",
    "/webhooks/payments": "signed by the bank: money is booked whatever the cause",
    "/webhooks/meta/{app}/deauthorize": "signed by Meta: consents end whatever the cause",
    "/webhooks/meta/{app}/data-deletion": "signed by Meta: consents end whatever the cause",
}  # fmt: skip


def told(values: Mapping[str, Any], words: str) -> str:
    """The words with what is the Client's put in."""
    for name, value in values.items():
        words = words.replace(f"{{{name}}}", str(value))
    return words
