"""The dashboard from outside: what it answers, what it refuses, and that refusals say nothing more."""

import inspect
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from starlette.types import Receive, Scope, Send

from dashboard import inside, panels
from dashboard.app import Dashboard, create_app
from dashboard.data import Figures, History
from konectus.settings import Settings, SettingsError
from tests.support.browsing import HTML, Visitor
from tests.support.clock import ManualClock
from tests.support.figures import AFTER, Used, World

MADE_UP = ["2026-13", "1999-01", "2026-10-01", "2026-04", "'; drop table", "..", "\N{SNOWMAN}", "x" * 250]
CALLS = {
    "page.children": {"url.pathname": "/dashboard/", "url.search": ""},
    "channels-figure.figure": {"channels-asked.data": "2026-10", "theme.data": "light"},
    "messages-total-figure.figure": {"messages-total-asked.data": "2026-10/2026-09", "theme.data": "light"},
}


@pytest.fixture
def dashboard(published: World) -> Iterator[Dashboard]:
    made = create_app(published.installation.settings, ManualClock(AFTER))
    yield made
    made.close()


@pytest.fixture
def visitor(dashboard: Dashboard) -> Visitor:
    return Visitor(dashboard)


@pytest.mark.parametrize(
    "path", ["/dashboard/", "/dashboard/making", "/dashboard/downloads", "/dashboard/?period=2026-09&versus=2026-05"]
)
def test_pages_come_in_spanish_with_the_policy_of_the_dashboard(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path, **HTML)
    assert answer.status_code == 200
    assert '<html lang="es-MX">' in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_the_first_page_asked_for_may_be_any(published: World) -> None:
    """Dash registers assets and pages on its own first request or at a lifespan; behind the switch neither comes."""
    made = create_app(published.installation.settings, ManualClock(AFTER))
    page = Visitor(made).get("/dashboard/making", **HTML).text
    made.close()
    assert "assets/look.css" in page
    assert "assets/plotly-1-cartesian.min.js" in page


def test_the_address_without_its_slash_leads_to_the_page(visitor: Visitor) -> None:
    assert visitor.get("/dashboard").headers["location"] == "/dashboard/"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/dashboard/secret"),
        ("GET", "/dashboard/_dash-update-component"),
        ("GET", "/dashboard/_mcp"),
        ("GET", "/dashboard/_reload-hash"),
        ("GET", "/dashboard/docs"),
        ("GET", "/dashboard/openapi.json"),
        ("GET", "/dashboard/assets/nothing.js"),
        ("GET", "/dashboard/assets/../data.py"),
        ("GET", "/dashboard/assets/%2e%2e/data.py"),
        ("GET", "/dashboard/_dash-component-suites/dash/nothing.js"),
        ("GET", "/dashboard/_dash-component-suites/os/path.py"),
        ("POST", "/dashboard/"),
        ("POST", "/dashboard/figures.csv"),
        ("POST", "/dashboard/figures.xlsx"),
        ("GET", "/dashboard/figures.xlsx/"),
        ("GET", "/dashboard/figures.json"),
    ],
)
def test_an_address_that_is_none_of_ours_is_not_found(visitor: Visitor, method: str, path: str) -> None:
    answer = visitor.get(path) if method == "GET" else visitor.post(path, b"{}")
    assert answer.status_code == 404
    assert "def " not in answer.text


@pytest.mark.parametrize(
    "page", [f"/dashboard/{path}" for path in ("", "making", "downloads", "figures.csv", "figures.xlsx")]
)
@pytest.mark.parametrize(
    "query",
    [
        *(f"period={month}" for month in MADE_UP),
        *(f"versus={month}" for month in MADE_UP),
        "period=2026-09&versus=2026-09",
        "period=2026-05&versus=2026-09",
        "period=2026-10&period=2026-09",
        *(f"cut={cut}" for cut in MADE_UP),
        "cut=",
        "cut=messages",
        "cut=messages/client",
        "cut=messages/channel_plan",
        "cut=/total",
        "period=2026-04&cut=messages/channel",
        "grain=day",
        "grain=quarter",
        "grain=week&period=2026-W41",
        "period=2026-Q3",
        "client=1",
        "period",
        "=",
        "&",
    ],
)
def test_a_made_up_permalink_or_export_is_refused(visitor: Visitor, page: str, query: str) -> None:
    answer = visitor.get(f"{page}?{query}", **HTML)
    assert answer.status_code == 400
    assert "<h1>Eso no está publicado</h1>" in answer.text
    assert "2026-" not in answer.text


@pytest.mark.parametrize(("output", "name"), [(output, name) for output, inputs in CALLS.items() for name in inputs])
@pytest.mark.parametrize("value", [*MADE_UP, "?period=1999-01", "?client=1", 7, {"a": 1}, ["2026-10"], True])
def test_a_callback_with_a_made_up_value_is_refused(visitor: Visitor, output: str, name: str, value: object) -> None:
    answer = visitor.call(output, CALLS[output] | {name: value})
    assert answer.status_code == 400
    assert answer.json() == {"code": "unpublished"}


def test_every_callback_of_the_server_stands_in_the_list_above_or_is_a_panel(dashboard: Dashboard) -> None:
    """Those of the panels are all asked for in test_pages.py."""
    panels_too = set(CALLS) | {f"{panel.key}-figure.figure" for panel in panels.charts()}
    assert {name for name, entry in dashboard._dash.callback_map.items() if "callback" in entry} == panels_too
    for name, inputs in CALLS.items():
        declared = dashboard._dash.callback_map[name]["inputs"]
        assert [f"{one['id']}.{one['property']}" for one in declared] == list(inputs)
        assert dashboard._dash.callback_map[name]["state"] == []


def test_no_callback_stalls_the_loop_of_the_host(dashboard: Dashboard) -> None:
    for entry in dashboard._dash.callback_map.values():
        assert "callback" not in entry or inspect.iscoroutinefunction(entry["callback"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"not json",
        b'{"output": 7}',
        b'{"output": "theme.data", "inputs": []}',
        b'{"output": "os.system", "inputs": []}',
        b'{"output": "page.children", "inputs": [{"id": "url", "property": "pathname"}]}',
        b'{"output": "page.children", "inputs": {"id": 1}}',
        json.dumps({"output": "page.children", "inputs": [], "state": ["x" * 20_000]}).encode(),
    ],
)
def test_a_call_of_another_shape_is_refused(visitor: Visitor, body: bytes) -> None:
    answer = visitor.post("/dashboard/_dash-update-component", body)
    assert (answer.status_code, answer.json()) == (400, {"code": "unpublished"})


def test_the_page_of_a_month_holds_its_cells_and_no_hidden_number(visitor: Visitor, published: World) -> None:
    answer = visitor.call("page.children", CALLS["page.children"])
    assert answer.status_code == 200
    assert "Octubre de 2026" in answer.text
    assert "pocos Clientes" in answer.text
    [(hidden,)] = published.releaser.released(
        "select count(*) from released.cell c join released.release r on r.id = c.release_id"
        " where r.period = '2026-10-01' and metric = 'clients' and dim <> 'total' and status <> 'published'"
    )
    assert answer.text.count('"barr hid"') == hidden


def test_a_month_that_was_only_counted_shows_no_figure(visitor: Visitor) -> None:
    answer = visitor.call("page.children", {"url.pathname": "/dashboard/making", "url.search": ""})
    assert answer.status_code == 200
    assert answer.text.count("solo se cont") == 1


def test_the_figure_comes_in_the_theme_that_was_asked_for(visitor: Visitor) -> None:
    colours = set()
    for theme in ("light", "dark"):
        answer = visitor.call("channels-figure.figure", {"channels-asked.data": "2026-10", "theme.data": theme})
        layout = answer.json()["response"]["channels-figure"]["figure"]["layout"]
        colours.add(layout["template"]["layout"]["font"]["color"])
    assert colours == {"#434e4d", "#b8bfbf"}


def test_a_theme_that_is_not_known_yet_draws_nothing(visitor: Visitor) -> None:
    answer = visitor.call("channels-figure.figure", {"channels-asked.data": "2026-10", "theme.data": None})
    assert answer.status_code == 204


def test_the_policy_allows_the_one_inline_script_of_the_page(visitor: Visitor, dashboard: Dashboard) -> None:
    page = visitor.get("/dashboard/", **HTML).text
    inline = [part for part in page.split("<script")[1:] if not part.startswith(" src=")]
    assert [part.split(">")[0] for part in inline] == [
        ' id="_dash-config" type="application/json"',
        ' id="_dash-renderer" type="application/javascript"',
    ]
    assert all(written in dashboard.policy for written in dashboard._dash.csp_hashes())
    assert visitor.get("/dashboard/").headers["content-security-policy"] == dashboard.policy


def test_the_page_tells_its_script_of_no_socket_and_of_no_other_host(visitor: Visitor) -> None:
    page = visitor.get("/dashboard/", **HTML).text
    config = json.loads(page.split('type="application/json">')[1].split("</script>")[0])
    assert config["websocket"] == {"enabled": False}
    assert "http" not in json.dumps(config)


def test_files_are_compressed_once_and_may_be_kept_for_ever(visitor: Visitor) -> None:
    page = visitor.get("/dashboard/", **HTML).text
    address = next(part.split('"')[0] for part in page.split('src="') if "plotly-1" in part.split('"')[0])
    plain = visitor.get(address, **{"accept-encoding": "identity"})
    small = visitor.get(address, **{"accept-encoding": "gzip, br"})
    assert small.headers["content-encoding"] == "br"
    assert int(small.headers["content-length"]) * 2.5 < len(plain.content)
    assert small.content == plain.content
    assert small.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_late_release_is_said_and_one_to_come_is_announced(published: World) -> None:
    for instant, words in (
        (AFTER, "Noviembre de 2026 se publica a partir del viernes 4 de diciembre."),
        (AFTER + timedelta(days=30), "Noviembre de 2026 pudo publicarse desde el viernes 4 de diciembre y lleva"),
    ):
        assert words in page_at(published, instant)


def test_the_host_tells_whose_session_it_is(dashboard: Dashboard) -> None:
    async def host(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {"visitor": SimpleNamespace(name="Tomás <Báez>")}
        await dashboard(scope, receive, send)

    page = Visitor(host).get("/dashboard/making", **HTML).text
    assert "Tomás &lt;Báez&gt;" in page
    assert '<form class="foot nav" method="post" action="/admin/logout">' in page
    assert "/admin/logout" not in Visitor(dashboard).get("/dashboard/making", **HTML).text


def test_an_installation_without_figures_says_why(world: World) -> None:
    assert "Todavía no hay cifras" in page_at(world, AFTER)
    world.plans("inicia")
    world.clients(3)
    world.use([Used(n, month) for n in range(3) for month in ("2026-08", "2026-09")])
    world.releaser.build("2026-08")
    assert "El primer mes cerrado solo se cuenta" in page_at(world, AFTER)
    world.releaser.build("2026-09")
    assert "Hay menos de 20 Clientes" in page_at(world, AFTER)


def test_the_dashboard_does_not_start_without_the_analysts_address() -> None:
    with pytest.raises(SettingsError, match="KONECTUS_ANALYST_DATABASE_URL"):
        Figures.of(Settings())


def test_a_database_that_does_not_answer_is_said_plainly(published: World) -> None:
    made = create_app(Settings(analyst_database_url="postgresql://x@127.0.0.1:1/x"), ManualClock(AFTER))
    answer = Visitor(made).get("/dashboard/?period=2026-10", **HTML)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "Las cifras no responden" in answer.text


def page_at(world: World, instant: datetime) -> str:
    made = create_app(world.installation.settings, ManualClock(instant))
    answer = Visitor(made).call("page.children", CALLS["page.children"])
    made.close()
    return json.dumps(answer.json(), ensure_ascii=False)


def test_a_failure_inside_is_noted_and_says_nothing_outside(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Figures):
        def __init__(self) -> None:
            """No database."""

        def history(self) -> History:
            raise RuntimeError("a secret of the inside")

    made = Dashboard(inside.build(Broken(), ManualClock(AFTER)), Broken())
    answer = Visitor(made).call("page.children", CALLS["page.children"])
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "a callback failed" in caplog.messages
