"""Invented Clients in the midst of something: who owes, leaves, tries, is to be deleted. Through services, in the past.

Which Client plays which part follows from its number and the day alone. Regular months are books'.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from konectus.cli.seed import books
from konectus.cli.seed.businesses import LEADING, SUSPENDED, TRIAL, Business
from konectus.cli.seed.house import SEEDER, STAFF, staff_email
from konectus.domain.deadlines import local_day, start_of
from konectus.domain.elapsed import may_act
from konectus.domain.roles import StaffRole
from konectus.mail.letters import House
from konectus.mail.opening import open_mail
from konectus.mail.port import Answer, Mail, Outcome
from konectus.services import (
    erasure,
    notice_sending,
    notice_sweeps,
    payment_events,
    suspending,
    suspensions,
    terminations,
    windows,
)
from konectus.services.installation import Installation
from konectus.services.work import Actor, Work
from konectus.store.queries import erasure as deletions
from konectus.store.queries import notices, people, readings, usage
from konectus.store.roles import Role

_NOON = timedelta(hours=12)
# Days of a notice, as the Terms have it, and the day on which it comes.
_DAYS_OF_NOTICE = 3
_LEFT = timedelta(days=2)
_CANCELLED_AGO, _GONE_AGO, _BOUGHT_AGO = timedelta(days=10), timedelta(days=40), timedelta(days=2)
_SETTLED = timedelta(days=70)
_NO_SUCH_BOX = Answer(Outcome.REFUSED, "550 5.1.1 <legal>: no such mailbox")
_GONE = "El plazo de exportación terminó y el Cliente no pidió más tiempo"
_COMPETITOR = "La adquirente vende el mismo servicio que este Cliente (Términos 18); se revisó su reclamo"


@dataclass(frozen=True)
class Parts:
    """The numbers of the Clients that play a part, None where there are too few Clients."""

    warned: int | None = None  # overdue, suspended tomorrow
    unpaid: int | None = None  # suspended for non-payment
    leaving: int | None = None  # cancelled, in its window
    gone: int | None = None  # cancelled, its window elapsed
    bought: int | None = None  # ended with a refund to decide
    bounced: int | None = None  # its mail comes back
    trying: int | None = None  # trial ends in two days
    tried: int | None = None  # trial ended

    def owes(self, business: Business) -> bool:
        return business.number in {self.warned, self.unpaid}

    def stays_until(self, business: Business, now: datetime) -> datetime:
        """Until when its periods follow each other."""
        return now - {self.gone: _GONE_AGO, self.leaving: _CANCELLED_AGO, self.bought: _BOUGHT_AGO}.get(
            business.number, timedelta()
        )

    def trial_of(self, business: Business, now: datetime) -> timedelta | None:
        """How long the Client may try, None where it contracted at once."""
        if business.number == self.trying:
            return now + _LEFT - business.signed_up
        return TRIAL if business.in_trial or business.number == self.tried else None


def cast(found: Sequence[Business], now: datetime) -> Parts:
    """Who plays what."""
    plain = [one for one in found if not one.script and not one.in_trial and one.plan != "medida"]
    settled = iter([one for one in plain if one.signed_up < now - _SETTLED])
    owing = [one for one in found if one.script in _OWING] or plain
    recent = [one.number for one in plain if now - _SETTLED < one.signed_up < now - TRIAL - timedelta(days=1)]
    trying = [one.number for one in found if one.in_trial]
    roles = _chosen(settled, now)
    return Parts(
        **roles,
        unpaid=next((one.number for one in owing if _months_day(one, now) > _DAYS_OF_NOTICE), None),
        trying=next(iter([*trying, *recent]), None),
        tried=next(iter(recent[:0:-1]), None),
    )


# Any of those with conversations but the first, which the demo shows, and the one that is suspended for misuse.
_OWING = {one.script for one in LEADING[1:] if one is not SUSPENDED}


def _chosen(settled: Iterator[Business], now: datetime) -> dict[str, int | None]:
    warned = next((one.number for one in settled if _months_day(one, now) > _DAYS_OF_NOTICE), None)
    return {"warned": warned} | {
        part: next((one.number for one in settled), None) for part in ("leaving", "gone", "bought", "bounced")
    }


def _months_day(business: Business, now: datetime) -> int:
    """How many days ago its present period began, roughly: never more than it is."""
    return (local_day(now).day - local_day(business.signed_up).day) % 28


@dataclass(frozen=True)
class Stage:
    """Everything a part needs; `work` is of the day on which the Client signed up."""

    work: Work
    now: datetime
    mail: Mail
    house: House

    @classmethod
    def of(cls, installation: Installation, work: Work, now: datetime) -> "Stage":
        settings = installation.settings
        house = House(settings.mail_from, settings.public_url, settings.pay_to)
        return cls(work, now, open_mail(settings), house)

    def at(self, instant: datetime, actor: Actor | None = None) -> Work:
        return replace(self.work, now=min(instant, self.now), actor=actor or self.work.actor)

    def deliver(self, client_id: UUID, answer: Answer | None = None) -> None:
        """Everything that waits for this Client leaves on its day and arrives; the newest meets the answer given."""
        self.work.session.flush()  # what was queued is read back
        waiting = [row for row in reversed(notices.of_client(self.work.session, client_id)) if row.sent_at is None]
        for row in waiting:
            then = self.at(row.queued_at)
            taken = notice_sending.take(then, row.id, self.house)
            if taken is not None:
                came = self.mail.hand_over(taken.envelope) if answer is None or row is not waiting[-1] else answer
                notice_sending.settle(then, taken, came)


def play(stage: Stage, parts: Parts, business: Business, client_id: UUID, owner: Actor) -> None:
    """What this Client is in the midst of, if it is."""
    number = business.number
    if number == parts.bounced:
        stage.deliver(client_id, _NO_SUCH_BOX)
    elif number == parts.warned:
        _dun(stage, client_id, local_day(stage.now) - timedelta(days=_DAYS_OF_NOTICE - 1))
    elif number == parts.unpaid:
        _dun(stage, client_id, local_day(_suspended_on(stage)) - timedelta(days=_DAYS_OF_NOTICE))
    elif number == parts.leaving:
        books.cancel(stage.work, client_id, owner, stage.now - _CANCELLED_AGO)
    elif number == parts.gone:
        books.cancel(stage.work, client_id, owner, stage.now - _GONE_AGO)
    elif number == parts.bought:
        legal = Actor("staff", str(_person(stage.work, StaffRole.LEGAL)), "Konectus")
        terminations.end_for_competitor(stage.at(stage.now - _BOUGHT_AGO, legal), client_id, _COMPETITOR)
    elif number == parts.tried:
        suspensions.suspend_ended_trial(stage.at(business.signed_up + TRIAL + timedelta(minutes=5)), client_id)
    else:
        return
    stage.deliver(client_id)


def come_forward(installation: Installation, found: Sequence[Business]) -> None:
    """What happens today, once there are conversations: a Suspension for non-payment, a deletion approved once."""
    parts = cast(found, installation.clock.now())
    emails = {one.number: one.email for one in found}
    if parts.unpaid is not None:
        _suspend_unpaid(installation, emails[parts.unpaid])
    if parts.gone is not None:
        _ask_to_delete(installation, emails[parts.gone])


def lose_a_payment(work: Work) -> None:
    """A transfer comes in whose reference nobody knows; a person finds whose it is."""
    told = {
        "id": "evt_0001",
        "type": "payment.succeeded",
        "payment": {
            "reference": "SPEI 7718820045",
            "invoice": "K-2019-000417",
            "method": "spei",
            "amount_cents": 225_968,
            "currency": "MXN",
            "paid_at": (work.now - timedelta(hours=3)).isoformat(),
        },
    }
    payment_events.take(work, "stp", told, sha256(b"evt_0001").digest())


def _dun(stage: Stage, client_id: UUID, day: date) -> None:
    """Told on that day that it owes, delivered at noon."""
    stage.deliver(client_id)
    then = stage.at(start_of(day) + _NOON)
    notice_sweeps.tell_debt(then, client_id)


def _suspended_on(stage: Stage) -> datetime:
    """Now, where the sweep acts at this hour, else in the afternoon before."""
    now = stage.now
    if may_act(now, readings.current(stage.work.session)):
        return now
    return start_of(local_day(now)) - timedelta(hours=6)


def _person(work: Work, role: StaffRole) -> UUID:
    found = people.staff_by_email(work.session, _email(role))
    assert found is not None, "the staff are seeded first"
    return found.id


def _email(role: StaffRole) -> str:
    return next(staff_email(name) for kind, _, name in STAFF if kind is role)


def _suspend_unpaid(installation: Installation, email: str) -> None:
    """The Client that was told in time loses its connectors, and has its window, once."""
    with installation.works.system(SEEDER) as work:
        client_id = usage.client_ids(work.session, [email]).get(email)
        if client_id is not None and not usage.was_ever_suspended(work.session, client_id):
            stage = Stage.of(installation, work, work.now)
            suspending.suspend_unpaid(stage.at(_suspended_on(stage)), client_id)
            stage.deliver(client_id)


def _ask_to_delete(installation: Installation, email: str) -> None:
    """The window of this Client is closed, its deletion is asked for, and one person has approved it."""
    windows.close_elapsed(installation)
    erasure.deletion_requests(installation)
    with installation.database.session(Role.WORKER) as session:
        client_id = usage.client_ids(session, [email]).get(email)
        asked = deletions.live(session, client_id) if client_id is not None else None
        admin = people.staff_by_email(session, _email(StaffRole.ADMIN))
    if asked is not None and asked.approved_by is None and admin is not None:
        with installation.works.staff(Actor("staff", str(admin.id), admin.name)) as work:
            erasure.approve(work, asked.id, _GONE)
