"""What a command page is made of: facts, a rehearsal of the effects, what is typed, and how a second person comes in.

Which facts, which effects and what is carried out belongs to each command (suspend.py, payment.py); the way of a
request through one is serving.py.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from backoffice.admin import shell
from backoffice.admin.given import Typed
from backoffice.admin.pieces import Act, Fact, Field
from backoffice.admin.roles import CLIENT
from konectus.domain.channels import Channel
from konectus.errors import Conflict
from konectus.i18n import LEGAL_ZONE, gettext
from konectus.services.work import Work

LONGEST_WHY = 2000


@dataclass(frozen=True, slots=True)
class Known:
    """What is so at the moment of reading. `seen` is the same as long as nothing that matters changes.

    `name` and `href` are of the thing it is about, and `name` is typed to confirm; where a number is typed
    instead, it is `number`.
    """

    title: str
    lead: str
    name: str
    href: str
    facts: tuple[Fact, ...]
    read_at: datetime
    seen: str
    number: str = ""

    @property
    def expected(self) -> str:
        return self.number or self.name

    @property
    def read_words(self) -> str:
        """The second the facts were read."""
        return self.read_at.astimezone(LEGAL_ZONE).strftime("%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that will happen, or will not, and its short form for the summary."""

    glyph: str
    tone: str
    heading: str
    small: str
    short: str = ""
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True)
class Second:
    """What a second person is asked to approve: the exact command, and why one person is not enough."""

    action: str
    subject: tuple[str, str]
    args: Mapping[str, Any] = field(default_factory=dict)
    because: str = ""
    client_id: UUID | None = None
    # Whether the act itself writes the request down, bound to facts of its own.
    is_own: bool = False


class Refused(Conflict):
    """The command makes no sense now; the page says since when, by whom and what can be done."""

    code = "command_refused"

    def __init__(
        self, title: str, lead: str, facts: tuple[Fact, ...], acts: tuple[Act, ...], *, identity: str = CLIENT
    ) -> None:
        super().__init__(title)
        self.title, self.lead, self.rows, self.acts, self.identity = title, lead, facts, acts, identity

    @property
    def home(self) -> tuple[str, str]:
        return home_of(self.identity)


class Command(ABC):
    """One command on one thing. Whoever is not granted (identity, action) never gets to it."""

    identity: ClassVar[str]
    action: ClassVar[str]
    is_dangerous: ClassVar[bool] = False
    # Whether the name (or the number) has to be typed before the button opens.
    is_confirmed: ClassVar[bool] = True
    # The inputs that the effects depend on: after a change of one, the rehearsal is shown again before the act.
    weighs: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def step(self) -> str:
        """The last word of the crumbs."""

    @property
    @abstractmethod
    def go(self) -> str:
        """The words of the button."""

    @abstractmethod
    def known(self, work: Work) -> Known:
        """The facts, under the Client's lock. Raises NotFound or Refused."""

    @abstractmethod
    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        """What the act does, from the act itself in a transaction that is rolled back. Raises Slip."""

    def start(self, work: Work) -> Mapping[str, str]:
        """What stands in the fields before anybody typed."""
        del work
        return {}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        """The fields of step 2, beside the rehearsal."""
        del work, given, problems
        return ()

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        """The fields of step 3."""
        return (explanation(given, problems, gettext("It stays in Audit with your name.")),)

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        """By field, what has to be mended; the name and the explanation are checked by the frame."""
        del work, given
        return {}

    def needs_proof(self, work: Work) -> bool:
        """Whether a fresh code of the second factor is asked for, and spent in the transaction of the act."""
        del work
        return False

    def second(self, work: Work, given: Typed) -> Second | None:
        """What a second person has to approve instead of doing it now; None where one is enough."""
        del work, given
        return None

    @abstractmethod
    def carry_out(self, work: Work, given: Typed) -> str:
        """Do it; where to go then. Raises Slip, and then nothing was done."""


def home_of(identity: str) -> tuple[str, str]:
    words = next((place.words for _, places in shell.MENU for place in places if place.identity == identity), "")
    return gettext(words), shell.list_of(identity)


def fingerprint(*facts: object) -> str:
    """The same for the same facts. Counts that move by themselves stay out, else a busy Client is never acted on."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def explanation(given: Typed, problems: Mapping[str, str], hint: str) -> Field:
    """The field every command asks for."""
    error = problems.get("why", "")
    return Field(
        "why", gettext("Explanation"), given.why, "area", hint=hint, error=error, is_wide=True, longest=LONGEST_WHY
    )
