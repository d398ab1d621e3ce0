"""Whether what must always be so is so (lifecycle.md 4): looked at every five minutes, shown by an alarm and a page.

Nothing is mended here. What a constraint, a trigger or a property test holds instead is in docs/operate/alarms.md.
"""

from dataclasses import dataclass
from datetime import datetime

from konectus.i18n import msg
from konectus.services.installation import Installation
from konectus.services.work import Work
from konectus.store.queries import invariants as read
from konectus.store.roles import Role

# Code -> number in lifecycle.md 4, or the clause, and words for the staff.
WORDS: dict[str, tuple[str, str]] = {
    "connector_without_access": ("2", msg("A connector is live though its Client has no access")),
    "account_without_access": ("2", msg("The doors take messages for a Client without access")),
    "maps_disagree": ("2", msg("The doors and a connector disagree")),
    "session_without_login": ("1", msg("Somebody is signed in whose Client may not sign in")),
    "suspension_without_notice": ("3", msg("Suspended for non-payment without a notice delivered two days before")),
    "suspension_without_debt": ("3", msg("Suspended for an invoice that was not due or was paid")),
    "suspension_despite_deferral": ("3", msg("Suspended for non-payment although it was deferred")),
    "manual_cause_lifted_by_nobody": ("4", msg("A cause that a person lifts was lifted by none")),
    "message_during_suspension": ("5", msg("A message was stored or sent during a Suspension")),
    "connector_outlived_suspension": ("6", msg("A connector was not disconnected by a Suspension")),
    "deletion_unlawful": ("7", msg("A deletion began without its window, its two persons or despite a hold")),
    "erased_but_here": ("8", msg("Rows of an erased Client are here")),
    "invoice_overpaid": ("9", msg("An invoice is paid beyond its total, or below nothing")),
    "invoice_sum_differs": ("9", msg("The lines of an invoice do not add up to its total")),
    "invoice_state_differs": ("9", msg("The state of an invoice does not follow from its payments")),
    "payment_overspent": ("9", msg("More is paid from a payment than it brought")),
    "credit_overspent": ("9", msg("More is paid from a credit note than it gives")),
    "refund_too_high": ("9", msg("More is refunded than was paid")),
    "seats_exceeded": ("11", msg("More people than seats")),
    "bound_too_early": ("12", msg("A Client is bound to changed terms before their thirty days")),
    "window_missing": ("15.3", msg("A Suspension started no export window")),
    "subscription_outlived_termination": ("15.3", msg("A contract that ended has a live subscription")),
    "window_cut_short": ("7", msg("An export window was closed as elapsed before its thirty days")),
    "termination_too_early": ("14", msg("A contract ended without thirty days of a notice that was delivered")),
    "change_without_audit": ("15", msg("A change has no audit entry")),
    "letter_with_body": ("17", msg("A decided letter kept its body")),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant as it was at the last look. `broken`: rows that contradict it; `samples`: ids of some of them."""

    code: str
    about: str
    words: str
    broken: int
    samples: tuple[str, ...]


def check(installation: Installation) -> int:
    """Look at every invariant and keep what was found; how many do not hold."""
    now = installation.clock.now()
    found: dict[str, read.Broken] = {}
    with installation.database.session(Role.WORKER) as session:
        for code in read.QUERIES:
            one = read.broken(session, code, now)
            if one.count:
                found[code] = one
        read.keep(session, _PLACE, read.Last(now, found))
    return len(found)


def look(work: Work) -> list[Finding]:
    """Every invariant as the last look found it, the broken ones first. Words are msgids of konectus.i18n."""
    last = read.last(work.session)
    broken = last.broken if last else {}
    nothing = read.Broken(0, ())
    found = [
        Finding(code, about, words, broken.get(code, nothing).count, broken.get(code, nothing).samples)
        for code, (about, words) in WORDS.items()
    ]
    return sorted(found, key=lambda one: not one.broken)


def looked_at(work: Work) -> datetime | None:
    """When that was; None where nobody looked within a day."""
    last = read.last(work.session)
    return last.at if last else None


# There is one look for the whole installation, whichever scheduler made it.
_PLACE = "installation"
