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


def from_fault(fault: Fault) -> BotError:
    """The refusal that a fault stands for."""
    restart = BotError(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error: restart")
    wait = BotError(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"Too Many Requests: retry after {fault.retry_after}",
        {"retry_after": fault.retry_after},
    )
    deactivated = BotError(HTTPStatus.FORBIDDEN, "Forbidden: user is deactivated")
    told = {"expired_token": unauthorized(), "rate_limited": wait, "permission_lost": deactivated, "gone": not_found()}
    return told.get(fault.fault, restart)
