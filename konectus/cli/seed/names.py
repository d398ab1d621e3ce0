"""Words of which invented Mexican businesses and people are made. Data alone."""

from collections.abc import Mapping

# Industry group -> how such businesses call themselves.
KINDS: Mapping[str, tuple[str, ...]] = {
    "retail": ("Abarrotes", "Papelería", "Ferretería", "Boutique", "Zapatería", "Mueblería", "Óptica", "Librería"),
    "food": ("Taquería", "Café", "Panadería", "Cocina", "Mariscos", "Nevería", "Pastelería", "Cantina"),
    "health": ("Clínica", "Dental", "Laboratorio", "Farmacia", "Veterinaria", "Fisioterapia"),
    "beauty": ("Estética", "Barbería", "Spa", "Salón", "Cosméticos"),
    "automotive": ("Taller", "Refaccionaria", "Llantera", "Autolavado", "Hojalatería"),
    "education": ("Colegio", "Academia", "Instituto", "Estancia Infantil", "Escuela de Música"),
    "services": ("Florería", "Inmobiliaria", "Despacho", "Mudanzas", "Lavandería", "Imprenta", "Viajes", "Plomería"),
    "other": ("Grupo", "Comercializadora", "Fundación", "Cooperativa"),
}  # fmt: skip
AGENCIES = ("Agencia", "Estudio", "Casa Creativa")
REGIONS = ("centre", "west", "north", "northwest", "gulf", "southeast")
REGION_WEIGHTS = (34, 19, 17, 9, 11, 10)

PROPER = (
    "La Huasteca", "Ñandú", "Xóchitl", "Zamná", "Azahar", "Lumbre", "Tlaxcalteca", "Güemes", "Ábside", "Papaloapan",
    "Las Jacarandas", "El Cenzontle", "San Ángel", "Tonantzin", "Izamal", "La Paloma", "Del Valle", "Monarca",
    "Cempasúchil", "Coyoacán", "La Mixteca", "Del Mayab", "Sierra Gorda", "Bahía", "Tres Marías", "El Roble",
    "La Perla", "Quetzal", "Obsidiana", "Agave Azul", "Río Bravo", "El Portal", "Santa Lucía", "Los Arcos",
    "Doña Chuy", "Don Beto", "La Fuente", "Colibrí", "Nopalera", "Peñafiel", "El Güero", "Ixtapa", "Candelaria",
    "Los Volcanes", "Acueducto", "Bugambilia", "Tepeyac", "Cozumel", "La Ceiba", "Nahuatzen",
)  # fmt: skip
FORMS = ("S.A. de C.V.", "S. de R.L. de C.V.", "S.A.P.I. de C.V.", "S.C.", "S.A.S. de C.V.")

FIRST = (
    "Mariana", "Iván", "Ximena", "Rodrigo", "Guadalupe", "Óscar", "Fernanda", "Héctor", "Itzel", "Andrés", "Paulina",
    "Miguel Ángel", "Renata", "Emiliano", "Verónica", "Julián", "Daniela", "Arturo", "Citlali", "Raúl", "Sofía",
    "Ramón", "Abril", "Gerardo", "Leticia", "Mateo", "Norma", "Salvador", "Yolanda", "Zoé",
)  # fmt: skip
FAMILY = (
    "Ortúzar", "Ríos", "Hernández", "Peña", "Zúñiga", "Castañeda", "Muñoz", "Ibáñez", "Quiñones", "Solís", "Treviño",
    "Garza", "Vázquez", "Núñez", "Cárdenas", "Bañuelos", "Lozano", "Mondragón", "Arriaga", "Esquivel", "Pacheco",
    "Villaseñor", "Camarena", "Urrutia", "Galindo",
)  # fmt: skip
