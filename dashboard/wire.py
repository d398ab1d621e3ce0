"""What may reach Dash: known paths and methods, and calls whose shape and values it declared. Nothing else does.

Dash answers every unknown address with its index and every odd body with a 500; here they are 404 and 400.
"""

import json
from collections.abc import Mapping
from typing import Any

from dash._utils import split_callback_id  # the reader of the ids that Dash itself writes
from starlette.types import Message, Receive

from dashboard.params import Unpublished
from dashboard.shell import BY_PATH, PREFIX
from konectus.errors import NotFound

CALL = f"{PREFIX}_dash-update-component"
CSV, XLSX = f"{PREFIX}figures.csv", f"{PREFIX}figures.xlsx"
READS = {*BY_PATH, CSV, XLSX, f"{PREFIX}_dash-layout", f"{PREFIX}_dash-dependencies"}
FILES = (f"{PREFIX}assets/", f"{PREFIX}_dash-component-suites/")
MOST_BYTES = 16 * 1024
LONGEST = 200


def require_known(method: str, path: str) -> None:
    """Raises NotFound for an address that is none of ours."""
    if method == "POST" and path == CALL:
        return
    if method in ("GET", "HEAD") and (path in READS or path.startswith(FILES)):
        return
    raise NotFound(path)


async def read_body(receive: Receive) -> bytes:
    """The whole body. Raises Unpublished where it is longer than any call of ours."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise Unpublished("no call of ours is that long")
        if not message.get("more_body", False):
            return body


def canonical(body: bytes, callbacks: Mapping[str, Any]) -> bytes:
    """The same call, written anew from what its callback declared and the values given for it.

    Raises Unpublished for an unknown callback, other inputs than it declared, and values that are no short text.
    """
    try:
        asked = json.loads(body)
        declared = callbacks[asked["output"]]
        declared["callback"]  # one that runs in the browser has none
        inputs = _given(asked["inputs"], declared["inputs"])
        state = _given(asked.get("state", []), declared["state"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unpublished("no callback of ours is called like this") from None
    outputs: Any = split_callback_id(asked["output"])  # type: ignore[no-untyped-call]  # Dash types it not
    ids = [f"{given['id']}.{given['property']}" for given in inputs]
    changed = asked.get("changedPropIds")
    call = {
        "output": asked["output"],
        "outputs": outputs,
        "inputs": inputs,
        "state": state,
        "changedPropIds": [name for name in ids if isinstance(changed, list) and name in changed],
    }
    return json.dumps(call).encode()


def replay(body: bytes) -> Receive:
    """A `receive` that hands out this body once."""
    left = [body]

    async def receive() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    return receive


def _given(asked: Any, declared: list[dict[str, str]]) -> list[dict[str, str | None]]:
    found = [{"id": given["id"], "property": given["property"], "value": given.get("value")} for given in asked]
    if [(given["id"], given["property"]) for given in found] != [(one["id"], one["property"]) for one in declared]:
        raise KeyError
    if not all(given["value"] is None or _is_short(given["value"]) for given in found):
        raise ValueError
    return found


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST
