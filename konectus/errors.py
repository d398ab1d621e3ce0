"""The error tree of the product. HTTP numbers live at the edge, never here.

KonectusError
├── Unauthenticated   who are you?
├── Forbidden         you are known and may not
├── NotFound          absent, or not yours: the two are never told apart
├── Conflict          it is already so, or somebody was faster
├── Invalid           the words of the request do not fit
├── TooMany           later; `retry_after` says when
└── Unavailable       our own trouble, worth trying again
"""

from datetime import timedelta
from typing import ClassVar


class KonectusError(Exception):
    """A refusal with a stable code. The message is for operators, pages translate the code."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str = "", **facts: object) -> None:
        super().__init__(message or self.code)
        self.facts = facts


class Unauthenticated(KonectusError):
    code = "unauthenticated"


class Forbidden(KonectusError):
    code = "forbidden"


class NotFound(KonectusError):
    code = "not_found"


class Conflict(KonectusError):
    code = "conflict"


class Invalid(KonectusError):
    code = "invalid"


class TooMany(KonectusError):
    code = "too_many"

    def __init__(self, message: str = "", *, retry_after: timedelta, **facts: object) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class Unavailable(KonectusError):
    code = "unavailable"
