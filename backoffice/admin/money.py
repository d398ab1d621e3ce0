"""Plans and Subscriptions: what is offered and who contracted what. Both change through services alone."""

from typing import ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response

from backoffice.admin import serving, words
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, State, Tab, Table, id_of
from backoffice.admin.publish import PublishPlan
from backoffice.admin.roles import CLIENT, PLAN, PUBLISH, SUBSCRIPTION
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.plans import SubscriptionStatus
from konectus.errors import NotFound
from konectus.i18n import format_number, gettext, ngettext
from konectus.services.work import Work
from konectus.store.models.clients import Plan, Subscription
from konectus.store.queries import admin_lists
from konectus.store.queries.admin_lists import PlanLine, SubscriptionLine

MOST_PLANS = 200


class PlanAdmin(StaffView, model=Plan):
    """Every version, since a Client keeps the one that was on offer when they contracted (Terms 2)."""

    name: ClassVar[str] = "plan"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        del asked
        rows = admin_lists.plans(work.session, most=MOST_PLANS)
        headings = (gettext("Plan"), gettext("Price"), gettext("Includes"), gettext("Published"), gettext("Clients"))
        return Listing(
            title=gettext("Plans"),
            identity=PLAN,
            lead=gettext("A published version never changes; each Client keeps the one they contracted."),
            table=Table(headings, tuple(_plan_cells(row) for row in rows), gettext("No Plan has been published.")),
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        versions = [row for row in admin_lists.plans(work.session, most=MOST_PLANS) if row.code == asked.pk]
        if not versions:
            raise NotFound
        newest = versions[0]
        publish = Act(gettext("New version"), f"{HOME}{PLAN}/publish/{newest.code}", "plus")
        headings = (gettext("Version"), gettext("Price"), gettext("Includes"), gettext("Published"), gettext("Clients"))
        return Details(
            title=newest.name,
            identity=PLAN,
            crumbs=((gettext("Plans"), list_of(PLAN)),),
            state=_offer(newest),
            facts=(
                Fact(gettext("Code"), Cell(newest.code)),
                Fact(gettext("Price"), Cell(words.price(newest.price_cents, newest.interval))),
                Fact(gettext("Includes"), Cell(_includes(newest))),
            ),
            tables=(Table(headings, tuple(_plan_cells(row) for row in versions), title=gettext("Versions")),),
            acts=(publish,) if asked.may(PLAN, PUBLISH) else (),
        )

    @expose("/publish/{pk}", methods=["GET", "POST"])
    async def publish(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        return await serving.serve(request, self.templates, PublishPlan(request.path_params["pk"]))


class SubscriptionAdmin(StaffView, model=Subscription):
    name: ClassVar[str] = "subscription"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        wanted = asked.query.get("show", "")
        status = wanted if wanted in tuple(SubscriptionStatus) else ""
        after = asked.id("after")
        rows = admin_lists.subscriptions(work.session, status=status, after=after, most=PAGE_SIZE + 1)
        shown, here = rows[:PAGE_SIZE], list_of(SUBSCRIPTION)
        kept = f"&show={status}" if status else ""
        said = [(s, words.subscription(s).words) for s in SubscriptionStatus]
        return Listing(
            title=gettext("Subscriptions"),
            identity=SUBSCRIPTION,
            lead=gettext("What each Client contracted. A Suspension is not a state of it."),
            tabs=(
                Tab(gettext("All"), here, not status),
                *(Tab(text, f"{here}?show={s}", s == status) for s, text in said),
            ),
            table=Table(
                (gettext("Client"), gettext("Plan"), gettext("State"), gettext("People"), gettext("Next date")),
                tuple(_subscription_cells(row) for row in shown),
                gettext("No subscription in this state."),
            ),
            next_href=f"{here}?after={shown[-1].id}{kept}" if len(rows) > PAGE_SIZE else "",
            first_href=f"{here}?{kept[1:]}" if after else "",
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = admin_lists.subscription(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        return Details(
            title=gettext("Subscription of {client}", client=row.trade_name),
            identity=SUBSCRIPTION,
            crumbs=((gettext("Subscriptions"), list_of(SUBSCRIPTION)),),
            state=words.subscription(row.status),
            facts=(
                Fact(gettext("Client"), Cell(row.trade_name, href=page_of(CLIENT, row.client_id))),
                Fact(gettext("Plan"), _plan_of(row)),
                Fact(gettext("Price"), Cell(words.price(row.price_cents, row.interval))),
                Fact(gettext("People"), Cell(format_number(row.seats))),
                Fact(gettext("Contracted"), Cell(at=row.started_at)),
                Fact(gettext("The period ends"), Cell(at=row.period_ends_at)),
                Fact(gettext("The trial ends"), Cell(at=row.trial_ends_at)),
                Fact(gettext("Ended on"), Cell(at=row.ended_at)),
            ),
        )


def _plan_cells(row: PlanLine) -> tuple[Cell, ...]:
    version = gettext("version {n}", n=row.version)
    return (
        Cell(row.name, small=f"{row.code} · {version}", href=page_of(PLAN, row.code)),
        Cell(words.price(row.price_cents, row.interval), numeric=True),
        Cell(_includes(row)),
        Cell(at=row.published_at),
        Cell(format_number(row.live), numeric=True),
    )


def _includes(row: PlanLine) -> str:
    people = ngettext("{n} person", "{n} people", row.seats)
    return f"{people} · {ngettext('{n} connector', '{n} connectors', row.connectors)}"


def _offer(row: PlanLine) -> State:
    if row.active:
        return State(gettext("On offer"), "ok", "circle-check")
    return State(gettext("Withdrawn"), "mute", "circle-x")


def _subscription_cells(row: SubscriptionLine) -> tuple[Cell, ...]:
    return (
        Cell(row.trade_name, href=page_of(CLIENT, row.client_id)),
        _plan_of(row),
        Cell(state=words.subscription(row.status)),
        Cell(format_number(row.seats), numeric=True),
        Cell(at=row.ended_at or row.trial_ends_at or row.period_ends_at, href=page_of(SUBSCRIPTION, row.id)),
    )


def _plan_of(row: SubscriptionLine) -> Cell:
    price = words.price(row.price_cents, row.interval)
    return Cell(row.plan, small=f"{gettext('version {n}', n=row.version)} · {price}")
