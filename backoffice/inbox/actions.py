"""What an agent does: reply, keep a draft, read, assign, close. Every one is a POST; the rules are services.inbox."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice import errors, pages
from backoffice.inbox import present
from backoffice.inbox.looks import Look, OpenLook
from konectus.errors import NotFound
from konectus.services import inbox
from konectus.store.queries import threads

router = APIRouter(include_in_schema=False, prefix="/inbox/c/{conversation_id}")

_LONGEST = 20_000  # far above every channel's limit, which the service knows


class ReplyForm(BaseModel):
    """`reply_id` is made by the page before the first try: however often it arrives, it is one reply."""

    reply_id: UUID
    text: str = Field(max_length=_LONGEST)


class DraftForm(BaseModel):
    text: str = Field("", max_length=_LONGEST)


class AssignForm(BaseModel):
    to: str = Field("", max_length=40)


@router.post("/replies")
def reply(request: Request, look: OpenLook, conversation_id: UUID, form: Annotated[ReplyForm, Form()]) -> Response:
    """Queue a reply; a script gets its bubble, a plain form the thread."""
    new = inbox.NewReply(form.reply_id, conversation_id, look.user_id, form.text.replace("\r\n", "\n"))
    with look.work() as work:
        parts = inbox.reply(work, new)
    if not errors.is_script(request):
        return _done(request, look, conversation_id)
    with look.session() as session:
        found = [threads.message(session, look.keys, part) for part in parts]
    turns = present.turns([message for message in found if message is not None], look.reader)
    return HTMLResponse("".join(pages.render("inbox/turn.html", look.reader, turn=turn) for turn in turns))


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
