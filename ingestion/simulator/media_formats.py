"""Writers of small real files without a library: PNG, PDF, Ogg/Opus. JPEG has its own module."""

import struct
import zlib
from collections.abc import Callable

Colour = tuple[int, int, int]
Painter = Callable[[int, int], Colour]

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_OPUS_RATE = 48_000
_OPUS_FRAME = 960  # samples of 20 ms
_OPUS_SILENCE = b"\xf8\xff\xfe"  # one CELT frame of 20 ms without sound
_OGG_POLYNOMIAL = 0x04C11DB7
_FRAMES_PER_PAGE = 50


def png(width: int, height: int, paint: Painter) -> bytes:
    """A true-colour PNG whose pixel (x, y) has the colour that `paint` gives."""
    rows = b"".join(b"\x00" + b"".join(bytes(paint(x, y)) for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _PNG_HEAD + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def pdf(lines: tuple[str, ...]) -> bytes:
    """One A5 page with the lines in Helvetica; accents through WinAnsi."""
    shown = b"".join(b"(" + _pdf_text(line) + b") Tj T*\n" for line in lines)
    stream = b"BT /F1 14 Tf 40 540 Td 20 TL\n" + shown + b"ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length " + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += str(number).encode() + b" 0 obj\n" + content + b"\nendobj\n"
    table = b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    size = str(len(objects) + 1).encode()
    head = b"xref\n0 " + size + b"\n0000000000 65535 f \n"
    tail = b"trailer\n<< /Size " + size + b" /Root 1 0 R >>\nstartxref\n" + str(len(out)).encode() + b"\n%%EOF\n"
    return out + head + table + tail


def _pdf_text(line: str) -> bytes:
    plain = line.encode("cp1252", "replace")
    return plain.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def ogg_opus(seconds: int) -> bytes:
    """A voice note of that length in which nobody says anything: valid Opus packets in Ogg pages."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, _OPUS_RATE, 0, 0)
    vendor = b"konectus simulator"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    pages = [_ogg_page([head], 0, 0, 0x02), _ogg_page([tags], 1, 0, 0)]
    frames = seconds * _OPUS_RATE // _OPUS_FRAME
    for done in range(0, frames, _FRAMES_PER_PAGE):
        count = min(_FRAMES_PER_PAGE, frames - done)
        last = 0x04 if done + count == frames else 0
        pages.append(_ogg_page([_OPUS_SILENCE] * count, len(pages), (done + count) * _OPUS_FRAME, last))
    return b"".join(pages)


def _ogg_page(packets: list[bytes], sequence: int, granule: int, flags: int) -> bytes:
    segments = bytes(len(packet) for packet in packets)
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, 1, sequence, 0, len(segments))
    page = head + segments + b"".join(packets)
    return page[:22] + struct.pack("<I", _ogg_checksum(page)) + page[26:]


def _ogg_checksum(content: bytes) -> int:
    register = 0
    for byte in content:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ _OGG_POLYNOMIAL if register & 0x80000000 else register << 1) & 0xFFFFFFFF
    return register
