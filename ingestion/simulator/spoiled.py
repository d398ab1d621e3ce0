"""Answers that are none: a broken connection, a page, half an object, a list, ten megabytes."""

from http import HTTPStatus

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ingestion.simulator.state import Json

_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_HUGE = 10 * 1024 * 1024


class Dropped(Response):
    """An answer whose connection breaks before its body: what a caller sees when the network fails after the act."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1024"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers})


def told_json(body: Json, status: int) -> Response:
    return JSONResponse(body, status)


def instead(fault: str) -> Response:
    """What comes in place of a good answer."""
    if fault == "html":
        return Response(_PAGE, HTTPStatus.BAD_GATEWAY, media_type="text/html")
    if fault == "garbage":
        return Response('{"ok":true,"result":{"message_id":', media_type="application/json")
    if fault == "wrong_shape":
        return JSONResponse(["ok"])
    return Response(b'{"padding":"' + b"x" * _HUGE + b'"}', media_type="application/json")
