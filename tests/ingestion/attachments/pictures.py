"""Images of the tests: honest ones, and such that are made to break a decoder."""

import io
import struct
import zlib

from PIL import Image

ORIENTATION = 0x0112


def jpeg(width: int = 640, height: int = 400, *, orientation: int = 1, gps: bool = False) -> bytes:
    noted = Image.Exif()
    noted[ORIENTATION] = orientation
    if gps:
        noted[0x010F] = "Cámara de la testigo"
        noted.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 90)).save(out, "JPEG", exif=noted)
    return out.getvalue()


def saved(form: str, width: int = 640, height: int = 400, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, form)
    return out.getvalue()


def moving(frames: int = 3) -> bytes:
    out = io.BytesIO()
    shown = [Image.new("P", (600, 300), shade) for shade in range(frames)]
    shown[0].save(out, "GIF", save_all=True, append_images=shown[1:])
    return out.getvalue()


def bomb(edge: int = 60_000) -> bytes:
    """A PNG of 3.6 billion pixels in a few kilobytes; its header is honest."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack("!I", len(content)) + name + content + struct.pack("!I", zlib.crc32(name + content))

    header = struct.pack("!IIBBBBB", edge, edge, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
