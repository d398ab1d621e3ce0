"""Readings of the Terms: how each doubtful point is read, and the command that reads it otherwise from now on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time
from typing import Any, ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import serving
from backoffice.admin.commands import Command, Effect, Known, explanation, fingerprint
from backoffice.admin.given import Slip, Typed, as_typed, cents, line, problem, whole
from backoffice.admin.lift import who
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Field, Listing, Table
from backoffice.admin.reading_words import NAMES, about, told
from backoffice.admin.roles import CHANGE, READING
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import StaffView
from konectus.domain.readings import Readings
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services.work import Change, Work
from konectus.store.models.billing import Reading
from konectus.store.queries import admin_notices as read
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_notices import ReadingRow

_DEFAULTS: dict[str, Any] = {one.name: one.default for one in fields(Readings)}
# No number of days, hours or cents here is ever larger.
_MOST = {"tax_basis_points": 10_000}
_MOST_DAYS = 1_000
# The trigger of the database holds these as the Terms write them; shorter ones would only be refused by it.
_LEAST = {"payment_notice_days": 2, "export_window_days": 30, "termination_notice_days": 30, "terms_notice_days": 30}


class ReadingAdmin(StaffView, model=Reading):
    name: ClassVar[str] = "reading"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        del asked
        rows = [row for row in read.readings(work.session) if row.name in NAMES]
        return Listing(
            title=gettext("Readings"),
            identity=READING,
            lead=gettext("Where the Terms are silent or doubtful, how we read them. Jobs follow these values."),
            table=Table(
                (gettext("Point"), gettext("Clause"), gettext("Value"), gettext("Changed")),
                tuple(
                    (
                        Cell(about(row.name), small=row.name, href=page_of(READING, row.name)),
                        Cell(row.clause),
                        Cell(told(row.name, row.value)),
                        Cell(at=row.changed_at),
                    )
                    for row in rows
                ),
                gettext("No reading is stored; the defaults hold."),
            ),
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = _row(work, asked.pk)
        names = staff_names(work.session, {row.changed_by or ""})
        edit = Act(gettext("Read it otherwise"), f"{HOME}{READING}/change/{row.name}", "pencil")
        return Details(
            title=about(row.name),
            identity=READING,
            crumbs=((gettext("Readings"), list_of(READING)),),
            facts=(
                Fact(gettext("Value"), Cell(told(row.name, row.value), small=row.name)),
                Fact(gettext("Clause"), Cell(row.clause)),
                Fact(gettext("Default"), Cell(told(row.name, _plain(_DEFAULTS[row.name])))),
                Fact(gettext("Changed"), Cell(at=row.changed_at, small=who(row.changed_by, names))),
            ),
            acts=(edit,) if asked.may(READING, CHANGE) else (),
        )

    @expose("/change/{pk}", methods=["GET", "POST"])
    async def change(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        return await serving.serve(request, self.templates, ChangeReading(request.path_params["pk"]))


@dataclass(frozen=True)
class ChangeReading(Command):
    """The command on one reading by its name."""

    name: str
    identity: ClassVar[str] = READING
    action: ClassVar[str] = CHANGE
    is_confirmed: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ("value",)

    @property
    def step(self) -> str:
        return gettext("Read it otherwise")

    @property
    def go(self) -> str:
        return gettext("Change the reading")

    def known(self, work: Work) -> Known:
        row = _row(work, self.name)
        return Known(
            title=gettext("Read it otherwise: {point}", point=about(row.name)),
            lead=gettext("It counts for every Client from the next run of each job. Nothing in the past moves."),
            name=about(row.name),
            href=page_of(READING, row.name),
            facts=(
                Fact(gettext("Value"), Cell(told(row.name, row.value), small=row.name)),
                Fact(gettext("Clause"), Cell(row.clause)),
                Fact(gettext("Changed"), Cell(at=row.changed_at)),
            ),
            read_at=work.now,
            seen=fingerprint(row.name, row.value),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        value = _row(work, self.name).value
        return {"value": as_typed(value) if self.name.endswith("_cents") else _typed(value)}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        del work
        default = _DEFAULTS[self.name]
        error = problems.get("value", "")
        if isinstance(default, bool):
            options = (("true", gettext("Yes")), ("false", gettext("No")))
            return (Field("value", gettext("Value"), given["value"], "select", options, error=error),)
        hint = gettext("Default: {value}", value=told(self.name, _plain(default)))
        return (Field("value", gettext("Value"), given["value"], hint=hint, error=error, longest=60),)

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        return (explanation(given, problems, gettext("Who decided it and on what advice.")),)

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        found: dict[str, str] = {}
        problem(found, "value", lambda: _value(self.name, given["value"]))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        row, value = _row(work, self.name), _value(self.name, given["value"])
        after = told(self.name, value)
        heading = gettext("From {before} to {after}", before=told(self.name, row.value), after=after)
        same = gettext("What was suspended, noticed or issued before stays as it is.")
        return (
            Effect("book-open", "warn" if value != row.value else "", heading, gettext("From now on."), heading),
            Effect("shield-check", "ok", gettext("What does not change"), same),
        )

    def carry_out(self, work: Work, given: Typed) -> str:
        value = _value(self.name, given["value"])
        row = work.session.get(Reading, self.name, with_for_update=True)
        if row is None:
            raise NotFound
        before = row.value
        row.value, row.changed_at, row.changed_by = value, work.now, f"{work.actor.kind}:{work.actor.id}"
        change = Change(None, given.why, {self.name: before}, {self.name: value})
        work.record("reading.changed", ("reading", self.name), change)
        return page_of(READING, self.name)


def _row(work: Work, name: str) -> ReadingRow:
    found = next((row for row in read.readings(work.session) if row.name == name and name in NAMES), None)
    if found is None:
        raise NotFound
    return found


def _plain(default: object) -> object:
    """A default in the form its row has."""
    if isinstance(default, time):
        return default.isoformat(timespec="minutes")
    return list(default) if isinstance(default, tuple) else default


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _value(name: str, text: str) -> object:
    """What was typed, in the form of the row. Raises Slip."""
    default = _DEFAULTS[name]
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise Slip(gettext("Choose one of the list"))
        return text == "true"
    if isinstance(default, time):
        return _hour(text)
    if isinstance(default, tuple):
        return _days(line(text, most=60))
    if name.endswith("_cents"):
        return cents(text)
    return whole(text, least=_LEAST.get(name, 0), most=_MOST.get(name, _MOST_DAYS))


def _hour(text: str) -> str:
    try:
        return time.fromisoformat(text).isoformat(timespec="minutes")
    except ValueError:
        raise Slip(gettext("Write the hour as 09:00")) from None


def _days(text: str) -> list[int]:
    found = [whole(part.strip(), least=0, most=_MOST_DAYS) for part in text.split(",")]
    if found != sorted(set(found)):
        raise Slip(gettext("Write the days in order and each once, as 0, 15, 25, 29"))
    return found
