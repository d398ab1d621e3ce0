"""Promise P22: no GET changes state. Every link of every page an agent can see is followed, twice."""

import re

from sqlalchemy import text

from konectus.domain.roles import UserRole
from konectus.services.installation import Installation
from konectus.store.planes import Plane
from konectus.store.registry import ENTRIES
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk
from tests.support.factories import Factory

LINK = re.compile(r'(?:href|hx-get|data-refresh|src)="(/[^"#]*)"')


def state(installation: Installation) -> dict[str, str]:
    """Every row of the ledger and of the Clients, but the last-seen time of sessions."""
    found = {}
    with installation.database.session(Role.WORKER) as session:
        for entry in ENTRIES:
            if entry.plane is Plane.PLATFORM:
                continue
            row = "(to_jsonb(t) - 'last_seen_at')::text"
            query = f"select md5(coalesce(string_agg({row}, '' order by {row}), '')) from {entry.name} t"
            found[entry.name] = str(session.scalar(text(query)))
    return found


def test_following_every_link_twice_leaves_everything_as_it_was(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    for number in range(3):
        told = talk.begin(client.id, f"Hola {number}")
        talk.send_file(told, b"x", name="a.png", media_type="image/png")
    http = web.agent_of(client.id, role=UserRole.OWNER)
    before = state(web.installation)
    waiting, seen = ["/", "/inbox", "/account", "/login", "/metrics", "/healthz", "/readyz"], set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("/static/"):
            continue
        seen.add(path)
        for _ in range(2):
            answer = http.get(path)
            assert answer.status_code < 500, path
        waiting += [link.replace("&amp;", "&") for link in LINK.findall(answer.text)]
    assert len(seen) > 25
    assert any(path.startswith("/files/") for path in seen)
    assert state(web.installation) == before
