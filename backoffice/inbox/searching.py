"""Search of the inbox as it is shown: people by name, messages by word, the word marked. Finding is the store's."""

import re
from collections.abc import Iterator

from backoffice.inbox import listing, present
from backoffice.inbox.looks import Look
from backoffice.inbox.views import Found, Hit, PersonHit, Piece
from backoffice.pages import CHANNELS
from konectus import i18n
from konectus.domain.conversations import Direction
from konectus.store.queries import search
from konectus.store.queries.search import HitRow, PersonRow

_WORD = re.compile(r"\w")


def find(look: Look, words: str, before: str) -> Found:
    """A page of hits. Raises listing.UnreadableCursor for a place we never wrote."""
    sought = " ".join(words.split())
    if not _WORD.search(sought):
        return Found(sought, said=i18n.gettext("Write a word or a name."))
    place = listing.place_of(before) if before else None
    with look.session() as session:
        hits = search.messages(session, look.keys, sought, before=place)
        people = search.people(session, look.keys, sought) if place is None else []
    last = hits[-1] if len(hits) >= search.PAGE else None
    return Found(
        words=sought,
        hits=tuple(_hit(row) for row in hits),
        people=tuple(_person(row) for row in people),
        before=listing.cursor(last.occurred_at, last.message_id) if last else "",
        said=_said(sought, len(hits) + len(people), is_more=last is not None),
        is_page=place is not None,
    )


def _said(words: str, count: int, *, is_more: bool) -> str:
    if count == 0:
        return i18n.gettext("Nothing was found for “{words}”", words=words)
    if is_more:
        return i18n.gettext("The newest results for “{words}”", words=words)
    return i18n.ngettext("{n} result for “{words}”", "{n} results for “{words}”", count, words=words)


def _hit(row: HitRow) -> Hit:
    return Hit(
        id=row.message_id,
        conversation_id=row.conversation_id,
        name=row.contact_name or i18n.gettext("Person on {channel}", channel=CHANNELS[row.channel][0]),
        channel=row.channel,
        at=row.occurred_at,
        pieces=tuple(pieces(row)),
        is_ours=row.direction is Direction.OUT,
    )


def _person(row: PersonRow) -> PersonHit:
    return PersonHit(
        row.conversation_id, row.name or row.handle, row.handle, row.channel, present.party_chips(row.kind)
    )


def pieces(row: HitRow) -> Iterator[Piece]:
    """The excerpt cut into what is marked and what is not."""
    place = 0
    for first, last in row.marks:
        yield Piece(row.text[place:first])
        yield Piece(row.text[first:last], is_marked=True)
        place = last
    yield Piece(row.text[place:])
