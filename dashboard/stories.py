"""What changed, in sentences. A change that is not clear is never told as one (privacy.md, "Honest display"). Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboard import locale
from dashboard.changes import Change, Noisy, change
from konectus.i18n import gettext as _

MOST = 4
# What one would rather have less of.
BETTER_LOW = frozenset({"first_response", "resolution", "reopened_share", "failed_share"})


@dataclass(frozen=True)
class Subject:
    """A figure in two months, either of which may be hidden. `channel` names it where it is one channel's."""

    metric: str
    now: Noisy | None
    before: Noisy | None
    channel: str = ""


@dataclass(frozen=True)
class Said:
    """One line of the story: icon, tone, the point, the numbers."""

    icon: str
    tone: str
    title: str
    detail: str


def sentences(subjects: Sequence[Subject]) -> list[Said]:
    """Clear changes first, the surest on top; then one line for everything that did not clearly move."""
    known = [(s, change(s.now, s.before)) for s in subjects if s.now and s.before]
    clear = sorted(((s, c) for s, c in known if c.is_clear), key=lambda pair: -_sureness(pair[1]))
    still = [s for s, c in known if not c.is_clear]
    return [_told(subject, moved) for subject, moved in clear[:MOST]] + list(_still(still))


def _sureness(moved: Change) -> float:
    return abs(moved.delta.value) / moved.delta.sigma


def _told(subject: Subject, moved: Change) -> Said:
    title, detail = _words(subject, up=moved.is_up)
    by = locale.percent_range(moved.share) if moved.share else locale.with_doubt(moved.delta)
    tone = "tone-ok" if moved.is_up != (subject.metric in BETTER_LOW) else "tone-warn"
    return Said("arrow-up" if moved.is_up else "arrow-down", tone, title, detail.format(by=by))


def _words(subject: Subject, *, up: bool) -> tuple[str, str]:
    """The point, and a sentence that still waits for `{by}`."""
    if subject.channel and up:
        return _("{channel} grew.", channel=subject.channel), _("Its messages rose {by}.")
    if subject.channel:
        return _("{channel} shrank.", channel=subject.channel), _("Its messages fell {by}.")
    titles = {
        "clients": (_("More active Clients."), _("Fewer active Clients.")),
        "messages": (_("More messages."), _("Fewer messages.")),
        "contacts": (_("More people attended."), _("Fewer people attended.")),
        "first_response": (_("First answers take longer."), _("First answers come sooner.")),
        "resolution": (_("Conversations stay open longer."), _("Conversations are closed sooner.")),
        "reopened_share": (_("More conversations are opened again."), _("Fewer conversations are opened again.")),
        "failed_share": (_("More sends fail."), _("Fewer sends fail.")),
    }
    if subject.metric in {"first_response", "resolution"}:
        detail = _("Half of them take {by} longer.") if up else _("Half of them take {by} less.")
    elif subject.metric in BETTER_LOW:
        detail = _("Their share rose {by}.") if up else _("Their share fell {by}.")
    else:
        detail = _("They rose {by}.") if up else _("They fell {by}.")
    return titles[subject.metric][0 if up else 1], detail


def _still(subjects: Sequence[Subject]) -> Iterator[Said]:
    if subjects:
        names = ", ".join(_name(subject) for subject in subjects)
        title = _("{names}: no clear change.", names=names[:1].upper() + names[1:])
        yield Said("minus", "tone-mute", title, _("The difference is within the margin."))


def _name(subject: Subject) -> str:
    if subject.channel:
        return _("messages on {channel}", channel=subject.channel)
    names = {
        "clients": _("active Clients"),
        "messages": _("messages"),
        "contacts": _("people attended"),
        "first_response": _("time to the first answer"),
        "resolution": _("time to the closing"),
        "reopened_share": _("conversations opened again"),
        "failed_share": _("failed sends"),
    }
    return names[subject.metric]
