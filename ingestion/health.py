"""Looks after connections ahead of time: what is asked of channels and when, and what their answers mean.

Calls are made by the sender; here are the rules and the sweeps that the scheduler runs.
"""

from datetime import timedelta
from enum import StrEnum

from ingestion.channels.port.adapter import Standing
from konectus.domain.channels import Channel
from konectus.domain.connectors import RequestKind
from konectus.services import upkeep
from konectus.services.installation import Installation
from konectus.store.queries.upkeep import Apps

# Meta unsubscribes an app after an hour of failures and tells nobody (channels.md 1.4).
CHECK_EVERY = timedelta(hours=1)
# Checks of many connectors are spread over this long, so that no minute calls for all of them.
SPREAD = timedelta(minutes=40)
# Instagram Login: 60 days, prolonged with 30 left, never within the first day (channels.md 1.6).
REFRESH_LEFT = timedelta(days=30)
REFRESH_AGE = timedelta(hours=24)
# A connector that heard somebody on 5 of 7 days and then nobody for a day is asked about.
SILENT_FOR = timedelta(hours=24)
RHYTHM_DAYS, RHYTHM_LEAST = 7, 5
_MOST_WORDS = 200


class Finding(StrEnum):
    """Whether events reach us, as the channel tells it."""

    WELL = "well"
    MISSING = "missing"  # nobody is told of this account's events, or somebody else but us
    ELSEWHERE = "elsewhere"  # a bot's events go to another address: its token is in use there


def judge(standing: Standing, ours: str) -> Finding:
    """Our app or our address, another's address, or none. `ours` counts where the channel tells an address."""
    if not standing.subscribed:
        return Finding.MISSING
    return Finding.ELSEWHERE if standing.url is not None and standing.url != ours else Finding.WELL


def trouble(standing: Standing) -> str | None:
    """What the channel says of deliveries that wait, in one line."""
    if not standing.pending or not standing.last_error:
        return None
    words = " ".join(standing.last_error.split())[:_MOST_WORDS]
    return f"deliveries_wait: {standing.pending}, {words}"


def check_connectors(installation: Installation) -> int:
    """Every hour: have each live Connector's token and subscription looked at; how many."""
    now = installation.clock.now()
    return upkeep.ask(installation, RequestKind.CHECK, SPREAD, upkeep.unchecked(now - CHECK_EVERY + SPREAD))


def look_after_tokens(installation: Installation) -> int:
    """Every day: Page tokens are asked about, tokens of Instagram Login prolonged in time; how many."""
    now, settings = installation.clock.now(), installation.settings
    apps = Apps(
        asked=[app.name for app in settings.meta_apps if app.flavour == "page"],
        prolonged=[app.name for app in settings.meta_apps if app.flavour == "instagram"],
    )
    due = upkeep.tokens_due(apps, soon=now + REFRESH_LEFT, old=now - REFRESH_AGE)
    return upkeep.ask(installation, RequestKind.REFRESH, SPREAD, due)


def listen_for_silence(installation: Installation) -> int:
    """Every hour: Connectors with a daily rhythm that fell silent are checked and compared with the channel."""
    now = installation.clock.now()
    silent = [
        pair
        for pair in upkeep.silent(installation, now, SILENT_FOR, timedelta(days=RHYTHM_DAYS))
        if upkeep.days_heard(installation, pair, RHYTHM_DAYS) >= RHYTHM_LEAST
    ]
    for pair in silent:
        kinds = [RequestKind.CHECK]
        if pair.channel is not Channel.TELEGRAM:
            kinds.append(RequestKind.RECONCILE)
        upkeep.ask_now(installation, pair, kinds)
    return len(silent)
