"""Meta's refusals as data, with the words, codes and subcodes of its error tables (channels.md 1.8)."""

from dataclasses import dataclass
from http import HTTPStatus

from ingestion.simulator.faults import Fault
from ingestion.simulator.state import Account, Json

_OAUTH, _METHOD = "OAuthException", "GraphMethodException"


@dataclass
class GraphError(Exception):
    code: int
    message: str
    subcode: int | None = None
    type: str = _OAUTH
    status: int = HTTPStatus.BAD_REQUEST
    is_transient: bool = False

    def body(self, trace: str) -> Json:
        error: Json = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.is_transient:
            error["is_transient"] = True
        return {"error": error | {"fbtrace_id": trace}}


def invalid_token() -> GraphError:
    return GraphError(190, "Invalid OAuth access token - Cannot parse access token", status=HTTPStatus.UNAUTHORIZED)


_DEAD = {
    458: "The user has not authorized application.",
    459: "The user is enrolled in a blocking, logged-in checkpoint.",
    460: "The session has been invalidated because the user changed the password.",
    463: "Session has expired. The current time is after the expiry.",
    464: "Sessions for the user are not allowed because the user is not a confirmed user.",
    467: "This may be because the user logged out.",
    492: "The user no longer has a role on the Page.",
}


def expired_token(subcode: int = 463) -> GraphError:
    words = f"Error validating access token: {_DEAD.get(subcode, 'The session is invalid.')}"
    return GraphError(190, words, subcode, status=HTTPStatus.UNAUTHORIZED)


def no_token() -> GraphError:
    return GraphError(104, "An access token is required to request this resource.")


def bad_proof() -> GraphError:
    return GraphError(100, "Invalid appsecret_proof provided in the API argument", type=_METHOD)


def unknown_object(object_id: str, verb: str) -> GraphError:
    words = (
        f"Unsupported {verb.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return GraphError(100, words, 33, _METHOD)


def parameter(words: str, subcode: int | None = None) -> GraphError:
    return GraphError(100, f"(#100) {words}", subcode)


def unknown_recipient(account: Account) -> GraphError:
    if account.channel == "instagram":
        return parameter("The requested user cannot be found.", 2534014)
    return parameter("No matching user found", 2018001)


def blocked() -> GraphError:
    return GraphError(551, "(#551) This person isn't available right now.", 1545041)


def outside_window(account: Account) -> GraphError:
    subcode = 2534022 if account.channel == "instagram" else 2018278
    return GraphError(10, "(#10) This message is sent outside of allowed window.", subcode)


def not_owner() -> GraphError:
    return GraphError(10, "(#10) Message failed to send because another app is controlling this thread now.", 2018300)


def too_fast() -> GraphError:
    return GraphError(613, "(#613) Calls to this api have exceeded the rate limit.", 1893016)


def too_old() -> GraphError:
    return GraphError(9000001, "(#9000001) The message cannot be read: it is not among the 20 newest.")


def from_fault(fault: Fault) -> GraphError:
    """The refusal that a fault stands for; `error` stands for whatever it was told."""
    if fault.fault == "error":
        status = fault.status or HTTPStatus.BAD_REQUEST
        words = fault.message or f"(#{fault.code}) An error of the table"
        return GraphError(fault.code or 1, words, fault.subcode, status=status, is_transient=fault.is_transient)
    known = {
        "server_error": GraphError(1, "An unknown error occurred", status=HTTPStatus.INTERNAL_SERVER_ERROR),
        "transient": GraphError(
            2, "Service temporarily unavailable", status=HTTPStatus.SERVICE_UNAVAILABLE, is_transient=True
        ),
        "sent_anyway": GraphError(
            1, "An unknown error has occurred.", 1357046, status=HTTPStatus.INTERNAL_SERVER_ERROR
        ),
        "expired_token": expired_token(),
        "rate_limited": GraphError(613, "(#613) Calls to this api have exceeded the rate limit."),
        "permission_lost": GraphError(
            200, "(#200) Requires pages_messaging permission to manage the object", status=HTTPStatus.FORBIDDEN
        ),
        "restricted": GraphError(10, "(#10) Your account is temporarily restricted from messaging.", 1893063),
        "gone": unknown_object("0", "get"),
    }
    return known.get(fault.fault, GraphError(1, "An unknown error has occurred."))
