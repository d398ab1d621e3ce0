"""Views of the figures that a person keeps: list, keep, rename, delete. The figures themselves are the dashboard's."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.deps import TheActor, TheReader, TheWorks
from backoffice.pages import Reader
from konectus.errors import KonectusError
from konectus.i18n import gettext
from konectus.services import saved_views
from konectus.services.saved_views import LONGEST_NAME, MOST, BadAddress, BadView, NameTaken, NewView, TooManyViews
from konectus.services.work import Work
from konectus.store.queries import saved_views as stored
from konectus.store.queries.saved_views import Kept

HOME = "/views"
router = APIRouter(prefix=HOME, include_in_schema=False)
UNREADABLE = 422
Typed = Annotated[str, Form()]


@dataclass(frozen=True)
class Page:
    """The views; what is to be kept, where something is; what was refused, and of which view (None: of the new one).

    `typed`: the name that this view was to have.
    """

    kept: tuple[Kept, ...]
    new: NewView | None = None
    refused: str = ""
    of: UUID | None = None
    typed: str = ""


@router.get("")
def show(
    works: TheWorks,
    actor: TheActor,
    reader: TheReader,
    path: Annotated[str | None, Query(max_length=60)] = None,
    query: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """All of them, and with an address the form that keeps it."""
    new = NewView("", path, query.removeprefix("?")) if path is not None else None
    with works.staff(actor) as work:
        return HTMLResponse(_written(reader, Page(_kept(work), new)))


def _typed(name: Typed = "", path: Typed = "", query: Typed = "") -> NewView:
    return NewView(name, path, query)


@router.post("")
def keep(works: TheWorks, actor: TheActor, reader: TheReader, new: Annotated[NewView, Depends(_typed)]) -> Response:
    try:
        with works.staff(actor) as work:
            saved_views.keep(work, new)
    except (BadView, NameTaken, TooManyViews) as error:
        with works.staff(actor) as work:
            return HTMLResponse(_written(reader, Page(_kept(work), new, _words(error))), UNREADABLE)
    return RedirectResponse(HOME, errors.SEE_OTHER)


@router.post("/{view_id}/rename")
def rename(works: TheWorks, actor: TheActor, reader: TheReader, view_id: UUID, name: Typed = "") -> Response:
    try:
        with works.staff(actor) as work:
            saved_views.rename(work, view_id, name)
    except (BadView, NameTaken) as error:
        with works.staff(actor) as work:
            refused = Page(_kept(work), refused=_words(error), of=view_id, typed=name)
            return HTMLResponse(_written(reader, refused), UNREADABLE)
    return RedirectResponse(HOME, errors.SEE_OTHER)


@router.post("/{view_id}/delete")
def delete(works: TheWorks, actor: TheActor, view_id: UUID) -> Response:
    with works.staff(actor) as work:
        saved_views.drop(work, view_id)
    return RedirectResponse(HOME, errors.SEE_OTHER)


def _kept(work: Work) -> tuple[Kept, ...]:
    return tuple(stored.own(work.session, UUID(work.actor.id), most=MOST))


def _written(reader: Reader, page: Page) -> str:
    return pages.render("saved_views.html", reader, page=page, longest=LONGEST_NAME)


def _words(error: KonectusError) -> str:
    match error:
        case BadAddress():
            return gettext("That is no address of the figures. Open the view and save it from there.")
        case BadView():
            return gettext("Give it a name of 1 to {n} characters.", n=LONGEST_NAME)
        case NameTaken():
            return gettext("Another view of yours has that name. Choose another one.")
        case _:
            return gettext("You keep {n} views already. Delete one first.", n=MOST)
