"""A log line is one JSON object, and nothing secret or personal ever stands in it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from konectus import log
from konectus.errors import Conflict

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What was written since; the loggers are as before afterwards."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    log.configure("worker", "info", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.captureWarnings(capture=False)
    root.handlers[:] = before
    root.setLevel(level)


def test_line_is_json_with_process_level_event_and_facts(lines: Lines) -> None:
    logging.getLogger("konectus.x").info("batch\nstored", extra={"messages": 500, "door": "meta:demo"})
    (line,) = lines()
    assert line | {"process": "worker", "level": "info", "event": "batch\nstored", "messages": 500} == line
    assert line["door"] == "meta:demo"
    assert line["at"].endswith("+00:00")


def test_level_is_a_value_that_is_passed(lines: Lines) -> None:
    logging.getLogger("konectus.x").debug("not asked for")
    log.configure("worker", "warning", io.StringIO())
    logging.getLogger("konectus.x").info("not asked for either")
    assert lines() == []


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer kx_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6",
        "https://graph.facebook.com/v26.0/me?access_token=EAAabc123def456ghi789",
        "https://api.telegram.org/bot7211234567:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe",
        "postgresql://konectus_app:5f3b9c@db.internal/konectus",
        "X-Hub-Signature-256: sha256=0a4d55a8d778e5022fab701977c5d840bbc486d0",
        "GET /invite/3q2-7wAAqrsXkPzv1b9TnGmYdLhQe0fUoJc8iRtS5yA",
        "__Host-konectus-agent=abc.def-ghi",
        "token_hash of Ana Solís <ana.solis+crm@cliente.example>",
    ],
)
def test_secrets_are_hidden_wherever_they_stand(secret: str, lines: Lines) -> None:
    logging.getLogger("konectus.x").warning("refused: %s", secret, extra={"where": {"deep": [secret]}})
    (line,) = lines()
    for word in ("EAAabc", "AAHdq", "5f3b9c", "0a4d55", "3q2-7w", "abc.def", "Zm9v", "cliente.example"):
        assert word not in json.dumps(line)


@pytest.mark.parametrize("name", ["access_token", "body", "text", "email", "secret_key", "Cookie"])
def test_facts_with_a_telling_name_are_hidden_whole(name: str, lines: Lines) -> None:
    logging.getLogger("konectus.x").info("seen", extra={name: "hola", "inner": {name: ["hola"]}})
    assert "hola" not in json.dumps(lines()[0])


def test_exception_of_others_is_told_by_type_and_place_without_its_text(lines: Lines) -> None:
    _fail(IntegrityError("insert …", {}, ValueError("Key (email)=(ana@cliente.example) already exists")))
    (line,) = lines()
    assert line["error"]["type"] == "sqlalchemy.exc.IntegrityError"
    assert "test_log.py" in line["error"]["at"][-1]
    assert "already exists" not in json.dumps(line)


def test_refusal_of_ours_keeps_code_and_words(lines: Lines) -> None:
    _fail(Conflict("the slot is taken"))
    assert lines()[0]["error"] | {"code": "conflict", "words": "the slot is taken"} == lines()[0]["error"]


def test_libraries_that_tell_addresses_are_kept_quiet(lines: Lines) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET https://api.telegram.org/bot1:secret/getMe")
    assert lines() == []


def _fail(error: Exception) -> None:
    try:
        _raise(error)
    except type(error):
        logging.getLogger("konectus.x").exception("not done")


def _raise(error: Exception) -> None:
    raise error
