"""Causes of a Suspension (Terms 15.1), what each blocks, and access as the OR of what is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from konectus.errors import Conflict, Forbidden, Invalid

MIN_REASON = 10


class Cause(StrEnum):
    NONPAYMENT = "nonpayment"
    TRIAL_EXPIRED = "trial_expired"
    AUP = "aup"
    LEGAL_ORDER = "legal_order"
    SECURITY = "security"


class LiftRule(StrEnum):
    ON_PAYMENT = "automatic_on_payment"
    ON_SUBSCRIBE = "automatic_on_subscribe"
    MANUAL = "manual"
    TWO_PERSONS = "manual_two_person"


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of the cause matrix (lifecycle.md 3)."""

    login: bool
    inbox: bool
    send: bool
    ingest: bool
    export: bool
    renewal: bool
    starts_window: bool
    lift: LiftRule
    clause: str


POLICIES = {
    Cause.NONPAYMENT: Policy(False, True, True, True, False, True, True, LiftRule.ON_PAYMENT, "15.1(a)"),  # noqa: FBT003 the matrix reads as the sheet's table
    Cause.TRIAL_EXPIRED: Policy(False, True, True, True, False, True, True, LiftRule.ON_SUBSCRIBE, "14.2"),  # noqa: FBT003 the same
    Cause.AUP: Policy(False, True, True, True, False, True, False, LiftRule.MANUAL, "15.1(b)"),  # noqa: FBT003 the same
    Cause.LEGAL_ORDER: Policy(True, True, True, True, True, True, False, LiftRule.TWO_PERSONS, "15.1(c)"),  # noqa: FBT003 the same
    Cause.SECURITY: Policy(True, True, True, True, True, False, False, LiftRule.TWO_PERSONS, "15.1(d)"),  # noqa: FBT003 the same
}
# What one person of the staff opens by hand, at once; the rest follows from facts. Legal orders and security need a
# second person to lift (lifecycle.md 6).
BY_HAND = (Cause.AUP, Cause.LEGAL_ORDER, Cause.SECURITY)


@dataclass(frozen=True, slots=True)
class Access:
    """What a Client cannot do at the moment, and why. Derived, never stored."""

    login: bool = False
    inbox: bool = False
    send: bool = False
    ingest: bool = False
    export: bool = False
    causes: tuple[Cause, ...] = ()
    # The contract has ended (Terms 15.3); its data is being or has been deleted.
    terminated: bool = False
    deleting: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the Client can use the product as contracted."""
        return not (self.causes or self.terminated or self.deleting)


def access(open_causes: Iterable[Cause]) -> Access:
    """The OR of what the open causes block."""
    causes = tuple(open_causes)
    policies = [POLICIES[cause] for cause in causes]
    return Access(
        login=any(p.login for p in policies),
        inbox=any(p.inbox for p in policies),
        send=any(p.send for p in policies),
        ingest=any(p.ingest for p in policies),
        export=any(p.export for p in policies),
        causes=causes,
    )


class ClientSuspended(Forbidden):
    code = "client_suspended"


class AlreadySuspended(Conflict):
    code = "already_suspended"


class NotByHand(Invalid):
    code = "cause_not_by_hand"


class SecondPersonNeeded(Conflict):
    code = "second_person_needed"


class AlreadyLifted(Conflict):
    code = "already_lifted"


class ReasonTooShort(Invalid):
    code = "reason_too_short"


class DocumentMissing(Invalid):
    """A legal order names its document and what it extends to."""

    code = "document_missing"


class NameDiffers(Invalid):
    code = "name_differs"


def require_reason(reason: str) -> str:
    """The reason without outer blanks. Raises ReasonTooShort below ten characters."""
    text = reason.strip()
    if len(text) < MIN_REASON:
        raise ReasonTooShort(f"give a reason of at least {MIN_REASON} characters", least=MIN_REASON)
    return text


def require_by_hand(cause: Cause) -> None:
    if cause not in BY_HAND:
        raise NotByHand(f"{cause} follows from facts and is never opened by hand", cause=cause)


def require_may_lift(cause: Cause) -> None:
    """Raises NotByHand for causes that facts lift, SecondPersonNeeded where one person is not enough."""
    rule = POLICIES[cause].lift
    if rule is LiftRule.TWO_PERSONS:
        raise SecondPersonNeeded(f"lifting {cause} needs a second person", cause=cause)
    if rule is not LiftRule.MANUAL:
        raise NotByHand(f"{cause} is lifted by a payment or a subscription", cause=cause)
