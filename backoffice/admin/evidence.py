"""The evidence for a dispute as one download: a ZIP, packed while it is sent. What belongs into it is a service's."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from backoffice import deps
from backoffice.admin import shell
from backoffice.admin.pieces import id_of
from backoffice.admin.roles import CLIENT, EVIDENCE
from backoffice.admin.view import StaffView, in_work
from konectus.errors import Forbidden
from konectus.i18n import LEGAL_ZONE
from konectus.services import evidence
from konectus.services.evidence import Bundle
from konectus.services.work import Actor, Work, Works

# Nobody types it: two clicks are asked for, and what was taken stands in the entry itself.
REASON = "Evidence for a dispute, taken from the Client's page"
_READ_ME = """\
Evidencia sobre el Cliente {name}, del libro de Konectus, leída el {moment} (hora de la Ciudad de México).
Facturas, avisos tal como salieron (.eml) con lo que se supo de su entrega (.json), suspensiones, términos aceptados y
la línea del tiempo. No contiene mensajes de nadie. SHA256SUMS deja comprobar cada archivo: sha256sum -c SHA256SUMS

Evidence about the Client {name}, from the ledger of Konectus, read on {moment} (Mexico City time).
Invoices, notices as they left (.eml) with what was heard of their delivery (.json), suspensions, terms accepted and the
timeline. It contains nobody's messages. SHA256SUMS lets each file be checked: sha256sum -c SHA256SUMS
"""


class EvidenceOfClient(StaffView):
    """By POST: it leaves an entry in Audit."""

    @expose("/evidence/{pk}", methods=["POST"])
    async def evidence(self, request: Request) -> Response:
        """Asks for its own grant first: sqladmin's `expose` does not."""
        if not shell.may(request, CLIENT, EVIDENCE):
            raise Forbidden
        client_id = id_of(request.path_params["pk"])

        def collect(work: Work) -> tuple[Bundle, str]:
            return evidence.collect(work, client_id, REASON), f"{work.now.astimezone(LEGAL_ZONE):%Y-%m-%d %H:%M:%S}"

        bundle, moment = await in_work(request, collect)
        packed = _packed(deps.works(request), deps.actor(request), bundle, moment)
        name = f"evidencia-{moment[:10]}-{str(client_id)[:8]}.zip"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return StreamingResponse(packed, headers=headers, media_type="application/zip")


@dataclass
class _Sink:
    """What zipfile writes to: it cannot go back, so each piece can leave at once."""

    pieces: list[bytes] = field(default_factory=list)

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> bytes:
        taken, self.pieces = b"".join(self.pieces), []
        return taken


def _packed(works: Works, actor: Actor, bundle: Bundle, moment: str) -> Iterator[bytes]:
    """File by file, each read in a short transaction of its own: a slow download keeps none open."""
    sink, sums = _Sink(), []
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:

        def put(name: str, content: bytes) -> bytes:
            when = tuple(int(part) for part in moment.replace("-", " ").replace(":", " ").split())
            info = ZipInfo(name, when)  # type: ignore[arg-type]  # six of them
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            return sink.taken()

        yield put("LEEME.txt", _READ_ME.format(name=bundle.name, moment=moment).encode())
        for one in bundle.files:
            with works.staff(actor) as work:
                content = one.make(work)
            yield put(one.name, content)
        yield put("SHA256SUMS", "".join(sums).encode())
    yield sink.taken()
