"""What an agent does: reply, keep a draft, read, assign, close. Every one is a POST; the rules are services.inbox."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.inbox import present, turns
from backoffice.inbox.looks import Look, OpenLook
from backoffice.inbox.uploads import MOST_BYTES, TheReply
from konectus.errors import NotFound
from konectus.services import attachments, inbox, parts
from konectus.store.queries import threads

router = APIRouter(include_in_schema=False, prefix="/inbox/c/{conversation_id}")

_LONGEST = 100_000  # above what any channel takes in all its parts, which the service knows


class DraftForm(BaseModel):
    text: str = Field("", max_length=_LONGEST)


class AssignForm(BaseModel):
    to: str = Field("", max_length=40)


class DecideForm(BaseModel):
    """Whether an unconfirmed part arrived, or is to go out again."""

    outcome: Literal["arrived", "again"]


@router.post("/replies", max_body_size=MOST_BYTES)
def reply(request: Request, look: OpenLook, conversation_id: UUID, given: TheReply) -> Response:
    """Queue a reply; a script gets its bubbles, a plain form the thread."""
    new = inbox.NewReply(given.reply_id, conversation_id, look.user_id, given.text, given.files)
    with look.work() as work:
        queued = inbox.reply(work, new, request.app.state.files)
    if not errors.is_script(request):
        return _done(request, look, conversation_id)
    with look.session() as session:
        row = look.row(session, conversation_id)
        found = [threads.message(session, look.keys, part) for part in queued]
    messages = [message for message in found if message is not None]
    shown = turns.turns(messages, present.talk_of(row), look.reader)
    return HTMLResponse("".join(pages.render("inbox/turn.html", look.reader, turn=turn) for turn in shown))


@router.post("/parts/{message_id}/cancel")
def cancel_part(request: Request, look: OpenLook, conversation_id: UUID, message_id: UUID) -> Response:
    """Stop a part that has not left; its text comes back as a draft."""
    with look.work() as work:
        parts.cancel_part(work, message_id)
    return _done(request, look, conversation_id)


@router.post("/parts/{message_id}/retry")
def retry_part(request: Request, look: OpenLook, conversation_id: UUID, message_id: UUID) -> Response:
    with look.work() as work:
        parts.retry_part(work, message_id, request.app.state.files)
    return _done(request, look, conversation_id)


@router.post("/parts/{message_id}/decide")
def decide_part(
    request: Request, look: OpenLook, conversation_id: UUID, message_id: UUID, form: Annotated[DecideForm, Form()]
) -> Response:
    """An agent says what became of a part that nobody else can tell of."""
    with look.work() as work:
        parts.decide_unknown(work, message_id, request.app.state.files, arrived=form.outcome == "arrived")
    return _done(request, look, conversation_id)


@router.post("/files/{attachment_id}/retry")
def fetch_again(request: Request, look: OpenLook, conversation_id: UUID, attachment_id: UUID) -> Response:
    """Ask the channel once more for a file that could not be fetched."""
    with look.work() as work:
        attachments.retry(work, attachment_id)
    return _done(request, look, conversation_id)


@router.post("/draft")
def keep_draft(request: Request, look: OpenLook, conversation_id: UUID, form: Annotated[DraftForm, Form()]) -> Response:
    with look.work() as work:
        inbox.save_draft(work, conversation_id, look.user_id, form.text)
    return _done(request, look, conversation_id)


@router.post("/read")
def mark_read(request: Request, look: OpenLook, conversation_id: UUID) -> Response:
    """The thread is before somebody's eyes: opening it is a GET and marks nothing."""
    with look.work() as work:
        inbox.mark_read(work, conversation_id)
    return _done(request, look, conversation_id)


@router.post("/assign")
def assign(request: Request, look: OpenLook, conversation_id: UUID, form: Annotated[AssignForm, Form()]) -> Response:
    with look.work() as work:
        inbox.assign(work, conversation_id, _person(form.to))
    return _done(request, look, conversation_id)


@router.post("/close")
def close(request: Request, look: OpenLook, conversation_id: UUID) -> Response:
    with look.work() as work:
        inbox.close(work, conversation_id)
    return _done(request, look, conversation_id)


@router.post("/reopen")
def reopen(request: Request, look: OpenLook, conversation_id: UUID) -> Response:
    with look.work() as work:
        inbox.reopen(work, conversation_id)
    return _done(request, look, conversation_id)


def _person(text: str) -> UUID | None:
    """Nobody for an empty word. Raises NotFound for what is no id, as for a stranger's."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None


def _done(request: Request, look: Look, conversation_id: UUID) -> Response:
    """A plain form returns to the thread; a script asks for what it shows next."""
    if errors.is_script(request):
        return Response(status_code=errors.NO_CONTENT)
    return RedirectResponse(f"/inbox/c/{conversation_id}{look.chosen.query}", errors.SEE_OTHER)
