"""The import contracts of pyproject.toml, which `lint-imports` runs too."""

import pytest
from importlinter.cli import lint_imports


def test_import_contracts_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out
