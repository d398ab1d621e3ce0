"""One call to a provider's API, read leniently: token in query, form or header; body JSON, form or multipart."""

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from ingestion.simulator.state import Account, Json

_BEARER = "bearer "
_STRUCTURED = ("{", "[")


@dataclass(frozen=True)
class Upload:
    name: str
    media_type: str
    content: bytes


@dataclass
class Call:
    """`words` is the path without version; `account` is known once the token was looked at.

    `is_silent` keeps the receipts of a send back.
    """

    verb: str
    words: tuple[str, ...]
    given: Json
    files: dict[str, Upload] = field(default_factory=dict)
    token: str = ""
    account: Account | None = None
    is_silent: bool = False

    @property
    def method(self) -> str:
        """What faults and the log call it: the last word of the path, `me` or `object` for a bare id."""
        last = self.words[-1] if self.words else ""
        return "object" if len(self.words) == 1 and last != "me" and not last.isalpha() else last

    def text(self, name: str) -> str:
        value = self.given.get(name)
        return "" if value is None else str(value)

    def mapping(self, name: str) -> Json:
        value = self.given.get(name)
        return value if isinstance(value, dict) else {}

    def listing(self, name: str) -> list[Any]:
        """A list, whether it came as JSON or as words with commas."""
        value = self.given.get(name)
        if isinstance(value, list):
            return value
        return [part.strip() for part in str(value).split(",") if part.strip()] if value else []

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "1"}


async def read(request: Request, path: str) -> Call:
    """Everything the caller said, from wherever it was put. Values that are JSON objects or lists are opened."""
    given: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    files: dict[str, Upload] = {}
    if kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = Upload(value.filename or name, value.content_type or "", await value.read())
                else:
                    given[name] = value
    elif body := await request.body():
        given |= _object(body)
    given = {name: _opened(value) for name, value in given.items()}
    words = tuple(word for word in path.split("/") if word)
    return Call(request.method, _without_version(words), given, files, _token(request, given))


def _without_version(words: tuple[str, ...]) -> tuple[str, ...]:
    first = words[0] if words else ""
    is_version = first.startswith("v") and first[1:].replace(".", "", 1).isdigit()
    return words[1:] if is_version else words


def _object(body: bytes) -> Json:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _opened(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_STRUCTURED):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _token(request: Request, given: Json) -> str:
    header = request.headers.get("authorization", "")
    if header.lower().startswith(_BEARER):
        return header[len(_BEARER) :].strip()
    return str(given.get("access_token", ""))
