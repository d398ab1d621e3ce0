"""Lengths as each channel counts them."""

from konectus.domain.channels import Channel, text_length


def test_each_channel_counts_accents_and_emoji_its_own_way() -> None:
    text = "año 🌵"
    assert text_length(Channel.MESSENGER, text) == 5
    assert text_length(Channel.INSTAGRAM, text) == 9
    assert text_length(Channel.TELEGRAM, text) == 6
