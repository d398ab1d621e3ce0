"""The history that lists and search are measured at: as large as asked, found by its words, opened where it is read."""

from typing import cast

import pytest
from sqlalchemy import make_url, text

from konectus.cli.bench import history, reads
from konectus.cli.bench.ground import Ground
from konectus.services.installation import Installation
from konectus.store.cluster import Cluster
from konectus.store.queries import search
from konectus.store.roles import Role
from tests.support.factories import Factory

MESSAGES = 3_000


@pytest.fixture
def ground(installation: Installation, make: Factory) -> Ground:
    client, owner = make.client(), installation.settings.database_url
    make.connector(client.id)
    assert owner is not None
    url = make_url(owner.get_secret_value())
    return Ground(installation, {}, url, cast("Cluster", None), client.id, "", b"")


def test_history_is_made_and_every_kind_of_page_is_read(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "TIMES", 3)
    monkeypatch.setattr(reads, "EACH", 3)
    found = reads.measure(ground, MESSAGES)
    assert (len(found.lists), len(found.threads)) == (3, 3)
    assert set(found.searches) == {"very frequent", "middling", "rare", "absent", "two words", reads.ANY}
    assert all(0 < second < 60 for seconds in found.searches.values() for second in seconds)
    keys = ground.installation.keys.of(ground.client_id)
    with ground.installation.database.session(Role.APP, ground.client_id) as session:
        assert len(search.message_ids(session, keys, history.word(1))) == search.PAGE
    with ground.installation.database.session(Role.WORKER) as session:
        for table in ("message", "message_search"):
            assert session.execute(text(f"select count(*) from tenant.{table}")).scalar() == MESSAGES
        assert session.execute(text("select count(*) from pg_namespace where nspname = 'bench'")).scalar() == 0
        frequent = (
            text("select count(*) from tenant.message_search where words @> array[cast(:word as bigint)]"),
            {"word": search.hashes(keys, [history.word(1)], search.WORD)[0]},
        )
        assert 0.35 < (session.execute(*frequent).scalar_one() / MESSAGES) < 0.7


def test_every_rank_has_a_word_of_its_own() -> None:
    assert len({history.word(rank) for rank in range(1, history.VOCABULARY + 1)}) == history.VOCABULARY
