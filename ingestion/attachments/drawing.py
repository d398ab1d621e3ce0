"""A child process that makes small pictures of strangers' images: `python -m ingestion.attachments.drawing`.

A decoder that is led astray ends here and not in the sender: memory and time are bounded by the system, nothing else
is in this process, and it is killed when it is slow. What it is asked comes as length and bytes on standard input.
"""

import contextlib
import io
import struct
import sys
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
EDGE = 480
# A phone's best photo has 50 million pixels; what has more is no photo.
MOST_PIXELS = 60_000_000
_MEMORY = 1 << 30
_CPU_SECONDS = 3600
_QUALITY = 80
# Width, height and length of the picture; no length says that there is none.
HEADER = struct.Struct("!III")
LENGTH = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Size of the image as people see it, and its small picture in WebP without a word of what the camera noted."""

    width: int
    height: int
    content: bytes


def draw(content: bytes) -> Drawn | None:
    """The first frame, upright, no edge over EDGE; None for what is no image, is broken or is too large."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _drawn(content)
    except Exception:  # noqa: BLE001 - decoders fail in every way there is; none of them is worth more than no picture
        return None


def _drawn(content: bytes) -> Drawn | None:
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS or not image.width or not image.height:
            return None
        # JPEG alone: decodes to a fraction of its size.
        image.draft("RGB", (EDGE, EDGE))
        turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
        size = _told_size(content)
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((EDGE, EDGE))
        small = upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB")
    out = io.BytesIO()
    small.save(out, "WEBP", quality=_QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    width, height = (size[1], size[0]) if turned else size
    return Drawn(width, height, out.getvalue())


def _told_size(content: bytes) -> tuple[int, int]:
    """As the header tells it: `draft` changes what the open image says of itself."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return image.size


def main() -> None:
    """Answer until standard input ends, which it does with whoever asks."""
    _bound()
    read, write = sys.stdin.buffer, sys.stdout.buffer
    while len(head := read.read(LENGTH.size)) == LENGTH.size:
        found = draw(read.read(LENGTH.unpack(head)[0]))
        if found is None:
            write.write(HEADER.pack(0, 0, 0))
        else:
            write.write(HEADER.pack(found.width, found.height, len(found.content)) + found.content)
        write.flush()  # whoever asks waits for it


def _bound() -> None:
    """Limits of the system, where it has them (not on Windows; macOS takes the memory's without keeping it)."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  # late: there is none on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    main()
