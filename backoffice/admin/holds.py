"""Holds: why nothing of a Client is deleted. The list, one of them, placing one, asking for its release."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import endings_effects as effect_of
from backoffice.admin import endings_words as say
from backoffice.admin import given as typed_in
from backoffice.admin import reason_words, serving
from backoffice.admin.commands import Command, Effect, Known, Refused, Second, explanation, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.lift import who
from backoffice.admin.paging import Place, cells
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Field, Listing, Table, id_of
from backoffice.admin.roles import APPROVAL, CLIENT, HOLD, HOLD_IT, RELEASE
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.suspend import REHEARSED
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.approvals import AlreadyRequested
from konectus.domain.endings import HoldKind
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services import holds, suspensions
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.models.endings import Hold
from konectus.store.queries import admin_endings as read
from konectus.store.queries import approvals
from konectus.store.queries.admin import staff_names
from konectus.store.queries.admin_endings import HoldLine

BY_HAND = tuple(kind for kind in HoldKind if kind not in holds.BY_THEMSELVES)


class HoldAdmin(StaffView, model=Hold):
    name: ClassVar[str] = "hold"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(HOLD, asked, ("open", "released"))
        rows = read.rows(work.session, HoldLine, read.Asked(place.show, after=place.after, most=PAGE_SIZE + 1))
        return Listing(
            title=gettext("Holds"),
            identity=HOLD,
            lead=gettext(
                "While one is in force, nothing of the Client is deleted. One is placed on the Client's page."
            ),
            tabs=place.tabs([("open", gettext("In force")), ("released", gettext("Released"))]),
            table=table(rows[:PAGE_SIZE], with_client=True),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = line(work, id_of(asked.pk))
        release = Act(gettext("Ask for its release"), f"{HOME}{HOLD}/release/{row.id}", "undo-2")
        by_hand = row.released_at is None and row.kind in BY_HAND
        return Details(
            title=gettext("Hold on {client}", client=row.trade_name),
            identity=HOLD,
            lead=say.hold_kind(row.kind),
            crumbs=((gettext("Holds"), list_of(HOLD)),),
            state=say.hold(row.released_at),
            facts=facts(work, row),
            acts=(release,) if by_hand and asked.may(HOLD, RELEASE) else (),
        )

    @expose("/release/{pk}", methods=["GET", "POST"])
    async def release(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        return await serving.serve(request, self.templates, ReleaseHold(id_of(request.path_params["pk"])))


@dataclass(frozen=True)
class PlaceHold(Command):
    """Forbid deleting: one person, at once."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = HOLD_IT
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Place a hold")

    @property
    def go(self) -> str:
        return gettext("Place the hold")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        found = approvals.holds(work.session, self.client_id)
        kinds = ", ".join(say.hold_kind(one.kind) for one in found)
        return Known(
            title=gettext("Place a hold on {client}", client=client.trade_name),
            lead=gettext("From then on nothing of it is deleted until two people release the hold."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(
                Fact(gettext("Client"), Cell(client.legal_name, small=client.tax_id or "")),
                Fact(gettext("Holds in force"), Cell(kinds or gettext("None"))),
            ),
            read_at=work.now,
            seen=fingerprint(str(client.id), [str(one.id) for one in found]),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        del work
        return {"kind": HoldKind.LEGAL}

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        kinds = tuple((str(kind), say.hold_kind(kind)) for kind in BY_HAND)
        error = problems.get("kind", "")
        return (
            Field("kind", gettext("Kind"), given["kind"], "select", kinds, error=error),
            explanation(given, problems, gettext("It stays in Audit with your name.")),
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        found: dict[str, str] = {}
        typed_in.problem(found, "kind", lambda: typed_in.choice(given["kind"], [str(kind) for kind in BY_HAND]))
        return found

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        holds.place(work, self.client_id, HoldKind.LEGAL, REHEARSED)
        stays = gettext("What does not change")
        small = gettext("Service, money, the export and its days. A deletion that has begun does not stop.")
        return (effect_of.held(work, self.client_id), Effect("shield-check", "ok", stays, small))

    def carry_out(self, work: Work, given: Typed) -> str:
        return page_of(HOLD, holds.place(work, self.client_id, HoldKind(given["kind"]), given.why))


@dataclass(frozen=True)
class ReleaseHold(Command):
    """Ask a second person to release a hold."""

    hold_id: UUID
    identity: ClassVar[str] = HOLD
    action: ClassVar[str] = RELEASE
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Release the hold")

    @property
    def go(self) -> str:
        return gettext("Ask for the approval")

    def known(self, work: Work) -> Known:
        row = line(work, self.hold_id)
        locks.client(work.session, row.client_id)
        row = line(work, self.hold_id)
        if row.released_at is not None or row.kind not in BY_HAND:
            raise _nothing(work, row)
        return Known(
            title=gettext("Release the hold on {client}", client=row.trade_name),
            lead=gettext("Two people release a hold: you ask, another one decides."),
            name=row.trade_name,
            href=page_of(HOLD, row.id),
            facts=facts(work, row),
            read_at=work.now,
            seen=fingerprint(str(row.id), row.reason, row.kind),
        )

    def second(self, work: Work, given: Typed) -> Second | None:
        del work, given
        because = gettext("A hold is released by two people.")
        return Second("", ("hold", str(self.hold_id)), because=because, is_own=True)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        return release_effects(work, self.hold_id)

    def carry_out(self, work: Work, given: Typed) -> str:
        try:
            return page_of(APPROVAL, holds.request_release(work, self.hold_id, given.why).id)
        except AlreadyRequested:
            raise Slip(gettext("A second person was asked for exactly this already; see Today")) from None


def release_effects(work: Work, hold_id: UUID) -> tuple[Effect, ...]:
    """What stands in the way of a deletion once this hold is released."""
    row = line(work, hold_id)
    others = [one for one in approvals.holds(work.session, row.client_id) if one.id != hold_id]
    gone = gettext("The hold ends when the second person approves")
    first = Effect("undo-2", "warn", gone, gettext("It stays in the history with both names."), gone)
    return (first, effect_of.held_by(len(others)))


def table(rows: list[HoldLine], *, with_client: bool) -> Table:
    """Holds, newest first."""
    first = (gettext("Client"),) if with_client else ()

    def of(row: HoldLine) -> tuple[Cell, ...]:
        name = (Cell(row.trade_name, href=page_of(HOLD, row.id)),) if with_client else ()
        kind = Cell(
            say.hold_kind(row.kind),
            small=reason_words.told(row.reason),
            href="" if with_client else page_of(HOLD, row.id),
        )
        return (*name, kind, Cell(state=say.hold(row.released_at)), Cell(at=row.placed_at))

    headings = (*first, gettext("Kind"), gettext("State"), gettext("Since"))
    return Table(headings, cells(rows, of), gettext("No hold here."), gettext("Holds"))


def line(work: Work, hold_id: UUID) -> HoldLine:
    found = read.row(work.session, HoldLine, hold_id)
    if found is None:
        raise NotFound
    return found


def facts(work: Work, row: HoldLine) -> tuple[Fact, ...]:
    names = staff_names(work.session, {row.placed_by, row.released_by or ""})
    return (
        Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
        Fact(gettext("Kind"), Cell(say.hold_kind(row.kind))),
        Fact(gettext("Reason"), Cell(reason_words.told(row.reason))),
        Fact(gettext("Since"), Cell(at=row.placed_at, small=who(row.placed_by, names))),
        Fact(gettext("Released on"), Cell(at=row.released_at, small=who(row.released_by, names))),
        Fact(gettext("Why it was released"), Cell(row.release_reason or "")),
    )


def _nothing(work: Work, row: HoldLine) -> Refused:
    by_itself = gettext("A hold of a running export ends with that export, not by a person's word.")
    over = gettext("Somebody was faster: this hold is released already.")
    return Refused(
        gettext("There is nothing to release"),
        over if row.released_at else by_itself,
        facts(work, row),
        (Act(gettext("See the hold"), page_of(HOLD, row.id), "lock", "primary"),),
        identity=HOLD,
    )
