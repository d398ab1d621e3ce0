"""An archive holds everything a Client has here, is safe to open anywhere, and leaks nothing on its way."""

import csv
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from uuid import UUID

import pytest

from konectus.domain.channels import AttachmentKind
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import suspensions
from konectus.services.installation import Installation
from konectus.services.suspensions import Order
from konectus.services.work import Actor, Change
from konectus.store.columns import is_sealed
from konectus.store.queries import archive
from konectus.store.registry import ENTRIES
from reports.export import cells
from tests.backoffice.happenings import Happenings, Thing, Words
from tests.backoffice.people import Talk
from tests.backoffice.shared import clock, installation, make, talk
from tests.reports.archiving import Archive, archive_of
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make", "talk"]

HOSTILE = [
    (str(one["class"]), str(one["text"]).encode("utf-8", "replace").decode().replace("\x00", "\ufffd"))
    for one in json.loads((Path(__file__).parents[1] / "corpus/hostile.json").read_text(encoding="utf-8"))
]
EXPORTED = [entry for entry in ENTRIES if entry.export]


@pytest.fixture(scope="module")
def lived(installation: Installation, make: Factory, talk: Talk) -> Archive:
    """The archive of a Client with which much has happened."""
    told = talk.begin(make.client(name="Óptica Lucía").id, name="Zoë Müller")
    make.user(told.client_id, role=UserRole.OWNER, name="Dueña")
    here = Happenings(talk, told)
    asked = here.say(Words(text="Son 2 mesas"))
    here.edit(asked, "Son 3 mesas")
    here.react(asked, "❤️")
    here.say(Words(text="Va el plano", answers=asked), _paper("plano.pdf"))
    withdrawn = here.say(Words(text="mi tarjeta"))
    here.withdraw(withdrawn)
    here.happen("referral", {"source": "ADS"})
    return archive_of(installation, told.client_id)


@pytest.fixture(scope="module")
def hostile(installation: Installation, make: Factory, talk: Talk) -> Archive:
    """The archive of a Client to whom every hostile string was sent, as a text, a name and a file's name."""
    client = make.client(name='<b onclick="fired()">Taller</b>')
    for number, (_, text) in enumerate(HOSTILE):
        if number % 8 == 0:
            told = talk.begin(client.id, name=text)
            here = Happenings(talk, told)
        here.say(Words(text=text), _paper(text))
    return archive_of(installation, client.id)


def _noted(client_id: UUID) -> Change:
    return Change(client_id, "una sospecha que no se cuenta", {"sospecha": 1}, {"sospecha": 2})


def _paper(name: str) -> Thing:
    return Thing(
        kind=AttachmentKind.FILE, source={}, name=name, content=b"%PDF-1.7 plano", media_type="application/pdf"
    )


@pytest.mark.parametrize("name", [entry.export for entry in EXPORTED])
def test_every_table_the_registry_exports_is_there_for_programs_and_spreadsheets(lived: Archive, name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(lived.text(f"data/{name}-0001.csv").removeprefix(cells.BOM))))

    assert len(rows) == len(lived.lines(name)) == dict(lived.manifest()["counts"])[name]  # type: ignore[call-overload]  # JSON of ours
    for row in rows:
        assert set(archive.columns(name)) <= set(row)


def test_every_column_is_given_or_left_out_with_a_reason() -> None:
    for entry in EXPORTED:
        left = archive.LEFT_OUT.get(entry.name, {})
        told = {c.name.removesuffix("_sealed") for c in entry.table.columns if c.name not in left}
        assert set(left) <= set(entry.table.columns.keys()), entry.name
        assert told <= set(archive.columns(str(entry.export))), entry.name
        assert all(left.values()), entry.name


def test_no_secret_and_no_keyed_hash_is_in_an_archive() -> None:
    for entry in EXPORTED:
        for column in entry.table.columns:
            is_secret = "secret" in column.name or "password" in column.name or "token" in column.name
            is_key = column.name.endswith("_key")
            if (is_secret or is_key) and column.name != "token_expires_at":
                assert column.name in archive.LEFT_OUT[entry.name], f"{entry.name}.{column.name}"
            assert not (is_sealed(column) and column.name not in archive.LEFT_OUT.get(entry.name, {})) or (
                column.name.removesuffix("_sealed") in archive.columns(str(entry.export))
            )


def test_a_conversation_comes_whole_with_what_was_edited_reacted_answered_and_withdrawn(lived: Archive) -> None:
    first, answer, gone = lived.lines("messages")

    assert (first["text"], first["text_now"]) == ("Son 2 mesas", "Son 3 mesas")
    assert [v["text"] for v in lived.lines("versions") if v["message_id"] == first["id"]] == ["Son 3 mesas"]
    assert [(r["emoji"], r["message_id"]) for r in lived.lines("reactions")] == [("❤️", first["id"])]
    assert answer["reply_to_id"] == first["id"]
    assert (gone["text"], gone["deleted_at"] is not None) == (None, True)
    (event,) = lived.lines("conversation_events")
    assert (event["conversation_id"], event["facts"]) == (first["conversation_id"], {"source": "ADS"})
    assert [c["name"] for c in lived.lines("contacts")] == ["Zoë Müller"]
    assert [p["name"] for p in lived.lines("people")] == ["Dueña"]
    (paper,) = lived.lines("attachments")
    assert lived.zipped.read(str(paper["file"])) == b"%PDF-1.7 plano"


def test_the_pages_tell_the_conversation_to_a_person(lived: Archive) -> None:
    (name,) = [n for n in lived.zipped.namelist() if re.search(r"conversations/../", n)]
    page = lived.text(name)

    assert "Son 3 mesas" in page
    assert page.index("Editado: lo que decía antes") < page.index("Edited: what it said before")
    assert "Son 2 mesas" in page
    assert "Retirado por quien lo envió" in page
    assert "mi tarjeta" not in page
    assert "Zoë Müller" in lived.text("conversations/list-0001.html")
    assert "Óptica Lucía" in lived.text("index.html")


def test_the_manifest_has_the_hash_of_every_file(lived: Archive) -> None:
    files = lived.manifest()["files"]
    assert isinstance(files, list)

    assert {f["name"] for f in files} == set(lived.zipped.namelist()) - {"manifest.json"}
    for told in files:
        content = lived.zipped.read(told["name"])
        assert (told["bytes"], told["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_what_the_staff_of_konectus_noted_stays_with_konectus(installation: Installation, make: Factory) -> None:
    client = make.client()
    with installation.works.staff(STAFF) as work:
        work.record("client.corrected", ("client", client.id), _noted(client.id))
        work.record("hold.placed", ("hold", client.id), _noted(client.id))
    found = archive_of(installation, client.id)
    told = [line for line in found.lines("audit") if line["actor_kind"] == "staff"]

    assert [(line["action"], line["actor_name"], line["reason"]) for line in told] == [
        ("client.corrected", "Konectus", None)
    ]
    for name in found.zipped.namelist():
        assert b"sospecha" not in found.zipped.read(name), name


def test_an_order_of_which_the_client_may_not_be_told_is_not_in_its_archive(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    order = Order("Oficio 9/2026", "todo", forbids_deletion=False, allows_export=True, is_silent=True)
    legal = Actor("staff", str(make.staff(role=StaffRole.LEGAL)), "Rosa Ibarra")
    with installation.works.staff(legal) as work:
        suspensions.suspend_by_order(work, client.id, order, "Orden del juzgado")
    found = archive_of(installation, client.id)

    assert found.lines("suspensions") == []
    assert not [line for line in found.lines("audit") if line["subject_kind"] == "suspension"]
    for name in found.zipped.namelist():
        assert b"legal_order" not in found.zipped.read(name), name


def test_every_cell_is_safe_and_every_line_is_as_it_was_sent(hostile: Archive) -> None:
    sent = [text for _, text in HOSTILE]
    rows = list(csv.DictReader(io.StringIO(hostile.text("data/messages-0001.csv").removeprefix(cells.BOM), newline="")))

    assert [line["text"] for line in hostile.lines("messages")] == sent
    for row, text in zip(rows, sent, strict=True):
        assert row["text"] in (text, f"'{text}")
    for name in hostile.zipped.namelist():
        if not name.endswith(".csv"):
            continue
        for cell in (c for row in csv.reader(io.StringIO(hostile.text(name).removeprefix(cells.BOM))) for c in row):
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) or cell.lstrip("-").isdigit(), cell


def test_names_of_files_lead_nowhere_but_into_the_archive(hostile: Archive, tmp_path: Path) -> None:
    names = hostile.zipped.namelist()
    hostile.unpack(tmp_path)

    assert len(names) == len(set(names))
    for name in names:
        path = PurePosixPath(name)
        assert not path.is_absolute()
        assert not {"..", "."} & set(path.parts)
        assert not re.search(r'[\x00-\x1f<>:"\\|?*\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]', name), name
        assert len(name.encode()) < 200
        assert path.suffix in {".ndjson", ".csv", ".html", ".css", ".pdf", ".png", ".jpg", ".txt", ".json"}, name
        assert (tmp_path / name).is_file()


class Elements(HTMLParser):
    """Which elements a page has, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_no_page_runs_or_loads_anything_of_what_was_said(hostile: Archive) -> None:
    for name in (n for n in hostile.zipped.namelist() if n.endswith(".html")):
        page = Elements()
        page.feed(hostile.text(name))
        tags = {tag for tag, _ in page.found}
        assert not tags & {"script", "iframe", "svg", "object", "embed", "form", "base", "div"}, name
        for tag, attributes in page.found:
            assert not any(attribute.startswith(("on", "hx-")) for attribute in attributes), (name, tag)
            for leads in ("href", "src"):
                address = attributes.get(leads)
                assert address is None or re.fullmatch(r"[^:]*", address.split("?")[0]), (name, tag, address)
                assert address is None or not address.startswith("/"), (name, tag, address)


def test_nothing_lies_in_the_clear_while_it_is_built_or_waits(
    installation: Installation, make: Factory, talk: Talk
) -> None:
    told = talk.begin(make.client().id, "canario-7f3e9b62", name="canario-name-51")
    talk.send_file(told, b"canario-file-99", name="canario-name-12.pdf", media_type="application/pdf")
    found = archive_of(installation, told.client_id)

    assert b"canario-file-99" in found.content  # the control: it would be seen
    for path in (p for p in installation.settings.data_dir.rglob("*") if p.is_file()):
        assert b"canario" not in path.read_bytes(), path


def test_another_clients_rows_are_in_no_archive(installation: Installation, make: Factory, talk: Talk) -> None:
    talk.begin(make.client().id, "ajena")
    mine = talk.begin(make.client().id, "propia")
    found = archive_of(installation, mine.client_id)

    assert [line["text"] for line in found.lines("messages")] == ["propia"]
    for entry in EXPORTED:
        for line in found.lines(str(entry.export)):
            assert line.get("client_id", line["id"] if entry.export == "client" else None) == str(mine.client_id)
