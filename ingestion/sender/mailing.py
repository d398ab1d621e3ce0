"""Notices on their way out: each is taken in one transaction, handed over outside of any, settled in another.

At most one acceptance a row, whatever dies and however many senders run: `sent_at` is committed before the first byte
leaves, rows that carry it are not taken again, and only a definite refusal of that very attempt takes it back.
"""

import logging
import threading
from dataclasses import dataclass, field

from konectus.mail.letters import House
from konectus.mail.opening import open_mail
from konectus.mail.port import Mail, Outcome
from konectus.services import notice_sending
from konectus.services.installation import Installation
from konectus.services.notice_sending import Taken
from konectus.services.work import Works
from konectus.settings import Settings
from konectus.store.queries import notices

log = logging.getLogger(__name__)

BATCH = 20
# A server that is down says so for every message: the others wait for the next round.
_PATIENCE = 2


@dataclass(frozen=True)
class Mailing:
    """One process's hand at the mail. Several may work side by side."""

    works: Works
    mail: Mail
    house: House
    stopping: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, installation: Installation, stopping: threading.Event) -> "Mailing":
        """Raises WrongSmtpUrl."""
        settings = installation.settings
        return cls(installation.works, open_mail(settings), house_of(settings), stopping)

    def step(self) -> bool:
        """Send what is due; whether there is more at once."""
        with self.works.system() as work:
            due = notices.to_send(work.session, work.now, BATCH)
        put_off = 0
        for notice_id in due:
            if self.stopping.is_set() or put_off == _PATIENCE:
                return False
            with self.works.system() as work:
                taken = notice_sending.take(work, notice_id, self.house)
            if taken is not None:
                put_off = put_off + 1 if self._send(taken) is Outcome.DEFERRED else 0
        return len(due) == BATCH

    def ask_to_stop(self) -> None:
        """The mail under way ends soon: put off where the server does not have it, else as it answers or not."""
        self.mail.ask_to_stop()

    def _send(self, taken: Taken) -> Outcome:
        answer = self.mail.hand_over(taken.envelope)
        with self.works.system() as work:
            notice_sending.settle(work, taken, answer)
        if answer.outcome is not Outcome.ACCEPTED:
            facts = {"notice": str(taken.notice_id), "outcome": answer.outcome, "attempt": taken.attempt}
            log.warning("notice not accepted", extra=facts)
        return answer.outcome


def house_of(settings: Settings) -> House:
    return House(settings.mail_from, settings.public_url, settings.pay_to)
