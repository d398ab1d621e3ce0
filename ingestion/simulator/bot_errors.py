"""The Bot API's refusals, word for word as its server writes them (channels.md 4.8)."""

from dataclasses import dataclass, field
from http import HTTPStatus

from ingestion.simulator.faults import Fault
from ingestion.simulator.state import Json


@dataclass
class BotError(Exception):
    status: int
    description: str
    parameters: Json = field(default_factory=dict)

    def body(self) -> Json:
        told: Json = {"ok": False, "error_code": int(self.status), "description": self.description}
        return told | ({"parameters": self.parameters} if self.parameters else {})


def bad(words: str) -> BotError:
    return BotError(HTTPStatus.BAD_REQUEST, f"Bad Request: {words}")


def unauthorized() -> BotError:
    return BotError(HTTPStatus.UNAUTHORIZED, "Unauthorized")


def not_found() -> BotError:
    return BotError(HTTPStatus.NOT_FOUND, "Not Found")


def unknown_method() -> BotError:
    return BotError(HTTPStatus.NOT_FOUND, "Not Found: method not found")


def blocked() -> BotError:
    return BotError(HTTPStatus.FORBIDDEN, "Forbidden: bot was blocked by the user")


def never_started() -> BotError:
    return BotError(HTTPStatus.FORBIDDEN, "Forbidden: bot can't initiate conversation with a user")


def too_large() -> BotError:
    return BotError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")


def conflict() -> BotError:
    words = (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    return BotError(HTTPStatus.CONFLICT, words)


def other_poller() -> BotError:
    words = "terminated by other getUpdates request; make sure that only one bot instance is running"
    return BotError(HTTPStatus.CONFLICT, f"Conflict: {words}")


def webhook_set_meanwhile() -> BotError:
    return BotError(HTTPStatus.CONFLICT, "Conflict: terminated by setWebhook request")


def kicked(kind: str) -> BotError:
    return BotError(HTTPStatus.FORBIDDEN, f"Forbidden: bot was kicked from the {kind} chat")


def migrated(chat_id: str) -> BotError:
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    return BotError(HTTPStatus.BAD_REQUEST, words, {"migrate_to_chat_id": int(chat_id)})


def too_many(seconds: int) -> BotError:
    words = f"Too Many Requests: retry after {seconds}"
    return BotError(HTTPStatus.TOO_MANY_REQUESTS, words, {"retry_after": seconds})


def from_fault(fault: Fault) -> BotError:
    """The refusal that a fault stands for; `error` stands for whatever it was told."""
    if fault.fault == "error":
        return BotError(fault.status or HTTPStatus.BAD_REQUEST, fault.message or "Bad Request", fault.parameters)
    restart = BotError(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error: restart")
    deactivated = BotError(HTTPStatus.FORBIDDEN, "Forbidden: user is deactivated")
    told = {
        "expired_token": unauthorized(),
        "rate_limited": too_many(fault.retry_after),
        "permission_lost": deactivated,
        "gone": not_found(),
    }
    return told.get(fault.fault, restart)
