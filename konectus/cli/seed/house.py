"""Who works at Konectus in an invented installation, and its usual size. Data alone, cheap to import."""

from konectus.domain.roles import StaffRole
from konectus.services.work import Actor

CLIENTS = 2400
# So many of them at most have people, contracts that were paid and a past; the others have figures alone.
FURNISHED = 60
# From the first day of the month in which it begins: twelve whole months and the present one.
HISTORY_DAYS = 366
SEED = 1

SEEDER = Actor("system", "seed", "konectus seed")
STAFF: tuple[tuple[StaffRole, str, str], ...] = (
    (StaffRole.ADMIN, "Iñaki Peña", "inaki"),
    (StaffRole.TRUST, "Regina Castañeda", "regina"),
    (StaffRole.SUPPORT, "Tomás Villaseñor", "tomas"),
    (StaffRole.BILLING, "Lucía Bañuelos", "lucia"),
    (StaffRole.LEGAL, "Octavio Urrutia", "octavio"),
    (StaffRole.PRIVACY, "Maite Ibáñez", "maite"),
    (StaffRole.ANALYST, "Darío Núñez", "dario"),
)
HOUSE = "konectus.example"


def staff_email(name: str) -> str:
    return f"{name}@{HOUSE}"
