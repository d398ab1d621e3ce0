"""One agent's look at the inbox: who, which list, and the Client's rows and keys that come with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from backoffice.deps import TheActor, TheWorks, tenant_of, visitor
from backoffice.inbox.listing import Filter
from backoffice.pages import Reader
from backoffice.sessions import Visitor
from konectus.domain.suspension import ClientSuspended
from konectus.sealing import ClientKeys
from konectus.services.inbox import NoSuchConversation
from konectus.services.work import Actor, Work, Works
from konectus.store.queries import inbox
from konectus.store.roles import Role


@dataclass(frozen=True)
class Look:
    """What every page and action of the inbox begins with."""

    works: Works
    visitor: Visitor
    reader: Reader
    chosen: Filter
    actor: Actor

    @property
    def client_id(self) -> UUID:
        return tenant_of(self.visitor)

    @property
    def user_id(self) -> UUID:
        return self.visitor.user_id

    @property
    def keys(self) -> ClientKeys:
        return self.works.keys.of(self.client_id)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Reads of this Client alone."""
        with self.works.database.session(Role.APP, self.client_id) as session:
            yield session

    @contextmanager
    def work(self) -> Iterator[Work]:
        with self.works.tenant(self.client_id, self.actor) as work:
            yield work

    def row(self, session: Session, conversation_id: UUID) -> inbox.ListRow:
        """Raises NoSuchConversation, the same for what is absent and for what is another Client's."""
        found = inbox.list_row(session, self.keys, self.user_id, conversation_id)
        if found is None:
            raise NoSuchConversation
        return found


def chosen_list(view: str = "", status: str = "", channel: str = "", kind: str = "") -> Filter:
    return Filter.read(view, status, channel, kind)


def look(request: Request, works: TheWorks, actor: TheActor, chosen: Annotated[Filter, Depends(chosen_list)]) -> Look:
    return Look(works, visitor(request), request.state.reader, chosen, actor)


def open_look(found: Annotated[Look, Depends(look)]) -> Look:
    """Raises ClientSuspended while a Suspension closes the inbox."""
    if found.visitor.access.inbox:
        raise ClientSuspended(causes=found.visitor.access.causes)
    return found


AnyLook = Annotated[Look, Depends(look)]
OpenLook = Annotated[Look, Depends(open_look)]
