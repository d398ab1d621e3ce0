"""Every row of the channels' error tables and what we do about it (channels.md 1.8 and 4.8)."""

import httpx
import pytest

from ingestion.channels.meta.errors import error_of as meta_error_of
from ingestion.channels.port.calls import Answer
from ingestion.channels.port.failures import Action, ChannelError, Transient
from ingestion.channels.telegram.errors import error_of as telegram_error_of

META: dict[Action, list[tuple[int, int | None]]] = {
    Action.NEEDS_REAUTH: [
        (190, None), (190, 463), (190, 9), (102, None), (0, None),
        *((10, subcode) for subcode in (458, 459, 460, 463, 464, 467, 492)),
    ],
    Action.PERMISSION_LOST: [
        (10, None), (3, None), *((code, None) for code in range(200, 300)), (200, 2018028), (200, 2018027),
        (200, 2534041), (10, 2534077), (100, 2534013), (100, 33), (2018247, None), (100, 2018247),
    ],
    Action.RESTRICTED: [(10, 1893063), (368, None), (100, 2534029), (2022, None), (613, 2018338), (10, 1404170)],
    Action.WINDOW: [(10, 2018278), (10, 2534022), (10, 2018065)],
    Action.REFUSED: [(100, None), (100, 2018014), (100, 2534015), (100, 2534025), (9000001, None), (10900, None)],
    Action.RECIPIENT_BLOCKED: [(551, None), (551, 1545041), (200, 1545041), (10, 2018108)],
    Action.RECIPIENT_GONE: [(100, 2018001), (100, 2534014), (2018218, None), (100, 2018218)],
    Action.NOT_OWNER: [(2018300, None), (100, 2018300), (100, 2534037), (2018171, None)],
    Action.HELD: [(2018321, None), (100, 2018321)],
    Action.RATE_LIMIT: [
        *((code, None) for code in (4, 17, 32, 341, 613, 80001, 80002, 80006)),
        (613, 2534040), (613, 1893016), (9, 2018352),
    ],
    Action.MEDIA: [(100, 2018008), (100, 2018047), (100, 2018074), (100, 2018109), (100, 2018294)],
    Action.RETRY: [(1, None), (2, None), (1, 1357046)],
}  # fmt: skip
TELEGRAM: list[tuple[int, str, Action]] = [
    (401, "Unauthorized", Action.NEEDS_REAUTH),
    (401, "Unauthorized: invalid token specified", Action.NEEDS_REAUTH),
    (404, "Not Found", Action.NEEDS_REAUTH),
    (403, "Forbidden: bot was blocked by the user", Action.RECIPIENT_BLOCKED),
    (403, "Forbidden: user is deactivated", Action.RECIPIENT_GONE),
    (403, "Forbidden: bot can't initiate conversation with a user", Action.RECIPIENT_GONE),
    (400, "Bad Request: chat not found", Action.RECIPIENT_GONE),
    (400, "Bad Request: private chat not found", Action.RECIPIENT_GONE),
    (403, "Forbidden: bot was kicked from the group chat", Action.CHAT_CLOSED),
    (403, "Forbidden: bot was kicked from the supergroup chat", Action.CHAT_CLOSED),
    (403, "Forbidden: bot was kicked from the channel chat", Action.CHAT_CLOSED),
    (403, "Forbidden: bot is not a member of the supergroup chat", Action.CHAT_CLOSED),
    (403, "Forbidden: the group chat was deleted", Action.CHAT_CLOSED),
    (403, "Forbidden: something new", Action.REFUSED),
    (400, "Bad Request: business connection not found", Action.BUSINESS_GONE),
    (400, "Bad Request: BUSINESS_PEER_USAGE_MISSING", Action.BUSINESS_GONE),
    (400, "Bad Request: message to be replied not found", Action.REFUSED),
    (400, "Bad Request: message is too long", Action.REFUSED),
    (400, "Bad Request: can't parse entities: Unsupported start tag", Action.REFUSED),
    (400, "Bad Request: file is too big", Action.MEDIA),
    (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", Action.MEDIA),
    (413, "Request Entity Too Large", Action.MEDIA),
    (409, "Conflict: terminated by other getUpdates request", Action.CONFLICT),
    (429, "Too Many Requests: retry after 35", Action.RATE_LIMIT),
]


def answer(status: int, **body: object) -> Answer:
    return Answer(status=status, body=body, headers=httpx.Headers())


def meta(code: int, subcode: int | None) -> ChannelError:
    error = {"message": "x", "type": "OAuthException", "code": code, "error_subcode": subcode, "fbtrace_id": "T"}
    found = meta_error_of(answer(400, error=error))
    assert found is not None
    return found


def telegram(status: int, words: str, **parameters: int) -> ChannelError | None:
    return telegram_error_of(answer(status, ok=False, error_code=status, description=words, parameters=parameters))


@pytest.mark.parametrize("action", list(META))
def test_every_code_of_meta_is_of_its_class(action: Action) -> None:
    for code, subcode in META[action]:
        found = meta(code, subcode)
        assert (found.action, code, subcode) == (action, code, subcode)
        assert isinstance(found, Transient) is (action in (Action.RATE_LIMIT, Action.RETRY))
        assert found.provider_code == (f"{code}/{subcode}" if subcode else str(code))


@pytest.mark.parametrize(("status", "words", "action"), TELEGRAM)
def test_every_answer_of_telegram_is_of_its_class(status: int, words: str, action: Action) -> None:
    found = telegram(status, words)
    assert found is not None
    assert found.action is action


@pytest.mark.parametrize("status", [500, 502])
def test_telegram_in_trouble_leaves_open_whether_it_went(status: int) -> None:
    found = telegram(status, "Internal Server Error: restart")
    assert isinstance(found, Transient)
    assert found.maybe_accepted


def test_message_that_is_as_it_should_be_is_no_failure() -> None:
    assert telegram(400, "Bad Request: message is not modified: specified new message content") is None


def test_code_nobody_told_us_of_refuses_the_message_alone() -> None:
    assert meta(4242, None).action is Action.REFUSED
    assert meta(4242, 99).action is Action.REFUSED
    assert meta(10, 987654).action is Action.PERMISSION_LOST


@pytest.mark.parametrize(
    ("status", "body", "action"),
    [
        (400, {"error": "a string"}, Action.REFUSED),
        (400, {"error": {"code": "190"}}, Action.NEEDS_REAUTH),
        (400, {"error": {"code": {"a": 1}}}, Action.REFUSED),
        (400, {"error": {"code": None, "message": ["x"]}}, Action.REFUSED),
        (403, {}, Action.REFUSED),
        (429, {}, Action.RATE_LIMIT),
        (503, {"error": []}, Action.RETRY),
    ],
)
def test_answer_of_wrong_types_is_read_by_its_status(status: int, body: dict[str, object], action: Action) -> None:
    found = meta_error_of(answer(status, **body))
    assert found is not None
    assert found.action is action


@pytest.mark.parametrize(
    ("status", "action"), [(404, Action.REFUSED), (401, Action.REFUSED), (403, Action.REFUSED), (413, Action.MEDIA)]
)
def test_answer_of_something_between_us_and_telegram_says_nothing_of_token_or_person(
    status: int, action: Action
) -> None:
    found = telegram_error_of(answer(status))
    assert found is not None
    assert found.action is action
