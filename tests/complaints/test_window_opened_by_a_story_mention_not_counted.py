"""Complaint of users elsewhere: somebody mentions us in a story, and the system says that the reply window is shut."""

import pytest

from konectus.domain import windows
from konectus.domain.channels import Channel
from konectus.domain.windows import Opener, Permission
from tests.support.clock import ManualClock
from tests.support.relay import Relay, relay

__all__ = ["relay"]


@pytest.mark.parametrize(
    ("words", "opener"),
    [
        ({"attachments": [{"type": "story_mention"}]}, Opener.STORY_MENTION),
        ({"text": "¡qué bonito!", "story": True}, Opener.STORY_REPLY),
    ],
)
def test_a_story_opens_the_window_and_a_reply_goes_out(relay: Relay, words: dict[str, object], opener: Opener) -> None:
    line, clock = relay.line(Channel.INSTAGRAM), relay.installation.clock
    said = relay.act(line, "say", person="new", text="¿hacen envíos?")
    relay.hear(line)
    assert isinstance(clock, ManualClock)
    clock.advance(hours=30)
    shut = window(relay)
    relay.act(line, "say", person=said["person"], **words)
    relay.hear(line)
    thread = relay.stored.conversations()[0]

    assert shut is Permission.HUMAN_AGENT
    assert window(relay) is Permission.FREE
    assert (thread.window_opened_by, thread.window_opened_at) == (opener, clock.now())


def window(relay: Relay) -> Permission:
    """What may be sent now in the only conversation."""
    thread = relay.stored.conversations()[0]
    return windows.of(Channel.INSTAGRAM, thread.window_opened_at, relay.installation.clock.now()).permission
