"""What users of other systems complain of most is a list, and each of its lines has a test of that name here."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
# As the product sheet words them, and the file that shows each.
COMPLAINTS = {
    "a failed attachment download loses the message": "a_failed_attachment_download_loses_the_message",
    "own replies doubled by echoes": "own_replies_doubled_by_echoes",
    "duplicates from at-least-once webhooks": "duplicates_from_at_least_once_webhooks",
    "one burst makes several conversations": "one_burst_makes_several_conversations",
    "messages dropped while a connector waits for re-login": "messages_are_dropped_while_a_connector_waits_for_re_login",  # noqa: E501 reason: the name of a file
    "window opened by a story mention not counted": "window_opened_by_a_story_mention_not_counted",
    "token of a quiet Instagram account expires unnoticed": "token_of_a_quiet_instagram_account_expires_unnoticed",
    "story replies and mentions without context": "story_replies_and_mentions_without_context",
    "a new attachment type crashes the worker": "a_new_attachment_type_crashes_the_worker",
    "Telegram albums, groups, captions, edits lost": "telegram_albums_groups_captions_edits_lost",
    "receipts matched to the wrong conversation": "receipts_matched_to_the_wrong_conversation",
    "CSV export only of contacts": "export_only_of_contacts",
    "suspended account keeps its webhooks subscribed": "suspended_account_keeps_its_webhooks_subscribed",
    "live view misses messages until reload": "live_view_misses_messages_until_reload",
}


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_each_complaint_has_a_file_of_its_name_with_a_test_in_it(complaint: str) -> None:
    path = HERE / f"test_{COMPLAINTS[complaint]}.py"

    assert path.is_file()
    assert "\ndef test_" in path.read_text(encoding="utf-8")


def test_no_file_answers_a_complaint_that_nobody_listed() -> None:
    found = {path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")} - {"every_complaint_has_its_test"}

    assert found == set(COMPLAINTS.values())
