"""Calls to the Graph API: addresses, proof of the app secret, answers. What is sent in them the products decide."""

import json
from collections.abc import Mapping

import httpx

from ingestion.channels.meta.errors import error_of
from ingestion.channels.meta.signatures import proof
from ingestion.channels.meta.usage import used
from ingestion.channels.port.adapter import Access, OutgoingFile, Sent, Standing
from ingestion.channels.port.calls import Answer, perform
from ingestion.channels.port.failures import Action, Permanent, Transient
from ingestion.channels.port.lines import PATIENT, TOTAL
from ingestion.channels.port.reading import id_of, list_of, mapping_of, text_of

VERSION = "v26.0"
Fields = Mapping[str, object]
_PATIENT: Mapping[str, object] = {
    "timeout": httpx.Timeout(10.0, connect=3.0, read=80.0, pool=3.0),
    "extensions": {TOTAL: PATIENT},
}
# A Page has one list of fields, which each subscription replaces: Messenger and an Instagram account linked to the
# Page ask for the same.
PAGE_FIELDS = (
    "messages", "message_echoes", "message_edits", "message_deliveries", "message_reads", "message_reactions",
    "messaging_postbacks", "messaging_optins", "messaging_optouts", "messaging_referrals", "messaging_handovers",
    "standby", "messaging_policy_enforcement",
)  # fmt: skip


def get(http: httpx.Client, access: Access, path: str, **query: str) -> Answer:
    return _checked(http, access, "GET", path, params=query)


def post(http: httpx.Client, access: Access, path: str, body: Fields, **more: object) -> Answer:
    return _checked(http, access, "POST", path, json=body, **more)


def post_link(http: httpx.Client, access: Access, path: str, body: Fields) -> Answer:
    """A message with an address: Meta answers once it has fetched what is there."""
    return post(http, access, path, body, **_PATIENT)


def delete(http: httpx.Client, access: Access, path: str) -> Answer:
    return _checked(http, access, "DELETE", path)


def post_file(http: httpx.Client, access: Access, path: str, body: Fields, file: OutgoingFile) -> Answer:
    """Multipart: the file as `filedata`, every other field as a JSON part."""
    fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in body.items()}
    filedata = (file.name, file.content or b"", file.mime)
    return _checked(http, access, "POST", path, data=fields, files={"filedata": filedata}, **_PATIENT)


def _checked(http: httpx.Client, access: Access, method: str, path: str, **parts: object) -> Answer:
    """The token travels in a header: an address ends in logs. Raises Transient and Permanent."""
    headers = {"Authorization": f"Bearer {access.token}"}
    query = dict(mapping_of(parts.pop("params", None)))
    # Whether graph.instagram.com takes a proof, and by which secret, is undocumented: Page flavour alone.
    if access.app_secret and access.flavour == "page":
        query["appsecret_proof"] = proof(access.app_secret, access.token)
    url = f"{access.base_url.rstrip('/')}/{VERSION}/{path}"
    try:
        request = http.build_request(method, url, params=query, headers=headers, **parts)  # type: ignore[arg-type]  # httpx types each keyword apart
    except (ValueError, httpx.InvalidURL):
        raise Permanent("bad address", action=Action.REFUSED) from None
    answer = perform(http, request)
    if error := error_of(answer):
        raise error
    return answer


def sent(answer: Answer) -> Sent:
    """The id of what was sent. An answer without one was accepted, but as what we shall learn by the echo."""
    message = id_of(answer.body.get("message_id"))
    if message is None:
        raise Transient("no message_id", maybe_accepted=True)
    return Sent(external_id=message, usage=used(answer))


def take_thread(http: httpx.Client, access: Access, node: str, recipient: str) -> None:
    """We hold the person's thread from here on (channels.md 2.9). Raises Permanent where we may not."""
    answer = post(http, access, f"{node}/take_thread_control", {"recipient": {"id": recipient}})
    if answer.body.get("success") is not True:
        raise Transient("taking the thread not confirmed", maybe_accepted=True)


def subscribe(http: httpx.Client, access: Access, node: str, fields: tuple[str, ...]) -> None:
    """Our app gets the events of a Page or account. Needs the MODERATE task on a Page."""
    answer = post(http, access, f"{node}/subscribed_apps", {"subscribed_fields": ",".join(fields)})
    if answer.body.get("success") is not True:
        raise Transient("subscription not confirmed", maybe_accepted=True)


def unsubscribe(http: httpx.Client, access: Access, node: str) -> None:
    delete(http, access, f"{node}/subscribed_apps")


def standing(http: httpx.Client, access: Access, node: str) -> Standing:
    """Whether our app is among the subscribers (any app, where ours is not named)."""
    answer = get(http, access, f"{node}/subscribed_apps")
    apps = [id_of(mapping_of(app).get("id")) for app in list_of(answer.body.get("data"))]
    return Standing(subscribed=access.app_id in apps if access.app_id else bool(apps))


def name_of(told: Fields, *keys: str) -> str | None:
    return next((text for key in keys if (text := text_of(told.get(key)))), None)
