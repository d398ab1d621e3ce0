"""States of an outgoing part under receipts that come in any order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from konectus.domain.conversations import Delivery, advance, arrived_late


def test_receipts_in_any_order_end_in_the_same_state() -> None:
    for order in permutations((Delivery.SENT, Delivery.DELIVERED, Delivery.READ)):
        state = Delivery.SENDING
        for seen in order:
            state = advance(state, seen)
        assert state is Delivery.READ


def test_unconfirmed_send_is_settled_by_a_receipt() -> None:
    assert advance(Delivery.UNKNOWN, Delivery.DELIVERED) is Delivery.DELIVERED


def test_receipt_changes_no_part_that_never_left() -> None:
    for state in (Delivery.QUEUED, Delivery.FAILED, Delivery.CANCELLED, Delivery.RECEIVED):
        assert advance(state, Delivery.READ) is state


def test_state_that_is_no_receipt_changes_nothing() -> None:
    assert advance(Delivery.SENT, Delivery.FAILED) is Delivery.SENT


def test_message_that_came_five_minutes_after_it_was_sent_is_late() -> None:
    sent = datetime(2026, 11, 19, 18, 0, tzinfo=UTC)
    assert arrived_late(sent, sent + timedelta(minutes=5))
    assert not arrived_late(sent, sent + timedelta(minutes=4, seconds=59))
    assert not arrived_late(sent, sent - timedelta(hours=1))
