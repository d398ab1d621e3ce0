"""Small pictures of strangers' images: made in a process of their own, bounded, and without what the camera noted."""

import io
import sys
from collections.abc import Iterator

import pytest
from PIL import Image

from ingestion.attachments import drawing
from ingestion.attachments.drawing import EDGE, draw
from ingestion.attachments.previews import Previews, has_preview
from konectus.clock import monotonic
from konectus.domain.channels import AttachmentKind
from tests.ingestion.attachments import pictures


@pytest.fixture(scope="module")
def previews() -> Iterator[Previews]:
    found = Previews()
    yield found
    found.close()


def test_a_photo_is_small_upright_and_says_nothing_of_the_camera(previews: Previews) -> None:
    drawn = previews.draw(pictures.jpeg(4000, 3000, orientation=6, gps=True))
    assert drawn is not None
    assert (drawn.width, drawn.height) == (3000, 4000), "as people see it"
    small = Image.open(io.BytesIO(drawn.content))
    assert (small.format, small.size) == ("WEBP", (360, EDGE))
    assert not dict(small.getexif())
    assert b"testigo" not in drawn.content


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (pictures.saved("PNG", 100, 50, "RGBA"), (100, 50)),
        (pictures.saved("PNG", 900, 300, "P"), (900, 300)),
        (pictures.saved("WEBP"), (640, 400)),
        (pictures.saved("JPEG", 500, 500, "CMYK"), (500, 500)),
        (pictures.moving(), (600, 300)),
    ],
    ids=["small", "palette", "webp", "cmyk", "moving"],
)
def test_every_form_of_image_has_one_picture(previews: Previews, content: bytes, size: tuple[int, int]) -> None:
    drawn = previews.draw(content)
    assert drawn is not None
    assert (drawn.width, drawn.height) == size
    with Image.open(io.BytesIO(drawn.content)) as small:
        assert max(small.size) <= EDGE
        assert not getattr(small, "is_animated", False)


@pytest.mark.parametrize(
    "content",
    [
        pictures.bomb(),
        pictures.jpeg()[:300],
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        b"GIF89a" + b"\xff" * 2000,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        pictures.saved("TIFF"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"",
    ],
    ids=["bomb", "cut", "header only", "noise", "eps", "tiff", "svg", "empty"],
)
def test_what_is_no_image_of_ours_has_no_picture_and_the_child_lives(previews: Previews, content: bytes) -> None:
    before = previews._child and previews._child.pid
    assert previews.draw(content) is None
    assert before is None or (previews._child and previews._child.pid == before)


def test_a_child_that_hangs_is_killed_and_the_next_image_has_a_picture_again() -> None:
    hanging = Previews((sys.executable, "-c", "import time; time.sleep(60)"), seconds=0.3)
    begun = monotonic()
    assert hanging.draw(pictures.jpeg()) is None
    assert monotonic() - begun < 10
    hanging.command = Previews().command
    hanging.seconds = 10.0
    assert hanging.draw(pictures.jpeg()) is not None
    hanging.close()
    assert hanging.draw(pictures.jpeg()) is None, "closed for good"


@pytest.mark.parametrize(
    "program",
    ["import sys; sys.exit(3)", "import os; os.abort()", "import sys; sys.stdout.buffer.write(b'\\xff' * 12)"],
    ids=["ends", "crashes", "lies"],
)
def test_a_child_that_dies_or_lies_costs_the_picture_alone(program: str) -> None:
    broken = Previews((sys.executable, "-c", program))
    assert broken.draw(pictures.jpeg()) is None
    broken.close()


def test_no_decoder_takes_more_than_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST_PIXELS", 100 * 100)  # the real limit would want minutes to make an image for
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # drawing sets it for its process, which is ours here
    assert draw(pictures.saved("PNG", 101, 100)) is None
    assert draw(pictures.saved("PNG", 100, 100)) is not None


def test_pictures_are_made_of_images_alone() -> None:
    assert has_preview(AttachmentKind.IMAGE, "image/jpeg")
    assert has_preview(AttachmentKind.STICKER, "image/webp")
    assert not has_preview(AttachmentKind.VIDEO, "image/gif")
    assert not has_preview(AttachmentKind.IMAGE, "image/svg+xml")
