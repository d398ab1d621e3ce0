"""Views of the figures that a person keeps under a name (surfaces.md 4): permalinks, each person's own.

What a permalink shows is the dashboard's to say; one whose period is not published any more is refused there.
"""

import re
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from konectus.errors import Conflict, Invalid, NotFound
from konectus.ids import uuid7
from konectus.services.work import Change, Work
from konectus.store.models.readers import SavedView
from konectus.store.queries import saved_views as stored

MOST = 50
LONGEST_NAME = 60
# What permalinks are made of, and nothing that leads elsewhere.
_PATH = re.compile(r"[a-z-]{0,60}", re.ASCII)
_QUERY = re.compile(r"[A-Za-z0-9=&/_%-]{0,200}", re.ASCII)
_REASON = "a person's own view"


class BadView(Invalid):
    """`field` is what does not fit: the name, or the address of the view."""

    code = "bad_view"
    field: ClassVar[str] = "name"


class BadAddress(BadView):
    field = "address"


class NameTaken(Conflict):
    code = "view_name_taken"


class TooManyViews(Conflict):
    code = "too_many_views"


@dataclass(frozen=True)
class NewView:
    """A name of 1 to 60 characters, the page below /dashboard/ and the query of its permalink."""

    name: str
    path: str
    query: str


def keep(work: Work, new: NewView) -> UUID:
    """Raises BadView, BadAddress, NameTaken or TooManyViews."""
    staff_id, name = _owner(work), _name(new.name)
    if not _PATH.fullmatch(new.path) or not _QUERY.fullmatch(new.query):
        raise BadAddress("that is no address of the figures")
    _require_free(work, staff_id, name)
    if len(stored.own(work.session, staff_id, most=MOST)) >= MOST:
        raise TooManyViews(f"a person keeps {MOST} views at most; delete one first")
    found = SavedView(
        id=uuid7(work.now), staff_id=staff_id, name=name, path=new.path, query=new.query, saved_at=work.now
    )
    work.session.add(found)
    work.record("view.kept", ("saved_view", found.id), Change(reason=_REASON, after=_said(found)))
    return found.id


def rename(work: Work, view_id: UUID, name: str) -> None:
    """Raises NotFound where it is not one's own, BadView or NameTaken."""
    found, wanted = _own(work, view_id), _name(name)
    if wanted == found.name:
        return
    _require_free(work, found.staff_id, wanted)
    before = _said(found)
    found.name = wanted
    work.record("view.renamed", ("saved_view", found.id), Change(reason=_REASON, before=before, after=_said(found)))


def drop(work: Work, view_id: UUID) -> None:
    """Raises NotFound where it is not one's own."""
    found = _own(work, view_id)
    work.record("view.dropped", ("saved_view", found.id), Change(reason=_REASON, before=_said(found)))
    work.session.delete(found)


def _owner(work: Work) -> UUID:
    return UUID(work.actor.id)


def _own(work: Work, view_id: UUID) -> SavedView:
    found = work.session.get(SavedView, view_id, with_for_update=True)
    if found is None or found.staff_id != _owner(work):
        raise NotFound
    return found


def _name(typed: str) -> str:
    name = " ".join(typed.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise BadView(f"a name has 1 to {LONGEST_NAME} characters")
    return name


def _require_free(work: Work, staff_id: UUID, name: str) -> None:
    if stored.named(work.session, staff_id, name) is not None:
        raise NameTaken("another view has that name")


def _said(found: SavedView) -> dict[str, object]:
    return {"name": found.name, "path": found.path, "query": found.query}
