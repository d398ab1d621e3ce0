"""The way of a request through a command page: read, rehearse, show again with everything typed, act or ask a second.

What the page shows is commands.py; what each command does is its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from anyio import to_thread
from sqladmin.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice import deps
from backoffice.admin import asking, proof, shell
from backoffice.admin.commands import LONGEST_WHY, Command, Effect, Known, Refused, Second, fingerprint, home_of
from backoffice.admin.given import Slip, Typed
from backoffice.admin.names import mismatch
from backoffice.admin.pieces import Field
from backoffice.admin.view import waiting
from konectus.domain.suspension import MIN_REASON
from konectus.errors import Forbidden
from konectus.i18n import gettext, ngettext
from konectus.services import proving
from konectus.services.work import Work

UNREADABLE, CONFLICT, SEE_OTHER = 422, 409, 303


@dataclass(frozen=True, slots=True)
class Turn:
    """How far a submitted form came: what to mend, whether the facts moved, whether it was rehearsed as typed."""

    problems: Mapping[str, str]
    has_changed: bool = False
    is_new: bool = False
    refused: int = UNREADABLE
    demo_code: str = ""

    @property
    def status(self) -> int:
        if self.problems:
            return self.refused
        return CONFLICT if self.has_changed else 200


@dataclass(frozen=True, slots=True)
class Page:
    """A command page as the template lays it out."""

    command: Command
    known: Known
    effects: tuple[Effect, ...]
    inputs: tuple[Field, ...]
    reasons: tuple[Field, ...]
    confirm: Field | None
    proof: Field | None
    complaint: str
    has_changed: bool
    is_new: bool
    weighed: str
    second: Second | None

    @property
    def identity(self) -> str:
        return self.command.identity

    @property
    def go(self) -> str:
        return gettext("Ask for the approval") if self.second else self.command.go

    @property
    def home(self) -> tuple[str, str]:
        """The list it came from: its words and address."""
        return home_of(self.identity)

    @property
    def wait(self) -> str:
        return gettext("Type the number to go on") if self.known.number else gettext("Type the name to go on")


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
    turn = Turn({})
    if given is not None:
        outcome = _try(request, command, given)
        if isinstance(outcome, str):
            return outcome
        turn = outcome
    with deps.works(request).rehearsal(deps.actor(request)) as work:
        request.state.waiting = waiting(work)
        code = proving.unused_code(work) if deps.is_demo(request) and command.needs_proof(work) else ""
        return _page(command, work, given, replace(turn, demo_code=code))


def _try(request: Request, command: Command, given: Typed) -> str | Turn:
    """Act, or say why not yet."""
    try:
        with deps.works(request).staff(deps.actor(request)) as work:
            known = command.known(work)
            problems = _problems(command, work, known, given)
            turn = Turn(problems, given.seen != known.seen, _is_new(command, given))
            if problems or turn.has_changed or turn.is_new:
                return turn
            needs_proof = command.needs_proof(work)
            acting = proof.spend(deps.works(request), work, command, given) if needs_proof else work
            second = command.second(acting, given)
            if second is None or second.is_own:
                return command.carry_out(acting, given)
            return asking.ask(acting, second, given, known)
    except Slip as slip:  # raised within the act, so all of it was taken back
        return Turn({slip.field: slip.words}, refused=slip.status)


def _is_new(command: Command, given: Typed) -> bool:
    """Whether a rehearsal was asked for, or what it depends on is not what was rehearsed."""
    return bool(given["look"]) or (bool(command.weighs) and given["weighed"] != _weight(command, given))


def _weight(command: Command, given: Typed) -> str:
    return fingerprint(*(given[name] for name in command.weighs))


def _problems(command: Command, work: Work, known: Known, given: Typed) -> dict[str, str]:
    found = command.problems(work, given)
    if given["look"]:
        return {name: words for name, words in found.items() if name in command.weighs}
    if len(given.why) < MIN_REASON:
        missing = MIN_REASON - len(given.why)
        found["why"] = ngettext(
            "{n} character is missing: at least ten", "{n} characters are missing: at least ten", missing
        )
    elif len(given.why) > LONGEST_WHY:
        found["why"] = gettext("It is too long: at most {most} characters", most=LONGEST_WHY)
    marks = {
        "name": _wrong_name(known, given) if command.is_confirmed else "",
        proof.NAME: proof.problem(given) if command.needs_proof(work) else "",
    }
    return found | {name: words for name, words in marks.items() if words}


def _wrong_name(known: Known, given: Typed) -> str:
    if not known.number:
        return mismatch(known.name, given.name)
    return "" if given.name == known.number else gettext("Type the number {number}", number=known.number)


def _page(command: Command, work: Work, given: Typed | None, turn: Turn) -> tuple[Page, int]:
    known = command.known(work)
    shown = given or Typed(command.start(work))
    problems = dict(turn.problems)
    inputs = command.inputs(work, shown, problems)  # before the rehearsal moves what they are made of
    second: Second | None = None
    effects: tuple[Effect, ...] = ()
    if not set(problems) & set(command.weighs):
        try:
            second = command.second(work, shown)
            effects = (*_told(second), *command.effects(work, shown))
        except Slip as slip:
            if given:
                problems = {slip.field: slip.words, **problems}
                inputs = tuple(_marked(one, problems) for one in inputs)
            if not inputs:  # nothing that is typed would change it
                effects = (Effect("circle-x", "danger", slip.words, gettext("Nothing would be done."), slip.words),)
    page = Page(
        command,
        known,
        effects,
        inputs,
        command.reasons(shown, problems),
        _confirm(known, shown, problems) if command.is_confirmed else None,
        proof.field(problems.get(proof.NAME, ""), turn.demo_code) if command.needs_proof(work) else None,
        _complaint(problems, known),
        turn.has_changed,
        turn.is_new and not problems,
        _weight(command, shown),
        second,
    )
    return page, replace(turn, problems=problems).status if given else 200


def _told(second: Second | None) -> tuple[Effect, ...]:
    if second is None:
        return ()
    heading = gettext("Another person has to approve it first")
    return (Effect("fingerprint", "info", heading, second.because, heading),)


def _marked(one: Field, problems: Mapping[str, str]) -> Field:
    return one.with_error(problems[one.name]) if one.name in problems else one


def _confirm(known: Known, given: Typed, problems: Mapping[str, str]) -> Field:
    label = gettext("Type how many they are:") if known.number else gettext("Type the Client's name:")
    return Field("name", label, given.name, error=problems.get("name", ""), expected=known.expected)


def _complaint(problems: Mapping[str, str], known: Known) -> str:
    if not problems:
        return ""
    if "" in problems:
        return problems[""]
    if set(problems) == {"name"} and not known.number:
        return gettext("Mend the name to go on")
    return gettext("Mend what is marked to go on")
