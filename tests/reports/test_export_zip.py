"""The bytes of a ZIP as other programs read them, also where it is longer than four gigabytes."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from reports.export import cells, zipping
from reports.export.media_names import media_name

AT = datetime(2026, 11, 22, 5, 30, 10, tzinfo=UTC)
ID = UUID("01a1f4f7-2500-7000-894a-f50893a0ebad")


def written(*, start: int, times: int = 1) -> tuple[bytes, bytes]:
    """A member and behind it the directory that names it so often, as they stand behind `start` other bytes."""
    packed = zipping.pack("ñandú/carta.txt", b"hola" * 99, AT, 0)
    body = packed.head + packed.body
    directory = b"".join(zipping.entry(packed.member, AT, start) for _ in range(times))
    return body, directory + zipping.ending(times, start + len(body), len(directory))


def test_python_reads_what_was_packed() -> None:
    found = zipfile.ZipFile(io.BytesIO(b"".join(written(start=0))))

    (member,) = found.infolist()
    assert (member.filename, found.read(member), found.testzip()) == ("ñandú/carta.txt", b"hola" * 99, None)
    assert member.date_time == (2026, 11, 21, 23, 30, 10)  # Mexico City's
    assert member.compress_size < member.file_size


def test_a_member_behind_four_gigabytes_is_found(tmp_path: Path) -> None:
    start, path = 5 * 1024**3, tmp_path / "long.zip"
    with path.open("wb") as file:
        file.seek(start)  # a hole: it takes no room
        file.write(b"".join(written(start=start)))

    with zipfile.ZipFile(path) as found:
        assert found.read("ñandú/carta.txt") == b"hola" * 99


def test_more_members_than_the_old_format_counts_are_all_listed() -> None:
    found = zipfile.ZipFile(io.BytesIO(b"".join(written(start=0, times=70_000))))

    assert len(found.infolist()) == 70_000


def test_a_long_member_measures_as_it_is_written() -> None:
    parts = [f"linea {n}\n".encode() for n in range(5_000)]
    member = zipping.measure("larga.txt", parts, 0)
    body = zipping.head(member, AT) + b"".join(zipping.squeezed(parts))
    directory = zipping.entry(member, AT, 0)
    found = zipfile.ZipFile(io.BytesIO(body + directory + zipping.ending(1, len(body), len(directory))))

    assert found.read("larga.txt") == b"".join(parts)


@pytest.mark.parametrize(
    ("name", "kind", "ending"),
    [
        ("plano.pdf", "application/pdf", "-plano.pdf"),
        ("factura.pdf.exe", None, "-factura.pdf.exe.bin"),
        ("a.svg", "image/svg+xml", "-a.svg.bin"),
        ("a.html", "text/html", "-a.html.bin"),
        ("../../x.txt", None, "-x.txt"),
        ("", "image/jpeg", ".jpg"),
        (".htaccess", None, "-htaccess.bin"),
        ("CON", "text/plain", "-CON.txt"),
        ("foto\u202egpj.exe", None, "-foto_gpj.exe.bin"),
        ("ñ" * 300 + ".jpg", None, "-" + "ñ" * 50 + ".jpg"),
    ],
)
def test_a_file_keeps_what_is_harmless_of_its_name(name: str, kind: str | None, ending: str) -> None:
    assert media_name(ID, name, kind) == f"media/ad/{ID}{ending}"


@pytest.mark.parametrize("text", ["=2+2", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\n=1", "\uff1d1"])
def test_text_that_a_spreadsheet_might_run_gets_an_apostrophe(text: str) -> None:
    assert cells.cell(text) == f"'{text}"


@pytest.mark.parametrize(("value", "shown"), [(-5, -5), (None, None), (True, True), ("a=b", "a=b"), ([1], "[1]")])
def test_other_values_stay_as_they_are(value: object, shown: object) -> None:
    assert cells.cell(value) == shown
