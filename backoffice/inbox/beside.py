"""What a message came with, in words: story, advertisement, link, button, forwarded. Attachments are in attached.py."""

from collections.abc import Iterator
from datetime import timedelta

from backoffice.inbox import facts
from backoffice.inbox.bubbles import Beside, Link
from backoffice.inbox.facts import Facts
from backoffice.pages import Reader
from konectus import i18n
from konectus.domain.channels import AttachmentKind
from konectus.i18n import msg
from konectus.store.queries.threads import AttachmentRow, MessageRow

STORY_LIVES = timedelta(hours=24)
_STORIES = {
    "story_mention": msg("Mentioned you in their story"),
    "story": msg("Shared a story"),
    "ig_story": msg("Shared a story"),
}
_SHARED_OUT = msg("Shared a story")


def of(message: MessageRow, told: Facts, reader: Reader) -> tuple[Beside, ...]:
    """In reading order: where it comes from, what it answers, what was tapped."""
    return (
        *_forwarded(told),
        *_referral(facts.an_object(told.get("referral"))),
        *_story_answered(message, told, reader),
        *(_story(message, row, reader) for row in message.attachments if row.kind is AttachmentKind.STORY),
        *_tapped(message, told),
    )


def _forwarded(told: Facts) -> Iterator[Beside]:
    if told.get("forwarded"):
        yield Beside("arrow-up-right", i18n.gettext("Forwarded"), facts.words(told.get("forwarded_from")))


def _referral(told: Facts) -> Iterator[Beside]:
    """An advertisement or a link that led the person here."""
    if not told:
        return
    advertisement = facts.an_object(told.get("ads_context_data"))
    ref = facts.words(told.get("ref"))
    named = i18n.gettext("reference {ref}", ref=ref) if ref else ""
    if advertisement or told.get("ad_id") or told.get("source") == "ADS":
        title = facts.first(advertisement.get("ad_title"), told.get("ad_title"))
        number = facts.words(told.get("ad_id"))
        title = title or (i18n.gettext("number {n}", n=number) if number else "")
        yield Beside("flag", i18n.gettext("Came from an advertisement"), " · ".join(filter(None, (title, named))))
    elif told.get("product") or told.get("type") == "PRODUCT":
        product = facts.words(facts.an_object(told.get("product")).get("id"))
        yield Beside("tag", i18n.gettext("Asks about a product"), product or named)
    else:
        yield Beside("link", i18n.gettext("Came through a link"), named)


def _story_answered(message: MessageRow, told: Facts, reader: Reader) -> Iterator[Beside]:
    story = facts.an_object(told.get("story"))
    if story:
        url = facts.first(story.get("url"), story.get("link"))
        yield _told(i18n.gettext("Answered your story"), url, message, reader)


def _story(message: MessageRow, row: AttachmentRow, reader: Reader) -> Beside:
    source = facts.read(row.source)
    inner = facts.an_object(source.get("facts"))
    url = facts.first(source.get("url"), inner.get("url"), inner.get("link"))
    heading = _STORIES.get(facts.words(source.get("type")), _SHARED_OUT)
    return _told(i18n.gettext(heading), url, message, reader)


def _told(heading: str, url: str, message: MessageRow, reader: Reader) -> Beside:
    """A link while stories live; channels forbid to keep more, and later it leads nowhere."""
    given = facts.address(url)
    if not given or reader.now - message.occurred_at >= STORY_LIVES:
        return Beside("camera", heading, i18n.gettext("no longer available"))
    return Beside("camera", heading, link=Link(given, i18n.gettext("See the story")))


def _tapped(message: MessageRow, told: Facts) -> Iterator[Beside]:
    payload = facts.words(told.get("payload"))
    if message.kind in ("postback", "callback"):
        yield Beside("hand", i18n.gettext("Tapped a button"), "" if message.text else payload)
    elif payload:
        yield Beside("hand", i18n.gettext("Chose a quick reply"))
