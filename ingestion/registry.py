"""Channel name to adapter; a body of a door to the adapters that may read it."""

from collections.abc import Mapping, Sequence

from ingestion.channels.instagram import Instagram
from ingestion.channels.messenger import Messenger
from ingestion.channels.port.adapter import Adapter
from ingestion.channels.telegram.adapter import Telegram
from ingestion.wire import Item
from konectus.domain.channels import Channel

ADAPTERS: Mapping[str, Adapter] = {
    Channel.MESSENGER: Messenger(),
    Channel.INSTAGRAM: Instagram(),
    Channel.TELEGRAM: Telegram(),
}
# Both products of Meta arrive at one address; the body tells them apart.
META: Sequence[Channel] = (Channel.MESSENGER, Channel.INSTAGRAM)


def adapter(channel: str) -> Adapter:
    """The adapter of a channel. Raises KeyError for a name that is no channel of ours."""
    return ADAPTERS[channel]


def named(channels: Sequence[str], body: object) -> set[tuple[str, str]]:
    """(channel, account) of every account a decoded body names."""
    return {(channel, account) for channel in channels for account in ADAPTERS[channel].accounts(body)}


def read(channels: Sequence[str], body: object, account: str | None = None) -> list[tuple[str, Item]]:
    """Every item of a decoded body with its channel."""
    return [(channel, item) for channel in channels for item in ADAPTERS[channel].parse(body, account)]


def split(channels: Sequence[str], body: object, account: str | None = None) -> list[object]:
    """For each item of `read`, the least body that holds it alone."""
    return [alone for channel in channels for alone in ADAPTERS[channel].split(body, account)]
