"""Names of invented people as one meets them in Mexico. Data, and the one function that draws from it."""

import re
import unicodedata

from ingestion.simulator.mint import Mint

_WOMEN = (
    "María Fernanda", "Guadalupe", "Ximena", "Daniela", "Valeria", "Regina", "Sofía", "Mariana", "Alejandra", "Itzel",
    "Lupita", "Andrea", "Paola", "Montserrat", "Fátima", "Renata", "Citlali", "Yolanda", "Rosa Elena", "Verónica",
    "Karla", "Brenda", "Leticia", "Socorro", "Ana Sofía", "Jimena", "Camila", "Abril", "Norma", "Araceli",
)  # fmt: skip
_MEN = (
    "José Luis", "Juan Carlos", "Miguel Ángel", "Diego", "Santiago", "Emiliano", "Luis Fernando", "Alejandro", "Iván",
    "Ricardo", "Óscar", "Eduardo", "Raúl", "Héctor", "Jesús", "Francisco", "Memo", "Beto", "Rodrigo", "Ángel",
    "Sebastián", "Mateo", "Leonardo", "Gerardo", "Arturo", "Víctor", "Martín", "Cuauhtémoc", "Tomás", "Andrés",
)  # fmt: skip
_FAMILIES = (
    "Hernández", "García", "Martínez", "López", "González", "Pérez", "Rodríguez", "Sánchez", "Ramírez", "Cruz",
    "Flores", "Gómez", "Morales", "Vázquez", "Reyes", "Jiménez", "Torres", "Díaz", "Gutiérrez", "Ruiz", "Mendoza",
    "Aguilar", "Ortiz", "Castillo", "Chávez", "Rivera", "Juárez", "Domínguez", "Ramos", "Herrera", "Medina",
    "Contreras", "Ávila", "Salazar", "Guzmán", "Velázquez", "Rojas", "Luna", "Lara", "Estrada", "Ibarra", "Solís",
    "Nava", "Cárdenas", "Zamora", "Cervantes", "Orozco", "Quintero", "Zúñiga", "Peña",
)  # fmt: skip
_TAILS = ("", "mx", ".mx", "_oficial", "gdl", "cdmx", "85", "_92", "99", "07", ".mty", "puebla")


def full_name(mint: Mint, *words: object) -> tuple[str, str]:
    """A first name and one or, as on many Mexican profiles, two family names."""
    first = mint.pick(_WOMEN if mint.pick((True, False), *words, "sex") else _MEN, *words, "first")
    father, mother = (mint.pick(_FAMILIES, *words, parent) for parent in ("father", "mother"))
    return first, f"{father} {mother}" if mint.pick((True, False, False), *words, "both") else father


def handle_of(mint: Mint, name: str, *words: object) -> str:
    """A user name that its owner could have chosen: no accents, lower case, at most 30 letters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    parts = re.findall(r"[a-z0-9]+", plain) or ["alguien"]
    glue = mint.pick(("", ".", "_"), *words, "glue")
    return (glue.join(parts[:2]) + mint.pick(_TAILS, *words, "tail"))[:30]
