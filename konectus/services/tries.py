"""Growing delays of sign-ins (P21). What a right answer opens is identity's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from konectus.errors import TooMany
from konectus.sealing import keyed_hash
from konectus.services.work import Works
from konectus.store.queries import people
from konectus.store.roles import Role

FREE_TRIES = 5
FORGET_AFTER = timedelta(hours=1)
# An account's own wait stays short, or whoever knows an address could lock its owner out for as long as they like.
LONGEST_OF_ACCOUNT = timedelta(seconds=30)
LONGEST = timedelta(minutes=15)


class TooManyTries(TooMany):
    code = "too_many_tries"


@dataclass(frozen=True, slots=True)
class Subject:
    """What tries are counted for, by keyed hash: neither e-mail nor address is kept in clear."""

    key: bytes
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Try:
    """One try at signing in, counted as failed until it is known better: guesses sent at once wait for each other."""

    account: Subject
    address: Subject


def begin(works: Works, email: str, ip: str) -> Try:
    """Count a try for the account and for the address it comes from. Raises TooManyTries while either has to wait."""
    key = works.keys.hashing()
    found = Try(
        Subject(keyed_hash(key, "account", email), LONGEST_OF_ACCOUNT), Subject(keyed_hash(key, "address", ip), LONGEST)
    )
    count(works, found.account, found.address)
    return found


def code_of(works: Works, email: str) -> Subject:
    """Second factors: only who has the password gets here, so the long delay locks nobody else out."""
    return Subject(keyed_hash(works.keys.hashing(), "code", email), LONGEST)


def count(works: Works, *subjects: Subject) -> None:
    """In a transaction of its own, before the answer is known. Raises TooManyTries, and then nothing was counted."""
    now = works.clock.now()
    with works.database.session(Role.APP) as session:
        waits = []
        for subject in subjects:
            found = people.lock_failures(session, subject.key, now - FORGET_AFTER)
            waits.append(_wait(*found, now, subject.longest) if found else timedelta())
            people.add_failure(session, subject.key, now, FORGET_AFTER)
        longest = max(waits)
        if longest > timedelta():
            raise TooManyTries(retry_after=longest)


def forgive(works: Works, tried: Try) -> None:
    """The password was right: the account starts over, the address keeps what it tried at other accounts."""
    with works.database.session(Role.APP) as session:
        failures = people.clear_failures(session, tried.account.key)
        people.take_back_failures(session, tried.address.key, failures)


def forget(works: Works, subject: Subject) -> None:
    with works.database.session(Role.APP) as session:
        people.clear_failures(session, subject.key)


def _wait(failures: int, last_at: datetime, now: datetime, longest: timedelta) -> timedelta:
    """What is left to wait: nothing for five tries, then 2, 4, 8 … seconds."""
    if failures < FREE_TRIES:
        return timedelta()
    delay = min(timedelta(seconds=2 ** min(failures - FREE_TRIES + 1, 12)), longest)
    return max(last_at + delay - now, timedelta())
