"""Registers the invented Clients, their people, Konectus's staff and a year of figures, in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from konectus.cli.console import Advance
from konectus.cli.seed import businesses as catalogue
from konectus.cli.seed import figures
from konectus.cli.seed.businesses import PLANS, TRIAL, Business
from konectus.cli.seed.house import SEEDER, STAFF, staff_email
from konectus.domain.roles import UserRole
from konectus.errors import Conflict
from konectus.services import registration
from konectus.services.installation import Installation
from konectus.services.work import Work
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
    """What is to be made: how many Clients, from which seed, first day of the figures and today."""

    clients: int
    seed: int
    first_day: date
    today: date

    def businesses(self) -> list[Business]:
        return catalogue.businesses(self.clients, self.seed, (self.first_day, self.today))


def register(installation: Installation, wanted: Wanted, advance: Advance) -> bool:
    """Make all of it, or nothing where it was made before; whether anything was made. Raises NotEmpty."""
    with installation.database.session(Role.WORKER) as session:
        if people.staff_by_email(session, staff_email(STAFF[0][2])) is not None:
            return False
        if usage.has_clients(session):
            raise NotEmpty("this installation has Clients of its own: seed an empty one (another KONECTUS_DATA_DIR)")
    found = wanted.businesses()
    with installation.works.system(SEEDER) as work:
        began = found[0].signed_up - timedelta(days=30)
        versions = {plan.code: registration.publish_plan(replace(work, now=began), plan) for plan in PLANS}
        for role, name, address in STAFF:
            registration.add_staff(replace(work, now=began), staff_email(address), name, role)
        for business in found:
            _register(replace(work, now=business.signed_up), business, versions, wanted)
            advance(1)
    return True


def _register(work: Work, business: Business, versions: Mapping[str, Any], wanted: Wanted) -> None:
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
    contract = registration.subscribe(
        work, client.id, versions[business.plan], trial=TRIAL if business.in_trial else None
    )
    if not business.in_trial:  # the period that runs today, as renewals would have brought it about
        begun = contract.period_starts_at
        length = contract.period_ends_at - begun
        contract.period_starts_at = begun + length * ((wanted.today - begun.date()) // length)
        contract.period_ends_at = contract.period_starts_at + length
    for name, email, role in _people(business, wanted.seed):
        registration.add_user(work, client.id, email, name, role)
    for days in figures.history(business, wanted.seed, wanted.first_day, wanted.today - timedelta(days=1)):
        usage.add_usage(work.session, _rows(client.id, business.plan, days))


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


def _rows(client_id: UUID, plan: str, days: figures.Usage) -> UsageDays:
    columns = (days.messages_in, days.messages_out, days.contacts, days.opened, days.closed, days.failed)
    counts = [column.tolist() for column in columns]
    return UsageDays(client_id, days.channel, plan, days.days, counts, days.histogram.tolist())
