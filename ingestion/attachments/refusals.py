"""Why bytes did not come: what is final, and what may be asked for again."""

from konectus.errors import Invalid, Unavailable


class Refused(Invalid):
    """The file will never come from there. `reason` is a stable word and holds nothing of the address."""

    code = "attachment_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(Unavailable):
    """Not now: the other side does not answer, or answers that it has trouble."""

    code = "attachment_unreachable"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
