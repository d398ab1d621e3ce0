"""What the documents promise and what the code has are the same list, in both directions."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from babel.messages.pofile import read_po
from typer.main import get_command
from typer.testing import CliRunner

from konectus.cli.__main__ import commands
from konectus.settings import PREFIX, MetaApp, Settings
from tests.architecture.sources import PRODUCT, PROJECT, sources
from tests.pictures import PICTURES, SCENES

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


ENTRANCES = [PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
PAGES = [*ENTRANCES, *sorted((PROJECT / "docs").rglob("*.md"))]
DECISIONS = sorted((PROJECT / "docs/decisions").glob("*.md"))
USE = sorted((PROJECT / "docs/use").glob("*.md"))
PROMISES = PROJECT / "docs/promises.md"
INDENTED = re.compile(r"(?:^ {4}.+\n?)+", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TOPS = (*PRODUCT[:-1], "tests", "docs", "alembic", "locale")
CODE = re.compile(r"^ +code\b[^=\n]*=", re.MULTILINE)
TAKEN = {f"{scene}-{theme}.png" for scene in SCENES for theme in ("light", "dark")}


def place(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def code_of(path: Path) -> str:
    """Everything a page shows as code, a piece a line, comments left out."""
    text = text_of(path)
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    pieces = [*fenced, *INDENTED.findall(rest), *re.findall(r"`([^`\n]+)`", rest)]
    return "\n".join(line.strip().partition(" #")[0] for piece in pieces for line in piece.splitlines())


def named(pattern: str) -> dict[str, set[str]]:
    """Every match of a pattern at the beginning of a line of code, with the pages that say it."""
    found: dict[str, set[str]] = {}
    for page in PAGES:
        for match in re.finditer(pattern, code_of(page), re.MULTILINE):
            found.setdefault(match[1], set()).add(place(page))
    return found


def test_every_make_command_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(PROJECT / "Makefile"), re.MULTILINE))
    said = named(r"^make ([a-z]+)\b")
    assert {name: pages for name, pages in said.items() if name not in targets} == {}
    assert {"demo", "test"} <= set(said)


def verbs(words: str) -> list[str]:
    """Of what follows `konectus`, the words that are verbs: the second one only where the first is a group."""
    first, *others = words.split()
    groups = getattr(get_command(commands()), "commands", {})
    return [first, *others[:1]] if hasattr(groups.get(first), "commands") else [first]


def test_every_verb_of_the_documents_answers_for_help() -> None:
    said = named(r"^konectus ((?:[a-z]+)(?: [a-z-]+)?)(?![\w-])")
    app: typer.Typer = commands()
    codes = {words: CliRunner().invoke(app, [*verbs(words), "--help"]).exit_code for words in said}
    assert {words: said[words] for words, code in codes.items() if code != 0} == {}
    assert {"up", "migrate"} <= set(said)


def test_verb_that_does_not_exist_is_found() -> None:
    app: typer.Typer = commands()
    asked = [[*verbs(words), "--help"] for words in ("fly", "client fly", "up now")]
    assert [CliRunner().invoke(app, words).exit_code for words in asked] == [2, 2, 0]


def dead_links(page: Path) -> Iterator[str]:
    for target in LINK.findall(text_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        # `make docs` takes the pictures; until it ran, their names are what can be checked.
        is_to_come = there.parent == PICTURES and not PICTURES.exists() and there.name in TAKEN
        is_there = there.exists() or is_to_come
        if not is_there or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            yield target


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: lower case, punctuation gone, blanks as hyphens."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    assert list(dead_links(page)) == []


def test_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Una sola\n[a](page.md) [b](gone.md) [c](#una-sola) [d](#otra) [e](https://example.test/x)")
    assert list(dead_links(page)) == ["gone.md", "#otra"]


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_every_place_in_the_code_that_a_document_names_exists(page: Path) -> None:
    paths = re.findall(rf"^((?:{'|'.join(TOPS)})/[\w./]*)$", code_of(page), re.MULTILINE)
    there = {path: (PROJECT / path).exists() or (PROJECT / f"{path}.py").exists() for path in paths}
    assert [path for path, exists in there.items() if not exists] == []


def coded_classes() -> Iterator[tuple[str, str]]:
    """(code, place) of every error class with a code of its own."""
    for source in sources(*PRODUCT):
        # Parsed only where one can be: most files have none.
        for node in source.nodes if CODE.search(source.text) else ():
            if isinstance(node, ast.ClassDef):
                for code in filter(None, map(own_code, node.body)):
                    yield code, f"{source.place}: {node.name}"


def own_code(line: ast.stmt) -> str | None:
    """The value of `code = "…"`, with or without its type."""
    if isinstance(line, ast.Assign) and len(line.targets) == 1:
        target: ast.expr | None = line.targets[0]
    else:
        target = line.target if isinstance(line, ast.AnnAssign) else None
    value = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
    if not isinstance(target, ast.Name) or target.id != "code" or not isinstance(value, ast.Constant):
        return None
    return value.value if isinstance(value.value, str) else None


def test_every_error_code_belongs_to_one_error() -> None:
    found = list(coded_classes())
    counted = Counter(code for code, _ in found)
    assert [pair for pair in sorted(found) if counted[pair[0]] > 1] == []
    assert {"error", "not_found", "client_suspended"} <= set(counted)


@pytest.mark.parametrize("decision", DECISIONS, ids=place)
def test_decision_is_short_and_carries_its_number(decision: Path) -> None:
    lines = text_of(decision).splitlines()
    assert len(lines) <= 60
    number, _, _ = decision.name.partition("-")
    assert re.fullmatch(rf"# {int(number)}\. .+", lines[0])


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_promise_has_its_row_and_a_state() -> None:
    rows = re.findall(
        r"^\| P(\d+) \| .+? \| (shown|in part|not yet)\b[^|]* \| (.*)\|$", text_of(PROMISES), re.MULTILINE
    )
    assert [int(number) for number, _, _ in rows] == list(range(1, 39))
    # A promise has a test named after it when it is said to be shown, and the other way round.
    tests = {path.name[6:8] for path in (PROJECT / "tests/promises").glob("test_p??_*.py")}
    shown = {number.zfill(2) for number, state, _ in rows if state == "shown"}
    assert shown == tests
    assert [number for number, state, where in rows if state != "not yet" and "`tests/" not in where] == []


@cache
def said_by_pages() -> dict[str, set[str]]:
    """Words of the pages by language: English as in the code, Spanish as in the catalogue; values are told as "…"."""
    english, spanish = set[str](), set[str]()
    for path in (PROJECT / "locale/es_MX").glob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file, locale="es_MX"):
                english |= {message.id} if isinstance(message.id, str) else set(message.id)
                spanish |= {message.string} if isinstance(message.string, str) else set(message.string or ())
    both = {"es": spanish, "en": english}
    return {language: {re.sub(r"\{\w+\}", "…", words) for words in said} for language, said in both.items()}


@pytest.mark.parametrize("page", USE, ids=place)
def test_words_in_bold_are_those_of_the_pages(page: Path) -> None:
    spanish, _, english = text_of(page).partition("\n---\n")
    for half, known in ((spanish, said_by_pages()["es"]), (english, said_by_pages()["en"])):
        bold = [" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", half, re.DOTALL)]
        assert [words for words in bold if words not in known and words not in {"negritas", "bold"}] == []
        assert bold


@pytest.mark.parametrize("page", USE, ids=place)
def test_page_for_people_is_short_and_in_both_languages(page: Path) -> None:
    spanish, _, english = text_of(page).partition("\n---\n")
    assert len(text_of(page).splitlines()) <= 120
    assert english.count("\n## ") == spanish.count("\n## ") > 0
