"""When an operator is called, and when not."""

from dataclasses import replace
from typing import Any

import pytest

from konectus.domain.alarms import ALARMS, JOB_MOST, PROCESSES, Alarm, Readings, ringing

WELL = Readings(
    backlogs={"intake": 2.0, "outbox": 30.0, "connector_request": 5.0, "attachment": 40.0, "search_pending": 3.0},
    depths={"dead_letter": 0},
    connectors_live=100,
    connectors_sick=2,
    jobs={"keep_partitions": 3600.0, "prune": 86_400.0},
    processes=dict.fromkeys(PROCESSES, 4.0),
    longest_transaction=1.0,
    disk_free=0.5,
)
# By alarm: just past its limit, and just before it.
LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "backlog_old": ({"backlogs": {"intake": 60.1}}, {"backlogs": {"intake": 60.0}}),
    "outbox_old": ({"backlogs": {"outbox": 601.0}}, {"backlogs": {"outbox": 600.0}}),
    "requests_old": ({"backlogs": {"connector_request": 601.0}}, {"backlogs": {"connector_request": 600.0}}),
    "files_old": ({"backlogs": {"attachment": 3601.0}}, {"backlogs": {"attachment": 3600.0}}),
    "search_old": ({"backlogs": {"search_pending": 301.0}}, {"backlogs": {"search_pending": 300.0}}),
    "dead_letters": ({"depths": {"dead_letter": 1}}, {"depths": {}}),
    "connectors_sick": (
        {"connectors_live": 40, "connectors_sick": 4},
        {"connectors_live": 10, "connectors_sick": 2},
    ),
    "breakers_open": ({"breakers_open": 1}, {"breakers_open": 0}),
    "messages_missing": ({"messages_missing": 1}, {"messages_missing": 0}),
    "process_silent": ({"processes": {"worker": 61.0}}, {"processes": {"worker": 60.0}}),
    "job_late": ({"jobs": {"suspend_trials": 1801.0}}, {"jobs": {"suspend_trials": 1800.0}}),
    "long_transaction": ({"longest_transaction": 301.0}, {"longest_transaction": 300.0}),
    "disk_full": ({"disk_free": 0.09}, {"disk_free": 0.1}),
    "invariants_broken": ({"invariants_broken": 1}, {"invariants_broken": 0}),
}


def names(readings: Readings) -> list[str]:
    return [alarm.name for alarm in ringing(readings)]


def test_nothing_rings_while_all_is_well() -> None:
    assert names(WELL) == []


def test_every_alarm_has_a_limit_here() -> None:
    assert {alarm.name for alarm in ALARMS} == LIMITS.keys()


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_an_alarm_rings_past_its_limit_alone_and_not_before(alarm: Alarm) -> None:
    past, before = LIMITS[alarm.name]
    assert names(replace(WELL, **past)) == [alarm.name]
    assert names(replace(WELL, **before)) == []


def test_a_process_that_never_said_anything_is_silent_and_named() -> None:
    readings = replace(WELL, processes={"worker": 3.0, "sender": None, "scheduler": 900.0})
    (alarm,) = ringing(readings)
    assert alarm.about(readings) == "scheduler, sender"


def test_a_job_without_a_limit_of_its_own_has_a_day_and_a_half() -> None:
    assert "rewind_tapes" not in JOB_MOST
    readings = replace(WELL, jobs={"rewind_tapes": 36 * 3600.0 + 1, "prune": 36 * 3600.0})
    (alarm,) = ringing(readings)
    assert (alarm.name, alarm.about(readings)) == ("job_late", "rewind_tapes")
    assert alarm.about(WELL) == ""
    assert ALARMS[0].about(WELL) == ""
