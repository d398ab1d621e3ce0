"""What runs by itself, in words: processes, scheduled jobs, invariants. How they fare is checks.py."""

from konectus.i18n import gettext, msg
from konectus.services.invariants import WORDS as INVARIANTS

PROCESSES = {
    "worker": msg("Reading of events"),
    "sender": msg("Sending and background work"),
    "scheduler": msg("Scheduled jobs"),
}
JOBS = {
    "renew": msg("New periods and their invoices"),
    "apply_changes": msg("Changes of Plans that are due"),
    "suspend_trials": msg("Trials that end"),
    "notify_due": msg("Notices of what is owed"),
    "notice_watch": msg("Notices without proof of delivery"),
    "trial_reminders": msg("Reminders before a trial ends"),
    "suspend_nonpayment": msg("Suspensions for non-payment"),
    "lift_paid": msg("Service back after a payment"),
    "unsettled_payments": msg("Payments that are under way for long"),
    "deferral_end": msg("Deferrals that end"),
    "approval_expiry": msg("Approvals that nobody decided"),
    "window_reminders": msg("Reminders of the days to export"),
    "close_windows": msg("Days to export that end"),
    "terminate_effective": msg("Contracts that end"),
    "deletion_requests": msg("Deletions to ask for"),
    "deletion_execute": msg("Deletions that were signed"),
    "backup_expiry_watch": msg("Backups that outlive a deletion"),
    "recheck_files": msg("Files of erased Clients that came back"),
    "export_purge": msg("Archives whose link has run out"),
    "check_connectors": msg("Check of every connector"),
    "listen_for_silence": msg("Connectors that fell silent"),
    "look_after_tokens": msg("Permissions of channels that run out"),
    "collect_usage": msg("Figures of the day"),
    "release_month": msg("Release of the month's figures"),
    "mail_reports": msg("Reports of the figures by mail"),
    "check_invariants": msg("Look at what must always be so"),
    "keep_partitions": msg("Room for the log of events"),
    "prune": msg("Cleaning of what has served its time"),
}


def process(name: str) -> str:
    return gettext(PROCESSES[name]) if name in PROCESSES else name


def job(name: str) -> str:
    return gettext(JOBS[name]) if name in JOBS else name


def invariant(code: str) -> str:
    return gettext(INVARIANTS[code][1]) if code in INVARIANTS else code
