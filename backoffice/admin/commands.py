"""The frame of every command page: facts, a rehearsal of the effects, the reason, a typed confirmation, then the act.

Which facts, which effects and what is carried out belongs to each command (suspend.py, lift.py).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from anyio import to_thread
from sqladmin.templating import Jinja2Templates
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice import deps
from backoffice.admin import shell
from backoffice.admin.names import mismatch
from backoffice.admin.pieces import Act, Fact, Field, typed
from backoffice.admin.roles import CLIENT
from backoffice.admin.view import waiting
from konectus.domain.channels import Channel
from konectus.domain.suspension import MIN_REASON
from konectus.errors import Conflict, Forbidden
from konectus.i18n import LEGAL_ZONE, gettext, ngettext
from konectus.services.work import Work

UNREADABLE, CONFLICT, SEE_OTHER = 422, 409, 303
LONGEST_WHY = 2000


@dataclass(frozen=True, slots=True)
class Typed:
    """What came with the form. `seen` names the facts that were on the page."""

    rule: str = ""
    case: str = ""
    why: str = ""
    name: str = ""
    seen: str = ""

    @classmethod
    def of(cls, form: FormData) -> "Typed":
        return cls(*(typed(form.get(name)) for name in ("rule", "case", "why", "name", "seen")))


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


class Command(Protocol):
    """One command on one thing."""

    identity: ClassVar[str]
    action: ClassVar[str]
    is_dangerous: ClassVar[bool]

    @property
    def step(self) -> str:
        """The last word of the crumbs."""

    @property
    def go(self) -> str:
        """The words of the button."""

    def known(self, work: Work) -> Known:
        """The facts, under the Client's lock. Raises NotFound or Refused."""

    def effects(self, work: Work) -> tuple[Effect, ...]:
        """What the act does, from the act itself in a transaction that is rolled back."""

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        """The fields of step 3."""

    def problems(self, given: Typed) -> dict[str, str]:
        """By field, what has to be mended; the name and the explanation are checked by the frame."""

    def carry_out(self, work: Work, given: Typed) -> str:
        """Do it; where to go then."""


@dataclass(frozen=True, slots=True)
class Page:
    """A command page as the template lays it out."""

    command: Command
    known: Known
    effects: tuple[Effect, ...]
    reasons: tuple[Field, ...]
    confirm: Field
    complaint: str
    has_changed: bool

    @property
    def identity(self) -> str:
        return self.command.identity

    @property
    def home(self) -> tuple[str, str]:
        """The list it came from: its words and address."""
        return home_of(self.identity)

    @property
    def wait(self) -> str:
        return gettext("Type the number to go on") if self.known.number else gettext("Type the name to go on")


def home_of(identity: str) -> tuple[str, str]:
    words = next((place.words for _, places in shell.MENU for place in places if place.identity == identity), "")
    return gettext(words), shell.list_of(identity)


async def serve(request: Request, templates: Jinja2Templates, command: Command) -> Response:
    """GET shows, POST acts or shows again with everything typed. Raises Forbidden first."""
    if not shell.may(request, command.identity, command.action):
        raise Forbidden
    given = Typed.of(await request.form()) if request.method == "POST" else None
    try:
        outcome = await to_thread.run_sync(_answer, request, command, given)
    except Refused as refused:
        return await templates.TemplateResponse(request, "admin/refused.html", {"page": refused}, CONFLICT)
    if isinstance(outcome, str):
        return RedirectResponse(outcome, SEE_OTHER)
    page, status = outcome
    return await templates.TemplateResponse(request, "admin/command.html", {"page": page}, status)


def _answer(request: Request, command: Command, given: Typed | None) -> str | tuple[Page, int]:
    works, actor = deps.works(request), deps.actor(request)
    problems: dict[str, str] = {}
    has_changed = False
    if given is not None:
        with works.staff(actor) as work:
            known = command.known(work)
            problems = _problems(command, known, given)
            has_changed = given.seen != known.seen
            if not problems and not has_changed:
                return command.carry_out(work, given)
    with works.rehearsal(actor) as work:
        request.state.waiting = waiting(work)
        known = command.known(work)
        effects = command.effects(work)
    return _page(command, known, effects, given or Typed(), problems, has_changed=has_changed), _status(
        problems, has_changed=has_changed
    )


def _problems(command: Command, known: Known, given: Typed) -> dict[str, str]:
    found = command.problems(given)
    if len(given.why) < MIN_REASON:
        missing = MIN_REASON - len(given.why)
        found["why"] = ngettext(
            "{n} character is missing: at least ten", "{n} characters are missing: at least ten", missing
        )
    elif len(given.why) > LONGEST_WHY:
        found["why"] = gettext("It is too long: at most {most} characters", most=LONGEST_WHY)
    wrong = _wrong_number(known.number, given.name) if known.number else mismatch(known.name, given.name)
    return found | ({"name": wrong} if wrong else {})


def _wrong_number(expected: str, typed_number: str) -> str:
    if typed_number == expected:
        return ""
    return gettext("Type the number {number}", number=expected)


def _status(problems: Mapping[str, str], *, has_changed: bool) -> int:
    if problems:
        return UNREADABLE
    return CONFLICT if has_changed else 200


def _page(  # noqa: PLR0913 the six parts of a page, put together in one place
    command: Command,
    known: Known,
    effects: tuple[Effect, ...],
    given: Typed,
    problems: Mapping[str, str],
    *,
    has_changed: bool,
) -> Page:
    confirm = Field(
        "name",
        gettext("Type how many they are:") if known.number else gettext("Type the Client's name:"),
        given.name,
        error=problems.get("name", ""),
        expected=known.expected,
    )
    is_name = set(problems) == {"name"} and not known.number
    complaint = gettext("Mend the name to go on") if is_name else ""
    if problems and not complaint:
        complaint = gettext("Mend what is marked to go on")
    return Page(command, known, effects, command.reasons(given, problems), confirm, complaint, has_changed)


def fingerprint(*facts: object) -> str:
    """The same for the same facts. Counts that move by themselves stay out, else a busy Client is never acted on."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def explanation(given: Typed, problems: Mapping[str, str], hint: str) -> Field:
    """The field every command asks for."""
    error = problems.get("why", "")
    return Field(
        "why", gettext("Explanation"), given.why, "area", hint=hint, error=error, is_wide=True, longest=LONGEST_WHY
    )
