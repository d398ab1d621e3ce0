"""Somebody who left a Client and is invited back: by the new link alone, and only where a seat is free (Terms 5.2)."""

import pytest

from konectus.domain.roles import UserRelation, UserRole
from konectus.services import credentials, identity, invitations
from konectus.services.credentials import LinkSpent
from konectus.services.identity import Credentials
from konectus.services.installation import Installation
from konectus.services.invitations import Invited, NewMember
from konectus.services.registration import SeatsFull
from konectus.services.work import Actor, Change
from konectus.store.queries import team
from tests.backoffice.shared import clock, installation, make
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make"]

PASSWORD = "una frase bastante larga"
EMAIL = "vuelve@taller.example"


class House:
    """A Client with two seats: one is its owner's."""

    def __init__(self, installation: Installation, make: Factory) -> None:
        self.works, self.id = installation.works, make.client(seats=2).id
        self.owner = Actor("agent", str(make.user(self.id, role=UserRole.OWNER)), "Mariana Ortúzar")

    def invite(self, email: str) -> Invited:
        new = NewMember(email=email, name="Zoë Ñandú", role=UserRole.AGENT, relation=UserRelation.EMPLOYEE)
        with self.works.system(self.owner) as work:
            return invitations.invite(work, self.id, new)

    def deactivate(self, invited: Invited) -> None:
        with self.works.system(self.owner) as work:
            invitations.deactivate(work, self.id, invited.user_id)


def test_what_opened_before_somebody_left_opens_nothing_when_they_are_back(
    installation: Installation, make: Factory
) -> None:
    """While they are out their row alone shuts them out; ended sessions and links are what keeps it so afterwards."""
    house = House(installation, make)
    first = house.invite(EMAIL)
    credentials.set_user_password(house.works, first.secret, PASSWORD)
    browser = identity.sign_in_user(house.works, Credentials(EMAIL, PASSWORD, "192.0.2.1"))
    assert identity.user_of(house.works, browser) is not None
    house.deactivate(first)
    again = house.invite(EMAIL)
    assert again.user_id == first.user_id
    assert identity.user_of(house.works, browser) is None
    credentials.set_user_password(house.works, again.secret, PASSWORD)


def test_a_link_of_before_is_dead_also_where_nobody_wrote_another(installation: Installation, make: Factory) -> None:
    house = House(installation, make)
    invited = house.invite("otra@taller.example")
    house.deactivate(invited)
    with house.works.system() as work:
        found = team.member(work.session, house.id, invited.user_id)
        assert found is not None
        found.active = True  # as staff may bring somebody back
        work.record("user.added", ("authorized_user", found.id), Change(house.id))
    with pytest.raises(LinkSpent):
        credentials.set_user_password(house.works, invited.secret, PASSWORD)


def test_whoever_comes_back_needs_a_seat_as_well(installation: Installation, make: Factory) -> None:
    house = House(installation, make)
    left = house.invite("primera@taller.example")
    house.deactivate(left)
    house.invite("segunda@taller.example")
    with pytest.raises(SeatsFull):
        house.invite("primera@taller.example")
