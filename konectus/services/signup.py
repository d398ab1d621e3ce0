"""Registering oneself (Terms 1, 5.1, 7): a Client, its first owner, a trial and the acceptance, in one transaction.

Whoever asks hears the same whether the address is known or not; what differs is the letter. The letter itself is the
web's. Staff and seeds register Clients through services.registration.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from konectus.domain.roles import UserRelation, UserRole
from konectus.domain.spelling import is_name
from konectus.domain.terms import Industry, require_statements
from konectus.errors import Invalid
from konectus.sealing import keyed_hash
from konectus.services import credentials, documents, registration, tries
from konectus.services.contracting import PlanNotOffered
from konectus.services.documents import Answer, NotTheVersionShown
from konectus.services.registration import EmailTaken, NewClient
from konectus.services.tries import Subject
from konectus.services.work import SYSTEM, Actor, Work, Works
from konectus.store.models.clients import PlanVersion
from konectus.store.models.identity import AuthorizedUser
from konectus.store.queries import contracts, readings, team

_LONGEST = 200
# Where the Client is, from its zone, in the groups that figures are cut by (privacy.md 2).
_REGIONS = {
    "America/Monterrey": "north",
    "America/Matamoros": "north",
    "America/Chihuahua": "north",
    "America/Ciudad_Juarez": "north",
    "America/Ojinaga": "north",
    "America/Tijuana": "northwest",
    "America/Hermosillo": "northwest",
    "America/Mazatlan": "northwest",
    "America/Bahia_Banderas": "west",
    "America/Cancun": "southeast",
    "America/Merida": "southeast",
}


class Sent(StrEnum):
    """Which letter answers a registration, a forgotten password or the wish for another registered e-mail."""

    VERIFY = "verify"
    KNOWN = "known"
    RESET = "reset"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSignup:
    """What somebody declares who registers; `stated` are the statements ticked, `terms_id` the version shown."""

    name: str
    email: str
    kind: str
    legal_name: str
    trade_name: str
    tax_id: str | None
    country: str
    zone: str
    language: str
    industry: str
    plan_version_id: UUID
    terms_id: UUID
    stated: frozenset[str] = field(default_factory=frozenset)
    is_agency: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """To write to somebody: which letter, and the token of its link where it has one."""

    kind: Sent
    email: str
    name: str
    language: str
    secret: str | None = None


def register(works: Works, new: NewSignup, *, ip: str) -> Letter | None:
    """Register, or None where the address is known: the same was done and undone, so it takes as long.

    The caller writes the letter and shows the same page; `again` says what to write to somebody known. Raises
    TooManyTries, Invalid (the field is named), NotAttested, PlanNotOffered, NotTheVersionShown, or NoTerms.
    """
    tries.count(works, Subject(keyed_hash(works.keys.hashing(), "sign-up", ip), tries.LONGEST))
    _require_words(new)
    require_statements(new.kind, new.stated)
    try:
        with works.system(Actor(SYSTEM.kind, SYSTEM.id, SYSTEM.name, ip)) as work:
            return _registered(work, new)
    except EmailTaken:
        return None


def again(works: Works, email: str) -> Letter:
    """For somebody known: they have an account; or, where they never opened the first link, another one."""
    with works.system() as work:
        found = team.known(work.session, email.strip().lower())
        assert found is not None, "the address was taken a moment ago"
        if found.has_password or not found.active:
            return Letter(Sent.KNOWN, found.email, found.name, found.language)
        team.void_links(work.session, found.user_id, work.now)
        secret = credentials.link_for_user(work, found.user_id)
        return Letter(Sent.VERIFY, found.email, found.name, found.language, secret)


def region_of(zone: str) -> str:
    """Where a Client is, in the groups that figures are cut by."""
    return _REGIONS.get(zone, "centre")


def _registered(work: Work, new: NewSignup) -> Letter:
    terms = documents.terms_in_force(work)
    if terms.id != new.terms_id:
        raise NotTheVersionShown("another version is in force by now")
    version = work.session.get(PlanVersion, new.plan_version_id)
    if version is None or not contracts.is_sold(work.session, version.id):
        raise PlanNotOffered("choose a Plan of the list")
    client = registration.add_client(work, _client(new))
    work.session.flush()  # what follows points at it
    _begin_trial(work, client.id, version)
    owner = _owner(work, client.id, new)
    evidence = {"stated": sorted(new.stated), "industry": new.industry, "kind": new.kind}
    answer = Answer(version=terms, user_id=owner.id, language=new.language, ip=work.actor.ip, evidence=evidence)
    documents.accept(work, client.id, answer)
    return Letter(Sent.VERIFY, owner.email, owner.name, new.language, credentials.link_for_user(work, owner.id))


def _owner(work: Work, client_id: UUID, new: NewSignup) -> AuthorizedUser:
    try:
        owner = registration.add_user(work, client_id, new.email, new.name.strip(), UserRole.OWNER)
    except EmailTaken:
        for part in ("data", "index"):  # of a Client that never was
            work.keys.store.destroy(f"client-{client_id}-{part}")
        raise
    owner.relation = UserRelation.AGENT if new.kind == "entity" else None
    work.session.flush()  # link and acceptance point at the person
    return owner


def _begin_trial(work: Work, client_id: UUID, version: PlanVersion) -> None:
    days = readings.current(work.session).trial_days
    registration.subscribe(work, client_id, version, trial=timedelta(days=days))


def _client(new: NewSignup) -> NewClient:
    return NewClient(
        legal_name=new.legal_name.strip(),
        trade_name=new.trade_name.strip() or new.legal_name.strip(),
        registered_email=new.email,
        tax_id=new.tax_id,
        kind=new.kind,
        country=new.country.strip().upper(),
        language=new.language,
        zone=new.zone,
        industry=new.industry,
        region=region_of(new.zone),
        is_agency=new.is_agency,
    )


def _require_words(new: NewSignup) -> None:
    for name in ("name", "legal_name"):
        if not is_name(getattr(new, name).strip(), _LONGEST):
            raise Invalid("accurate and complete, says the contract (Terms 5.1)", field=name)
    if new.trade_name.strip() and not is_name(new.trade_name.strip(), _LONGEST):
        raise Invalid("a shorter name", field="trade_name")
    choices = {"kind": ("individual", "entity"), "language": ("es", "en"), "industry": tuple(Industry)}
    for name, known in choices.items():
        if getattr(new, name) not in known:
            raise Invalid("one of the list", field=name)
