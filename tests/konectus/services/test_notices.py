"""What a Client is told and how it is proven: told once, delivered when a mail system says so, bounced, sent again."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.domain import notices as rules
from konectus.domain.notice_words import MissingFacts
from konectus.domain.notices import NoticeEventKind, NoticeKind, NoticeState
from konectus.mail.letters import BadAddress, House
from konectus.mail.port import Answer, Outcome
from konectus.services import deferrals, notice_sending, notice_sweeps, notices
from konectus.services.installation import Installation
from konectus.services.notices import MailEvent, NewNotice, NothingOwed, StillWaiting
from konectus.services.work import Actor
from konectus.store.cluster import Endpoint
from konectus.store.queries import notices as read
from konectus.store.queries.notices import NoticeRow
from konectus.store.roles import Role
from tests.support.clock import START, ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import STAFF, Factory
from tests.support.mailbox import Debts, parsed, plain

HOUSE = House("Konectus <avisos@konectus.example>", "https://office.example", "CLABE 012")
_numbers = itertools.count(1)
REASON = "Lo pidió por teléfono"
REFUSED = Answer(Outcome.REFUSED, "550 5.1.1 no such mailbox")
ACCEPTED, LATER = Answer(Outcome.ACCEPTED, "250 ok"), Answer(Outcome.DEFERRED, "450 later")
NIGHT = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)  # 2026-03-02 23:30 in Mexico City


@dataclass
class Post:
    """The books of one installation, and a mail system that a test plays."""

    installation: Installation
    debts: Debts
    clock: ManualClock

    def queue(self, client_id: UUID, new: NewNotice) -> UUID:
        with self.installation.works.system() as work:
            made = notices.queue(work, client_id, new)
        assert made is not None
        return made

    def send(self, notice_id: UUID, answer: Answer = ACCEPTED) -> bool:
        works = self.installation.works
        with works.system() as work:
            taken = notice_sending.take(work, notice_id, HOUSE)
        if taken is None:
            return False
        with works.system() as work:
            notice_sending.settle(work, taken, answer)
        return True

    def hear(self, notice_id: UUID, kind: NoticeEventKind, **more: Any) -> str:
        event_id, at = more.get("event_id", f"e{next(_numbers)}"), more.get("at", self.clock.now())
        told = MailEvent(event_id, f"<{notice_id}@konectus.example>", kind, at, {"reason": "said so"})
        with self.installation.works.system(Actor("provider", "mail", "mail")) as work:
            return notices.event(work, told)

    def row(self, notice_id: UUID) -> NoticeRow:
        with self.installation.database.session(Role.STAFF) as session:
            found = read.by_id(session, notice_id)
        assert found is not None
        return found

    def mails(self, client_id: UUID) -> list[NoticeRow]:
        """The oldest first, without what registration tells."""
        with self.installation.database.session(Role.STAFF) as session:
            found = read.of_client(session, client_id)
        return [
            one for one in reversed(found) if one.kind in rules.STARTS_CLOCK or one.kind == NoticeKind.EMAIL_CHANGED
        ]

    def words(self, notice_id: UUID) -> str:
        with self.installation.database.session(Role.STAFF) as session:
            found = notices.evidence(session, notice_id)
        assert found.eml is not None
        assert found.is_whole
        return plain(parsed(found.eml))

    def tasks(self, client_id: UUID) -> list[str]:
        statement = text("select kind from ledger.staff_task where client_id = :id and closed_at is null order by kind")
        with self.installation.database.session(Role.STAFF) as session:
            return list(session.scalars(statement, {"id": client_id}))

    def delivered(self, client_id: UUID) -> list[tuple[UUID, UUID]]:
        with self.installation.database.session(Role.STAFF) as session:
            return [(one.notice_id, one.invoice_id) for one in read.delivered_for(session, client_id)]

    def notify(self) -> int:
        return notice_sweeps.notify_due(self.installation)

    def watch(self) -> int:
        return notice_sweeps.notice_watch(self.installation)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("notices")) as made:
        yield made


@pytest.fixture
def post(installation: Installation, clock: ManualClock) -> Post:
    """Rows of the tests before are settled, so that sweeps find those of this one."""
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("update ledger.invoice set status = 'void', voided_at = due_at where status = 'open'"))
        session.execute(
            text(
                "update ledger.notice set undeliverable_at = queued_at where undeliverable_at is null"
                " and delivered_at is null"
            )
        )
    clock.set(START)
    return Post(installation, Debts(installation, Factory(installation)), clock)


def reversal() -> NewNotice:
    return NewNotice(NoticeKind.PAYMENT_REVERSED, "payment 1", {"amount_cents": 500})


def test_a_fact_is_told_once_by_mail_and_in_the_product(post: Post) -> None:
    client = post.debts.client()
    made = post.queue(client.id, reversal())
    with post.installation.works.system() as work:
        assert notices.queue(work, client.id, reversal()) is None
    with post.installation.database.session(Role.APP, client.id) as session:
        banners = [one for one in read.banners(session, client.id) if one.kind == NoticeKind.PAYMENT_REVERSED]
    assert [one.subject for one in banners] == ["Se devolvió tu pago de $5.00"]
    assert post.row(made).state is NoticeState.QUEUED
    assert post.row(made).recipient == client.registered_email


def test_a_clients_own_people_may_cause_a_notice_and_see_no_other_clients(post: Post) -> None:
    client, other = post.debts.client(), post.debts.client()
    post.queue(other.id, reversal())
    with post.installation.works.tenant(client.id, Actor("agent", "1", "Ana")) as work:
        assert notices.queue(work, client.id, reversal()) is not None
        assert {one.client_id for one in read.banners(work.session, client.id)} == {client.id}
        assert read.banners(work.session, other.id) == []


def test_a_notice_with_holes_in_its_text_is_refused_where_it_is_queued(post: Post) -> None:
    client = post.debts.client()
    with pytest.raises(MissingFacts, match="amount_cents"), post.installation.works.system() as work:
        notices.queue(work, client.id, NewNotice(NoticeKind.PAYMENT_REVERSED, "payment 1"))


def test_due_invoices_are_told_in_one_mail_however_many_days_were_missed(post: Post) -> None:
    client = post.debts.client()
    first, second = post.debts.bill(client.id, 10_000), post.debts.bill(client.id, 20_000)
    post.debts.bill(client.id, 5_000, due_at=START + timedelta(days=30))
    post.debts.pay(client.id, second.id, 4_000)
    post.clock.advance(days=9)
    assert (post.notify(), post.notify()) == (1, 0)
    (made,) = post.mails(client.id)
    assert post.send(made.id)
    assert "$100.00" in post.words(made.id)
    assert "debes $160.00 de $200.00" in post.words(made.id)
    with post.installation.database.session(Role.STAFF) as session:
        assert sorted(read.listed(session, made.id)) == sorted([(first.id, 10_000), (second.id, 16_000)])
    assert post.notify() == 0


def test_what_is_not_due_deferred_or_paid_is_not_told(post: Post) -> None:
    later, paid, waits = post.debts.client(), post.debts.client(), post.debts.client()
    bill = post.debts.bill(later.id, due_at=START + timedelta(seconds=1))
    post.debts.pay(paid.id, post.debts.bill(paid.id, 700).id, 700)
    post.debts.bill(waits.id)
    with post.installation.works.staff(STAFF) as work:
        deferrals.defer(work, waits.id, (START + timedelta(days=3)).date(), REASON)
    assert post.notify() == 0
    post.clock.advance(seconds=1)
    assert post.notify() == 1
    assert [one.facts["invoices"][0]["id"] for one in post.mails(later.id)] == [str(bill.id)]
    post.clock.advance(days=5)
    assert post.notify() == 1
    assert len(post.mails(waits.id)) == 1


def test_what_was_paid_before_the_mail_left_is_not_dunned(post: Post) -> None:
    client = post.debts.client()
    bill = post.debts.bill(client.id, 700)
    post.notify()
    post.debts.pay(client.id, bill.id, 700)
    (made,) = post.mails(client.id)
    assert not post.send(made.id)
    assert post.row(made.id).state is NoticeState.WITHDRAWN
    assert post.notify() == 0


def test_an_amount_that_changed_between_two_tries_is_told_anew(post: Post) -> None:
    client = post.debts.client()
    bill = post.debts.bill(client.id, 700)
    post.notify()
    (first,) = post.mails(client.id)
    post.send(first.id, LATER)
    post.debts.pay(client.id, bill.id, 200)
    post.clock.advance(minutes=2)
    assert not post.send(first.id)
    _, second = post.mails(client.id)
    assert post.send(second.id)
    assert "$5.00" in post.words(second.id)
    assert (post.row(first.id).state, second.seq) == (NoticeState.WITHDRAWN, 2)


def test_a_mail_tried_again_is_the_same_bytes(post: Post) -> None:
    client = post.debts.client()
    post.debts.bill(client.id)
    post.notify()
    (made,) = post.mails(client.id)
    post.send(made.id, LATER)
    before = post.words(made.id)
    assert (post.row(made.id).state, post.row(made.id).last_error) == (NoticeState.QUEUED, "450 later")
    assert not post.send(made.id)
    post.clock.advance(seconds=59)
    assert not post.send(made.id)
    post.clock.advance(seconds=1)
    assert post.send(made.id)
    assert post.words(made.id) == before
    assert post.row(made.id).attempts == 2


def test_the_clock_starts_when_it_was_delivered_never_when_it_was_sent(post: Post) -> None:
    client = post.debts.client()
    bill = post.debts.bill(client.id)
    post.notify()
    (made,) = post.mails(client.id)
    post.send(made.id)
    assert post.delivered(client.id) == []
    at = post.clock.advance(hours=3)
    assert post.hear(made.id, NoticeEventKind.DELIVERED, at=at) == "applied"
    assert post.delivered(client.id) == [(made.id, bill.id)]
    post.hear(made.id, NoticeEventKind.DELIVERED, at=at - timedelta(hours=2))
    assert post.row(made.id).delivered_at == at


@pytest.mark.parametrize("kind", [NoticeKind.PAYMENT_REVERSED, NoticeKind.INVOICE_ISSUED])
def test_other_notices_start_no_clock_though_they_name_an_invoice(post: Post, kind: NoticeKind) -> None:
    client = post.debts.client()
    bill = post.debts.bill(client.id)
    facts = {"amount_cents": 1, "number": "1", "total_cents": 1, "due_at": START.isoformat()}
    made = post.queue(client.id, NewNotice(kind, "1", facts, ((bill.id, 10_000),)))
    post.send(made)
    post.hear(made, NoticeEventKind.DELIVERED)
    assert post.row(made).state is NoticeState.DELIVERED
    assert post.delivered(client.id) == []


def test_a_declined_charge_starts_the_clock_and_needs_no_second_notice(post: Post) -> None:
    client = post.debts.client()
    bill = post.debts.bill(client.id)
    new = NewNotice(NoticeKind.CHARGE_DECLINED, "payment 7", {"amount_cents": 10_000}, ((bill.id, 10_000),))
    made = post.queue(client.id, new)
    assert post.notify() == 0
    post.send(made)
    post.hear(made, NoticeEventKind.DELIVERED)
    assert post.delivered(client.id) == [(made, bill.id)]


def test_a_reversed_payment_needs_a_new_notice(post: Post) -> None:
    client = post.debts.client()
    bill = post.debts.bill(client.id, 700)
    post.notify()
    (first,) = post.mails(client.id)
    post.send(first.id)
    post.hear(first.id, NoticeEventKind.DELIVERED)
    post.clock.advance(hours=1)
    post.debts.pay(client.id, bill.id, 700)
    post.clock.advance(hours=1)
    post.debts.pay(client.id, bill.id, -700)
    assert post.delivered(client.id) == []
    assert (post.notify(), post.notify()) == (1, 0)
    assert [one.seq for one in post.mails(client.id)] == [1, 2]


def test_an_event_counts_once_and_foreign_ones_not_at_all(post: Post) -> None:
    made = post.queue(post.debts.client().id, reversal())
    post.send(made)
    assert post.hear(made, NoticeEventKind.DELIVERED, event_id="same") == "applied"
    assert post.hear(made, NoticeEventKind.HARD_BOUNCE, event_id="same") == "duplicate"
    assert post.hear(UUID(int=1), NoticeEventKind.DELIVERED) == "unknown"
    assert post.row(made).state is NoticeState.DELIVERED


@pytest.mark.parametrize("order", [("delivered", "hard_bounce"), ("hard_bounce", "delivered")])
def test_a_bounce_is_never_erased_by_a_delivery_and_both_are_kept(post: Post, order: tuple[str, str]) -> None:
    client = post.debts.client()
    made = post.queue(client.id, reversal())
    post.send(made)
    for kind in (*order, "soft_bounce", "complaint", "deferred"):
        post.hear(made, NoticeEventKind(kind))
    assert post.row(made).state is NoticeState.BOUNCED
    assert sorted(post.tasks(client.id)) == ["mail_complaint", "notice_bounced"]
    with post.installation.database.session(Role.STAFF) as session:
        heard = [str(one.kind) for one in read.events(session, made)]
    assert heard == ["accepted", *order, "soft_bounce", "complaint", "deferred"]


@pytest.mark.parametrize(
    ("bounced_at", "stands"),
    [
        (None, True),
        (datetime(2026, 3, 5, 5, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 5, 6, 0, tzinfo=UTC), True),
    ],
)
def test_a_bounce_before_the_deadline_voids_a_delivery_a_later_one_does_not(
    bounced_at: datetime | None, *, stands: bool
) -> None:
    assert rules.deadline(NIGHT, 2) == datetime(2026, 3, 5, 6, 0, tzinfo=UTC)
    assert rules.stands(NIGHT, bounced_at, 2) is stands
    assert not rules.stands(None, bounced_at, 2)


def test_an_event_is_held_between_our_sending_and_our_hearing_of_it(post: Post) -> None:
    early, late = post.queue(post.debts.client().id, reversal()), post.queue(post.debts.client().id, reversal())
    for made in (early, late):
        post.send(made)
    now = post.clock.advance(hours=1)
    post.hear(early, NoticeEventKind.DELIVERED, at=START - timedelta(days=1))
    post.hear(late, NoticeEventKind.DELIVERED, at=START + timedelta(days=400))
    assert post.row(early).delivered_at == START
    assert post.row(late).delivered_at == now


def test_a_refused_address_bounces_at_once_and_is_not_tried_again(post: Post) -> None:
    client = post.debts.client()
    post.debts.bill(client.id)
    post.notify()
    (made,) = post.mails(client.id)
    post.send(made.id, REFUSED)
    assert post.row(made.id).state is NoticeState.BOUNCED
    assert "no such mailbox" in str(post.row(made.id).last_error)
    post.clock.advance(days=4)
    assert (post.send(made.id), post.notify(), post.watch()) == (False, 0, 0)
    assert post.tasks(client.id) == ["notice_bounced"]


def test_staff_correct_the_address_and_send_again_what_was_sent_keeps_where_it_went(post: Post) -> None:
    client = post.debts.client()
    post.debts.bill(client.id)
    post.notify()
    (first,) = post.mails(client.id)
    post.send(first.id, REFUSED)
    with post.installation.works.staff(STAFF) as work:
        second = notices.fix_address(work, first.id, "bien@cliente.example", REASON)
    assert post.row(first.id).recipient == client.registered_email
    assert (post.row(second).recipient, post.row(second).seq) == ("bien@cliente.example", 2)
    assert post.tasks(client.id) == []
    told = [one for one in post.mails(client.id) if one.kind == NoticeKind.EMAIL_CHANGED]
    assert [one.recipient for one in told] == ["bien@cliente.example"]
    with pytest.raises(StillWaiting), post.installation.works.staff(STAFF) as work:
        notices.resend(work, first.id, REASON)
    with pytest.raises(BadAddress), post.installation.works.staff(STAFF) as work:
        notices.fix_address(work, first.id, "a@b.mx\r\nBcc: c@d.mx", REASON)


def test_the_old_address_is_told_of_a_change_and_a_copy_elsewhere_changes_none(post: Post) -> None:
    client = post.debts.client()
    post.debts.bill(client.id)
    post.notify()
    post.send(post.mails(client.id)[0].id)
    with post.installation.works.staff(STAFF) as work:
        copy = notices.resend(work, post.mails(client.id)[0].id, REASON, recipient="contador@cliente.example")
    post.send(copy)
    assert post.row(copy).recipient == "contador@cliente.example"
    with post.installation.works.staff(STAFF) as work:
        notices.fix_address(work, copy, "nueva@cliente.example", REASON)
    told = [one.recipient for one in post.mails(client.id) if one.kind == NoticeKind.EMAIL_CHANGED]
    assert sorted(told) == sorted((client.registered_email, "nueva@cliente.example"))


def test_a_client_that_corrects_its_address_itself_is_told_there(post: Post) -> None:
    client = post.debts.client()
    post.debts.bill(client.id)
    post.notify()
    post.send(post.mails(client.id)[0].id, REFUSED)
    with post.installation.database.session(Role.WORKER) as session:
        session.execute(
            text("update ledger.client set registered_email = 'nuevo@cliente.example' where id = :id"),
            {"id": client.id},
        )
    assert (post.notify(), post.notify()) == (1, 0)
    assert post.mails(client.id)[-1].recipient == "nuevo@cliente.example"


def test_what_is_paid_is_not_sent_again(post: Post) -> None:
    client = post.debts.client()
    bill = post.debts.bill(client.id, 700)
    post.notify()
    (made,) = post.mails(client.id)
    post.send(made.id)
    post.debts.pay(client.id, bill.id, 700)
    with pytest.raises(NothingOwed), post.installation.works.staff(STAFF) as work:
        notices.resend(work, made.id, REASON)
    post.clock.advance(hours=25)
    assert (post.watch(), post.watch()) == (1, 0)
    assert len(post.mails(client.id)) == 1


def test_without_proof_in_a_day_it_is_sent_again_once_and_given_up_after_three(post: Post) -> None:
    client = post.debts.client()
    post.debts.bill(client.id)
    post.notify()
    (first,) = post.mails(client.id)
    post.send(first.id)
    post.clock.advance(hours=24, seconds=-1)
    assert post.watch() == 0
    post.clock.advance(seconds=1)
    assert (post.watch(), post.watch()) == (1, 0)
    _, second = post.mails(client.id)
    assert post.tasks(client.id) == ["notice_undeliverable"]
    post.send(second.id)
    post.clock.advance(hours=48, seconds=-1)
    assert post.watch() == 0
    post.clock.advance(seconds=1)
    assert (post.watch(), post.watch()) == (1, 0)
    assert post.row(first.id).state is NoticeState.UNDELIVERABLE
    assert len(post.mails(client.id)) == 2
    post.clock.advance(hours=24)
    assert post.watch() == 1
    assert post.row(second.id).state is NoticeState.UNDELIVERABLE
    assert post.notify() == 0
    assert post.tasks(client.id) == ["notice_undeliverable"] * 2


def test_a_delivery_settles_the_task_and_one_after_giving_up_starts_no_clock(post: Post) -> None:
    client = post.debts.client()
    post.debts.bill(client.id)
    post.notify()
    (first,) = post.mails(client.id)
    post.send(first.id)
    post.clock.advance(hours=24)
    post.watch()
    second = post.mails(client.id)[1]
    post.send(second.id)
    post.clock.advance(hours=48)
    post.watch()
    post.hear(first.id, NoticeEventKind.DELIVERED)
    assert post.delivered(client.id) == []
    post.hear(second.id, NoticeEventKind.DELIVERED)
    assert [one for one, _ in post.delivered(client.id)] == [second.id]
    assert post.tasks(client.id) == []


def test_shown_and_acknowledged_count_once_and_only_of_the_line_in_the_product(post: Post) -> None:
    client = post.debts.client()
    mail = post.queue(client.id, reversal())
    with post.installation.works.tenant(client.id, Actor("agent", "1", "Ana")) as work:
        line = next(o for o in read.banners(work.session, client.id) if o.kind == NoticeKind.PAYMENT_REVERSED)
        assert [notices.shown(work, line.id), notices.shown(work, line.id)] == [True, False]
        assert [notices.acknowledge(work, line.id), notices.acknowledge(work, line.id)] == [True, False]
        assert not notices.acknowledge(work, mail)
        assert line.id not in [one.id for one in read.banners(work.session, client.id)]
    assert post.row(mail).state is NoticeState.QUEUED


def test_a_line_in_the_product_of_another_client_is_not_there(post: Post) -> None:
    client, other = post.debts.client(), post.debts.client()
    post.queue(client.id, reversal())
    with post.installation.database.session(Role.STAFF) as session:
        line = read.banners(session, client.id)[0]
    with post.installation.works.tenant(other.id, Actor("agent", "1", "Ana")) as work:
        assert not notices.acknowledge(work, line.id)


def test_evidence_holds_the_message_its_hash_what_it_lists_and_all_that_was_heard(post: Post) -> None:
    client = post.debts.client(language="en", zone="America/Tijuana")
    bill = post.debts.bill(client.id)
    post.notify()
    (made,) = post.mails(client.id)
    post.send(made.id)
    post.hear(made.id, NoticeEventKind.DELIVERED)
    with post.installation.database.session(Role.STAFF) as session:
        found = notices.evidence(session, made.id)
    assert found.is_whole
    assert found.invoices == ((bill.id, 10_000),)
    assert [str(one.kind) for one in found.events] == ["accepted", "delivered"]
    assert found.events[0].raw == {"reply": "250 ok"}
    assert found.eml is not None
    words = plain(parsed(found.eml))
    assert words.index("Hola") < words.index("--- English ---") < words.index("Hello")
    assert "en Tijuana" in words
