"""Words and rules of the documents a Client accepts (Terms 1, 7, 12, 16). Texts and versions are rows."""

from collections.abc import Iterable
from enum import StrEnum

from konectus.errors import Invalid


class Document(StrEnum):
    TERMS = "terms"
    PRIVACY = "privacy"
    DPA = "dpa"


class Acceptance(StrEnum):
    BY_CLICK = "accepted_click"
    BY_USE = "accepted_by_use"
    REJECTED = "rejected"


ACCEPTED = (Acceptance.BY_CLICK, Acceptance.BY_USE)

# What a proof of authority may be (Terms 5.1): told by its content, never by its name.
AUTHORITY_TYPES = ("application/pdf", "image/jpeg", "image/png")


class Prohibited(StrEnum):
    """Industries and purposes for which the Platform may not be used, whatever local law says (Terms 7)."""

    ADULT = "adult"
    GAMBLING = "gambling"
    PREDATORY_LENDING = "predatory_lending"
    WEAPONS = "weapons"
    DRUGS = "drugs"
    TOBACCO_MINORS = "tobacco_minors"
    PYRAMIDS = "pyramids"
    HATRED = "hatred"
    COUNTERFEIT = "counterfeit"
    ILLEGAL = "illegal"


class Industry(StrEnum):
    """What a Client declares it does; figures are cut by it (privacy.md 2)."""

    RETAIL = "retail"
    FOOD = "food"
    HEALTH = "health"
    BEAUTY = "beauty"
    AUTOMOTIVE = "automotive"
    EDUCATION = "education"
    SERVICES = "services"
    OTHER = "other"


class NotAttested(Invalid):
    """A statement that Terms 5.1 or 7 ask for was not made; `missing` names each."""

    code = "not_attested"


# Terms 5.1: legal capacity, and authority where an entity is bound; Terms 7: none of the prohibited industries;
# Terms 1: the Terms as a whole.
STATEMENTS = ("terms", "capacity", "lawful_use")
OF_ENTITIES = ("authority",)


def required_statements(kind: str) -> tuple[str, ...]:
    """What somebody has to state who registers an individual or an entity."""
    return STATEMENTS + (OF_ENTITIES if kind == "entity" else ())


def require_statements(kind: str, stated: Iterable[str]) -> None:
    """Raises NotAttested, which names what is missing."""
    given = set(stated)
    missing = tuple(name for name in required_statements(kind) if name not in given)
    if missing:
        raise NotAttested(f"not stated: {', '.join(missing)}", missing=missing)
