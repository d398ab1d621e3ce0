"""With the analyst's credentials nothing but `released` can be read: SQL, callbacks, sockets, exports, mails, errors.

The main database holds words that no release may say. Every way out is tried, and what comes back is searched for them.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import anyio
import psycopg
import pytest
from pypdf import PdfReader
from sqlalchemy import text
from starlette.types import Message

from dashboard import inside, panels, shell
from dashboard.app import Dashboard, create_app
from dashboard.data import Figures, History
from konectus.domain.channels import Channel
from konectus.mail.letters import House
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from reports.mails import letter, reading
from reports.mails.letter import Addressee
from tests.ingestion.harness import update
from tests.ingestion.stored import Stored, log, work
from tests.support.browsing import HTML, Visitor
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import Factory
from tests.support.figures import AFTER, World, client_id
from tests.support.mailbox import parsed

SECRETS = ("Zarzamora del Norte", "ZNO010101AAA", "legal@zarzamora.example", "Ximena Zarzamora")
# What an End Contact wrote, and who that is (tests/ingestion/harness.py).
WROTE, CONTACT = "¿Tienen zarzamoras congeladas?", "Ana Solís"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONTHS = ["2026-08", "2026-09", "2026-10"]

# What an analyst, or who took their password, may try. All of it must fail.
REFUSED = [
    "select * from ledger.client",
    "select * from tenant.message",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select * from pg_user_mapping",
    "select * from pg_largeobject",
    "select pg_read_file('PG_VERSION')",
    "select pg_read_binary_file('global/pg_control')",
    "select pg_ls_dir('.')",
    "select pg_stat_file('PG_VERSION')",
    "select lo_import('/etc/hostname')",
    "select lo_from_bytea(0, 'x')",
    "copy released.cell to '/tmp/cells'",
    "copy (select 1) to program 'id'",
    "copy released.annotation from '/etc/hostname'",
    "create table stolen (x int)",
    "create table released.stolen (x int)",
    "create temporary table stolen (x int)",
    "create function stolen() returns int language sql as 'select 1'",
    "create extension dblink",
    "create extension postgres_fdw",
    "create role stolen",
    "set role konectus_owner",
    "set role konectus_releaser",
    "set session authorization konectus_releaser",
    "insert into released.annotation values (default)",
    "update released.cell set value = 0",
    "delete from released.ledger",
    "truncate released.release cascade",
    "select * from released.gate",
    "select from released.gate for key share",
    "begin; lock table released.gate in access share mode",
    "begin; lock table released.cell in row exclusive mode",
    "select from released.cell for key share",
    "alter table released.cell add column x int",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user",
    "select pg_reload_conf()",
    "alter system set log_statement = 'all'",
]

# Why: no such table here, no right to it, or nothing may be written.
SHUT = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.FeatureNotSupported,
)


@dataclass(frozen=True)
class Reader:
    """An analyst of an installation in which a Client of that name did what is released."""

    world: World
    dashboard: Dashboard
    heard: UUID  # the Client to whom somebody wrote

    @property
    def visitor(self) -> Visitor:
        return Visitor(self.dashboard)

    def asks(self, statement: str) -> list[tuple[object, ...]]:
        released = self.world.installation.released.conninfo(Role.ANALYST)
        with psycopg.connect(released, autocommit=True) as conn:
            answer = conn.execute(statement.encode())
            return answer.fetchall() if answer.description else []


@pytest.fixture(scope="module")
def reader(templates: Templates, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with installed(templates, endpoint, ManualClock(AFTER), tmp_path_factory.mktemp("only")) as made:
        world = World(made)
        world.believable(clients=180, months=MONTHS)
        with made.database.session(Role.WORKER) as session:
            session.execute(
                text(
                    "update ledger.client set legal_name = :name, trade_name = :name, tax_id = :tax,"
                    " registered_email = :email where id = :id"
                ),
                {"name": SECRETS[0], "tax": SECRETS[1], "email": SECRETS[2], "id": client_id(0)},
            )
        make = Factory(made)
        make.user(client_id(0), name=SECRETS[3])
        heard = make.client().id
        log(made, f"telegram:{make.connector(heard, channel=Channel.TELEGRAM)}", update(1, WROTE))
        work(made)
        world.releaser.build_all(*MONTHS)
        dashboard = create_app(made.settings, ManualClock(AFTER))
        yield Reader(world, dashboard, heard)
        dashboard.close()


def assert_silent(answer: str | bytes) -> None:
    """None of the words, nor what would tell of where they are kept."""
    said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    for secret in (
        *SECRETS,
        WROTE,
        CONTACT,
        "Zarzamora",
        "zarzamora",
        "Solís",
        "select ",
        "psycopg",
        "postgresql://",
        "Traceback",
    ):
        assert secret not in said, secret


def test_the_words_that_are_looked_for_are_there_to_be_found(reader: Reader) -> None:
    """Else every search below could only succeed."""
    with reader.world.installation.database.session(Role.WORKER) as session:
        kept = session.execute(text("select legal_name from ledger.client where id = :id"), {"id": client_id(0)})
        assert kept.scalar_one() == SECRETS[0]
    stored = Stored(reader.world.installation, reader.heard)
    assert stored.texts() == [WROTE]
    assert [name for _id, name in stored.contacts()] == [CONTACT]
    with pytest.raises(AssertionError, match="Zarzamora"):
        assert_silent(f"… {SECRETS[0]} …")


@pytest.mark.parametrize("statement", REFUSED)
def test_sql_of_the_analyst_that_leads_out_of_the_releases_is_refused(reader: Reader, statement: str) -> None:
    with pytest.raises(SHUT) as refused:
        reader.asks(statement)
    assert_silent(str(refused.value).replace("select ", ""))


@pytest.mark.parametrize(
    "statement", [one for one in REFUSED if not one.startswith(("select *", "set ", "select lo_from"))]
)
def test_nothing_more_is_open_to_who_turns_the_reading_mode_off(reader: Reader, statement: str) -> None:
    """It is a setting that a login may change; rights refuse the same, but for large objects (docs/privacy.md)."""
    released = reader.world.installation.released.conninfo(Role.ANALYST)
    with psycopg.connect(released, autocommit=True) as conn:
        conn.execute("set default_transaction_read_only = off")
        with pytest.raises(SHUT):
            conn.execute(statement.encode())


# docs/privacy.md: what a superuser may say to a server of one's own, against the one thing that is left.
NO_LARGE_OBJECTS = "revoke execute on function lo_creat(int), lo_create(oid), lo_from_bytea(oid, bytea) from public"


def test_the_statement_of_the_document_takes_large_objects_away(reader: Reader, superuser: Endpoint) -> None:
    assert NO_LARGE_OBJECTS in Path("docs/privacy.md").read_text()
    released = reader.world.installation.released.conninfo(Role.ANALYST)
    database = psycopg.conninfo.conninfo_to_dict(released)["dbname"]
    with psycopg.connect(superuser.url(str(database)).replace("+psycopg", ""), autocommit=True) as conn:
        conn.execute(NO_LARGE_OBJECTS)
    with psycopg.connect(released, autocommit=True) as conn:
        conn.execute("set default_transaction_read_only = off")
        for statement in ("select lo_creat(-1)", "select lo_create(0)", "select lo_from_bytea(0, 'x')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)


def test_the_analyst_enters_no_other_database(reader: Reader) -> None:
    main = reader.world.installation.database.conninfo(Role.ANALYST)
    for other in ({}, {"dbname": "postgres"}, {"dbname": "template1"}):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(psycopg.conninfo.make_conninfo(main, **other))


def test_the_analyst_sees_no_statement_of_another_login(reader: Reader) -> None:
    with reader.world.installation.database.session(Role.WORKER) as other:
        other.execute(text(f"select '{SECRETS[0]}'"))
        seen = reader.asks("select query from pg_stat_activity where usename is distinct from current_user")
    assert seen
    assert_silent(str(seen).replace("select ", ""))


def test_every_table_that_the_analyst_can_read_is_of_the_releases(reader: Reader) -> None:
    readable = reader.asks(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'v', 'm', 'p') and n.nspname !~ '^pg_|information'"
        " and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')"
    )
    assert {str(name).split(".")[0] for (name,) in readable} == {"released"}
    for (name,) in readable:
        assert_silent(str(reader.asks(f"select * from {name}")))


def test_a_question_that_takes_long_is_stopped(reader: Reader) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        reader.asks("set statement_timeout = 50; select pg_sleep(5)")
    [(limit,)] = reader.asks("show statement_timeout")
    assert limit not in ("0", 0)


@pytest.mark.parametrize("page", shell.PAGES, ids=lambda page: page.path or "overview")
def test_no_page_or_callback_says_a_word_of_the_main_database(reader: Reader, page: shell.Page) -> None:
    address = f"{shell.PREFIX}{page.path}"
    assert_silent(reader.visitor.get(address, **HTML).content)
    drawn = reader.visitor.call("page.children", {"url.pathname": address, "url.search": ""})
    assert drawn.status_code == 200
    assert_silent(drawn.content)


def test_no_chart_says_a_word_of_the_main_database(reader: Reader) -> None:
    seen = set()
    for panel in panels.charts():
        asked = {f"{panel.key}-asked.data": "2026-10/2026-09", "theme.data": "dark"}
        answer = reader.visitor.call(f"{panel.key}-figure.figure", asked)
        seen.add(answer.status_code)
        assert_silent(answer.content)
    assert seen == {200, 400}  # some are drawn, those of a higher rung are refused


@pytest.mark.parametrize(
    "value", ["'; select legal_name from ledger.client; --", "../../etc/passwd", "{{7*7}}", "\x00"]
)
def test_a_callback_or_address_that_smuggles_something_in_is_refused(reader: Reader, value: str) -> None:
    calls = [
        ("page.children", {"url.pathname": value, "url.search": ""}),
        ("page.children", {"url.pathname": "/dashboard/", "url.search": f"?period={value}"}),
        ("messages-total-figure.figure", {"messages-total-asked.data": value, "theme.data": "light"}),
    ]
    for output, inputs in calls:
        answer = reader.visitor.call(output, inputs)
        assert (answer.status_code, answer.json()) == (400, {"code": "unpublished"})
    for form in ("csv", "xlsx"):
        answer = reader.visitor.get(f"/dashboard/figures.{form}?cut={quote(value)}")
        assert answer.status_code == 400
        assert_silent(answer.content)


def test_the_socket_is_shut(reader: Reader) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/dashboard/_dash-ws-callback", "headers": []}
    anyio.run(reader.dashboard, scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_exports_hold_released_cells_alone(reader: Reader) -> None:
    told = reader.visitor.get("/dashboard/figures.csv?period=2026-10")
    assert told.status_code == 200
    assert_silent(told.content)
    packed = reader.visitor.get("/dashboard/figures.xlsx?period=2026-10")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as book:
        for name in book.namelist():
            assert_silent(book.read(name))


def test_a_mailed_report_is_read_as_the_analyst_and_says_nothing_else(reader: Reader) -> None:
    installation = reader.world.installation
    with installation.released.session(Role.ANALYST) as released:
        [*_earlier, newest] = reading.fresh(released, AFTER - timedelta(days=400))
        report = reading.report(released, newest)
    house = House("Konectus <avisos@konectus.example>", "https://konectus.example", "")
    made = letter.compose(house, Addressee("1", "ana@konectus.example", "es", ("pdf", "xlsx")), report, AFTER)
    read = dict(_read(part) for part in parsed(made.data).walk() if not part.is_multipart())
    assert read.keys() == {"text/plain", "text/html", "application/pdf", SHEET}
    for words in read.values():
        assert words
        assert_silent(words)


def _read(part: EmailMessage) -> tuple[str, str]:
    """The kind of a part, and its words: of a PDF as printed, of a workbook all its files."""
    kind, data = part.get_content_type(), part.get_payload(decode=True)
    assert isinstance(data, bytes)
    if kind == "application/pdf":
        return kind, " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    if kind == SHEET:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return kind, " ".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    return kind, data.decode()


def test_an_error_page_says_that_something_failed_and_nothing_of_what(reader: Reader) -> None:
    class Broken(Figures):
        def __init__(self) -> None:
            """No database."""

        def history(self) -> History:
            raise RuntimeError(f"select * from ledger.client: {SECRETS[0]} postgresql://x")

    broken = Dashboard(inside.build(Broken(), ManualClock(AFTER)), Broken())
    visitor = Visitor(broken)
    answers = [
        visitor.get("/dashboard/?period=2026-10", **HTML),
        visitor.get("/dashboard/figures.csv"),
        visitor.get("/dashboard/figures.xlsx"),
        visitor.call("page.children", {"url.pathname": "/dashboard/", "url.search": ""}),
    ]
    for answer in answers:
        assert answer.status_code == 500
        assert_silent(answer.content)
