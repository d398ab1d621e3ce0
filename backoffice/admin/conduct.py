"""The seventeen rules of clause 7 of the Terms, in its order: seven conducts, then ten uses. A reason names one."""

from konectus.i18n import gettext, msg

# Terms 7
RULES = {
    "7.1": msg("Spam or bulk messages without consent"),
    "7.2": msg("Illegal, defamatory, fraudulent, threatening or obscene content"),
    "7.3": msg("Impersonation"),
    "7.4": msg("Phishing, malware or attacks"),
    "7.5": msg("Getting around technical limits or security"),
    "7.6": msg("Bots or scrapers without authorization"),
    "7.7": msg("Against the policy of Meta or Telegram"),
    "7.8": msg("Adult or sexually explicit content"),
    "7.9": msg("Gambling, betting or unregulated casinos"),
    "7.10": msg("Predatory lending or unauthorized financial services"),
    "7.11": msg("Weapons, explosives or hazardous materials"),
    "7.12": msg("Drugs or controlled substances"),
    "7.13": msg("Tobacco or vaping products targeted at minors"),
    "7.14": msg("Pyramid schemes, fraud or deceptive marketing"),
    "7.15": msg("Incitement to hatred, discrimination or violence"),
    "7.16": msg("Counterfeits or infringement of intellectual property"),
    "7.17": msg("Illegal in Mexico or where the Client operates"),
}


def options() -> tuple[tuple[str, str], ...]:
    """Number and words of each rule, for a select."""
    return tuple((number, f"{number} {gettext(words)}") for number, words in RULES.items())
