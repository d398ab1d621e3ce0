"""The command as a terminal sees it: arguments in, exit code and lines out, on an installation of the test."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from konectus.cli.__main__ import main
from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.support.database import MASTER_HEX


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Konectus = Callable[..., Outcome]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Konectus:
    """Run `konectus …` in this process."""

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["konectus", *arguments])
        capfd.readouterr()
        before = signal.getsignal(signal.SIGTERM)
        with pytest.raises(SystemExit) as ended:
            main()
        signal.signal(signal.SIGTERM, before)
        said = capfd.readouterr()
        return Outcome(int(str(ended.value.code or 0)), said.out, said.err)

    return run


@pytest.fixture
def konectus(command: Konectus, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Konectus:
    """The command, in the environment of the test's installation."""
    settings = installation.settings
    assert settings.database_url is not None
    installation.released.conninfo(Role.RELEASER)  # it is copied for the first who asks, and commands do not ask here
    variables = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "DATA_DIR": str(settings.data_dir),
        "MASTER_KEY": MASTER_HEX,
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"KONECTUS_{name}", value)
    return command


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder nothing was ever started in."""
    folder = tmp_path / "own"
    monkeypatch.setenv("KONECTUS_DATA_DIR", str(folder))
    return folder
