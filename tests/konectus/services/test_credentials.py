"""One-time links and API tokens: used once, in time, and shown once."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from konectus.errors import NotFound
from konectus.sealing import token_hash
from konectus.services import credentials
from konectus.services.credentials import LinkSpent, PasswordTooShort, set_staff_password, set_user_password
from konectus.services.identity import staff_of, user_of
from konectus.services.installation import Installation
from konectus.store.queries import people
from konectus.store.roles import Role
from tests.support.clock import ManualClock
from tests.support.database import Sessions
from tests.support.factories import STAFF, Factory

PASSWORD = "una frase bastante larga"


@pytest.fixture
def user_id(make: Factory) -> UUID:
    return make.user(make.client().id)


def invited(installation: Installation, user_id: UUID, life: timedelta = credentials.INVITATION_LIFE) -> str:
    with installation.works.system() as work:
        return credentials.link_for_user(work, user_id, life=life)


def test_link_sets_a_password_once(installation: Installation, user_id: UUID, sessions: Sessions) -> None:
    link = invited(installation, user_id)
    set_user_password(installation.works, link, PASSWORD)
    for spent in (link, "no such link", "\ud800"):
        with pytest.raises(LinkSpent):
            set_user_password(installation.works, spent, "otra frase bastante larga")
    with sessions.worker() as session:
        entry = session.execute(
            text("select actor_id, actor_name, subject_id from ledger.audit_entry where action = 'user.password_set'")
        ).one()
    assert tuple(entry) == (str(user_id), "Mariana Ortúzar", str(user_id))


def test_too_short_password_keeps_the_link(installation: Installation, user_id: UUID) -> None:
    link = invited(installation, user_id)
    with pytest.raises(PasswordTooShort):
        set_user_password(installation.works, link, "once letras")
    set_user_password(installation.works, link, "doce letras.")


def test_link_that_could_not_be_used_for_our_own_trouble_still_works(
    installation: Installation, user_id: UUID, sessions: Sessions
) -> None:
    """The link used to be spent in a transaction of its own, before the password was written."""
    link = invited(installation, user_id)
    with sessions.worker() as session:
        session.execute(text("select * from ledger.authorized_user for update"))
        app = installation.database.engine(Role.APP)
        impatient = event.listens_for(app, "begin")(lambda conn: conn.execute(text("set local lock_timeout = '200ms'")))
        with pytest.raises(OperationalError, match="lock timeout"):
            set_user_password(installation.works, link, PASSWORD)
        event.remove(app, "begin", impatient)
    set_user_password(installation.works, link, PASSWORD)


def test_old_link_and_link_of_an_inactive_person_open_nothing(
    installation: Installation, user_id: UUID, clock: ManualClock, sessions: Sessions
) -> None:
    link = invited(installation, user_id, timedelta(hours=1))
    clock.advance(minutes=60)
    with pytest.raises(LinkSpent):
        set_user_password(installation.works, link, PASSWORD)
    fresh = invited(installation, user_id)
    with sessions.worker() as session:
        session.execute(text("update ledger.authorized_user set active = false"))
    with pytest.raises(LinkSpent):
        set_user_password(installation.works, fresh, PASSWORD)


def test_new_password_ends_every_session_of_that_person_alone(
    installation: Installation, make: Factory, user_id: UUID, sessions: Sessions
) -> None:
    with sessions.worker() as session:
        client_id: UUID = session.execute(text("select client_id from ledger.authorized_user")).scalar_one()
    own = [make.user_session(client_id, user_id) for _ in range(2)]
    colleague = make.user_session(client_id, make.user(client_id))
    set_user_password(installation.works, invited(installation, user_id), PASSWORD)
    assert [user_of(installation.works, token) for token in own] == [None, None]
    assert user_of(installation.works, colleague) is not None


def test_link_of_the_staff_sets_password_and_factor_and_ends_their_sessions(
    installation: Installation, make: Factory, user_id: UUID, clock: ManualClock
) -> None:
    works, staff_id = installation.works, make.staff()
    token, colleague = make.staff_session(staff_id), make.staff_session(make.staff())
    with works.system() as work:
        link, late = credentials.link_for_staff(work, staff_id), credentials.link_for_staff(work, staff_id)
    with pytest.raises(PasswordTooShort):
        set_staff_password(works, link, "corta")
    with pytest.raises(LinkSpent):
        set_user_password(works, link, PASSWORD)
    first = set_staff_password(works, link, PASSWORD)
    assert staff_of(works, token) is None
    assert staff_of(works, colleague) is not None
    assert first.secret in first.uri
    clock.advance(minutes=30)
    for spent in (link, late, invited(installation, user_id)):
        with pytest.raises(LinkSpent):
            set_staff_password(works, spent, PASSWORD)


def test_api_token_is_found_by_its_hash_until_it_is_revoked(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client, other = make.client(), make.client()
    with installation.works.system() as work:
        secret = credentials.add_api_token(work, client.id, "Exportación nocturna")
    with installation.database.session(Role.APP) as session:
        found = people.client_by_api_token(session, token_hash(secret))
        assert found is not None
        assert (found[0], found[2]) == (client.id, "Exportación nocturna")
        assert people.client_by_api_token(session, token_hash(secret + "x")) is None
    with pytest.raises(NotFound), installation.works.system() as work:
        credentials.revoke_api_token(work, other.id, found[1])
    with installation.works.staff(STAFF) as work:
        credentials.revoke_api_token(work, client.id, found[1], reason="Lo pidió la dueña por teléfono")
    with installation.database.session(Role.APP) as session:
        assert people.client_by_api_token(session, token_hash(secret)) is None
    with pytest.raises(NotFound), installation.works.system() as work:
        credentials.revoke_api_token(work, client.id, found[1])
    with sessions.worker() as session:
        rows = session.execute(
            text("select action from ledger.audit_entry where subject_kind = 'api_token' order by id")
        )
        assert list(rows.scalars()) == ["api_token.added", "api_token.revoked"]
        dump = session.execute(text("select t::text from ledger.api_token t")).scalar_one()
    assert secret not in dump
