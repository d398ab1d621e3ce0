"""A person of the staff before a command's page, and what is in the tables afterwards."""

from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import httpx
from sqlalchemy import func, select

from konectus.services.installation import Installation
from tests.backoffice.admin.factors import code_of
from tests.backoffice.admin.pages import Page

WHY = "Visto en el estado de cuenta de hoy"
M = TypeVar("M")


@dataclass
class Desk:
    """Fills in what the page does not."""

    http: httpx.Client
    address: str
    typed: dict[str, str] = field(default_factory=lambda: {"why": WHY})
    # Of whom a code is asked as well, where the page asks for one.
    installation: Installation | None = None

    def read(self) -> Page:
        answered = self.http.get(self.address)
        assert answered.status_code == 200, answered.text[:400]
        return Page(answered.text)

    def send(self, **changed: str) -> httpx.Response:
        """What stands in the form, with what is typed; confirmed again where the rehearsal is shown anew."""
        given = self.read().fields | self.typed
        if "code" in given and self.installation:
            given["code"] = code_of(self.installation, self.http)
        given |= changed
        answered = self.http.post(self.address, data=given)
        if answered.status_code == 200:
            given |= {"weighed": Page(answered.text).fields["weighed"]}
            answered = self.http.post(self.address, data=given)
        return answered


def one(installation: Installation, model: type[M], *where: Any) -> M:
    """The only row that fits."""
    with installation.works.system() as work:
        found = work.session.scalars(select(model).where(*where)).one()
        work.session.expunge_all()
        return found


def count(installation: Installation, model: Any, client_id: UUID) -> int:
    """Rows of one Client."""
    with installation.works.system() as work:
        mine = select(func.count()).select_from(model).where(model.client_id == client_id)
        return work.session.scalar(mine) or 0
