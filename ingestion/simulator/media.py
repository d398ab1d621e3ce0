"""The files that End Contacts send: made on demand from the seed, kept by name, served under /cdn like a channel's."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from ingestion.simulator import media_mp4
from ingestion.simulator.media_formats import Colour, ogg_opus, pdf, png
from ingestion.simulator.media_jpeg import jpeg
from ingestion.simulator.mint import Mint

_SKIES: tuple[Colour, ...] = ((135, 190, 235), (250, 190, 130), (180, 170, 220), (200, 225, 240))
_GROUNDS: tuple[Colour, ...] = ((90, 140, 70), (150, 110, 70), (70, 90, 120), (120, 130, 60))
_THINGS: tuple[Colour, ...] = ((200, 60, 70), (230, 170, 40), (60, 90, 190), (150, 70, 160))
_PHOTO = (40, 30)
_THUMB = (12, 9)


@dataclass(frozen=True)
class File:
    name: str
    media_type: str
    content: bytes
    width: int = 0
    height: int = 0
    seconds: int = 0

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass
class Library:
    """Every file that was ever sent, by the name it has in its address."""

    mint: Mint
    files: dict[str, File] = field(default_factory=dict)
    shown_names: dict[str, str] = field(default_factory=dict)

    def make(self, kind: str, *words: object) -> tuple[str, File]:
        """A fresh file of a kind (image, thumb, sticker, avatar, file, voice, audio, video) and its key."""
        return self.keep(_MAKERS[kind](self.mint, words), kind, *words)

    def keep(self, file: File, *words: object) -> tuple[str, File]:
        suffix = file.name.rpartition(".")[2]
        key = f"{self.mint.text(22, 'media', *words)}.{suffix}"
        self.files[key] = file
        return key, file

    def given(self, name: str, media_type: str, content_base64: str, *words: object) -> tuple[str, File]:
        """A file whose bytes the caller brings."""
        return self.keep(File(name, media_type, base64.b64decode(content_base64)), "given", name, *words)


def _landscape(mint: Mint, wide: int, high: int, words: tuple[object, ...]) -> Callable[[int, int], Colour]:
    sky, ground, thing = (mint.pick(c, *words, i) for i, c in enumerate((_SKIES, _GROUNDS, _THINGS)))
    horizon = high * mint.between(0.45, 0.7, *words, "horizon")
    centre_x, centre_y = wide * mint.between(0.25, 0.75, *words, "x"), high * mint.between(0.4, 0.7, *words, "y")
    radius = high * mint.between(0.15, 0.3, *words, "radius")

    def paint(x: int, y: int) -> Colour:
        if (x - centre_x) ** 2 + (y - centre_y) ** 2 < radius**2:
            return thing
        red, green, blue = sky if y < horizon else ground
        shade = int(30 * y / high) - (x * 7 + y * 3) % 5
        return (max(red - shade, 0), max(green - shade, 0), max(blue - shade, 0))

    return paint


def _photo(mint: Mint, words: tuple[object, ...]) -> File:
    wide, high = _PHOTO
    content = jpeg(wide, high, _landscape(mint, wide, high, words))
    return File(f"foto-{mint.digits(6, *words)}.jpg", "image/jpeg", content, wide * 8, high * 8)


def _thumb(mint: Mint, words: tuple[object, ...]) -> File:
    wide, high = _THUMB
    content = jpeg(wide, high, _landscape(mint, wide, high, words))
    return File("miniatura.jpg", "image/jpeg", content, wide * 8, high * 8)


def _picture(name: str, side: int) -> Callable[[Mint, tuple[object, ...]], File]:
    def make(mint: Mint, words: tuple[object, ...]) -> File:
        return File(name, "image/png", png(side, side, _landscape(mint, side, side, words)), side, side)

    return make


def _document(mint: Mint, words: tuple[object, ...]) -> File:
    number = mint.digits(4, *words)
    lines = (
        f"Cotización {number}",
        "",
        "Servicio de afinación mayor",
        "Refacciones y mano de obra",
        "Gracias por su preferencia",
    )
    return File(f"cotización-{number}.pdf", "application/pdf", pdf(lines))


def _film(mint: Mint, words: tuple[object, ...]) -> File:
    seconds = 2 + mint.below(6, *words, "seconds")
    wide, high = media_mp4.WIDTH // 16, media_mp4.HEIGHT // 16
    content = media_mp4.mp4(seconds, _landscape(mint, wide, high, words))
    return File("video.mp4", "video/mp4", content, media_mp4.WIDTH, media_mp4.HEIGHT, seconds)


def _voice(mint: Mint, words: tuple[object, ...]) -> File:
    seconds = 3 + mint.below(15, *words, "seconds")
    return File("nota-de-voz.ogg", "audio/ogg", ogg_opus(seconds), seconds=seconds)


_MAKERS: dict[str, Callable[[Mint, tuple[object, ...]], File]] = {
    "image": _photo,
    "thumb": _thumb,
    "sticker": _picture("sticker.png", 96),
    "avatar": _picture("avatar.png", 64),
    "file": _document,
    "voice": _voice,
    "audio": _voice,
    "video": _film,
}
