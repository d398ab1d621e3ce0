"""Registering Clients and their people, and the catalogue of Plans they can contract."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from konectus.domain import zones
from konectus.domain.invoicing import first
from konectus.domain.plans import Interval, Offer, SubscriptionStatus
from konectus.domain.roles import StaffRole, UserRole
from konectus.errors import Conflict, Invalid
from konectus.mail import letters
from konectus.mail.letters import BadAddress
from konectus.papers import plan_page
from konectus.services import renewals
from konectus.services.suspensions import NoSuchClient
from konectus.services.work import Change, Work
from konectus.store import locks
from konectus.store.models.clients import Client, Plan, PlanVersion, Subscription
from konectus.store.models.identity import AuthorizedUser, Staff
from konectus.store.queries import clients as read


class EmailTaken(Conflict):
    """One Authorized User belongs to one Client, and an address signs in once."""

    code = "email_taken"


class SeatsFull(Conflict):
    code = "seats_full"


class AlreadySubscribed(Conflict):
    """One live Subscription each; changing the Plan is another matter than contracting a second one."""

    code = "already_subscribed"


@dataclass(frozen=True, kw_only=True)
class NewClient:
    """What a Client declares when it registers (Terms 5.1)."""

    legal_name: str
    trade_name: str
    registered_email: str
    tax_id: str | None = None
    kind: str = "entity"
    country: str = "MX"
    language: str = "es"
    zone: str = "America/Mexico_City"
    industry: str = "other"
    region: str = "centre"
    is_agency: bool = False


@dataclass(frozen=True, kw_only=True)
class NewPlan:
    """A Plan as published; money in cents of MXN."""

    code: str
    name: str
    price_cents: int
    seats: int
    connectors: int
    interval: Interval = Interval.MONTH
    # A seat beyond those of the Plan, for a whole period; None: more seats only with another Plan.
    extra_seat_cents: int | None = None


def add_client(work: Work, new: NewClient, *, reason: str | None = None) -> Client:
    """Register a Client: its row and its keys, before any row of content (decisions.md, "Keys").

    Raises Invalid, which names the field.
    """
    email = _address(new.registered_email)
    _require_known(new)
    client = Client(
        id=work.new_id(),
        legal_name=new.legal_name,
        legal_name_lower=new.legal_name.casefold(),
        trade_name=new.trade_name,
        tax_id=new.tax_id,
        kind=new.kind,
        country=new.country,
        registered_email=email,
        language=new.language,
        zone=new.zone,
        industry=new.industry,
        region=new.region,
        is_agency=new.is_agency,
        authority="declared",
        created_at=work.now,
    )
    work.keys.create_for(client.id)
    work.session.add(client)
    locks.client_is_new(work.session, client.id)
    after = {"legal_name": new.legal_name, "registered_email": email}
    work.record("client.registered", ("client", client.id), Change(client_id=client.id, reason=reason, after=after))
    return client


def publish_plan(work: Work, new: NewPlan, *, reason: str | None = None) -> PlanVersion:
    """Publish the next version of a Plan; the ones contracted before stay as they are (Terms 2). Raises Invalid."""
    lowest = min(new.price_cents, new.connectors, new.extra_seat_cents or 0)
    if not new.code or new.seats < 1 or lowest < 0:
        raise Invalid("a Plan has a code, a price of at least 0, a seat and no negative number of Connectors")
    locks.plan(work.session, new.code)
    plan = work.session.get(Plan, new.code)
    if plan is None:
        work.session.add(Plan(code=new.code, name=new.name, active=True))
        work.session.flush()  # the version's foreign key needs it
        work.record("plan.added", ("plan", new.code), Change(reason=reason, after={"name": new.name}))
    number = read.last_plan_version(work.session, new.code) + 1
    name = plan.name if plan else new.name
    offer = Offer(new.code, name, number, new.interval, new.price_cents, new.seats, new.extra_seat_cents)
    page = plan_page.html(offer, new.connectors, work.now)
    version = PlanVersion(
        id=work.new_id(),
        plan_code=new.code,
        version=number,
        price_cents=new.price_cents,
        currency="MXN",
        interval=new.interval,
        seats=new.seats,
        connectors=new.connectors,
        published_at=work.now,
        extra_seat_cents=new.extra_seat_cents,
        page_html=page,
        page_sha256=sha256(page.encode()).digest(),
    )
    work.session.add(version)
    after = {"plan": new.code, "version": version.version, "price_cents": new.price_cents}
    work.record("plan.published", ("plan_version", version.id), Change(reason=reason, after=after))
    return version


def subscribe(
    work: Work,
    client_id: UUID,
    version: PlanVersion,
    *,
    trial: timedelta | None = None,
    reason: str | None = None,
) -> Subscription:
    """Contract a Plan version for a Client: with a trial first where one is given, else from now on and billed at once.

    Raises NoSuchClient, or AlreadySubscribed where a Subscription is live.
    """
    locks.client(work.session, client_id)
    if read.trade_name(work.session, client_id) is None or read.access(work.session, client_id).deleting:
        raise NoSuchClient
    if read.seats(work.session, client_id)[0] is not None:
        raise AlreadySubscribed("the Client has a live Subscription already")
    opening = first(work.now, Interval(version.interval))
    subscription = Subscription(
        id=work.new_id(),
        client_id=client_id,
        plan_version_id=version.id,
        seats=version.seats,
        status=SubscriptionStatus.TRIALING if trial else SubscriptionStatus.ACTIVE,
        started_at=work.now,
        period_starts_at=work.now,
        period_ends_at=work.now + trial if trial else opening.period.ends_at,
        trial_ends_at=work.now + trial if trial else None,
    )
    work.session.add(subscription)
    work.session.flush()  # its first invoice points at it
    after = {"plan": version.plan_code, "version": version.version, "status": str(subscription.status)}
    change = Change(client_id, reason, {}, after)
    work.record("subscription.started", ("subscription", subscription.id), change)
    if not trial:
        renewals.begin(work, client_id, opening, reason=reason)
    return subscription


def add_user(work: Work, client_id: UUID, email: str, name: str, role: UserRole) -> AuthorizedUser:
    """Add an Authorized User. Raises NoSuchClient, Invalid, EmailTaken, or SeatsFull where no seat is left."""
    locks.client(work.session, client_id)  # two invitations race for the last seat
    if read.trade_name(work.session, client_id) is None:
        raise NoSuchClient
    seats, used = read.seats(work.session, client_id)
    if seats is not None and used >= seats:
        raise SeatsFull(f"all {seats} seats of the Plan are taken", seats=seats)
    user = AuthorizedUser(
        id=work.new_id(),
        client_id=client_id,
        email=_address(email),
        name=name,
        role=role,
        active=True,
        created_at=work.now,
    )
    _require_new_address(work, user)
    after = {"email": user.email, "role": str(role)}
    work.record("user.added", ("authorized_user", user.id), Change(client_id=client_id, after=after))
    return user


def add_staff(work: Work, email: str, name: str, role: StaffRole, *, reason: str | None = None) -> Staff:
    """Add a person of the staff; they set their password through a one-time link."""
    staff = Staff(id=work.new_id(), email=_address(email), name=name, role=role, active=True, created_at=work.now)
    _require_new_address(work, staff)
    after = {"email": staff.email, "role": str(role)}
    work.record("staff.added", ("staff", staff.id), Change(reason=reason, after=after))
    return staff


def _require_new_address(work: Work, person: AuthorizedUser | Staff) -> None:
    """Write the person down, or raise EmailTaken.

    The unique address decides: a tenant cannot see who signs in elsewhere, and two may ask at once.
    """
    email = person.email
    try:
        with work.session.begin_nested():
            work.session.add(person)
            work.session.flush()  # inside the savepoint
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise EmailTaken(f"{email} signs in already") from None
        raise


def _address(email: str) -> str:
    """As it is compared when signing in. Raises Invalid for what is no address a letter or a notice can be sent to."""
    plain = email.strip().lower()
    try:
        letters.address_of(plain)
    except BadAddress:
        raise Invalid("an e-mail address looks like name@example.com", field="email") from None
    return plain


def _require_known(new: NewClient) -> None:
    if new.zone not in zones.names():
        raise Invalid(f"{new.zone} is no time zone; one looks like America/Mexico_City", field="zone")
    if len(new.country) != len("MX"):
        raise Invalid("a country has two letters, like MX", field="country")
