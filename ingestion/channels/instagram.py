"""Instagram Direct: whose an item is, what may be sent and how. What it shares with Messenger is `meta`."""

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
from ingestion.channels.port.reading import id_of, mapping_of
from ingestion.wire import Item, Person
from konectus.domain.channels import AttachmentKind, Channel

_PRODUCT = "instagram"
_LOGIN_FIELDS = (
    "messages", "message_edit", "message_reactions", "messaging_postbacks", "messaging_referral", "messaging_seen",
    "messaging_optins", "standby",
)  # fmt: skip


def whose(found: Found) -> tuple[str, str | None] | None:
    """The account is the recipient, of an echo the sender. The entry may be the linked Page or even the person.

    An echo whose parties are not swapped still tells the account when the entry names it.
    """
    if found.recipient is None:
        return None
    if found.recipient == found.sender:
        return found.recipient, None
    if found.is_echo and found.recipient != found.entry:
        return (found.sender, found.recipient) if found.sender else None
    return found.recipient, found.sender


class Instagram:
    """The adapter of the channel, through a linked Page or through Instagram Login (`Access.flavour`)."""

    channel = Channel.INSTAGRAM

    def accounts(self, body: object) -> frozenset[str]:
        return parsing.accounts(body, _PRODUCT, whose)

    def parse(self, body: object, account: str | None = None) -> tuple[Item, ...]:  # noqa: ARG002 - the body names it
        return parsing.parse(body, _PRODUCT, whose)

    def split(self, body: object, account: str | None = None) -> tuple[object, ...]:  # noqa: ARG002 - the body names it
        return parsing.split(body, _PRODUCT)

    def send_text(self, http: httpx.Client, access: Access, out: Outgoing, text: str) -> Sent:
        must_fit(self.channel, text)
        return graph.sent(graph.post(http, access, f"{_node(access)}/messages", outgoing.envelope(out, {"text": text})))

    def send_file(self, http: httpx.Client, access: Access, out: Outgoing, file: OutgoingFile) -> Sent:
        """Instagram Login takes addresses alone, and images under a key of their own."""
        must_carry(self.channel, file)
        path, is_login = f"{_node(access)}/messages", access.flavour == "instagram"
        if is_login and not file.url:
            raise Permanent("file needs an address", action=Action.MEDIA)
        key = "attachments" if is_login and file.kind is AttachmentKind.IMAGE else "attachment"
        body = outgoing.envelope(out, {key: outgoing.attachment(file)})
        if file.url:
            return graph.sent(graph.post_link(http, access, path, body))
        answer = graph.post_file(http, access, path, body, file)
        return graph.sent(answer)

    def wants_address(self, access: Access) -> bool:
        """Bytes go only to a Page's address."""
        return access.flavour == "instagram"

    def take_thread(self, http: httpx.Client, access: Access, recipient: str) -> None:
        graph.take_thread(http, access, _node(access), recipient)

    def said(self, http: httpx.Client, access: Access, span: Span) -> tuple[Said, ...]:
        return record.said(http, access, (_node(access), "instagram"), span)

    def profile(self, http: httpx.Client, access: Access) -> Profile:
        """Instagram Login: `user_id` is the id webhooks use, `id` is scoped to the app. Page: the linked account."""
        if access.flavour == "instagram":
            told = graph.get(http, access, "me", fields="user_id,username,name").body
            account = id_of(told.get("user_id"))
        else:
            page = graph.get(http, access, "me", fields="id,name,instagram_business_account{id,username,name}").body
            told = dict(mapping_of(page.get("instagram_business_account")))
            account = id_of(told.get("id"))
        if account is None:
            raise Permanent("no instagram account", action=Action.PERMISSION_LOST)
        handle = graph.name_of(told, "username")
        return Profile(account=account, name=graph.name_of(told, "name", "username") or account, handle=handle)

    def person(self, http: httpx.Client, access: Access, contact: str) -> Person:
        told = graph.get(http, access, contact, fields="name,username").body
        return Person(id=contact, name=graph.name_of(told, "name"), handle=graph.name_of(told, "username"))

    def media_url(self, http: httpx.Client, access: Access, file_id: str) -> str:  # noqa: ARG002 - the port's signature
        raise Permanent("no files by id", action=Action.REFUSED)

    def subscribe(self, http: httpx.Client, access: Access, hook: Hook) -> None:  # noqa: ARG002 - set in the app at Meta
        fields = _LOGIN_FIELDS if access.flavour == "instagram" else graph.PAGE_FIELDS
        graph.subscribe(http, access, _node(access), fields)

    def unsubscribe(self, http: httpx.Client, access: Access) -> None:
        """In the Page flavour this ends the events of the whole Page, Messenger's too."""
        graph.unsubscribe(http, access, _node(access))

    def check(self, http: httpx.Client, access: Access) -> Standing:
        return graph.standing(http, access, _node(access))


def _node(access: Access) -> str:
    """A Page token speaks for the Page, of which an account linked to it is sent and subscribed."""
    return access.account if access.flavour == "instagram" else "me"
