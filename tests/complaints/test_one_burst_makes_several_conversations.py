"""Complaint of users elsewhere: somebody who writes ten lines at once gets several conversations, several agents."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ingestion.worker.process import Worker
from konectus.domain.channels import Channel
from tests.ingestion.stored import log
from tests.support.relay import Relay, relay

__all__ = ["relay"]
LINES, WORKERS = 40, 4


@pytest.mark.parametrize("channel", list(Channel))
def test_a_burst_handled_by_several_workers_at_once_is_one_conversation(relay: Relay, channel: Channel) -> None:
    line = relay.line(channel)
    relay.act(line, "say", person="new", text="línea", burst=LINES)
    for body in relay.bodies(line):
        log(relay.installation, line.door, body)
    workers = [Worker(relay.installation) for _ in range(WORKERS)]
    for worker in workers:
        worker._bite = 3  # many small batches beside those of the others
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(until_nothing_is_left, workers))

    assert len(relay.stored.contacts()) == len(relay.stored.conversations()) == 1
    assert relay.stored.texts() == [f"línea {number + 1}" for number in range(LINES)]
    assert relay.stored.conversations()[0].unread == LINES


def until_nothing_is_left(worker: Worker) -> None:
    while worker.step():
        pass
