"""P14: who is suspended for non-payment can pay and export, sees the days, and loses nothing before they are over.

A web process and a scheduler on the demo's clock: suspended by the real sweep, then to the last minutes of the
thirtieth day, past its midnight and the hour in which deletions are asked for, and back by a payment.
"""

import io
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from konectus.clock import OFFSET_READ_EVERY, SystemClock, monotonic
from konectus.domain.approvals import NotYourRole
from konectus.domain.deadlines import after_full_days
from konectus.domain.endings import DeletionState, WindowEnd
from konectus.domain.roles import StaffRole, UserRole
from konectus.services import credentials
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from reports.export import builder
from tests.konectus.services.owing import Owing
from tests.promises.figures import tell
from tests.promises.office import COOKIE
from tests.support.clock import ManualClock
from tests.support.database import MASTER_HEX, Templates, installed
from tests.support.desk import Desk
from tests.support.factories import Factory
from tests.support.life import Life, Staff
from tests.support.processes import answers, free_port, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]
FORBIDDEN = 403
PASSWORD = "una frase bastante larga"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class House:
    """One Client that owes, a web process and a scheduler whose clock the test moves ahead."""

    installation: Installation
    clock: ManualClock
    owing: Owing
    owner: UUID
    folder: Path
    port: int

    def go(self, at: datetime, *jobs: str) -> None:
        """It is that instant for every process; these jobs have looked at it."""
        ahead = (at - SystemClock().now()).total_seconds()
        (self.installation.settings.data_dir / "clock").write_text(f"{ahead:.3f}")
        self.clock.set(at)
        moved = monotonic()
        for job in jobs:
            until(lambda name=job: self._has_run(name, at), seconds=30, what=self.log)  # type: ignore[misc]  # mypy infers no lambda with a default
        # Each process reads the file by itself, once in so many seconds.
        time.sleep(max(0, moved + OFFSET_READ_EVERY + 0.2 - monotonic()))

    def _has_run(self, job: str, at: datetime) -> bool:
        found = self.owing.sql(
            "select count(*) from platform.job_slot where job = :job and finished_at >= :at and :id is not null",
            job=job,
            at=at,
        )
        return bool(found)

    def page(self, path: str) -> httpx.Response:
        """As the owner, signed in just now."""
        token = Factory(self.installation).user_session(self.owing.client_id, self.owner)
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers={"Cookie": f"{COOKIE}={token}"}, timeout=20)

    def days_left(self) -> int:
        """The counter on the page of the account."""
        page = self.page("/account")
        assert page.status_code == 200, page.text
        if "<b>hoy es el último día</b>" in page.text:
            return 0
        found = re.search(r"<b>quedan? (\d+) días?</b>", page.text)
        assert found, "the day counter is visible"
        return int(found.group(1))

    def kept(self) -> dict[str, object]:
        """What of the Client Content is there."""
        return {
            table: self.owing.sql(f"select count(*) from tenant.{table} where client_id = :id")
            for table in ("message", "conversation", "contact", "connector")
        }

    def can_pay_and_export_and_nothing_else(self) -> bool:
        open_ = [self.page(path).status_code for path in ("/account", "/account/invoices", "/account/export")]
        return (open_, self.page("/inbox").status_code) == ([200] * 3, FORBIDDEN)

    def signs_in(self) -> bool:
        """By e-mail and password, as anybody."""
        with self.installation.works.system() as work:
            link = credentials.link_for_user(work, self.owner)
        credentials.set_user_password(self.installation.works, link, PASSWORD)
        email = self.owing.sql(
            "select email from ledger.authorized_user where id = :user and client_id = :id", user=self.owner
        )
        return self._post("/login", data={"email": email, "password": PASSWORD}).is_redirect

    def takes_along(self) -> list[str]:
        """The owner asks for everything, a process packs it, the owner fetches it; the files in it."""
        token = Factory(self.installation).user_session(self.owing.client_id, self.owner)
        cookie = {"Cookie": f"{COOKIE}={token}"}
        assert self._post("/account/export", headers=cookie).headers["location"] == "/account/export"
        job: Any = self.owing.sql("select id from ledger.export_job where client_id = :id")
        assert builder.build(self.installation, job) == "ready"
        answer = self._post(f"/account/export/{job}/download", headers=cookie)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            return archive.namelist()

    def _post(self, path: str, *, headers: Mapping[str, str] | None = None, data: Any = None) -> httpx.Response:
        ours = {"sec-fetch-site": "same-origin", **(headers or {})}
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", headers=ours, data=data, timeout=20)

    def log(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.folder.glob("*.log")))


@contextmanager
def house(templates: Templates, endpoint: Endpoint, folder: Path) -> Iterator[House]:
    clock = ManualClock(SystemClock().now())
    with installed(templates, endpoint, clock, folder) as installation:
        desk = Desk.of(installation, Factory(installation))
        desk.outside(desk.conversation(desk.connector()), "m1", "lo que el Cliente guarda aquí")
        port = free_port()
        owner = desk.make.user(desk.client_id, role=UserRole.OWNER)
        made = House(installation, clock, Owing(installation, clock, desk.client_id), owner, folder, port)
        processes = [_started(made, name) for name in ("backoffice.asgi", "scheduler")]
        try:
            until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), seconds=100, what=made.log)
            yield made
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                _wait(process)


def _started(made: House, module: str) -> subprocess.Popen[bytes]:
    settings = made.installation.settings
    assert settings.database_url is not None
    given = {"ENVIRONMENT": "demo", "DATA_DIR": str(settings.data_dir), "PORT": str(made.port)}
    given |= {"DATABASE_URL": settings.database_url.get_secret_value(), "MASTER_KEY": MASTER_HEX}
    given |= {"SECRET_KEY": "a secret of the tests", "PUBLIC_URL": f"http://localhost:{made.port}"}
    environ = os.environ | {f"KONECTUS_{name}": value for name, value in given.items()}
    with (made.folder / f"{module}.log").open("wb") as output:
        return subprocess.Popen([sys.executable, "-m", module], env=environ, stdout=output, stderr=output)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def test_unpaid_client_pays_and_exports_for_thirty_days_and_loses_nothing(
    templates: Templates, endpoint: Endpoint, tmp_path: Path
) -> None:
    with house(templates, endpoint, tmp_path) as found:
        owing, before = found.owing, found.kept()
        owing.told(found.clock.now())
        deadline = after_full_days(found.clock.now(), 2)
        found.go(deadline + 9 * HOUR + 31 * MINUTE, "suspend_nonpayment")
        until(owing.is_unpaid, seconds=20, what=found.log)
        (window,) = owing.windows()
        assert window.closes_at == deadline + 31 * DAY, "thirty full days and what is left of the first"
        assert found.can_pay_and_export_and_nothing_else()
        first = found.days_left()
        assert found.signs_in()
        assert "Suspendimos" in found.page("/account").text, "the notice of the Suspension is read there"
        assert any(name.endswith("index.html") for name in found.takes_along())

        found.go(window.closes_at - 4 * MINUTE, "close_windows", "export_purge", "deletion_execute")
        assert owing.windows()[0].closed_at is None
        assert owing.count("deletion") == 0
        assert found.can_pay_and_export_and_nothing_else()
        last = found.days_left()
        assert first == 30, "what is left of the first day is no day more"
        assert last == 0, "today is the last day"

        found.go(window.closes_at + 6 * MINUTE, "close_windows")
        found.go(window.closes_at + 2 * HOUR + 6 * MINUTE, "deletion_requests", "deletion_execute")
        assert owing.windows()[0].close_reason is WindowEnd.ELAPSED
        assert found.can_pay_and_export_and_nothing_else(), "until a deletion starts the tools stay open"
        assert owing.count("deletion", "started_at is not null") == 0
        assert found.kept() == before

        approved_twice_by_legal(found)

        owing.pay()
        found.go(window.closes_at + 3 * DAY + 3 * HOUR, "deletion_requests", "deletion_execute")
        assert found.page("/inbox").status_code == 200
        assert owing.count("deletion", "started_at is not null") == 0
        assert found.kept() == before
        tell("P14 export", f"open from the Suspension to the payment; counter {first} to {last} days; nothing deleted")


def approved_twice_by_legal(found: House) -> None:
    """It was exported, so the second person is of Legal and nobody else."""
    life = Life(found.installation, found.clock, Staff(Factory(found.installation)), found.owing.client_id)
    deletion_id = life.deletion()
    assert deletion_id is not None
    assert found.owing.sql("select export_done from ledger.deletion where client_id = :id") is True
    asked = life.approve(deletion_id)
    for somebody in (life.staff.one(StaffRole.ADMIN, 2), life.staff.one(StaffRole.BILLING)):
        with pytest.raises(NotYourRole):
            life.approve_again(asked, somebody)
    assert life.approve_again(asked) is DeletionState.APPROVED_2
