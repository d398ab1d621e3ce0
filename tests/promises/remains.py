"""A search of every byte an installation left behind for a mark, in each form a text may take; no test is here.

Raw, hexadecimal, base64 in its three alignments, UTF-16, and all of these inside gzip and ZIP.
"""

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_GZIP = b"\x1f\x8b\x08"
_ZIP = b"PK\x03\x04"
_PLAIN = "utf-8"


def forms(mark: str | bytes) -> set[bytes]:
    """What to look for. The mark is long and random: a part of it is nowhere by chance. Bytes are a file's own."""
    found = set[bytes]()
    texts = [mark.encode(name) for name in (_PLAIN, "utf-16-le", "utf-16-be")] if isinstance(mark, str) else [mark]
    for raw in texts:
        found |= {raw, raw.hex().encode(), raw.hex().upper().encode()}
        for shift in range(3):
            # As it reads inside something longer, whatever stands before and after it.
            whole = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
            inner = whole[(0, 2, 3)[shift] : len(whole) - (1 if (shift + len(raw)) % 3 else 0)]
            found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def found_in(places: list[Path], mark: str | bytes) -> tuple[set[str], int]:
    """Names of the files the mark stands in, in whatever form, and how many bytes were read."""
    needles, hits, read = forms(mark), set[str](), 0
    for file in (one for place in places for one in files(place)):
        content = file.read_bytes()
        read += len(content)
        if any(needle in part for part in parts(content) for needle in needles):
            hits.add(str(file))
    return hits, read


def files(place: Path) -> Iterator[Path]:
    """Regular files; sockets hold nothing."""
    if place.is_file():
        yield place
        return
    yield from (path for path in sorted(place.rglob("*")) if path.is_file())


def parts(content: bytes) -> Iterator[bytes]:
    """The content, and what is packed in it, wherever it begins."""
    yield content
    at = content.find(_GZIP)
    while at >= 0:
        unpacked = _unpacked(content[at:])
        if unpacked:
            yield unpacked
        at = content.find(_GZIP, at + 1)
    if _ZIP in content:
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def _unpacked(content: bytes) -> bytes:
    """Three bytes begin a gzip by chance now and then: that is none."""
    try:
        return zlib.decompressobj(wbits=31).decompress(content)
    except zlib.error:
        return b""


def disguises(mark: str) -> Iterator[tuple[str, bytes]]:
    """The mark as somebody might have left it: what the search has to find."""
    said = f"antes {mark} después"
    for encoding in (_PLAIN, "utf-16-le", "utf-16-be"):
        raw = said.encode(encoding)
        yield encoding, raw
        yield f"{encoding} hex", raw.hex().encode()
        for shift in range(3):
            yield f"{encoding} base64 {shift}", base64.b64encode(b"x" * shift + raw)
    yield "gzip", b"vorher" + gzip.compress(said.encode())
    yield "gzip of base64", gzip.compress(base64.b64encode(b"y" + said.encode()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mensajes.ndjson", said)
    yield "zip", packed.getvalue()
