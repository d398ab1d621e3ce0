"""Who calls the API: the Client of a bearer token, and what a Suspension leaves it. No routes here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from backoffice.deps import TheInstallation
from konectus.domain.suspension import ClientSuspended
from konectus.errors import Unauthenticated
from konectus.sealing import ClientKeys, token_hash
from konectus.services import documents
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.queries import clients, people, profiles
from konectus.store.roles import Role

_SCHEME = "bearer "


class NoToken(Unauthenticated):
    """No bearer token, or one that is unknown or revoked: not told apart."""

    code = "api_token"


@dataclass(frozen=True)
class Caller:
    """A Client's program."""

    installation: Installation
    client_id: UUID

    @property
    def keys(self) -> ClientKeys:
        return self.installation.keys.of(self.client_id)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Sees this Client's rows alone."""
        with self.installation.database.session(Role.APP, self.client_id) as session:
            yield session

    def require_inbox(self) -> None:
        """Raises ClientSuspended while the Client's people cannot use the inbox either."""
        with self.session() as session:
            found = clients.access(session, self.client_id)
        if found.inbox:
            raise ClientSuspended("the inbox is closed while the Client is suspended", causes=found.causes)

    def require_export(self) -> None:
        """Raises ClientSuspended where the export is blocked too; taking data along outlives most Suspensions."""
        with self.session() as session:
            found = clients.access(session, self.client_id)
        if found.export:
            raise ClientSuspended("the export is blocked by an order or for security", causes=found.causes)


def caller(request: Request, installation: TheInstallation) -> Caller:
    """The Client of the bearer token. Raises NoToken."""
    given = request.headers.get("authorization", "")
    if given[: len(_SCHEME)].lower() != _SCHEME:
        raise NoToken("send the header Authorization: Bearer with a token of the Client")
    with installation.database.session(Role.APP) as session:
        found = people.client_by_api_token(session, token_hash(given[len(_SCHEME) :].strip()))
    if found is None:
        raise NoToken("this token is unknown or revoked")
    _note_use(installation, found)
    return Caller(installation, found[0])


def _note_use(installation: Installation, token: tuple[UUID, UUID, str]) -> None:
    """Terms 16: use by a program counts as well. Looked up now and then, not on each request."""
    client_id, token_id, name = token
    now = installation.clock.now()
    looked = _looked.get((id(installation), client_id))
    if looked is not None and now - looked < LOOK_AGAIN:
        return
    if len(_looked) >= _MOST_LOOKED:
        _looked.clear()
    _looked[id(installation), client_id] = now
    with installation.works.tenant(client_id, Actor("agent", str(token_id), name)) as work:
        documents.accept_by_use(work, client_id, None, profiles.house(work.session, client_id).language)


# When each Client's last look was, for this process: a version is noted within so long of its first use by a program.
LOOK_AGAIN = timedelta(minutes=10)
_looked: dict[tuple[int, UUID], datetime] = {}
_MOST_LOOKED = 10_000


TheCaller = Annotated[Caller, Depends(caller)]
