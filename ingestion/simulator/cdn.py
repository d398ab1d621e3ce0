"""The file server of the channels, and every way in which a file server lets one down (faults of channel "media")."""

from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from ingestion.simulator import telegram
from ingestion.simulator.bot_errors import BotError
from ingestion.simulator.faults import Fault
from ingestion.simulator.spoiled import Dropped, told_json
from ingestion.simulator.stage import Stage

_PIECE = bytes(range(256)) * 256
_HUGE = 60 * 1024 * 1024
_PAGE = "<!doctype html><title>Iniciar sesión</title><p>Inicie sesión para continuar.</p>"

Door = Callable[[Request], Awaitable[Response]]


def door(stage: Stage) -> Door:
    """Addresses as webhooks name them."""

    async def answer(request: Request) -> Response:
        return await _file(stage, request.path_params["key"])

    return answer


def bot_door(stage: Stage) -> Door:
    """Addresses as getFile names them: the token opens them."""

    async def answer(request: Request) -> Response:
        try:
            telegram.identify(stage, request.path_params["token"])
        except BotError as error:
            return told_json(error.body(), error.status)
        return await _file(stage, request.path_params["path"])

    return answer


async def _file(stage: Stage, path: str) -> Response:
    fault = stage.faults.take("media", "", path)
    if fault is not None and fault.fault in {"slow", "timeout"}:
        await stage.sleep(fault.seconds)
    if fault is not None and fault.fault != "slow":
        return _failed(stage, fault)
    file = telegram.file(stage, path)
    if file is None:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    return Response(file.content, media_type=file.media_type or "application/octet-stream")


def _failed(stage: Stage, fault: Fault) -> Response:
    if fault.fault == "timeout":
        return Dropped()
    if fault.fault == "redirect":
        return RedirectResponse(fault.location, HTTPStatus.FOUND)
    if fault.fault == "html":
        return Response(_PAGE, media_type="text/html; charset=utf-8")
    if fault.fault == "garbage":
        return Response(_PIECE, media_type="image/jpeg")
    if fault.fault in {"endless", "trickle", "huge", "no_length"}:
        return StreamingResponse(_flood(stage, fault), media_type="image/jpeg")
    return Response(status_code=HTTPStatus.GONE if fault.fault == "gone" else HTTPStatus.INTERNAL_SERVER_ERROR)


async def _flood(stage: Stage, fault: Fault) -> AsyncIterator[bytes]:
    """A body that ends late (huge, without a length) or never; `trickle` gives five bytes a second."""
    sent = 0
    while sent < _HUGE or fault.fault in {"endless", "trickle"}:
        piece = _PIECE[:5] if fault.fault == "trickle" else _PIECE
        yield piece
        sent += len(piece)
        if fault.fault == "no_length":
            return
        await stage.sleep(1.0 if fault.fault == "trickle" else 0.0)
