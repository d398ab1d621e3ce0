"""Addresses of single files for channels that fetch what we send: one file, one hour, no sign-in (`/media/{token}`).

Nothing is stored: a link ends with its hour, or with its Client's keys.
"""

from datetime import datetime, timedelta
from uuid import UUID

from konectus import passes
from konectus.errors import NotFound
from konectus.passes import PassRefused
from konectus.sealing import ClientKeys, Unreadable
from konectus.store.keystore import Keys, NoKey

LASTS = timedelta(hours=1)
_PURPOSE = "media"
# The Client's id stands before the pass, in hexadecimal: it says which key to check the pass with.
_CLIENT = 32


def issue(keys: ClientKeys, file_id: UUID, now: datetime) -> str:
    """The token of an address under which this file can be fetched until an hour from now."""
    given = passes.issue(keys.index.hex(), _PURPOSE, str(file_id), now + LASTS)
    return f"{keys.client_id.hex}{given}"


def read(keys: Keys, token: str, now: datetime) -> tuple[UUID, UUID]:
    """Client and file of a token. Raises NotFound for one that is forged or over, or whose Client is erased."""
    try:
        client_id = UUID(hex=token[:_CLIENT])
        file_id = passes.read(keys.of(client_id).index.hex(), _PURPOSE, token[_CLIENT:], now)
        return client_id, UUID(file_id)
    except (ValueError, NoKey, Unreadable, PassRefused):
        raise NotFound from None
