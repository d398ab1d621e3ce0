"""A mail server on loopback (aiosmtpd) that takes mail, or answers as a test says; and debts to write about."""

import asyncio
import ipaddress
import itertools
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from konectus.domain.money import InvoiceKind, InvoiceStatus
from konectus.services import registration
from konectus.services.installation import Installation
from konectus.services.work import Change
from konectus.store.models.billing import Invoice
from konectus.store.models.clients import Client
from konectus.store.models.payments import Allocation, Payment
from konectus.store.roles import Role
from tests.support.factories import Factory

TAKEN = "250 taken"
USER, PASSWORD = "avisos", "c0ntraseña larga"
_numbers = itertools.count(1)
_SUBSCRIPTION = text("select id from ledger.subscription where client_id = :id")
_CHANGE = Change()


@dataclass
class Mailbox:
    """What arrived, and how the server answers. `delay` seconds pass before the last reply of each message."""

    port: int = 0
    rcpt: str = "250 OK"
    data: str = TAKEN
    delay: float = 0.0
    arrived: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- the same
        if self.data.startswith("250"):
            self.arrived.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        self.encrypted.append(session.ssl is not None)
        if self.delay:
            await asyncio.sleep(self.delay)
        return self.data

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        is_right = (given.login.decode(), given.password.decode()) == (USER, PASSWORD)
        self.users.append(given.login.decode())
        return AuthResult(success=is_right)

    @property
    def messages(self) -> list[EmailMessage]:
        return [parsed(content) for _, _, content in self.arrived]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


def parsed(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def plain(message: EmailMessage) -> str:
    """The words a reader without HTML sees."""
    part = message.get_body(("plain",))
    assert part is not None
    words: str = part.get_content()
    return words


@contextmanager
def running(**kwargs: Any) -> Iterator[Mailbox]:
    """A server of one test, or of a module; `kwargs` as aiosmtpd's SMTP takes them."""
    box = Mailbox()
    if "auth_required" in kwargs:
        kwargs["authenticator"] = box.authenticate
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box.port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **kwargs)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass(frozen=True)
class Certificate:
    """A certificate of 127.0.0.1 that signs itself, for the server and for those who trust it."""

    path: Path

    @classmethod
    def made(cls, folder: Path) -> "Certificate":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        start = datetime(2020, 1, 1, tzinfo=UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=36500))
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        secret = key.private_bytes(pem, form, serialization.NoEncryption())
        path = folder / "server.pem"
        path.write_bytes(secret + made.public_bytes(pem))
        return cls(path)

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.path))


@dataclass(frozen=True)
class Debts:
    """Clients with a trial and so without bills, and bills that stand in the books as a test wants them."""

    installation: Installation
    make: Factory

    def client(self, *, language: str = "es", zone: str = "America/Mexico_City", email: str = "") -> Client:
        number = next(_numbers)
        new = registration.NewClient(
            legal_name=f"Deudora {number}, S.A.",
            trade_name=f"Deudora {number}",
            registered_email=email or f"avisos{number}@cliente.example",
            language=language,
            zone=zone,
        )
        version = self.make.plan(code=f"deuda{number}")
        with self.installation.works.system() as work:
            client = registration.add_client(work, new)
            work.session.flush()  # the subscription points at it
            registration.subscribe(work, client.id, version, trial=timedelta(days=14))
        return client

    def bill(self, client_id: UUID, cents: int = 10_000, *, due_at: datetime | None = None) -> Invoice:
        """An open invoice, due now unless said otherwise."""
        now = self.installation.clock.now()
        with self.installation.works.system() as work:
            row = work.session.execute(_SUBSCRIPTION, {"id": client_id}).scalar_one()
            invoice = Invoice(
                id=work.new_id(),
                client_id=client_id,
                subscription_id=row,
                number=f"P-{next(_numbers):06d}",
                kind=InvoiceKind.OTHER,
                status=InvoiceStatus.OPEN,
                period_starts_at=now,
                period_ends_at=now + timedelta(days=30),
                currency="MXN",
                total_cents=cents,
                issued_at=now,
                due_at=due_at or now,
                billed_to={},
            )
            work.session.add(invoice)
            work.session.flush()  # recorded once it is written
            work.record("invoice.issued", ("invoice", invoice.id), _CHANGE)
        return invoice

    def pay(self, client_id: UUID, invoice_id: UUID, cents: int) -> None:
        """Money that pays so much of it; a negative amount takes it back. The invoice's status stays open."""
        now = self.installation.clock.now()
        with self.installation.database.session(Role.WORKER) as session:
            payment = Payment(
                id=UUID(int=next(_numbers) << 64),
                client_id=client_id,
                method="spei",
                provider="test",
                provider_ref=str(next(_numbers)),
                amount_cents=abs(cents),
                currency="MXN",
                status="succeeded",
                paid_at=now,
                recorded_at=now,
                recorded_by="test",
            )
            session.add(payment)
            session.flush()  # the allocation points at it
            part = {"client_id": client_id, "invoice_id": invoice_id, "payment_id": payment.id}
            session.add(Allocation(**part, amount_cents=cents, at=now))
