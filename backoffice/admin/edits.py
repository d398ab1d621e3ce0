"""Editing a Client's own data: a form with a reason, guarded by the version on the page, recorded before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from anyio import to_thread
from sqladmin.templating import Jinja2Templates
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice import deps
from backoffice.admin.pieces import Field, typed
from backoffice.admin.roles import CLIENT
from backoffice.admin.shell import page_of
from backoffice.admin.view import waiting
from konectus.domain import zones
from konectus.domain.suspension import MIN_REASON
from konectus.i18n import gettext
from konectus.services import email_changes
from konectus.services.suspensions import NoSuchClient
from konectus.services.work import Change, Work
from konectus.store.models.clients import Client

# Industry and region are codes of closed lists that figures are grouped by: free text would break those.
COLUMNS = ("trade_name", "legal_name", "tax_id", "registered_email", "language", "zone")
LONGEST = 200
UNREADABLE, CONFLICT, SEE_OTHER = 422, 409, 303
# An RFC has 12 or 13 characters; tax ids of other countries are shorter or longer.
_OPTIONAL = ("tax_id",)


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed, by column, with the reason and the version of the row that was on the page."""

    values: Mapping[str, str]
    why: str
    version: str

    @classmethod
    def of(cls, form: FormData) -> "Given":
        values = {column: typed(form.get(column)) for column in COLUMNS}
        values["tax_id"] = values["tax_id"].upper()
        values["registered_email"] = values["registered_email"].lower()
        return cls(values, typed(form.get("why")), typed(form.get("version")))


@dataclass(frozen=True, slots=True)
class EditPage:
    """The form. Stale = somebody changed the row meanwhile: what stands there now is said beside each field."""

    identity: str
    client_id: UUID
    client_name: str
    version: int
    fields: tuple[Field, ...]
    why: Field
    is_stale: bool = False


async def serve(request: Request, templates: Jinja2Templates, client_id: UUID) -> Response:
    """GET shows the form, POST saves or shows it again with everything typed. The right was asked before."""
    given = Given.of(await request.form()) if request.method == "POST" else None
    outcome = await to_thread.run_sync(_answer, request, client_id, given)
    if isinstance(outcome, str):
        return RedirectResponse(outcome, SEE_OTHER)
    page, status = outcome
    return await templates.TemplateResponse(request, "admin/edit.html", {"page": page}, status)


def _answer(request: Request, client_id: UUID, given: Given | None) -> str | tuple[EditPage, int]:
    with deps.works(request).staff(deps.actor(request)) as work:
        request.state.waiting = waiting(work)
        client = work.session.get(Client, client_id, with_for_update=given is not None)
        if client is None:
            raise NoSuchClient
        stored = {column: getattr(client, column) or "" for column in COLUMNS}
        if given is None:
            return _page(client, Given(stored, "", str(client.row_version)), {}, stored), 200
        is_stale = given.version != str(client.row_version)
        problems = _problems(given)
        if problems or is_stale:
            return _page(client, given, problems, stored, is_stale=is_stale), UNREADABLE if problems else CONFLICT
        save(work, client, given)
    return page_of(CLIENT, client_id)


def save(work: Work, client: Client, given: Given) -> None:
    """Store what differs and record it with before and after, in this transaction; nothing where nothing differs."""
    before, after = {}, {}
    for column in COLUMNS:
        old, new = getattr(client, column), given.values[column] or None
        if old != new:
            before[column], after[column] = old, new
            setattr(client, column, new)
    if not after:
        return
    client.legal_name_lower = client.legal_name.casefold()
    work.record("client.edited", ("client", client.id), Change(client.id, given.why, before, after))
    if "registered_email" in before:
        work.session.flush()  # the notices read the Client's row
        email_changes.tell(work, client, before["registered_email"])


def _problems(given: Given) -> dict[str, str]:
    found = {}
    for column, value in given.values.items():
        if not value and column not in _OPTIONAL:
            found[column] = gettext("This cannot be empty")
        elif len(value) > LONGEST:
            found[column] = gettext("It is too long: at most {most} characters", most=LONGEST)
    found.update({column: words for column, words in _shapes(given.values).items() if column not in found})
    if len(given.why) < MIN_REASON:
        found["why"] = gettext("Give the reason in at least ten characters")
    return found


def _shapes(values: Mapping[str, str]) -> dict[str, str]:
    name, at, host = values["registered_email"].partition("@")
    found = {}
    if not (name and at and host) or any(c.isspace() for c in values["registered_email"]):
        found["registered_email"] = gettext("An e-mail address has a name, an @ and a domain")
    if values["language"] not in ("es", "en"):
        found["language"] = gettext("Choose one of the list")
    if values["zone"] not in zones.names():
        found["zone"] = gettext("No zone is called so; for example America/Mexico_City")
    return found


def _page(
    client: Client, given: Given, problems: Mapping[str, str], stored: Mapping[str, str], *, is_stale: bool = False
) -> EditPage:
    labels = {
        "trade_name": gettext("Trade name"),
        "legal_name": gettext("Legal name"),
        "tax_id": gettext("RFC"),
        "registered_email": gettext("Legal e-mail"),
        "language": gettext("Language"),
        "zone": gettext("Zone"),
    }
    languages = (("es", gettext("Spanish")), ("en", gettext("English")))

    def field(column: str) -> Field:
        differs = is_stale and stored[column] != given.values[column]
        return Field(
            column,
            labels[column],
            given.values[column],
            "select" if column == "language" else "text",
            options=languages if column == "language" else (),
            hint=gettext("Now stored: {value}", value=stored[column] or "—") if differs else "",
            error=problems.get(column, ""),
            longest=LONGEST,
        )

    hint = gettext("Audit keeps it with what was there before.")
    why = Field("why", gettext("Reason"), given.why, "area", hint=hint, error=problems.get("why", ""), is_wide=True)
    fields = tuple(field(column) for column in COLUMNS)
    return EditPage(CLIENT, client.id, client.trade_name, client.row_version, fields, why, is_stale)
