"""Messenger: whose an item is, what may be sent and how. What it shares with Instagram is `meta`."""

import httpx

from ingestion.channels.meta import graph, outgoing, parsing, record
from ingestion.channels.meta.walk import Found
from ingestion.channels.port.adapter import (
    Access,
    Hook,
    Outgoing,
    OutgoingFile,
    Profile,
    Said,
    Sent,
    Span,
    Standing,
    must_carry,
    must_fit,
)
from ingestion.channels.port.failures import Action, Permanent
from ingestion.channels.port.reading import id_of
from ingestion.wire import Item, Person
from konectus.domain.channels import Channel

_PRODUCT = "page"


def whose(found: Found) -> tuple[str, str | None] | None:
    """The Page is the recipient (of an echo the sender) and must be the entry; the other party is the contact."""
    page = found.entry
    if page is None:
        return None
    if found.is_echo and found.sender == page:
        return page, found.recipient
    return (page, found.sender) if found.recipient == page else None


class Messenger:
    """The adapter of the channel."""

    channel = Channel.MESSENGER

    def accounts(self, body: object) -> frozenset[str]:
        return parsing.accounts(body, _PRODUCT, whose)

    def parse(self, body: object, account: str | None = None) -> tuple[Item, ...]:  # noqa: ARG002 - the body names it
        return parsing.parse(body, _PRODUCT, whose)

    def split(self, body: object, account: str | None = None) -> tuple[object, ...]:  # noqa: ARG002 - the body names it
        return parsing.split(body, _PRODUCT)

    def send_text(self, http: httpx.Client, access: Access, out: Outgoing, text: str) -> Sent:
        must_fit(self.channel, text)
        body = outgoing.envelope(out, {"text": text, "metadata": out.part})
        return graph.sent(graph.post(http, access, f"{access.account}/messages", body))

    def send_file(self, http: httpx.Client, access: Access, out: Outgoing, file: OutgoingFile) -> Sent:
        must_carry(self.channel, file)
        body = outgoing.envelope(out, {"attachment": outgoing.attachment(file), "metadata": out.part})
        path = f"{access.account}/messages"
        if file.url:
            return graph.sent(graph.post_link(http, access, path, body))
        answer = graph.post_file(http, access, path, body, file)
        return graph.sent(answer)

    def wants_address(self, access: Access) -> bool:  # noqa: ARG002 - the port's signature
        return False

    def take_thread(self, http: httpx.Client, access: Access, recipient: str) -> None:
        graph.take_thread(http, access, access.account, recipient)

    def said(self, http: httpx.Client, access: Access, span: Span) -> tuple[Said, ...]:
        return record.said(http, access, (access.account, "messenger"), span)

    def profile(self, http: httpx.Client, access: Access) -> Profile:
        told = graph.get(http, access, "me", fields="id,name").body
        page = id_of(told.get("id"))
        if page is None:
            raise Permanent("no page", action=Action.PERMISSION_LOST)
        return Profile(account=page, name=graph.name_of(told, "name") or page)

    def person(self, http: httpx.Client, access: Access, contact: str) -> Person:
        told = graph.get(http, access, contact, fields="id,name,first_name,last_name").body
        parts = (graph.name_of(told, "first_name"), graph.name_of(told, "last_name"))
        whole = " ".join(part for part in parts if part)
        return Person(id=contact, name=graph.name_of(told, "name") or whole or None)

    def media_url(self, http: httpx.Client, access: Access, file_id: str) -> str:  # noqa: ARG002 - the port's signature
        raise Permanent("no files by id", action=Action.REFUSED)

    def subscribe(self, http: httpx.Client, access: Access, hook: Hook) -> None:  # noqa: ARG002 - set in the app at Meta
        graph.subscribe(http, access, access.account, graph.PAGE_FIELDS)

    def unsubscribe(self, http: httpx.Client, access: Access) -> None:
        """Ends the events of the whole Page: those of an Instagram account connected through it too."""
        graph.unsubscribe(http, access, access.account)

    def check(self, http: httpx.Client, access: Access) -> Standing:
        return graph.standing(http, access, access.account)
