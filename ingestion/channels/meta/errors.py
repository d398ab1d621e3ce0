"""Meta's error codes as data, and what an answer of the Graph API means for us. Text of errors is never read."""

from collections.abc import Mapping

from ingestion.channels.meta.usage import regain
from ingestion.channels.port.calls import Answer
from ingestion.channels.port.failures import Action, ChannelError, Permanent, Transient
from ingestion.channels.port.reading import mapping_of, number_of, text_of

_ANY = None
# (code, subcode) beats (code, any). Sources: channels.md 1.8.
ACTIONS: Mapping[tuple[int, int | None], Action] = {
    **dict.fromkeys(((0, _ANY), (190, _ANY), (102, _ANY)), Action.NEEDS_REAUTH),
    **dict.fromkeys(((10, _ANY), (3, _ANY), (2018247, _ANY)), Action.PERMISSION_LOST),
    **dict.fromkeys(((code, _ANY) for code in range(200, 300)), Action.PERMISSION_LOST),
    **dict.fromkeys(
        ((200, 2018028), (200, 2018027), (200, 2534041), (10, 2534077), (100, 2534013), (100, 33)),
        Action.PERMISSION_LOST,
    ),
    **dict.fromkeys(
        ((10, 1893063), (10, 1404170), (368, _ANY), (100, 2534029), (2022, _ANY), (613, 2018338)), Action.RESTRICTED
    ),
    **dict.fromkeys(((10, 2018278), (10, 2534022), (10, 2018065)), Action.WINDOW),
    **dict.fromkeys(((100, _ANY), (100, 2018014), (100, 2534015), (100, 2534025)), Action.REFUSED),
    **dict.fromkeys(
        ((551, _ANY), (551, 1545041), (200, 1545041), (10, 2018108)), Action.RECIPIENT_BLOCKED
    ),
    **dict.fromkeys(((100, 2018001), (100, 2534014), (2018218, _ANY)), Action.RECIPIENT_GONE),
    **dict.fromkeys(((2018300, _ANY), (100, 2534037), (2018171, _ANY)), Action.NOT_OWNER),
    (2018321, _ANY): Action.HELD,
    **dict.fromkeys(
        (
            (4, _ANY), (17, _ANY), (32, _ANY), (341, _ANY), (613, _ANY), (613, 2534040), (613, 1893016), (9, 2018352),
            (80001, _ANY), (80002, _ANY), (80006, _ANY),
        ),
        Action.RATE_LIMIT,
    ),
    **dict.fromkeys(
        ((100, 2018008), (100, 2018047), (100, 2018074), (100, 2018109), (100, 2018294)), Action.MEDIA
    ),
    **dict.fromkeys(((9000001, _ANY), (10900, _ANY)), Action.REFUSED),
    **dict.fromkeys(((1, _ANY), (2, _ANY)), Action.RETRY),
}  # fmt: skip
# These subcodes mean a dead token whatever the code beside them is.
_DEAD_TOKEN = frozenset({458, 459, 460, 463, 464, 467, 492})
_ERROR, _TOO_MANY, _SERVER_TROUBLE = 400, 429, 500


def action_of(code: int, subcode: int | None) -> Action | None:
    """What to do about a pair of codes; None for one that Meta has not told us of."""
    if subcode in _DEAD_TOKEN:
        return Action.NEEDS_REAUTH
    by_subcode = ACTIONS.get((subcode, _ANY)) if subcode else None
    return ACTIONS.get((code, subcode)) or by_subcode or ACTIONS.get((code, _ANY))


def error_of(answer: Answer) -> ChannelError | None:
    """The failure an answer tells, None for success.

    Code 1 with subcode 1357046 officially means "sent although an error was returned": like every trouble of the
    server it leaves open whether the call took effect.
    """
    told = mapping_of(answer.body.get("error"))
    if answer.status < _ERROR and not told:
        return None
    code, subcode = number_of(told.get("code")), number_of(told.get("error_subcode"))
    known = action_of(code, subcode) if code is not None else None
    action = known or _action_of_status(answer.status)
    name = f"http {answer.status}" if code is None else f"{code}/{subcode}" if subcode else str(code)
    trace = text_of(told.get("fbtrace_id")) or ""
    if action is Action.RATE_LIMIT:
        wait = answer.retry_after or regain(answer)
        return Transient(name, action=action, maybe_accepted=False, retry_after=wait, trace=trace)
    if action is Action.RETRY or told.get("is_transient") is True:
        return Transient(name, maybe_accepted=True, trace=trace)
    return Permanent(name, action=action, trace=trace)


def _action_of_status(status: int) -> Action:
    """For codes nobody told us of, and for answers of something in between that is not Meta."""
    if status == _TOO_MANY:
        return Action.RATE_LIMIT
    return Action.RETRY if status >= _SERVER_TROUBLE else Action.REFUSED
