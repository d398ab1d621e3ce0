"""What an installation opens from its settings, and the one line it says where it cannot."""

from pathlib import Path

import pytest

from konectus.clock import OffsetClock, SystemClock
from konectus.errors import Unavailable
from konectus.services.installation import database_address, open_clock, open_installation
from konectus.settings import Environment, Settings
from konectus.store.roles import Role

URL = "postgresql://owner:clave-secreta@127.0.0.1/konectus"


def given(tmp_path: Path, **values: str) -> Settings:
    return Settings(data_dir=tmp_path, master_key="6b" * 32, **values)  # type: ignore[arg-type]  # texts alone are given


def test_address_stands_in_the_settings_or_beside_the_embedded_server(tmp_path: Path) -> None:
    assert database_address(given(tmp_path, database_url=URL)).password == "clave-secreta"
    with pytest.raises(Unavailable, match="konectus up") as refused:
        database_address(given(tmp_path))
    assert "\n" not in str(refused.value)
    (tmp_path / "database.url").write_text("postgresql:///?host=/run/konectus\n")
    found = database_address(given(tmp_path))
    assert (found.drivername, found.database, found.query["host"]) == (
        "postgresql+psycopg",
        "konectus",
        "/run/konectus",
    )


@pytest.mark.parametrize(
    "wrong", ["", "no es una dirección", "postgresql://u:clave-secreta@host:puerto/x", "mysql://u:clave-secreta@host/x"]
)
def test_address_that_is_none_is_told_by_its_setting_and_not_repeated(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(Unavailable, match="KONECTUS_DATABASE_URL") as refused:
        database_address(given(tmp_path, database_url=wrong))
    assert "clave-secreta" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_each_role_signs_in_with_a_password_of_its_own_and_the_analyst_elsewhere(tmp_path: Path) -> None:
    installation = open_installation(given(tmp_path, database_url=URL))
    passwords = {installation.database.conninfo(role).split(":")[2].split("@")[0] for role in Role}
    assert len(passwords) == len(Role)
    assert "clave-secreta" not in passwords
    assert installation.released.conninfo(Role.ANALYST).endswith("/released")
    installation.close()


def test_keys_are_kept_in_the_data_folder_or_where_the_setting_says(tmp_path: Path) -> None:
    for values, folder in (
        ({}, tmp_path / "keystore"),
        ({"keystore_url": f"file://{tmp_path}/llaves"}, tmp_path / "llaves"),
    ):
        open_installation(given(tmp_path, database_url=URL, **values)).keys.hashing()
        assert (folder / "hashing").exists()
    for wrong in ("s3://bucket", "file://relativa", "llaves"):
        with pytest.raises(Unavailable, match="KONECTUS_KEYSTORE_URL"):
            open_installation(given(tmp_path, database_url=URL, keystore_url=wrong))
    assert not Path("s3:").exists()


@pytest.mark.parametrize(
    ("environment", "kind"), [("demo", OffsetClock), ("development", SystemClock), ("production", SystemClock)]
)
def test_only_the_demo_has_a_clock_that_can_be_moved(tmp_path: Path, environment: Environment, kind: type) -> None:
    assert isinstance(open_clock(given(tmp_path, environment=environment)), kind)
