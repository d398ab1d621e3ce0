"""`konectus client` and `konectus user`: registering Clients and people from a terminal."""

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from konectus.cli.console import say, table
from konectus.cli.database import opened
from konectus.domain.endings import Against, DeletionEnd
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.spelling import is_name
from konectus.errors import Conflict, Invalid
from konectus.papers.certificate import render
from konectus.services import credentials, registration, suspensions
from konectus.services.installation import Installation
from konectus.services.work import Actor, Work
from konectus.store.queries import erasure, overview
from konectus.store.queries.erasure import DeletionRow
from konectus.store.roles import Role

COMMAND = Actor("system", "command", "konectus command")
_LONGEST_NAME = 200
_WHY = {
    DeletionEnd.REACTIVATED: "the Client uses the product",
    DeletionEnd.WINDOW: "its export window has not elapsed",
    DeletionEnd.HOLD: "a hold forbids it",
}

clients = typer.Typer(help="Clients.", no_args_is_help=True)
users = typer.Typer(help="People who sign in.", no_args_is_help=True)

ClientOption = Annotated[UUID, typer.Option("--client", help="the Client's id")]


class NoSuchPlan(Invalid):
    code = "no_such_plan"


class NoSuchRole(Invalid):
    code = "no_such_role"


class NoCertificate(Conflict):
    code = "no_certificate"


def _name(text: str) -> str:
    """Raises BadParameter for what nobody could read or type."""
    plain = text.strip()
    if not is_name(plain, _LONGEST_NAME):
        raise typer.BadParameter(f"a name has 1 to {_LONGEST_NAME} characters that can be read and typed")
    return plain


@clients.command("add")
def add_client(
    name: Annotated[str, typer.Option(help="trade name")],
    email: Annotated[str, typer.Option(help="registered e-mail address")],
    legal_name: Annotated[str, typer.Option(help="legal name; the trade name where none is given")] = "",
    tax_id: Annotated[str | None, typer.Option(help="RFC")] = None,
    plan: Annotated[str | None, typer.Option(help="code of a published Plan to contract")] = None,
) -> None:
    """Register a Client and print its id."""
    shown = _name(name)
    legal = _name(legal_name or shown)
    new = registration.NewClient(legal_name=legal, trade_name=shown, registered_email=email, tax_id=tax_id)
    with opened() as installation, installation.works.system(COMMAND) as work:
        client = registration.add_client(work, new)
        if plan is not None:
            work.session.flush()  # the subscription points at it
            _subscribe(work, client.id, plan)
    say(str(client.id))


@clients.command("list")
def list_clients(most: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 50) -> None:
    """Clients, newest first."""
    with opened() as installation, installation.database.session(Role.WORKER) as session:
        lines = overview.client_lines(session, most)
    rows = [(line.id, line.trade_name, line.plan, line.status, f"{line.created_at:%Y-%m-%d}") for line in lines]
    table(("id", "name", "plan", "status", "since"), rows)


@clients.command("token")
def token(client_id: ClientOption, name: Annotated[str, typer.Option(help="what it is for")] = "command line") -> None:
    """Print a new API token of a Client; it is shown this once."""
    with opened() as installation, installation.works.system(COMMAND) as work:
        suspensions.client_of(work, client_id)
        secret = credentials.add_api_token(work, client_id, name)
    say(secret)


@clients.command("delete-status")
def delete_status(
    client_id: ClientOption,
    certificate: Annotated[Path | None, typer.Option(help="write the certificate here: a .pdf, else JSON")] = None,
) -> None:
    """How far the deletion of a Client is; deleting itself takes two people of the staff."""
    with opened() as installation, installation.database.session(Role.WORKER) as session:
        found = erasure.of_client(session, client_id)
        against = erasure.against(session, client_id)
    if not found:
        say(f"no deletion was asked for; {_standing(against)}")
    for row in found:
        _tell_deletion(row)
    if certificate is not None:
        _write_certificate(certificate, found)


@users.command("add")
def add_user(
    email: Annotated[str, typer.Option(help="they sign in with it")],
    role: Annotated[str, typer.Option(help="owner, supervisor, agent; with --staff: admin, support, billing, …")],
    name: Annotated[str, typer.Option(help="how colleagues see them")] = "",
    client: Annotated[UUID | None, typer.Option("--client", help="the Client's id")] = None,
    staff: Annotated[bool, typer.Option("--staff", help="a person of Konectus")] = False,
) -> None:
    """Add a person and print the one-time link by which they choose a password."""
    if staff == (client is not None):
        raise typer.BadParameter("give --staff, or --client with the Client's id")
    shown = _name(name or email.partition("@")[0])
    with opened() as installation:
        if client is None:
            link = _add_staff(installation, email, shown, role)
        else:
            link = _add_user(installation, client, (email, shown), role)
    say(link)


def _add_staff(installation: Installation, email: str, name: str, role: str) -> str:
    if role not in set(StaffRole):
        raise NoSuchRole(f"{role}: roles of the staff are {', '.join(StaffRole)}")
    with installation.works.system(COMMAND) as work:
        person = registration.add_staff(work, email, name, StaffRole(role))
        work.session.flush()  # the link points at it
        secret = credentials.link_for_staff(work, person.id)
    return f"{installation.settings.public_url.rstrip('/')}/admin/login/link/{secret}"


def _add_user(installation: Installation, client_id: UUID, who: tuple[str, str], role: str) -> str:
    if role not in set(UserRole):
        raise NoSuchRole(f"{role}: roles of a Client's people are {', '.join(UserRole)}")
    with installation.works.system(COMMAND) as work:
        suspensions.client_of(work, client_id)
        user = registration.add_user(work, client_id, *who, UserRole(role))
        work.session.flush()  # the link points at it
        secret = credentials.link_for_user(work, user.id)
    return f"{installation.settings.public_url.rstrip('/')}/invite/{secret}"


def _standing(against: Against) -> str:
    why = against.refusal()
    return (
        f"one is refused now: {_WHY.get(why, why)}" if why else "the window has elapsed and nothing stands against one"
    )


def _tell_deletion(row: DeletionRow) -> None:
    say(f"{row.state}  {row.id}" + (f"  ({row.cancel_reason})" if row.cancel_reason else ""))
    instants = {
        "requested": row.requested_at,
        "approved": row.approved_at,
        "approved by a second person": row.second_at,
        "started": row.started_at,
        "key destroyed": row.key_destroyed_at,
        "certified": row.certified_at,
        "out of the backups": row.residual_gone_at,
    }
    table(("step", "at"), [(step, f"{at:%Y-%m-%d %H:%M:%S}Z") for step, at in instants.items() if at is not None])


def _write_certificate(path: Path, found: list[DeletionRow]) -> None:
    said = next((row.certificate for row in found if row.certified_at is not None), None)
    if said is None:
        raise NoCertificate("there is no certificate yet: a deletion has one when it is verified")
    is_pdf = path.suffix == ".pdf"
    path.write_bytes(render(said) if is_pdf else json.dumps(said, indent=2, ensure_ascii=False).encode())
    say(str(path))


def _subscribe(work: Work, client_id: UUID, code: str) -> None:
    version = overview.newest_plan_version(work.session, code)
    if version is None:
        known = ", ".join(overview.plan_codes(work.session)) or "none yet"
        raise NoSuchPlan(f"{code}: no such Plan is published; published are: {known}")
    registration.subscribe(work, client_id, version)
