"""Addresses people register with: none is taken that a formal notice could not be sent to (Terms 15.1)."""

import pytest

from konectus.domain.roles import UserRole
from konectus.errors import Invalid
from konectus.mail import letters
from konectus.mail.letters import BadAddress
from konectus.services import registration
from konectus.services.installation import Installation
from konectus.services.registration import NewClient
from tests.support.factories import Factory

# Each of them reached somebody: a mail program reads the first as o@, the second as b@, the third as two people.
NO_ADDRESS = (
    "o(k)@cliente.example",
    "a<b@cliente.example",
    "x@y,victima@cliente.example",
    "a\N{RIGHT-TO-LEFT OVERRIDE}b@cliente.example",
    "a\x01b@cliente.example",
    f"{'a' * 65}@cliente.example",
    "a@cliente..example",
)


def test_an_address_no_notice_can_be_sent_to_registers_nobody(installation: Installation, make: Factory) -> None:
    """Its Client would get the letter with the link and never a notice, so no clock of Terms 15.1 would ever run."""
    client_id = make.client().id
    for address in NO_ADDRESS:
        with pytest.raises(BadAddress):
            letters.address_of(address)
        new = NewClient(legal_name="Taller, S.A.", trade_name="Taller", registered_email=address)
        with installation.works.system() as work, pytest.raises(Invalid) as of_client:
            registration.add_client(work, new)
        with installation.works.system() as work, pytest.raises(Invalid) as of_person:
            registration.add_user(work, client_id, address, "Mariana Ortúzar", UserRole.AGENT)
        assert (of_client.value.facts["field"], of_person.value.facts["field"]) == ("email", "email"), address


def test_an_address_of_our_own_letters_is_taken_as_people_write_it(installation: Installation, make: Factory) -> None:
    client_id = make.client().id
    with installation.works.system() as work:
        user = registration.add_user(work, client_id, " Cobranza+1@Ñandú.example ", "Mariana Ortúzar", UserRole.AGENT)
    assert user.email == "cobranza+1@ñandú.example"
