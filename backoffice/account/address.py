"""Another address for the Notices (Terms 5.1, 15.1): asking with the password, taking the wish back.

Confirming is signin.addresses': whoever opens the letter need not be signed in.
"""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import Field
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from backoffice import errors, letters
from backoffice.account import details
from backoffice.account.details import AddressForm, Given
from backoffice.account.visits import TheVisit
from backoffice.deps import TheReader
from backoffice.letters import Kind
from konectus import i18n
from konectus.errors import Invalid, KonectusError, TooMany
from konectus.services import email_changes
from konectus.services.email_changes import SameAddress, Wish
from konectus.services.identity import Credentials, WrongCredentials

router = APIRouter(prefix="/account/details/email", include_in_schema=False)


class ProvenForm(AddressForm):
    password: str = Field("", max_length=1000)


@router.post("")
def ask(visit: TheVisit, reader: TheReader, form: Annotated[ProvenForm, Form()]) -> Response:
    """The letter leaves once the page was answered. Raises ClientSuspended once a deletion has started."""
    visit.require_owner()
    record = visit.visitor.record
    assert record is not None, "somebody who is signed in"
    given = Credentials(record.email, form.password, visit.actor.ip or "")
    wish = Wish(visit.client_id, visit.visitor.user_id, form.email, given)
    try:
        letter = email_changes.ask(visit.installation.works, visit.actor, wish)
    except (WrongCredentials, TooMany, Invalid) as error:
        name, words = _wrong(error)
        answer = details.page(visit, reader, Given(email=form.email, wrong={name: words}, refused=error))
        if isinstance(error, WrongCredentials):
            answer.status_code = errors.STATUS[Invalid]  # they are signed in; it is the field that is wrong
        return answer
    task = BackgroundTask(letters.post, visit.installation, Kind.ADDRESS, letter)
    return RedirectResponse(f"{details.HOME}?note=letter", errors.SEE_OTHER, background=task)


@router.post("/withdraw")
def withdraw(visit: TheVisit) -> Response:
    visit.require_owner()
    with visit.work() as work:
        was_there = email_changes.withdraw(work, visit.client_id)
    return details.back("withdrawn" if was_there else "late")


def _wrong(error: KonectusError) -> tuple[str, str]:
    """The field that does not fit, and what is said about it."""
    if isinstance(error, WrongCredentials):
        return "password", i18n.gettext("That is not your password.")
    if isinstance(error, TooMany):
        seconds = max(1, int(error.retry_after.total_seconds()))
        words = i18n.ngettext("Too many tries. Wait {n} second.", "Too many tries. Wait {n} seconds.", seconds)
        return "password", words
    if isinstance(error, SameAddress):
        return "email", i18n.gettext("That is the registered e-mail already.")
    return "email", i18n.gettext("An e-mail looks like name@example.com.")
