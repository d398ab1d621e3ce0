"""Settings are read once, whole, and refused in one line that names the mend and never the value."""

import json
from pathlib import Path

import pytest

from konectus.settings import Settings, SettingsError

APP = {"name": "demo", "id": "1", "secrets": ["s1", "s2"], "verify_token": "v"}


def test_empty_environment_is_a_development_installation() -> None:
    found = Settings.load({"PATH": "/bin"})
    assert (found.environment, found.port, found.database_url) == ("development", 8000, None)


def test_value_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    found = Settings.load({"KONECTUS_MASTER_KEY_FILE": str(tmp_path / "key")})
    assert found.master_key is not None
    assert found.master_key.get_secret_value() == "ab" * 32


def test_both_secrets_of_a_rotation_sign_webhooks() -> None:
    found = Settings.load({"KONECTUS_META_APPS": json.dumps([APP | {"instagram_secrets": ["i1"]}])})
    assert found.meta_apps[0].signing_secrets() == (b"s1", b"s2", b"i1")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"KONECTUS_PORT": "eighty"}, "KONECTUS_PORT: "),
        ({"KONECTUS_PORT": "70000"}, "KONECTUS_PORT: "),
        ({"KONECTUS_META_APPS": "[{"}, "KONECTUS_META_APPS: must be JSON"),
        ({"KONECTUS_META_APPS": json.dumps([{"name": "x"}])}, "KONECTUS_META_APPS at 0"),
        ({"KONECTUS_PUBLIC_URL": "http://crm.example"}, "must be https://"),
        ({"KONECTUS_PROT": "1"}, "KONECTUS_PROT: no such setting"),
        ({"KONECTUS_MASTER_KEY_FILE": "/no/such/file"}, "KONECTUS_MASTER_KEY_FILE: cannot read"),
        ({"KONECTUS_ENVIRONMENT": "staging"}, "KONECTUS_ENVIRONMENT: "),
        ({"KONECTUS_PUBLIC_URL": "http://127.0.0.1:8000@crm.example"}, "must be https://"),
        ({"KONECTUS_PUBLIC_URL": "ftp://localhost"}, "must be https://"),
        ({"KONECTUS_PUBLIC_URL": "crm.example"}, "must be https://"),
        ({"KONECTUS_SECRET_KEY": "a", "KONECTUS_SECRET_KEY_FILE": "/dev/null"}, "KONECTUS_SECRET_KEY: given twice"),
    ],
)
def test_wrong_value_stops_with_one_line_that_names_it(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.load(environ)
    assert named in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_file_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is no text"):
        Settings.load({"KONECTUS_SECRET_KEY_FILE": str(tmp_path / "key")})


def test_wrong_secret_is_not_repeated_in_the_refusal() -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.load({"KONECTUS_META_APPS": json.dumps([APP | {"id": {"hush": "hush-hush"}}])})
    assert "hush-hush" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000", "https://crm.example"]
)
def test_loopback_and_https_are_accepted(url: str) -> None:
    assert Settings.load({"KONECTUS_PUBLIC_URL": url}).public_url == url


def test_each_meta_app_has_a_name_an_id_and_one_login_of_its_own() -> None:
    for part in ("name", "id"):
        twin = APP | {"name": "other", "id": "2"} | {part: APP[part]}
        with pytest.raises(SettingsError, match=f"KONECTUS_META_APPS: two apps have the same {part}"):
            Settings.load({"KONECTUS_META_APPS": json.dumps([APP, twin])})
    with pytest.raises(SettingsError, match="KONECTUS_META_APPS"):
        Settings.load({"KONECTUS_META_APPS": json.dumps([APP | {"secrets": ["a", "b", "c"]}])})


def test_calls_use_the_first_secret_and_the_id_of_the_login() -> None:
    both = {"secrets": ["new", "old"], "instagram_secrets": ["insta"], "instagram_id": "77"}
    for flavour, secret, login in (("page", "new", APP["id"]), ("instagram", "insta", "77")):
        app = Settings.load({"KONECTUS_META_APPS": json.dumps([APP | both | {"flavour": flavour}])}).meta_apps[0]
        assert (app.call_secret, app.login_id) == (secret, login)
        assert app.signing_secrets() == (b"new", b"old", b"insta")
