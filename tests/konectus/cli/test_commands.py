"""The verbs that look and change: what they print, how they refuse, with which exit code."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from sqlalchemy import text

from konectus.cli.connectors import ChannelRefused, SenderSilent, await_request
from konectus.cli.settings import DEMO_FILE
from konectus.clock import OffsetClock, SystemClock
from konectus.domain.channels import Channel
from konectus.domain.roles import StaffRole, UserRole
from konectus.sealing import token_hash
from konectus.services import credentials, identity
from konectus.services.installation import Installation
from konectus.store.queries import people
from konectus.store.roles import Role
from tests.konectus.cli.conftest import Konectus
from tests.support.database import Sessions
from tests.support.factories import Factory

PASSWORD = "una contraseña larga"


def test_client_user_and_token_make_an_empty_installation_usable(
    konectus: Konectus, installation: Installation, sessions: Sessions
) -> None:
    client_id = konectus("client", "add", "--name", "Café Zamná", "--email", "legal@zamna.example").out.strip()
    link = konectus(
        "user", "add", "--client", client_id, "--role", "owner", "--email", "ana@zamna.example", "--name", "Ana"
    ).out.strip()
    token = konectus("client", "token", "--client", client_id).out.strip()
    assert link.startswith("http://localhost:8000/invite/")
    credentials.set_user_password(installation.works, link.rpartition("/")[2], PASSWORD)
    signed_in = identity.sign_in_user(
        installation.works, identity.Credentials("ana@zamna.example", PASSWORD, ip="127.0.0.1")
    )
    with sessions.tenant(UUID(client_id)) as session:
        user = people.user_session(session, token_hash(signed_in))
        found = people.client_by_api_token(session, token_hash(token))
    assert user is not None
    assert (user.name, user.role) == ("Ana", UserRole.OWNER)
    assert found is not None
    assert str(found[0]) == client_id


def test_first_admin_gets_a_link_to_choose_a_password(konectus: Konectus, sessions: Sessions) -> None:
    link = konectus("user", "add", "--staff", "--role", "admin", "--email", "inaki@konectus.example").out.strip()
    assert link.startswith("http://localhost:8000/admin/login/link/")
    with sessions.worker() as session:
        staff = people.staff_by_email(session, "inaki@konectus.example")
    assert staff is not None
    assert (staff.role, staff.password_hash) == (StaffRole.ADMIN, None)


def test_client_contracts_the_newest_version_of_a_plan(konectus: Konectus, make: Factory) -> None:
    make.plan(code="crece", seats=1)
    make.plan(code="crece", seats=9)
    konectus("client", "add", "--name", "Taller Ñandú", "--email", "a@nandu.example", "--plan", "crece")
    line = konectus("client", "list").out.strip().split("\t")
    assert line[1:4] == ["Taller Ñandú", "crece", "past_due"], "its first invoice is due"
    refused = konectus("client", "add", "--name", "Otro", "--email", "b@otro.example", "--plan", "gratis")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.strip() == "gratis: no such Plan is published; published are: crece"
    assert len(konectus("client", "list").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("user", "add", "--staff", "--role", "king", "--email", "x@y.example"), 1, "king: roles of the staff are"),
        (("user", "add", "--role", "owner", "--email", "x@y.example"), 2, "give --staff, or --client"),
        (("client", "token", "--client", str(UUID(int=7))), 1, "no such client"),
        (("connector", "check", str(UUID(int=7))), 1, "no Connector has the id"),
        (("events", "show", "12345"), 1, "no event 12345: unknown, or older than the seven days"),
        (("sql", "select nonsense"), 1, 'column "nonsense" does not exist'),
        (("sql", "create table x ()"), 1, "cannot execute CREATE TABLE in a read-only transaction"),
        (("clock", "advance", "--days", "1"), 1, "only the clock of a demo can be moved"),
        (("client", "list", "--limit", "0"), 2, "limit"),
        (("fly",), 2, "No such command"),
    ],
)
def test_refusal_is_clear_and_has_its_exit_code(
    arguments: tuple[str, ...], code: int, words: str, konectus: Konectus
) -> None:
    outcome = konectus(*arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert words in outcome.err
    assert "Traceback" not in outcome.err
    assert code == 2 or len(outcome.err.strip().splitlines()) == 1


def test_wrong_setting_is_one_line_with_the_accepted_form(command: Konectus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONECTUS_PORT", "eight thousand")
    outcome = command("up")
    assert outcome.code == 1
    assert outcome.err.startswith("KONECTUS_PORT: ")
    assert len(outcome.err.splitlines()) == 1


def test_server_that_refuses_is_one_line(command: Konectus, own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONECTUS_DATABASE_URL", "postgresql://nobody:wrong@127.0.0.1:1/konectus")
    outcome = command("migrate")
    assert outcome.code == 1
    assert "check KONECTUS_DATABASE_URL" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert "wrong" not in outcome.err


def test_operator_sees_views_and_no_content(konectus: Konectus, make: Factory) -> None:
    connector_id = make.connector(make.client().id, channel=Channel.TELEGRAM)
    line = konectus("sql", "select id, channel, state, reason from ops.connector").out
    assert line == f"{connector_id}\ttelegram\tconnected\t-\n"
    refused = konectus("sql", "select text_sealed from tenant.message")
    assert (refused.code, refused.err.strip()) == (1, "permission denied for table message")


def test_connectors_of_a_client_are_listed(konectus: Konectus, make: Factory) -> None:
    client_id = make.client().id
    page = make.connector(client_id, account_id="1111")
    bot = make.connector(client_id, channel=Channel.TELEGRAM, account_id="2222", connected=False)
    lines = [line.split("\t") for line in konectus("connector", "list", "--client", str(client_id)).out.splitlines()]
    assert {(line[0], line[2], line[4]) for line in lines} == {
        (str(page), "1111", "connected"),
        (str(bot), "2222", "pending_auth"),
    }


def test_command_waits_for_the_sender_and_says_how_it_ended(installation: Installation, make: Factory) -> None:
    connector_id = make.connector(make.client().id, connected=False)
    with pytest.raises(SenderSilent, match="is konectus up or konectus sender running"):
        await_request(installation, connector_id, patience=0.2)
    _end(installation, connector_id, "failed", "the token has expired")
    with pytest.raises(ChannelRefused, match="the channel refused: the token has expired"):
        await_request(installation, connector_id)
    _end(installation, connector_id, "done", None)
    await_request(installation, connector_id)


def test_life_of_an_event_is_told_item_by_item(konectus: Konectus, sessions: Sessions) -> None:
    at = datetime(2026, 11, 19, 18, tzinfo=UTC)
    with sessions.worker() as session:
        event_id = session.execute(
            text(
                "insert into platform.webhook_event (received_at, door, key_day, nonce_id, body_sealed, processed_at)"
                " values (:at, 'meta:demo', :day, :nonce, '', :done) returning id"
            ),
            {"at": at, "day": at.date(), "nonce": uuid5(UUID(int=1), "n"), "done": at + timedelta(seconds=1)},
        ).scalar_one()
        session.execute(
            text(
                "insert into platform.webhook_item (received_at, event_id, item, channel, account, kind, outcome,"
                " error, processed_at) values (:at, :id, 0, 'messenger', '77', 'message', 'stored', null, :at)"
            ),
            {"at": at, "id": event_id},
        )
    told = konectus("events", "show", str(event_id)).out.splitlines()
    assert told[0] == "2026-11-19 18:00:00.000000 received by meta:demo"
    assert told[1] == "2026-11-19 18:00:01.000000 processed"
    assert told[2].split("\t") == ["0", "messenger", "77", "message", "stored", "-"]


def test_demo_clock_only_moves_forward(command: Konectus, own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONECTUS_ENVIRONMENT", "demo")
    assert command("clock", "advance", "--days", "2", "--hours", "1").code == 0
    assert command("clock", "advance", "--minutes", "30").code == 0
    ahead = OffsetClock(own_folder / "clock").now() - SystemClock().now()
    assert abs(ahead - timedelta(days=2, hours=1, minutes=30)) < timedelta(seconds=5)
    for days in ("-1", "nan", "inf", "1e308", "5000000"):  # the last one went past the year 9999, for good
        back = command("clock", "advance", "--days", days)
        assert (back.code, back.err.strip()) == (
            1,
            "the clock only moves forward: give --days, --hours or --minutes above 0, ten years at most",
        )
    assert OffsetClock(own_folder / "clock").now() - SystemClock().now() - ahead < timedelta(seconds=5)


def test_commands_in_a_demos_folder_speak_of_that_demo_and_processes_do_not_serve_it(
    command: Konectus, own_folder: Path
) -> None:
    own_folder.mkdir()
    settings = {"KONECTUS_ENVIRONMENT": "demo", "KONECTUS_PORT": "8123"}
    (own_folder / DEMO_FILE).write_text(json.dumps(settings))
    assert command("clock", "advance", "--hours", "1").code == 0
    for verb in ("up", "web", "worker", "sender", "scheduler"):
        outcome = command(verb)
        assert (outcome.code, len(outcome.err.splitlines())) == (1, 1)
        assert "holds a demo: start it with konectus demo" in outcome.err


def test_releases_are_handed_over_to_the_reports(konectus: Konectus) -> None:
    verified = konectus("release", "verify")
    assert (verified.code, verified.out) == (0, "0 releases, each is what it was\n")
    refused = konectus("release", "build", "--period", "never")
    assert refused.code == 1
    assert "is not a period" in refused.err


def test_dry_run_of_releases_needs_no_database(konectus: Konectus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONECTUS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    tried = konectus("release", "dry-run", "--clients", "19")
    assert (tried.code, tried.err) == (0, "")
    assert "fewer than 20 Clients: nothing is published" in tried.out
    assert konectus("release", "dry-run", "--clients", "0").code == 2


def _end(installation: Installation, connector_id: UUID, state: str, error: str | None) -> None:
    with installation.database.session(Role.WORKER) as session:
        session.execute(
            text("update platform.connector_request set state = :state, error = :error where connector_id = :id"),
            {"state": state, "error": error, "id": connector_id},
        )


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "a\x00b", "Ta\u202eller", "x" * 201])
def test_nobody_is_registered_under_a_name_that_cannot_be_read(konectus: Konectus, name: str) -> None:
    """It was "the database refused: check KONECTUS_DATABASE_URL", or a Client without a name."""
    refused = konectus("client", "add", "--name", name, "--email", "legal@taller.example")
    assert (refused.code, refused.out) == (2, "")
    assert "a name has 1 to 200 characters that can be read and typed" in " ".join(refused.err.split())
    assert "legal@taller.example" not in konectus("client", "list").out


def test_a_client_that_is_in_use_says_why_nothing_of_it_is_deleted(konectus: Konectus, make: Factory) -> None:
    told = konectus("client", "delete-status", "--client", str(make.client().id))
    assert (told.code, told.out) == (0, "no deletion was asked for; one is refused now: the Client uses the product\n")
