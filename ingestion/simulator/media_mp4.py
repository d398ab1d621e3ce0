"""Writes a short silent MP4 of one still picture: H.264 with raw macroblocks, so that no encoder is needed."""

import struct

from ingestion.simulator.media_formats import Painter

WIDTH, HEIGHT = 128, 96  # what the parameter sets below say
_BLOCK = 16
_PARAMETERS = bytes.fromhex("6742000af841a2")  # baseline, 8 by 6 macroblocks
_PICTURE = bytes.fromhex("68ce3880")
_SLICE = bytes.fromhex("05888421a0")  # an IDR slice up to its first raw macroblock
_RAW_MACROBLOCK = bytes.fromhex("0d00")
_END = b"\x80"
_SCALE = 1000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_LANGUAGE = 0x55C4  # undetermined


def mp4(seconds: int, paint: Painter) -> bytes:
    """A film of that many seconds; `paint` gives the colour of each macroblock (x below 8, y below 6)."""
    slice_ = _coded(paint)
    sample = struct.pack(">I", len(slice_)) + slice_
    head = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
    place = len(head) + len(_movie(seconds, len(sample), 0)) + 8
    return head + _movie(seconds, len(sample), place) + _box(b"mdat", sample)


def _coded(paint: Painter) -> bytes:
    blocks = (_macroblock(*paint(x, y)) for y in range(HEIGHT // _BLOCK) for x in range(WIDTH // _BLOCK))
    return _SLICE + _RAW_MACROBLOCK.join(blocks) + _END


def _macroblock(red: int, green: int, blue: int) -> bytes:
    """256 values of luminance and 64 of each colour difference; never zero, which would need escaping."""
    luminance = 16 + (66 * red + 129 * green + 25 * blue) // 256
    of_blue = 128 + (-38 * red - 74 * green + 112 * blue) // 256
    of_red = 128 + (112 * red - 94 * green - 18 * blue) // 256
    return bytes([luminance]) * 256 + bytes([of_blue]) * 64 + bytes([of_red]) * 64


def _box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + name + content


def _full(name: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags), *parts)


def _movie(seconds: int, size: int, place: int) -> bytes:
    life = seconds * _SCALE
    head = struct.pack(">IIIIIH10x", 0, 0, _SCALE, life, 0x10000, 0x100) + _MATRIX + struct.pack(">24xI", 2)
    track = struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, life, 0, 0, 0, 0) + _MATRIX
    track += struct.pack(">II", WIDTH << 16, HEIGHT << 16)
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, _SCALE, life, _LANGUAGE, 0)),
        _full(b"hdlr", struct.pack(">I4s12x", 0, b"vide"), b"film\x00"),
        _box(
            b"minf",
            _full(b"vmhd", struct.pack(">HHHH", 0, 0, 0, 0), flags=1),
            _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))),
            _table(life, size, place),
        ),
    )
    return _box(b"moov", _full(b"mvhd", head), _box(b"trak", _full(b"tkhd", track, flags=3), media))


def _table(life: int, size: int, place: int) -> bytes:
    """Where the one sample is, how long and how it is coded."""
    sets = struct.pack(">BBBBBB", 1, 0x42, 0, 0x0A, 0xFF, 0xE1) + struct.pack(">H", len(_PARAMETERS)) + _PARAMETERS
    sets += struct.pack(">BH", 1, len(_PICTURE)) + _PICTURE
    entry = struct.pack(">6xH16xHHIIIH32xHh", 1, WIDTH, HEIGHT, 0x480000, 0x480000, 0, 1, 0x18, -1)
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), _box(b"avc1", entry, _box(b"avcC", sets))),
        _full(b"stts", struct.pack(">III", 1, 1, life)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
        _full(b"stsz", struct.pack(">III", 0, 1, size)),
        _full(b"stco", struct.pack(">II", 1, place)),
    )
