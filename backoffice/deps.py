"""What routes ask FastAPI for: the installation, the visitor, the unit of work and its actor."""

from typing import Annotated
from uuid import UUID

from anyio import to_thread
from fastapi import Depends, Request

from backoffice.pages import Reader
from backoffice.sessions import Kind, Recognise, Visitor
from konectus.domain.roles import UserRole
from konectus.services import documents, identity
from konectus.services.credentials import Asker
from konectus.services.installation import Installation
from konectus.services.work import Actor, Works
from konectus.settings import LOOPBACK
from konectus.store.queries import clients, profiles, standing
from konectus.store.queries.people import UserSession
from konectus.store.roles import Role


def installation(request: Request) -> Installation:
    found: Installation = request.app.state.installation
    return found


def works(request: Request) -> Works:
    return installation(request).works


def reader(request: Request) -> Reader:
    found: Reader = request.state.reader
    return found


def visitor(request: Request) -> Visitor:
    """The signed-in person; the guard has let nobody else in."""
    found: Visitor = request.state.visitor
    return found


def tenant_of(found: Visitor) -> UUID:
    assert found.client_id is not None, "only a Client's people have a tenant"
    return found.client_id


def actor(request: Request) -> Actor:
    """The visitor as the audit trail names them."""
    found = visitor(request)
    address = request.client.host if request.client else None
    return Actor(found.kind, str(found.user_id), found.name, address, request.state.request_id)


def asker(request: Request) -> Asker:
    """Somebody who is known by the link they follow alone."""
    return Asker(request.client.host if request.client else None, request.state.request_id)


def is_demo(request: Request) -> bool:
    """One-click sign-ins and shown codes: ENVIRONMENT=demo, asked from this machine under a name of this machine."""
    near = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    host = request.headers.get("host", "").rsplit(":", 1)[0]
    return installation(request).settings.environment == "demo" and near and host in LOOPBACK


TheInstallation = Annotated[Installation, Depends(installation)]
TheWorks = Annotated[Works, Depends(works)]
TheReader = Annotated[Reader, Depends(reader)]
TheVisitor = Annotated[Visitor, Depends(visitor)]
TheActor = Annotated[Actor, Depends(actor)]


def recogniser(of: Works) -> Recognise:
    """Looks a session up in a thread, on every request: what was ended a second ago opens nothing."""

    async def recognise(kind: Kind, token: str) -> Visitor | None:
        return await to_thread.run_sync(agent_of if kind == "agent" else staff_of, of, token)

    return recognise


def agent_of(of: Works, token: str) -> Visitor | None:
    found = identity.user_of(of, token)
    if found is None:
        return None
    with of.database.session(Role.APP, found.client_id) as session:
        access = clients.access(session, found.client_id)
        house = profiles.house(session, found.client_id)
        stands = standing.of_client(session, found.client_id, of.clock.now())
    if access.login:
        return None
    if stands.has_new_terms and found.role is UserRole.OWNER:
        note_use(of, found, house.language)
    return Visitor(
        kind="agent",
        session_id=found.session_id,
        user_id=found.user_id,
        role=found.role,
        name=found.name,
        client_id=found.client_id,
        client_name=house.trade_name,
        locale=LOCALE_OF.get(house.language, "en"),
        zone=house.zone,
        access=access,
        standing=stands,
        record=found,
    )


def note_use(of: Works, user: UserSession, language: str) -> None:
    """Terms 16: an owner who goes on using the product after new Terms took effect has accepted them, once."""
    with of.tenant(user.client_id, Actor("agent", str(user.user_id), user.name)) as work:
        documents.accept_by_use(work, user.client_id, user.user_id, language)


LOCALE_OF = {"es": "es_MX", "en": "en"}


def staff_of(of: Works, token: str) -> Visitor | None:
    found = identity.staff_of(of, token)
    if found is None:
        return None
    return Visitor("staff", found.session_id, found.staff_id, found.role, found.name, record=found)
