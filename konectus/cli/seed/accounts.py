"""Registers the invented Clients, their people, Konectus's staff and a year of figures, in one transaction.

The Clients that have figures alone are crowd's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from konectus.cli.console import Advance
from konectus.cli.seed import books, crowd, figures, stories
from konectus.cli.seed import businesses as catalogue
from konectus.cli.seed.businesses import PLANS, Business
from konectus.cli.seed.crowd import Crowd
from konectus.cli.seed.house import FURNISHED, SEEDER, STAFF, staff_email
from konectus.cli.seed.stories import Parts, Stage
from konectus.clock import SystemClock
from konectus.domain.roles import UserRole
from konectus.errors import Conflict
from konectus.services import documents, registration
from konectus.services.installation import Installation
from konectus.services.work import Actor, Work
from konectus.store.queries import people, usage
from konectus.store.queries.usage import UsageDays
from konectus.store.roles import Role

# Who signs in at the Client the demo shows first.
_TEAM = (UserRole.OWNER, UserRole.SUPERVISOR, UserRole.AGENT, UserRole.AGENT)


class NotEmpty(Conflict):
    """There are Clients that no seed made."""

    code = "not_empty"


@dataclass(frozen=True)
class Wanted:
    """What is to be made: how many Clients, from which seed, first day of the figures and today.

    `furnished`: so many of them at most have people and a past.
    """

    clients: int
    seed: int
    first_day: date
    today: date
    furnished: int = FURNISHED

    now: datetime = field(default_factory=lambda: SystemClock().now())
    parts: Parts = field(default_factory=Parts)

    def businesses(self) -> list[Business]:
        """Those with people and a past; they are the same however many others there are."""
        return [one for one in self._all() if one.number < self.furnished]

    def crowd(self) -> Crowd:
        """Those with figures alone."""
        others = [one for one in self._all() if one.number >= self.furnished]
        return Crowd(others, self.seed, (self.first_day, self.today))

    def _all(self) -> list[Business]:
        return catalogue.businesses(self.clients, self.seed, (self.first_day, self.today))


def register(installation: Installation, wanted: Wanted, advance: Advance) -> bool:
    """Make all of it, or nothing where it was made before; whether anything was made. Raises NotEmpty."""
    with installation.database.session(Role.WORKER) as session:
        if people.staff_by_email(session, staff_email(STAFF[0][2])) is not None:
            return False
        if usage.has_clients(session):
            raise NotEmpty("this installation has Clients of its own: seed an empty one (another KONECTUS_DATA_DIR)")
    found = wanted.businesses()
    now = installation.clock.now()
    wanted = replace(wanted, now=now, parts=stories.cast(found, now))
    with installation.works.system(SEEDER) as work:
        began = found[0].signed_up - timedelta(days=30)
        yearly = {plan.code: registration.publish_plan(replace(work, now=began), plan) for plan in crowd.PLANS}
        versions = {plan.code: registration.publish_plan(replace(work, now=began), plan) for plan in PLANS}
        for role, name, address in STAFF:
            registration.add_staff(replace(work, now=began), staff_email(address), name, role)
        for business in found:
            stage = Stage.of(installation, replace(work, now=business.signed_up), now)
            _register(stage, business, versions, wanted)
            advance(1)
        wanted.crowd().join(work, versions | yearly, advance)
        stories.lose_a_payment(work)
    return True


def _register(stage: Stage, business: Business, versions: Mapping[str, Any], wanted: Wanted) -> None:
    work, parts = stage.work, wanted.parts
    new = registration.NewClient(
        legal_name=business.legal_name,
        trade_name=business.trade_name,
        registered_email=business.email,
        tax_id=business.tax_id,
        industry=business.industry,
        region=business.region,
        is_agency=business.is_agency,
    )
    client = registration.add_client(work, new)
    work.session.flush()  # subscription, people and figures point at it
    registration.subscribe(work, client.id, versions[business.plan], trial=parts.trial_of(business, wanted.now))
    owner = _add_people(work, client.id, business, wanted.seed)
    # The acceptance points at its owner, the invoice at its subscription.
    work.session.flush()  # both are read back
    documents.accept_on_paper(work, client.id, owner)
    if parts.trial_of(business, wanted.now) is None:
        books.keep(work, client.id, parts.stays_until(business, wanted.now), owes=parts.owes(business))
    stories.play(stage, parts, business, client.id, Actor("agent", str(owner), business.trade_name))
    for days in figures.history(business, wanted.seed, wanted.first_day, wanted.today - timedelta(days=1)):
        usage.add_usage(work.session, UsageDays(client.id, days.channel, business.plan, days.days, days.numbers()))


def _add_people(work: Work, client_id: UUID, business: Business, seed: int) -> UUID:
    """Everybody who signs in there; the owner's id."""
    added = [
        registration.add_user(work, client_id, email, name, role).id for name, email, role in _people(business, seed)
    ]
    return added[0]


def _people(business: Business, seed: int) -> Iterator[tuple[str, str, UserRole]]:
    random = Random(f"people {seed} {business.number}")  # noqa: S311 - invented data
    seats = next(plan.seats for plan in PLANS if plan.code == business.plan)
    roles: Sequence[UserRole] = _TEAM[:seats] if business.script else _TEAM[:1]
    if not business.script and business.plan != "inicia":
        roles = (*roles, UserRole.AGENT)
    known: set[str] = set()
    for role in roles:
        name, email = catalogue.person(random, business.slug)
        while email in known:
            name, email = catalogue.person(random, business.slug)
        known.add(email)
        yield name, email, role
