"""Which way out for mail an installation has."""

from konectus.mail.directory import DirectoryMail
from konectus.mail.port import Mail
from konectus.mail.smtp import SmtpMail
from konectus.settings import Settings

OUTBOX = "outbox"


def open_mail(settings: Settings) -> Mail:
    """The server of KONECTUS_SMTP_URL; without one, .eml files. Raises WrongSmtpUrl.

    A written file proves that a notice arrived in the demo and in development, where nobody outside is meant. In
    production it proves nothing: no clock of Terms 15.1(a) starts, and the staff get a task.
    """
    if settings.smtp_url is not None:
        return SmtpMail.of(settings.smtp_url.get_secret_value())
    return DirectoryMail(settings.data_dir / OUTBOX, settings.environment != "production")
