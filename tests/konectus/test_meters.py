"""Counters add up over threads and processes, and Prometheus reads them."""

import threading

import pytest

from konectus import meters
from konectus.meters import Counters


def test_counts_of_many_threads_add_up() -> None:
    counters = Counters()

    def count() -> None:
        for _ in range(1000):
            counters.add(meters.SENDS, "telegram", "sent")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.snapshot() == {'konectus_sends_total{channel="telegram",outcome="sent"}': 4000}


def test_exposition_has_help_type_and_the_sum_of_the_processes() -> None:
    one, two = Counters(), Counters()
    one.add(meters.INTAKE_EVENTS, "messenger", "stored", by=3)
    two.add(meters.INTAKE_EVENTS, "messenger", "stored")
    two.observe(meters.REQUEST_SECONDS, 0.25)
    text = meters.exposition(meters.total([one.snapshot(), two.snapshot()]))
    assert text.splitlines() == [
        "# HELP konectus_intake_events_total Webhook bodies and items by what became of them",
        "# TYPE konectus_intake_events_total counter",
        'konectus_intake_events_total{channel="messenger",outcome="stored"} 4',
        "# HELP konectus_request_seconds Time that requests took",
        "# TYPE konectus_request_seconds summary",
        "konectus_request_seconds_count 1",
        "konectus_request_seconds_sum 0.25",
    ]


def test_label_that_a_meter_does_not_have_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        meters.series(meters.SENDS, "telegram")
    with pytest.raises(KeyError):
        meters.series("konectus_clients_total")


def test_value_of_a_label_cannot_break_the_format() -> None:
    assert meters.series(meters.BACKLOG_DEPTH, 'a"\n\\') == r'konectus_backlog_depth{queue="a\"\n\\"}'


def test_no_meter_has_a_label_per_client() -> None:
    assert not [name for name, meter in meters.METERS.items() if "client" in "".join(meter.labels)]
