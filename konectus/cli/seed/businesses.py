"""Which Clients there are: drawn from a seed, the same each time. Nothing is written here."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from konectus.cli.seed import names
from konectus.domain.channels import Channel
from konectus.domain.plans import Interval
from konectus.services.registration import NewPlan

ZONE = ZoneInfo("America/Mexico_City")

PLANS = (
    NewPlan(code="inicia", name="Inicia", price_cents=69_900, seats=3, connectors=2),
    NewPlan(code="crece", name="Crece", price_cents=194_800, seats=8, connectors=4),
    NewPlan(code="escala", name="Escala", price_cents=487_200, seats=25, connectors=10),
    NewPlan(code="agencia", name="Agencia", price_cents=1_240_000, seats=60, connectors=40),
    NewPlan(
        code="medida", name="A la medida", price_cents=35_400_000, seats=200, connectors=100, interval=Interval.YEAR
    ),
)
PLAN_WEIGHTS = (42, 36, 14, 5, 3)
# Part of the Clients that were there before the history begins, the rest comes month by month.
EARLY = 0.58
# Some hundreds grew faster: so two rungs of the ladder are seen in their figures (20 and 120 Clients).
GREW_FASTER, EARLY_THEN = range(100, 600), 0.35
TRIAL = timedelta(days=14)
_ALPHABET = "ABCDEFGHIJKLMNPQRSTUVWXYZ0123456789"


@dataclass(frozen=True)
class Business:
    """One invented Client. `script` is what its End Contacts talk about, empty for those with figures alone."""

    number: int
    trade_name: str
    legal_name: str
    tax_id: str
    slug: str
    industry: str
    region: str
    plan: str
    signed_up: datetime
    channels: tuple[Channel, ...]
    in_trial: bool = False
    is_agency: bool = False
    script: str = ""

    @property
    def email(self) -> str:
        return f"legal@{self.slug}.example"


@dataclass(frozen=True)
class _Leading:
    """One of the few that have real conversations."""

    kind: str
    proper: str
    industry: str
    plan: str
    channels: tuple[Channel, ...]
    script: str


_M, _I, _T = Channel.MESSENGER, Channel.INSTAGRAM, Channel.TELEGRAM
LEADING = (
    _Leading("Taller", "Ñandú", "automotive", "escala", (_M, _I, _T), "taller"),
    _Leading("Florería", "Azahar", "services", "crece", (_M, _I), "floreria"),
    _Leading("Clínica Dental", "Xóchitl", "health", "escala", (_M, _T), "clinica"),
    _Leading("Café", "Zamná", "food", "crece", (_M, _I), "restaurante"),
    _Leading("Abarrotes", "La Huasteca", "retail", "crece", (_M, _T), "tienda"),
    _Leading("Estética", "Güemes", "beauty", "inicia", (_M, _I), "estetica"),
)
# The one that the staff suspended, so that a suspended Client can be looked at.
SUSPENDED = LEADING[-1]


def businesses(count: int, seed: int, history: tuple[date, date]) -> list[Business]:
    """So many Clients in the order in which they signed up; `history` is its first day and today."""
    random = Random(f"konectus {seed}")  # noqa: S311 - invented data, the same for the same seed
    first = [_leading(random, number, led, history[0]) for number, led in enumerate(LEADING[:count])]
    taken = {business.trade_name for business in first}
    early = EARLY_THEN if count in GREW_FASTER else EARLY
    drawn = [_drawn(random, number, early, history, taken) for number in range(len(first), count)]
    return sorted([*first, *drawn], key=lambda business: (business.signed_up, business.number))


def person(random: Random, slug: str) -> tuple[str, str]:
    """Name and e-mail address of somebody who works there."""
    first, family = random.choice(names.FIRST), random.choice(names.FAMILY)
    return f"{first} {family}", f"{spelled(first)}.{spelled(family)}@{slug}.example"


def spelled(words: str) -> str:
    """As in a web address: lower case, no accents, dashes."""
    plain = unicodedata.normalize("NFKD", words.replace("ñ", "n").replace("Ñ", "N")).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in plain.lower()).split())


def _leading(random: Random, number: int, led: _Leading, begin: date) -> Business:
    """Long before the others, so that its people are the first that the demo lets in."""
    trade = f"{led.kind} {led.proper}"
    signed_up = _at(random, begin - timedelta(days=400 - 10 * number))
    return Business(
        number=number,
        trade_name=trade,
        legal_name=f"{trade}, {names.FORMS[number % len(names.FORMS)]}",
        tax_id=_tax_id(random, trade, signed_up),
        slug=spelled(trade),
        industry=led.industry,
        region=names.REGIONS[number % len(names.REGIONS)],
        plan=led.plan,
        signed_up=signed_up,
        channels=led.channels,
        script=led.script,
    )


def _drawn(random: Random, number: int, early: float, history: tuple[date, date], taken: set[str]) -> Business:
    plan = random.choices(PLANS, PLAN_WEIGHTS)[0].code
    industry = random.choice(tuple(names.KINDS))
    trade = _free_name(random, names.AGENCIES if plan == "agencia" else names.KINDS[industry], taken)
    signed_up = _sign_up(random, early, *history)
    days = (history[1] - signed_up.date()).days
    return Business(
        number=number,
        trade_name=trade,
        legal_name=f"{trade}, {random.choice(names.FORMS)}",
        tax_id=_tax_id(random, trade, signed_up),
        slug=spelled(trade),
        industry=industry,
        region=random.choices(names.REGIONS, names.REGION_WEIGHTS)[0],
        plan=plan,
        signed_up=signed_up,
        channels=_channels(random),
        in_trial=days < TRIAL.days - 2,
        is_agency=plan == "agencia",
    )


def _free_name(random: Random, kinds: Sequence[str], taken: set[str]) -> str:
    while True:
        name = f"{random.choice(kinds)} {random.choice(names.PROPER)}"
        if name in taken:
            name += f" {random.choice(('Norte', 'Centro', 'Sur', 'Plaza'))} {random.randrange(2, 900)}"
        if name not in taken:
            taken.add(name)
            return name


def _sign_up(random: Random, early: float, begin: date, today: date) -> datetime:
    if random.random() < early:
        return _at(random, begin - timedelta(days=random.randrange(20, 330)))
    return _at(random, begin + timedelta(days=random.randrange(max((today - begin).days - 1, 1))))


def _at(random: Random, day: date) -> datetime:
    return datetime.combine(day, time(random.randrange(9, 19), random.randrange(60)), ZONE)


def _channels(random: Random) -> tuple[Channel, ...]:
    kept = {_M: 0.86, _I: 0.67, _T: 0.31}
    return tuple(channel for channel, share in kept.items() if random.random() < share) or (_M,)


def _tax_id(random: Random, name: str, signed_up: datetime) -> str:
    letters = (spelled(name).replace("-", "").upper() + "XXX")[:3]
    founded = signed_up - timedelta(days=random.randrange(400, 7000))
    return f"{letters}{founded:%y%m%d}{''.join(random.choices(_ALPHABET, k=3))}"
