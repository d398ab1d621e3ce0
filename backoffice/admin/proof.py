"""The code that some commands ask for beside name and reason: its field, what is wrong with it, and spending it.

Which commands ask is each command's (`needs_proof`); what a code is worth is konectus.services.proving.
"""

from backoffice.admin.commands import Command
from backoffice.admin.given import Slip, Typed
from backoffice.admin.pieces import Field
from konectus.errors import TooMany
from konectus.i18n import gettext, ngettext
from konectus.services import identity, proving
from konectus.services.work import Work, Works

NAME = "code"
_LENGTH, TOO_MANY = 6, 429


def field(error: str, demo_code: str) -> Field:
    """Always empty: a code is never shown again. `demo_code` is for who has no authenticator app."""
    hint = gettext("Six digits, each time a new code: one that was used does not count again.")
    if demo_code:
        hint = gettext("In this demo, your code now is {code}.", code=demo_code)
    return Field(NAME, gettext("Code of your authenticator app"), "", "code", hint=hint, error=error, longest=7)


def problem(given: Typed) -> str:
    """What is wrong with how it is written; nothing is counted for that."""
    written = "".join(given[NAME].split())
    if len(written) == _LENGTH and written.isascii() and written.isdigit():
        return ""
    return gettext("Write the six digits that your authenticator app shows")


def spend(works: Works, work: Work, command: Command, given: Typed) -> Work:
    """The work of somebody who proved who they are, in the same transaction. Raises Slip."""
    try:
        return proving.prove(works, work, given[NAME], action=f"{command.identity}.{command.action}", reason=given.why)
    except identity.CodeNeeded:
        words = gettext("This code is wrong or was used already. Wait for the next one; nothing was done.")
        raise Slip(words, NAME) from None
    except proving.NoSecondFactor:
        words = gettext("You have no second factor. Ask Administration for a new link; nothing was done.")
        raise Slip(words, NAME) from None
    except TooMany as error:
        seconds = max(1, int(error.retry_after.total_seconds()))
        words = ngettext("Too many tries. Wait {n} second.", "Too many tries. Wait {n} seconds.", seconds)
        raise Slip(words, NAME, TOO_MANY) from None
