"""A baseline JPEG writer for pictures made of flat 8 by 8 blocks: only the mean of each block is coded."""

import struct

from ingestion.simulator.media_formats import Painter

_BLOCK = 8
# The luminance DC table of ITU-T T.81 K.3, used for all three components.
_DC_LENGTHS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
_DC_SYMBOLS = tuple(range(12))
_DC_QUANTUM = 8  # a block's DC term is eight times its mean, so the quantised one is the mean itself
_END_OF_BLOCK = "0"  # the AC table has one code of one bit


def jpeg(blocks_wide: int, blocks_high: int, paint: Painter) -> bytes:
    """A JPEG of that many blocks whose block (x, y) has the colour that `paint` gives."""
    size = struct.pack(">BHHB", 8, blocks_high * _BLOCK, blocks_wide * _BLOCK, 3)
    components = b"\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    parts = (
        b"\xff\xd8",
        _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
        _segment(0xDB, b"\x00" + bytes([_DC_QUANTUM]) + bytes([1] * 63)),
        _segment(0xC0, size + components),
        _segment(0xC4, b"\x00" + bytes(_DC_LENGTHS) + bytes(_DC_SYMBOLS)),
        _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\x00"),
        _segment(0xDA, b"\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00"),
        _scan(blocks_wide, blocks_high, paint),
        b"\xff\xd9",
    )
    return b"".join(parts)


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def _scan(blocks_wide: int, blocks_high: int, paint: Painter) -> bytes:
    codes = _codes()
    before = [0, 0, 0]
    bits: list[str] = []
    for y in range(blocks_high):
        for x in range(blocks_wide):
            for component, value in enumerate(_ycc(*paint(x, y))):
                bits.append(_coded(value - before[component], codes) + _END_OF_BLOCK)
                before[component] = value
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    return int(stream, 2).to_bytes(len(stream) // 8).replace(b"\xff", b"\xff\x00")


def _ycc(red: int, green: int, blue: int) -> tuple[int, int, int]:
    """Luminance and the two colour differences, each around zero."""
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    return (round(luminance) - 128, round(0.564 * (blue - luminance)), round(0.713 * (red - luminance)))


def _coded(difference: int, codes: dict[int, str]) -> str:
    category = abs(difference).bit_length()
    if category == 0:
        return codes[0]
    value = difference if difference > 0 else difference + (1 << category) - 1
    return codes[category] + format(value, f"0{category}b")


def _codes() -> dict[int, str]:
    """Category → Huffman code, built from the lengths as the standard's annex C tells."""
    codes, code, symbols = {}, 0, iter(_DC_SYMBOLS)
    for length, count in enumerate(_DC_LENGTHS, 1):
        for _ in range(count):
            codes[next(symbols)] = format(code, f"0{length}b")
            code += 1
        code <<= 1
    return codes
