"""Lengths as each channel counts them."""

import pytest

from konectus.domain.channels import FILE_LIMITS, AttachmentKind, Channel, is_telegram_photo, text_length


def test_each_channel_counts_accents_and_emoji_its_own_way() -> None:
    text = "año 🌵"
    assert text_length(Channel.MESSENGER, text) == 5
    assert text_length(Channel.INSTAGRAM, text) == 9
    assert text_length(Channel.TELEGRAM, text) == 6


@pytest.mark.parametrize(
    ("channel", "media_type", "kind"),
    [
        (Channel.MESSENGER, "image/gif", AttachmentKind.IMAGE),
        (Channel.MESSENGER, "image/webp", AttachmentKind.FILE),
        (Channel.MESSENGER, "application/zip", AttachmentKind.FILE),
        (Channel.MESSENGER, "video/quicktime", AttachmentKind.VIDEO),
        (Channel.INSTAGRAM, "image/jpeg", AttachmentKind.IMAGE),
        (Channel.INSTAGRAM, "image/gif", None),
        (Channel.INSTAGRAM, "image/webp", None),
        (Channel.INSTAGRAM, "application/pdf", AttachmentKind.FILE),
        (Channel.INSTAGRAM, "application/zip", None),
        (Channel.INSTAGRAM, "audio/x-wav", AttachmentKind.AUDIO),
        (Channel.INSTAGRAM, "audio/mpeg", None),
        (Channel.INSTAGRAM, "video/x-msvideo", AttachmentKind.VIDEO),
        (Channel.TELEGRAM, "image/webp", AttachmentKind.IMAGE),
        (Channel.TELEGRAM, "application/octet-stream", AttachmentKind.FILE),
        (Channel.TELEGRAM, "audio/mpeg", AttachmentKind.AUDIO),
    ],
)
def test_file_goes_out_as_what_the_channel_takes_it_for(
    channel: Channel, media_type: str, kind: AttachmentKind | None
) -> None:
    assert FILE_LIMITS[channel].kind_of(media_type) is kind


def test_sizes_are_those_of_the_channels() -> None:
    sizes = {
        channel: (limits.most_bytes(AttachmentKind.IMAGE) >> 20, limits.most_bytes(AttachmentKind.FILE) >> 20)
        for channel, limits in FILE_LIMITS.items()
    }
    assert sizes == {Channel.MESSENGER: (8, 25), Channel.INSTAGRAM: (8, 25), Channel.TELEGRAM: (50, 50)}
    assert FILE_LIMITS[Channel.MESSENGER].types == ()
    assert "application/pdf" in FILE_LIMITS[Channel.INSTAGRAM].types


@pytest.mark.parametrize(
    ("size", "width", "height", "is_photo"),
    [
        (10 << 20, 5000, 5000, True),
        ((10 << 20) + 1, 5000, 5000, False),
        (1, 5001, 5000, False),
        (1, 2000, 100, True),
        (1, 2001, 100, False),
        (1, None, None, False),
        (1, 10, 0, False),
    ],
)
def test_telegram_shows_as_a_photo_what_is_not_too_large_and_not_too_flat(
    size: int, width: int | None, height: int | None, *, is_photo: bool
) -> None:
    assert is_telegram_photo(size, width, height) is is_photo
