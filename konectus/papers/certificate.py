"""The certificate of a deletion as it is printed: what was deleted and when nothing of it can be read any more."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from konectus import i18n
from konectus.i18n import format_date, format_datetime, format_number, gettext, msg
from konectus.papers.layout import Column, Paper, size_for

Said = Mapping[str, Any]
_WINDOWS = {
    "termination": msg("the end of the contract"),
    "nonpayment": msg("a Suspension for non-payment"),
    "trial_expired": msg("the end of the trial"),
}


def fingerprint(certificate: Said) -> str:
    """SHA-256 of the certificate in one form: keys in order, no blanks."""
    words = json.dumps(certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()


def render(said: Said, locale: str = i18n.DEFAULT) -> bytes:
    """The PDF of a certificate, as `services.certifying` wrote it."""
    with i18n.use(locale):
        title = gettext("Certificate of deletion")
        foot = f"Konectus · {title} · {fingerprint(said)[:16]}"
        made_at = datetime.fromisoformat(said["certified_at"])
        paper = Paper(title, lang=i18n.tag(), size=size_for("MX"), made_at=made_at, foot=foot)
        paper.subtitle(str(said["client"]["legal_name"]))
        paper.boxed(gettext("The data of this Client was permanently deleted, its backups included (Terms 15.3)."))
        _facts(paper, said)
        _counts(paper, said)
        _kept(paper, said)
        paper.paragraph(gettext("All times are those of Mexico City."), is_soft=True)
        return paper.pdf()


def _facts(paper: Paper, said: Said) -> None:
    window, approvers = said["window"], said["approvers"]
    source = _WINDOWS[window["source"]]
    paper.facts(
        [
            (gettext("Client"), str(said["client"]["id"])),
            (gettext("Tax id"), str(said["client"]["tax_id"] or "")),
            (gettext("Deletion"), str(said["deletion"])),
            (gettext("Export window after"), gettext(source)),
            (gettext("Window opened"), _moment(window["opened_at"])),
            (gettext("Window elapsed"), _moment(window["closed_at"])),
            (gettext("The Client had exported"), gettext("yes") if said["exported"] else gettext("no")),
            (gettext("Approved by"), _person(approvers[0])),
            (gettext("Approved by a second person"), _person(approvers[1])),
            (gettext("Key destroyed"), _moment(said["key"]["destroyed_at"])),
            (gettext("Fingerprint of the key"), str(said["key"]["fingerprint"])),
            (gettext("Content unreadable since"), _moment(said["content_unreadable_at"])),
            (gettext("Copies of the key store gone"), _moment(said["keystore_copies_gone_at"])),
            (gettext("Residual metadata gone from backups"), _moment(said["residual_metadata_gone_at"])),
            (gettext("Fingerprint of this certificate"), fingerprint(said)),
        ]
    )


def _counts(paper: Paper, said: Said) -> None:
    paper.heading(gettext("What was deleted"))
    columns = (Column(gettext("Table"), 0.7), Column(gettext("Rows"), 0.3, is_number=True))
    rows = [(name, format_number(count)) for name, count in sorted(said["rows"].items())]
    rows.append((gettext("Files"), format_number(said.get("files", 0))))
    paper.table(columns, rows)
    paper.paragraph(
        gettext(
            "Looked at afterwards: {rows} rows in {tables} tables, {objects} files, and no key.",
            rows=format_number(said["left"]["rows"]),
            tables=format_number(said["left"]["tables"]),
            objects=format_number(said["left"]["objects"]),
        )
    )


def _kept(paper: Paper, said: Said) -> None:
    paper.heading(gettext("What is kept"))
    paper.paragraph(
        gettext(
            "Konectus's own records of the contract ({rows} rows: invoices, payments, notices and the like) are kept"
            " in confidence until {day} (Terms 11); amounts that are owed stay owed (Terms 15.3). Their hash:",
            rows=format_number(said["ledger"]["rows"]),
            day=format_date(date.fromisoformat(said["confidential_until"])),
        )
    )
    paper.paragraph(str(said["ledger"]["after"]), is_soft=True)


def _person(approver: Said) -> str:
    return f"{approver['by']} · {_moment(approver['at'])}"


def _moment(told: str) -> str:
    return format_datetime(datetime.fromisoformat(told))
