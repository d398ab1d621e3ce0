"""Who asks on a page of the account, with their unit of work. What may be asked is each page's."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from backoffice.deps import TheActor, TheInstallation, TheVisitor, tenant_of
from backoffice.sessions import Visitor
from konectus.domain.roles import UserRole
from konectus.errors import Forbidden
from konectus.services.installation import Installation
from konectus.services.work import Actor, Work
from konectus.store.queries.consents import Bearer


class OwnersOnly(Forbidden):
    code = "owners_only"


@dataclass(frozen=True)
class Visit:
    """A request of one of a Client's people."""

    visitor: Visitor
    actor: Actor
    installation: Installation

    @property
    def client_id(self) -> UUID:
        return tenant_of(self.visitor)

    @property
    def is_owner(self) -> bool:
        return self.visitor.role == UserRole.OWNER

    @property
    def bearer(self) -> Bearer:
        return Bearer(self.visitor.user_id, self.visitor.session_id)

    def work(self) -> AbstractContextManager[Work]:
        """The Client's rows, in the name of this person."""
        return self.installation.works.tenant(self.client_id, self.actor)

    def require_owner(self) -> None:
        """Raises OwnersOnly: channels are connected by owners (product.md)."""
        if not self.is_owner:
            raise OwnersOnly


def visit(visitor: TheVisitor, actor: TheActor, installation: TheInstallation) -> Visit:
    return Visit(visitor, actor, installation)


TheVisit = Annotated[Visit, Depends(visit)]
