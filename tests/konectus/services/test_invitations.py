"""A Client's people: seats under concurrency, the last owner, what a deactivation ends, what a role may."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest

from konectus.domain.roles import UserRelation, UserRole
from konectus.domain.seats import LastOwner, SeatsBelowUse, require_room
from konectus.errors import NotFound
from konectus.services import credentials, identity, invitations
from konectus.services.credentials import LinkSpent
from konectus.services.identity import Credentials, WrongCredentials
from konectus.services.installation import Installation
from konectus.services.invitations import Invited, NewMember, NotInvited, OwnerNeeded
from konectus.services.registration import EmailTaken, SeatsFull
from konectus.services.work import Actor
from konectus.store.queries import clients, team
from konectus.store.roles import Role
from tests.backoffice.shared import clock, installation, make
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make"]

PASSWORD = "una frase bastante larga"
_numbers = iter(range(1, 1000))


def someone(role: UserRole = UserRole.AGENT, email: str = "") -> NewMember:
    address = email or f"invitada{next(_numbers)}@taller.example"
    return NewMember(email=address, name="Zoë Ñandú", role=role, relation=UserRelation.CONTRACTOR)


class House:
    """A Client with one owner who has a password, and what that owner does."""

    def __init__(self, installation: Installation, make: Factory, seats: int = 4) -> None:
        self.installation = installation
        self.id = make.client(seats=seats).id
        self.owner = make.user(self.id, role=UserRole.OWNER, name="Mariana Ortúzar")
        self.actor = Actor("agent", str(self.owner), "Mariana Ortúzar")

    def invite(self, new: NewMember | None = None) -> Invited:
        with self.installation.works.system(self.actor) as work:
            return invitations.invite(work, self.id, new or someone())

    def deactivate(self, user_id: UUID) -> None:
        with self.installation.works.system(self.actor) as work:
            invitations.deactivate(work, self.id, user_id)

    def seats(self) -> tuple[int | None, int]:
        with self.installation.database.session(Role.WORKER) as session:
            return clients.seats(session, self.id)

    def member(self, user_id: UUID) -> team.Member:
        with self.installation.database.session(Role.WORKER) as session:
            return next(one for one in team.of_client(session, self.id) if one.id == user_id)


@pytest.fixture
def house(installation: Installation, make: Factory) -> House:
    return House(installation, make)


def test_an_invitation_holds_a_seat_until_it_is_answered_and_then_the_person_does(house: House) -> None:
    invited = house.invite()
    assert house.seats() == (4, 2)
    assert house.member(invited.user_id).invited_at is not None
    credentials.set_user_password(house.installation.works, invited.secret, PASSWORD)
    answered = house.member(invited.user_id)
    assert (answered.invited_at, answered.relation) == (None, UserRelation.CONTRACTOR)
    assert house.seats() == (4, 2)


def test_an_invitation_opens_for_72_hours_and_not_an_instant_longer(house: House, clock: ManualClock) -> None:
    early, late = house.invite(), house.invite()
    clock.advance(hours=71, minutes=59, seconds=59)
    credentials.set_user_password(house.installation.works, early.secret, PASSWORD)
    clock.advance(seconds=1)
    with pytest.raises(LinkSpent):
        credentials.set_user_password(house.installation.works, late.secret, PASSWORD)


def test_a_link_works_once_and_the_one_sent_again_ends_the_one_before(house: House) -> None:
    works, first = house.installation.works, house.invite()
    with works.system(house.actor) as work:
        second = invitations.invite_again(work, house.id, first.user_id)
    with pytest.raises(LinkSpent):
        credentials.set_user_password(works, first.secret, PASSWORD)
    credentials.set_user_password(works, second.secret, PASSWORD)
    with pytest.raises(LinkSpent):
        credentials.set_user_password(works, second.secret, PASSWORD)
    with works.system(house.actor) as work, pytest.raises(NotInvited):
        invitations.invite_again(work, house.id, first.user_id)


def test_the_token_of_a_link_is_nowhere_in_the_database(house: House) -> None:
    invited = house.invite()
    with house.installation.database.session(Role.WORKER) as session:
        rows = session.connection().exec_driver_sql("select l::text from ledger.one_time_link l").scalars().all()
    assert rows
    assert not any(invited.secret in row for row in rows)


def test_two_owners_who_invite_at_once_fill_the_last_seat_once(installation: Installation, make: Factory) -> None:
    house = House(installation, make, seats=2)
    outcomes: list[str] = []
    written, asked = threading.Event(), threading.Event()

    def first() -> None:
        with installation.works.system(house.actor) as work:
            invitations.invite(work, house.id, someone())
            outcomes.append("invited")
            written.set()
            asked.wait(5)
            threading.Event().wait(0.3)  # whoever does not wait for this one counts before it is committed

    def second() -> None:
        written.wait(5)
        with installation.works.system(house.actor) as work:
            asked.set()
            try:
                invitations.invite(work, house.id, someone())
                outcomes.append("invited")
            except SeatsFull:
                outcomes.append("full")
                work.session.rollback()

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["full", "invited"]
    assert house.seats() == (2, 2)


def test_fewer_seats_than_people_is_refused_with_how_many_are_too_many() -> None:
    require_room(4, 4)
    with pytest.raises(SeatsBelowUse) as refused:
        require_room(3, 5)
    assert refused.value.facts == {"over": 2}


def test_deactivating_frees_the_seat_ends_the_sessions_and_voids_the_links(house: House, make: Factory) -> None:
    works, invited = house.installation.works, house.invite()
    credentials.set_user_password(works, invited.secret, PASSWORD)
    token = identity.sign_in_user(works, Credentials(invited.email, PASSWORD, "192.0.2.1"))
    with works.system() as work:
        link = credentials.link_for_user(work, invited.user_id)
    house.deactivate(invited.user_id)
    assert identity.user_of(works, token) is None
    assert house.seats() == (4, 1)
    with pytest.raises(LinkSpent):
        credentials.set_user_password(works, link, PASSWORD)
    with pytest.raises(WrongCredentials):
        identity.sign_in_user(works, Credentials(invited.email, PASSWORD, "192.0.2.1"))


def test_somebody_who_left_comes_back_by_a_new_invitation_to_the_same_row(house: House) -> None:
    invited = house.invite()
    house.deactivate(invited.user_id)
    again = house.invite(someone(UserRole.SUPERVISOR, invited.email))
    assert again.user_id == invited.user_id
    assert house.member(again.user_id).role is UserRole.SUPERVISOR


def test_a_person_of_the_team_and_one_of_another_client_are_not_invited(house: House, make: Factory) -> None:
    invited = house.invite()
    with pytest.raises(EmailTaken):
        house.invite(someone(email=invited.email.upper()))
    other = House(house.installation, make)
    with pytest.raises(EmailTaken):
        other.invite(someone(email=invited.email))
    assert other.seats() == (4, 1)


def test_the_last_owner_stays_owner_and_active_and_an_invited_one_does_not_count(house: House) -> None:
    works = house.installation.works
    invited = house.invite(someone(UserRole.OWNER))
    with pytest.raises(LastOwner):
        house.deactivate(house.owner)
    with works.system(house.actor) as work, pytest.raises(LastOwner):
        invitations.change_role(work, house.id, house.owner, UserRole.AGENT)
    credentials.set_user_password(works, invited.secret, PASSWORD)
    with works.system(house.actor) as work:
        invitations.change_role(work, house.id, house.owner, UserRole.AGENT)
    assert house.member(house.owner).role is UserRole.AGENT
    with pytest.raises(OwnerNeeded):  # demoted a moment ago
        house.invite()


def test_agents_and_people_of_other_clients_change_nobody(house: House, make: Factory) -> None:
    works, agent = house.installation.works, make.user(house.id)
    for who, error in ((agent, OwnerNeeded), (House(house.installation, make).owner, OwnerNeeded)):
        with works.system(Actor("agent", str(who), "Otra")) as work, pytest.raises(error):
            invitations.deactivate(work, house.id, agent)
    stranger = make.user(make.client().id)
    with pytest.raises(NotFound):
        house.deactivate(stranger)


def test_every_change_of_a_person_is_in_the_audit_trail_with_before_and_after(house: House) -> None:
    invited = house.invite()
    with house.installation.works.system(house.actor) as work:
        invitations.change_role(work, house.id, invited.user_id, UserRole.SUPERVISOR)
    house.deactivate(invited.user_id)
    with house.installation.database.session(Role.WORKER) as session:
        rows = session.connection().exec_driver_sql(
            "select action, actor_id from ledger.audit_entry where subject_id = %s order by id", (str(invited.user_id),)
        )
        found = [tuple(row) for row in rows]
    assert [action for action, _ in found] == ["user.added", "user.role_changed", "user.deactivated"]
    assert {actor for _, actor in found} == {str(house.owner)}


def test_the_invitation_is_dated_from_the_last_letter(house: House, clock: ManualClock) -> None:
    invited = house.invite()
    sent = clock.advance(hours=80)
    with house.installation.works.system(house.actor) as work:
        again = invitations.invite_again(work, house.id, invited.user_id)
    at = house.member(invited.user_id).invited_at
    assert at is not None
    assert at - sent < timedelta(seconds=1)
    credentials.set_user_password(house.installation.works, again.secret, PASSWORD)
