"""The form calls of the corpus on the web application: withdrawn consents, accepted or refused, and what they leave."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.signed_requests import grantor
from konectus.services import connectors
from konectus.services.connectors import Granted, NewConnector
from konectus.services.installation import Installation
from konectus.settings import MetaApp
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import Factory

CORPUS = Path(__file__).parents[1] / "corpus"
FORMS: dict[str, Any] = {
    name: told
    for name, told in json.loads((CORPUS / "expectations.json").read_text()).items()
    if told.get("transport") == "form"
}


def with_secrets(installation: Installation, *secrets: str) -> Installation:
    app = MetaApp(name="demo", id="1001", secrets=tuple(SecretStr(one) for one in secrets), verify_token=SecretStr("v"))
    return replace(installation, settings=installation.settings.model_copy(update={"meta_apps": (app,)}))


def granted(installation: Installation, client_id: UUID, channel: str, account: str, person: str) -> UUID:
    """A connected Connector that this person granted."""
    new = NewConnector(
        channel=Channel(channel),
        account_id=account,
        secret="EAAtoken",
        app="demo",
        granted=Granted(by=grantor(installation.keys.hashing(), "1001", person)),
    )
    with installation.works.system() as work:
        connector_id = connectors.connect(work, client_id, new)
        work.session.flush()  # settle reads it back
        connectors.settle(work, client_id, connector_id, ConnectorState.CONNECTED)
    return connector_id


def state(installation: Installation, connector_id: UUID) -> tuple[str, str | None, bool]:
    """State, reason and whether a token is left."""
    with installation.database.session(Role.WORKER) as session:
        row = session.execute(
            text("select state, reason, secret_sealed is not null as kept from tenant.connector where id = :id"),
            {"id": connector_id},
        ).one()
    return row.state, row.reason, row.kept


Post = Callable[[str], httpx.Response]


@pytest.fixture
def post(installation: Installation, make: Factory, clock: ManualClock) -> Iterator[Post]:
    """Delivers a form of the corpus, as it is, to the web application with its secret."""
    opened: list[Web] = []

    def deliver(name: str) -> httpx.Response:
        told = json.loads((CORPUS / name).read_text())
        web = Web(with_secrets(installation, "other", told["app_secret"]), make, clock)
        web.start()
        opened.append(web)
        path = {"deauthorize": "deauthorize", "data_deletion": "data-deletion"}[FORMS[name]["purpose"]]
        url = f"{web.url}/webhooks/meta/demo/{path}"
        return httpx.post(url, content=told["body"], headers={"content-type": told["content_type"]})

    yield deliver
    for web in opened:
        web.stop()


@pytest.mark.parametrize("name", sorted(FORMS))
def test_form_of_the_corpus_does_what_is_expected(
    installation: Installation, make: Factory, post: Post, name: str
) -> None:
    told = FORMS[name]
    client_id = make.client().id
    theirs = granted(installation, client_id, told["channel"], told["account"], told["granted_by"])
    others = granted(installation, client_id, "messenger", "1", "somebody else")
    answer = post(name)
    assert (answer.status_code == 200) is told["accepted"]
    assert answer.status_code in {200, 401}
    assert state(installation, others) == ("connected", None, True)
    if not told["accepted"]:
        assert state(installation, theirs) == ("connected", None, True)
    elif told.get("connector_after") == "revoked":
        assert state(installation, theirs) == ("needs_reconfiguration", "revoked", False)
    else:
        said = answer.json()
        assert said["url"] == f"http://localhost:8000/deletion/{said['confirmation_code']}"
        assert said["confirmation_code"].isalnum()
        assert state(installation, theirs)[0] == "disconnecting"


def test_there_are_form_calls_of_both_kinds_in_the_corpus() -> None:
    assert {told["purpose"] for told in FORMS.values()} == {"deauthorize", "data_deletion"}
    assert {told["accepted"] for told in FORMS.values()} == {True, False}
