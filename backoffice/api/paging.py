"""Pages of the API: how many in one, and the way to the next as a link. What stands in them is not here."""

from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

MOST = 500
P = TypeVar("P", bound=BaseModel)

Limit = Annotated[int, Query(ge=1, le=MOST, description="rows in a page")]


def with_link(page: P, request: Request, name: str, following: str | None) -> Response | P:
    """The page, with a Link header to the following one where there is one. `name` is the parameter leading there."""
    if following is None:
        return page
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != name]
    link = f'<{request.url.path}?{urlencode([*kept, (name, following)])}>; rel="next"'
    return Response(page.model_dump_json(), media_type="application/json", headers={"Link": link})
