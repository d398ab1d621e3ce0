"""What a Client's people asked of their contract is carried out by the sender, with rights that they lack."""

from datetime import datetime

import pytest
from sqlalchemy.exc import ProgrammingError

from ingestion.sender.contracts import Contracts
from ingestion.sender.process import Sender
from konectus.domain.deadlines import LEGAL_ZONE
from konectus.services import changes
from konectus.services.changes import Wanted
from konectus.services.installation import Installation
from tests.support.books import OWNER, Books
from tests.support.clock import ManualClock


def test_upgrade_the_owner_asked_for_is_billed_by_one_step(installation: Installation, clock: ManualClock) -> None:
    clock.set(datetime(2026, 4, 10, 9, tzinfo=LEGAL_ZONE))
    books = Books(installation, clock)
    client_id, larger = books.client(), books.plan(300_000)
    asked = books.ask(client_id, Wanted(larger.id))
    with pytest.raises(ProgrammingError), installation.works.tenant(client_id, OWNER) as work:
        changes.apply(work, asked)  # the web process of a Client cannot write the books

    step = Contracts(installation).step
    assert (step(), step()) == (True, False)
    assert books.contract(client_id).plan_version_id == larger.id
    assert len(books.invoices(client_id)) == 2


def test_sender_runs_it(installation: Installation) -> None:
    sender = Sender(installation)
    assert "contracts" in sender.loops
    sender.stop()
