"""What is declared when registering and kept right later: industries, those of Terms 7, zones, fields. Words alone."""

from konectus.domain.terms import Industry, Prohibited
from konectus.i18n import msg

INDUSTRIES = {
    Industry.RETAIL: msg("Shops and retail"),
    Industry.FOOD: msg("Food and drinks"),
    Industry.HEALTH: msg("Health"),
    Industry.BEAUTY: msg("Beauty"),
    Industry.AUTOMOTIVE: msg("Cars and workshops"),
    Industry.EDUCATION: msg("Education"),
    Industry.SERVICES: msg("Services"),
    Industry.OTHER: msg("Another one"),
}
# Terms 7, in its words and its order.
PROHIBITED = {
    Prohibited.ADULT: msg("Adult, pornographic or sexually explicit content"),
    Prohibited.GAMBLING: msg("Gambling, sports betting or unregulated online casinos"),
    Prohibited.PREDATORY_LENDING: msg("Predatory lending, usury, payday loans or unauthorized financial services"),
    Prohibited.WEAPONS: msg("Sale or purchase of weapons, ammunition, explosives or hazardous materials"),
    Prohibited.DRUGS: msg("Drugs, controlled substances or related paraphernalia"),
    Prohibited.TOBACCO_MINORS: msg("Tobacco, e-cigarettes or vaping products targeted at minors"),
    Prohibited.PYRAMIDS: msg("Pyramid schemes, financial fraud or deceptive marketing practices"),
    Prohibited.HATRED: msg(
        "Content inciting hatred, discrimination or violence based on race, gender, religion, sexual orientation or"
        " other protected characteristics"
    ),
    Prohibited.COUNTERFEIT: msg(
        "Counterfeit products or activities infringing third-party intellectual property rights"
    ),
    Prohibited.ILLEGAL: msg("Any activity illegal under Mexican law or the law of the country where you operate"),
}
# The zones of Mexico first, then those of its neighbours and of Spain; any other is written by staff.
ZONES = (
    "America/Mexico_City",
    "America/Monterrey",
    "America/Tijuana",
    "America/Hermosillo",
    "America/Chihuahua",
    "America/Mazatlan",
    "America/Merida",
    "America/Cancun",
    "America/Guatemala",
    "America/Bogota",
    "America/Lima",
    "America/Santiago",
    "America/Argentina/Buenos_Aires",
    "America/Los_Angeles",
    "America/Chicago",
    "America/New_York",
    "Europe/Madrid",
)
# By their own names, which need no translation.
COUNTRIES = {
    "MX": "México",
    "AR": "Argentina",
    "CL": "Chile",
    "CO": "Colombia",
    "CR": "Costa Rica",
    "EC": "Ecuador",
    "SV": "El Salvador",
    "ES": "España",
    "GT": "Guatemala",
    "HN": "Honduras",
    "NI": "Nicaragua",
    "PA": "Panamá",
    "PE": "Perú",
    "DO": "República Dominicana",
    "US": "United States",
    "UY": "Uruguay",
}
# What is wrong with a field, by its name.
FIELDS = {
    "name": msg("Write your name."),
    "email": msg("An e-mail looks like name@example.com."),
    "legal_name": msg("Write the legal name as it stands in its papers."),
    "trade_name": msg("Shorten this name."),
    "zone": msg("Choose a time zone of the list."),
    "country": msg("Choose a country of the list."),
    "industry": msg("Choose what your business does."),
    "kind": msg("Choose for whom you register."),
    "language": msg("Choose a language."),
}
