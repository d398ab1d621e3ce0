"""`alembic/` is a folder of revisions beside a library of the same name; a package there would hide the library."""

import os
import subprocess
import sys
from pathlib import Path

import alembic
import pytest

from tests.architecture.sources import PROJECT

PRINT = "import alembic, alembic.command; print(alembic.__file__)"
UV = Path(sys.executable).parent / "uv"


def printed(command: list[str]) -> str:
    """What a command says when it runs in the project's folder."""
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": sys.prefix}
    return subprocess.run(command, check=True, cwd=PROJECT, env=environment, capture_output=True, text=True).stdout


def test_folder_of_revisions_is_no_package() -> None:
    assert (PROJECT / "alembic").is_dir()
    assert list((PROJECT / "alembic").rglob("__init__.py")) == []


def test_import_under_pytest_is_the_library() -> None:
    assert "site-packages" in str(alembic.__file__)


def test_python_m_finds_the_library_from_the_project() -> None:
    """`python -m` puts the working directory first."""
    assert printed([sys.executable, "-m", "alembic", "--version"]).startswith("alembic 1.")


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", PRINT],
        pytest.param(
            [str(UV), "run", "--frozen", "--no-sync", "python", "-c", PRINT],
            marks=pytest.mark.skipif(not UV.exists(), reason="uv is not in this environment"),
        ),
    ],
    ids=["python -c", "uv run"],
)
def test_import_from_the_project_is_the_library(command: list[str]) -> None:
    assert "site-packages" in printed(command)
