"""What the documents promise and what the code has are the same list, in both directions."""

import re

from konectus.settings import PREFIX, MetaApp, Settings
from tests.architecture.sources import PROJECT

SETTINGS = PROJECT / "docs/operate/settings.md"
ROW = re.compile(rf"^\| `({PREFIX}[A-Z_]+)` \| (\S+) \| (.+) \|$", re.MULTILINE)


def documented() -> dict[str, str]:
    """Variables with their default as the tables of the document give them."""
    return {name: default.strip("`") for name, default, _ in ROW.findall(SETTINGS.read_text(encoding="utf-8"))}


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    assert set(documented()) == {PREFIX + name.upper() for name in Settings.model_fields}


def test_documented_defaults_are_the_real_ones() -> None:
    real = {PREFIX + name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert documented() == {name: "–" if value in {None, "", ()} else str(value) for name, value in real.items()}


def test_no_other_variable_is_named_in_the_settings_document() -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", SETTINGS.read_text(encoding="utf-8")))
    assert {name.removesuffix("_FILE") for name in named} <= set(documented())


def test_parts_of_a_meta_app_are_documented() -> None:
    text = SETTINGS.read_text(encoding="utf-8")
    assert [name for name in MetaApp.model_fields if f'"{name}":' not in text] == []
