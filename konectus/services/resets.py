"""Forgotten passwords: a link of half an hour to whoever signs in by an address. Spending it is credentials'."""

from konectus.sealing import keyed_hash
from konectus.services import credentials, tries
from konectus.services.signup import Letter, Sent
from konectus.services.tries import Subject, TooManyTries
from konectus.services.work import Works
from konectus.store.queries import team


def count(works: Works, ip: str) -> None:
    """Before anything is looked up. Raises TooManyTries for an address of the network that asks too often."""
    tries.count(works, Subject(keyed_hash(works.keys.hashing(), "reset-from", ip), tries.LONGEST))


def letter_for(works: Works, email: str) -> Letter | None:
    """What to write to whoever signs in by this address; None for nobody and for whom we wrote just now.

    The caller has answered its visitor already: nothing of this shows in words or in time. The link before opens
    nothing any more. An account without a password has an open invitation, which lasts longer; it is not renewed here.
    """
    plain = email.strip().lower().replace("\0", "?")
    try:
        tries.count(works, Subject(keyed_hash(works.keys.hashing(), "reset-of", plain), tries.LONGEST))
    except TooManyTries:
        return None
    with works.system() as work:
        found = team.known(work.session, plain)
        if found is None or not (found.active and found.has_password):
            return None
        team.void_links(work.session, found.user_id, work.now)
        secret = credentials.link_for_user(work, found.user_id, life=credentials.LINK_LIFE)
        return Letter(Sent.RESET, found.email, found.name, found.language, secret)
