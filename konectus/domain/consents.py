"""The steps of a login at Meta, from the button to the account that is picked. Values only."""

from datetime import timedelta
from enum import StrEnum


class ConsentState(StrEnum):
    """Asked: the browser is at the channel. Answered: its code waits for exchange. Offered: accounts to pick from."""

    ASKED = "asked"
    ANSWERED = "answered"
    OFFERED = "offered"
    FAILED = "failed"


# A code of Meta lives an hour at most, and the tokens of accounts nobody picked are kept no longer than that.
LIFE = timedelta(hours=1)
