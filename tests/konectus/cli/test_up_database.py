"""The embedded database under `konectus up`: what becomes of it when it dies, and dies again. Not the processes."""

import os
import signal
from pathlib import Path

import psycopg
import pytest

from konectus.cli import up
from konectus.settings import Settings
from konectus.store.cluster import Endpoint
from tests.support.cluster import ask
from tests.support.processes import until


def refuses(data: Path) -> bool:
    endpoint = Endpoint.discover(data)
    try:
        return endpoint is None or not ask(endpoint, "select 1")
    except psycopg.OperationalError:
        return True


def test_server_that_cannot_start_once_more_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed a second time while it recovered, it used to end everything."""
    monkeypatch.setattr(up, "_DATABASE_REST", 0.0)
    data = tmp_path / "data"
    with up._database(Settings(data_dir=data, master_key="5e" * 32)) as look:
        pid, config = data / "postgresql/data/postmaster.pid", data / "postgresql/data/postgresql.conf"
        good = config.read_text()
        config.write_text("no such thing = 1\n")
        number = int(pid.read_text().splitlines()[0])
        os.kill(number, signal.SIGKILL)
        until(lambda: refuses(data), seconds=20, what="the server is down")

        def told() -> bool:
            look()
            return "it is tried again" in capsys.readouterr().err

        until(told, seconds=20, what="it is told that the server did not come back")
        config.write_text(good)
        look()
        endpoint = Endpoint.discover(data)
        assert endpoint is not None
        assert ask(endpoint, "select 1") == (1,)
