"""What rings, in words of the staff: what is so, what to do, and where to look. docs/operate has the long form."""

from dataclasses import dataclass

from backoffice.admin import job_words
from backoffice.admin.roles import CHECK, CONNECTOR, EVENT, LETTER
from backoffice.admin.shell import list_of
from konectus.domain.alarms import Alarm
from konectus.i18n import gettext, msg
from konectus.services.alarms import Watch


@dataclass(frozen=True, slots=True)
class Ring:
    """An alarm as a line of Today."""

    heading: str
    mend: str
    about: str
    href: str
    tone: str


_DANGER, _WARN = "danger", "warn"
WORDS: dict[str, tuple[str, str, str]] = {
    "backlog_old": (
        msg("Events wait for more than a minute"),
        msg("Look whether a worker runs; start another one if they run and cannot keep up."),
        _DANGER,
    ),
    "outbox_old": (
        msg("Replies wait for more than ten minutes"),
        msg("Look whether a sender runs and which connectors rest; a channel may be down."),
        _DANGER,
    ),
    "requests_old": (
        msg("A connection waits for more than ten minutes"),
        msg("Look whether a sender runs; the connector's page tells what its channel answered."),
        _WARN,
    ),
    "files_old": (
        msg("Files wait for more than an hour"),
        msg("Look whether the file store answers and has room; the messages themselves are here."),
        _WARN,
    ),
    "search_old": (
        msg("New messages cannot be found yet"),
        msg("Look whether a sender runs; it indexes what came in."),
        _WARN,
    ),
    "dead_letters": (
        msg("Messages were set aside"),
        msg("Read why; have them read again after the mend, or discard them."),
        _WARN,
    ),
    "connectors_sick": (
        msg("Many connectors have trouble"),
        msg("If they are of one channel, the channel or our app there has trouble; else write to their Clients."),
        _DANGER,
    ),
    "breakers_open": (
        msg("Sending rests after too many failures"),
        msg("It tries again by itself; look at the state of the channel."),
        _WARN,
    ),
    "messages_missing": (
        msg("A channel had messages that we did not"),
        msg("They have been fetched; find out why their events never came."),
        _WARN,
    ),
    "process_silent": (
        msg("A part of Konectus is silent"),
        msg("Start it again: konectus up, or its own service."),
        _DANGER,
    ),
    "job_late": (
        msg("A scheduled job has not ended well in time"),
        msg("Look under Jobs and invariants for its error, and whether a scheduler runs."),
        _WARN,
    ),
    "long_transaction": (
        msg("A transaction is open for more than five minutes"),
        msg("Find it in pg_stat_activity and end it; it keeps the database from cleaning up."),
        _WARN,
    ),
    "disk_full": (
        msg("Less than a tenth of the disk is free"),
        msg("Make room or enlarge the volume before the database stops taking events."),
        _DANGER,
    ),
    "invariants_broken": (
        msg("The data contradicts itself"),
        msg("Call whoever maintains Konectus; nothing is lost by waiting."),
        _DANGER,
    ),
}
_PLACES = {
    "backlog_old": f"{list_of(EVENT)}?show=waiting",
    "dead_letters": list_of(LETTER),
    "connectors_sick": f"{list_of(CONNECTOR)}?show=care",
    "messages_missing": list_of(CONNECTOR),
    "requests_old": list_of(CONNECTOR),
    "job_late": list_of(CHECK),
    "invariants_broken": list_of(CHECK),
}
# What an alarm is about is told by its names in the machine; these say them in words.
_NAMES = {"process_silent": job_words.process, "job_late": job_words.job, "invariants_broken": job_words.invariant}


def rings(watch: Watch) -> tuple[Ring, ...]:
    """Everything that rings now, in the order of the table."""
    return tuple(_ring(alarm, watch) for alarm in watch.ringing)


def _ring(alarm: Alarm, watch: Watch) -> Ring:
    heading, mend, tone = WORDS[alarm.name]
    about = alarm.about(watch.readings)
    say = _NAMES.get(alarm.name)
    if say is not None and about:
        about = ", ".join(say(name) for name in about.split(", "))
    return Ring(gettext(heading), gettext(mend), about, _PLACES.get(alarm.name, ""), tone)
