"""What machines ask the web process."""

from dataclasses import replace

from pydantic import SecretStr

from tests.backoffice.conftest import Web
from tests.support.factories import Factory


def test_a_live_and_ready_process_says_so(web: Web) -> None:
    http = web.browser()
    assert http.get("/healthz").text == "ok\n"
    answer = http.get("/readyz")
    told = answer.json()
    assert (answer.status_code, told["ready"], told["checks"]) == (200, True, {"database": "ok", "backlog": "ok"})
    assert "process_silent" in told["alarms"], "nobody else runs here"
    assert "backlog_old" not in told["alarms"]


def test_a_process_that_stops_is_not_ready(web: Web) -> None:
    web.app.state.stopping = True
    assert web.browser().get("/readyz").status_code == 503


def test_metrics_count_requests_and_connectors_without_naming_a_client(web: Web, make: Factory) -> None:
    client = make.client(name="Taller Secreto")
    make.connector(client.id)
    http = web.browser()
    http.get("/healthz")
    found = http.get("/metrics")
    assert 'konectus_connectors{channel="messenger",state="connected"} 1' in found.text
    assert "konectus_request_seconds_count" in found.text
    assert str(client.id) not in found.text
    assert "Secreto" not in found.text


def test_metrics_are_for_this_machine_or_for_who_holds_the_token(web: Web) -> None:
    assert web.browser(x_forwarded_for="203.0.113.9").get("/metrics").status_code == 404
    web.stop()
    settings = web.installation.settings.model_copy(update={"metrics_token": SecretStr("una llave")})
    web.installation = replace(web.installation, settings=settings)
    web.start()
    assert web.browser().get("/metrics").status_code == 404
    assert web.browser(authorization="Bearer otra").get("/metrics").status_code == 404
    assert web.browser(authorization="Bearer una llave").get("/metrics").status_code == 200
