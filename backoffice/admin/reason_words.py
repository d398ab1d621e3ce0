"""Reasons that the software itself wrote down, in the reader's language; what people wrote stays as it is."""

import re

from konectus.i18n import gettext, msg

# As the services write them; the audit trail keeps these words.
REASONS = frozenset(
    (
        msg("The export window elapsed"),
        msg("Counted from delivery (Terms 15.2)"),
        msg("By the one-time link"),
        msg("Konectus waits longer for what is owed; that waives nothing (Terms 18)"),
        msg("Erased before; a backup of the file store brought sealed files back"),
        msg("An archive was asked for in time and is being built or fetched"),
        msg("The Client cancelled in its settings"),
        msg("Nothing whose time had run out is owed any more"),
        msg("The Client rejected changed terms before they took effect"),
        msg("The Client contracted a Plan after its trial"),
        msg("An owner contracted again in the product"),
        msg("Erased before; a backup from before the erasure was restored"),
        msg("The contract ended and this credit pays nothing any more"),
        msg("Two people approved the deletion after the export window"),
        msg("First published version of the Terms"),
        msg("The facts changed after the first approval"),
        msg("The Client has exported since it was asked for"),
        msg("Whoever asked for it is not of the staff any more"),
        msg("The command or its facts changed after it was approved"),
        msg("Thirty days to export begin (Terms 15.3)"),
        msg("The export is blocked: these days do not count"),
        msg("The export is possible again: lost days come back"),
        msg("The facts changed after it was asked for"),
        msg("It was asked for anew under other facts"),
        msg("Nobody decided or used it in time"),
        msg("Nobody decided it in time"),
        msg("The deletion was given up"),
        msg("The free trial ended without a subscription"),
        msg("Exact figures of all Clients together, asked for in Figures"),
        msg("Exact use of one Client, asked for on its page"),
    )
)
_UNPAID = re.compile(r"Invoice (\S+) was not paid within the days of its notice \(Terms 15\.1 a\)")


def told(reason: str | None) -> str:
    """The reason in the reader's language where it is one of the software's own."""
    if not reason:
        return ""
    unpaid = _UNPAID.fullmatch(reason)
    if unpaid is not None:
        return gettext("Invoice {number} was not paid within the days of its notice (Terms 15.1 a)", number=unpaid[1])
    return gettext(reason) if reason in REASONS else reason
