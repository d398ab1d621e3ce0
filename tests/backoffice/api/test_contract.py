"""The description that programs read: the API of version 1, and none of the pages."""

import httpx
import pytest

from tests.backoffice.conftest import Web


@pytest.fixture
def http(web: Web) -> httpx.Client:
    return web.browser()


def test_description_tells_the_api_alone_to_whoever_asks(http: httpx.Client) -> None:
    answer = http.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["info"]["title"] == "Konectus"
    assert set(told["paths"]) == {
        "/api/v1/messages",
        "/api/v1/conversations",
        "/api/v1/contacts",
        "/api/v1/connectors",
        "/api/v1/conversations/{conversation_id}/messages",
        "/api/v1/files/{attachment_id}",
    }


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/api/docs"])
def test_nothing_else_of_a_description_is_served(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404
