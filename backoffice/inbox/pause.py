"""What a suspended Client's people are told: what happened, since when, what comes next and who can move it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backoffice import errors, pages
from backoffice.inbox.views import Choice
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain.roles import UserRole
from konectus.services.work import Works
from konectus.store.queries import clients
from konectus.store.roles import Role


@dataclass(frozen=True)
class Pause:
    """One open cause as its people read it."""

    heading: str
    since: datetime | None
    what_next: str
    link: Choice | None = None


def of(works: Works, client_id: UUID, role: str) -> Pause | None:
    """The oldest open cause, or None where nothing is open any more."""
    with works.database.session(Role.APP, client_id) as session:
        causes = clients.open_suspensions(session, client_id)
    if not causes:
        return None
    first = causes[0]
    told = errors.CAUSES[first.cause]
    kept = i18n.gettext("Nothing is received or sent meanwhile, and your conversations stay.")
    link = Choice(i18n.gettext("See the account"), "/account") if role == UserRole.OWNER else None
    after = i18n.gettext(told.what_next)
    return Pause(i18n.gettext(told.heading), first.opened_at, f"{kept} {after}", link)


def signed_out() -> Pause:
    """Where the session ended and no cause is open: signed out elsewhere, or the password changed."""
    link = Choice(i18n.gettext("Sign in"), "/login")
    return Pause(
        i18n.gettext("Your session ended"), None, i18n.gettext("Sign in again to go on; nothing was lost."), link
    )


def fragment(pause: Pause, reader: Reader) -> str:
    return pages.render("inbox/pause.html", reader, pause=pause)
