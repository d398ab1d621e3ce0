"""What people type into a command's form and how it is read: amounts, days, choices, addresses. No command is here."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from starlette.datastructures import FormData

from backoffice.admin.pieces import typed
from konectus.domain.deadlines import LEGAL_ZONE, local_day
from konectus.i18n import format_date, format_money, gettext

LONGEST_LINE = 200
# Ten million pesos: more than any payment here, less than a slip of the finger.
MOST_CENTS = 1_000_000_000
_AMOUNT = re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.(?P<part>\d*))?")
_PESOS = re.compile(r"(?i)^(?:mxn|mx\$|m\.n\.|\$)\s*|\s*(?:mxn|m\.n\.|pesos)$")
_DECIMALS = 2


class Slip(Exception):
    """Something typed that cannot be used: which field, and in one line what to mend; `status` is of the answer."""

    def __init__(self, words: str, field: str = "", status: int = 422) -> None:
        super().__init__(words)
        self.words, self.field, self.status = words, field, status


@dataclass(frozen=True, slots=True)
class Typed:
    """What came with the form, by field. `seen` names the facts that were on the page, `weighed` what was rehearsed."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)  # a code may be among them

    @classmethod
    def of(cls, form: FormData) -> "Typed":
        return cls({name: typed(value) for name, value in form.multi_items()})

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def why(self) -> str:
        return self["why"]

    @property
    def name(self) -> str:
        return self["name"]

    @property
    def seen(self) -> str:
        return self["seen"]


def problem(found: dict[str, str], name: str, read: Callable[[], object]) -> None:
    """Note under `name` what is wrong with what `read` reads, if anything."""
    try:
        read()
    except Slip as slip:
        found[name] = slip.words


def cents(text: str) -> int:
    """An amount of pesos as people write it (1,234.50, 1234.5, $1,234) in cents. Raises Slip."""
    plain = _PESOS.sub("", text.strip().replace("\N{NO-BREAK SPACE}", " ")).strip()
    if not plain:
        raise Slip(gettext("Write the amount"))
    if plain[0] in "-\N{MINUS SIGN}(":
        raise Slip(gettext("The amount has to be above zero"))
    if re.search(r"[^\d.,\s]", plain):
        raise Slip(gettext("Only pesos (MXN), for example 1,234.50"))
    found = _AMOUNT.fullmatch(plain)
    if found is None or not plain.isascii():
        raise Slip(gettext("Write it like this: 1,234.50"))
    part = found["part"] or ""
    if len(part) > _DECIMALS:
        raise Slip(gettext("At most two decimals"))
    amount = int(found["whole"].replace(",", "")) * 100 + int(part.ljust(_DECIMALS, "0"))
    if amount == 0:
        raise Slip(gettext("The amount has to be above zero"))
    if amount > MOST_CENTS:
        raise Slip(gettext("That is more than {most}; check it", most=format_money(MOST_CENTS)))
    return amount


def as_typed(amount_cents: int) -> str:
    """Cents as a field shows them and `cents` reads them back."""
    return f"{amount_cents // 100:,}.{amount_cents % 100:02}"


def day(text: str, *, least: date | None = None, most: date | None = None) -> date:
    """A day of the legal zone from a date field, between both, inclusive. Raises Slip."""
    if not text:
        raise Slip(gettext("Choose the day"))
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Slip(gettext("Write the day as 2026-11-19")) from None
    if least is not None and found < least:
        raise Slip(gettext("Not before {day}", day=format_date(least, form="full")))
    if most is not None and found > most:
        raise Slip(gettext("Not after {day}", day=format_date(most, form="full")))
    return found


def moment_of(paid_on: date, now: datetime) -> datetime:
    """An instant for a day of which no hour is known: noon in the legal zone, never later than now."""
    return min(datetime.combine(paid_on, time(12), LEGAL_ZONE), now)


def today(now: datetime, plus: int = 0) -> date:
    """The legal day, or one so many days from it."""
    return local_day(now) + timedelta(days=plus)


def choice(text: str, offered: Iterable[str]) -> str:
    """One of those offered. Raises Slip."""
    if text not in tuple(offered):
        raise Slip(gettext("Choose one of the list"))
    return text


def line(text: str, *, least: int = 1, most: int = LONGEST_LINE) -> str:
    """A short text. Raises Slip where it is missing or too long."""
    if not text:
        raise Slip(gettext("This cannot be empty"))
    if len(text) < least:
        raise Slip(gettext("At least {least} characters", least=least))
    if len(text) > most:
        raise Slip(gettext("It is too long: at most {most} characters", most=most))
    return text


def whole(text: str, *, least: int, most: int) -> int:
    """A whole number between both. Raises Slip."""
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most and len(text) <= len(str(most))):
        raise Slip(gettext("A whole number from {least} to {most}", least=least, most=most))
    return int(text)


def email(text: str) -> str:
    """An e-mail address in lower case. Raises Slip."""
    name, at, host = text.lower().rpartition("@")
    if not (name and at and "." in host) or any(c.isspace() for c in text) or len(text) > LONGEST_LINE:
        raise Slip(gettext("An e-mail address has a name, an @ and a domain"))
    return text.lower()


def chosen_id(text: str, offered: Iterable[UUID]) -> UUID | None:
    """The row that was chosen, None where the choice was left empty. Raises Slip for what was not offered."""
    if not text:
        return None
    found = next((one for one in offered if str(one) == text), None)
    if found is None:
        raise Slip(gettext("Choose one of the list"))
    return found
