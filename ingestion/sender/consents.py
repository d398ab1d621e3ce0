"""Codes that a login at Meta brought back: exchanged, and the accounts of the person kept to pick from."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from ingestion import registry
from ingestion.channels.meta import oauth
from ingestion.channels.meta.oauth import Page
from ingestion.channels.port.adapter import Access
from ingestion.channels.port.failures import ChannelError, Transient
from ingestion.pace import chance
from ingestion.sender.calls import Calls
from ingestion.sender.loops import Lanes
from ingestion.sender.upkeep import login_of
from konectus.domain.budgets import pause
from konectus.domain.channels import Channel
from konectus.domain.signed_requests import grantor
from konectus.sealing import Unreadable
from konectus.services import consents
from konectus.services.consents import Offer
from konectus.services.work import Works
from konectus.settings import MetaApp
from konectus.store.keystore import NoKey
from konectus.store.queries import consents as rows
from konectus.store.queries.consents import Login

log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=90)
_MOST_ATTEMPTS = 4
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=20)
_MOST = 5


@dataclass(frozen=True)
class Consents:
    """Finds answered logins; each is exchanged once, since a code counts once."""

    works: Works
    calls: Calls

    def step(self, lanes: Lanes) -> None:
        with self.works.system() as work:
            rows.forget(work.session, work.now)
            found = rows.claim(work.session, work.now, work.now + _LEASE, _MOST)
        for login in found:
            if not lanes.run(login.channel, login.id, login.id, lambda one=login: self.carry_out(one)):  # type: ignore[misc]  # the default binds this round's login
                self._later(login, timedelta())

    def carry_out(self, login: Login) -> None:
        app = self.calls.settings.meta_app(login.app)
        try:
            if app is None or login.attempts > _MOST_ATTEMPTS:
                self._fail(login, "no_such_app" if app is None else "channel_unreachable")
            elif app.flavour == "instagram":
                self._instagram(login, app)
            else:
                self._pages(login, app)
        except Transient as trouble:
            # Written and not answered: the code may be spent, and then the next try hears so.
            self._later(login, trouble.retry_after or pause(login.attempts, chance(), _FIRST_PAUSE, _LONGEST_PAUSE))
        except (ChannelError, NoKey, Unreadable) as refusal:
            log.info("login refused", extra={"channel": login.channel, "reason": str(refusal)})
            self._fail(login, "refused")

    def _pages(self, login: Login, app: MetaApp) -> None:
        http, at = self.calls.http, login_of(self.calls.settings, app)
        token = oauth.redeem(http, at, consents.callback(self.calls.settings, login.channel), self._code(login))
        pages = oauth.pages(http, at, token.secret)
        person = oauth.facts(http, at, token.secret).user_id
        self._offer(login, [o for page in pages for o in _offers(page, login.channel)], self._hash(app, person))

    def _instagram(self, login: Login, app: MetaApp) -> None:
        """Webhooks name `user_id` of /me; the one that came with the code is the person's (channels.md 1.6)."""
        http, at = self.calls.http, login_of(self.calls.settings, app)
        redirect = consents.callback(self.calls.settings, login.channel)
        token = oauth.redeem_instagram(http, at, redirect, self._code(login))
        access = Access(base_url=at.graph, account="", token=token.secret, app_id=app.id, flavour="instagram")
        profile = registry.adapter(Channel.INSTAGRAM).profile(http, access)
        until = self.works.clock.now() + token.lives if token.lives else None
        offer = Offer(Channel.INSTAGRAM, profile.account, profile.name, token.secret, expires_at=until)
        self._offer(login, [offer], self._hash(app, token.user_id))

    def _code(self, login: Login) -> str:
        with self.works.system() as work:
            return consents.code_of(work, login)

    def _offer(self, login: Login, offers: list[Offer], granted_by: bytes | None) -> None:
        if not offers:
            self._fail(login, "no_accounts")
            return
        with self.works.system() as work:
            consents.offer(work, login, offers, granted_by)

    def _hash(self, app: MetaApp, person: str | None) -> bytes | None:
        return grantor(self.works.keys.hashing(), app.id, person) if person else None

    def _fail(self, login: Login, code: str) -> None:
        with self.works.system() as work:
            rows.fail(work.session, login.id, code)

    def _later(self, login: Login, wait: timedelta) -> None:
        with self.works.system() as work:
            rows.postpone(work.session, login.id, work.now + wait)


def _offers(page: Page, channel: Channel) -> list[Offer]:
    """The Page itself or the Instagram account on it, as was asked for."""
    if channel is Channel.MESSENGER:
        return [Offer(Channel.MESSENGER, page.id, page.name, page.secret, missing=page.missing)]
    if page.instagram is None:
        return []
    name = page.instagram_name or page.name
    return [Offer(Channel.INSTAGRAM, page.instagram, name, page.secret, page_id=page.id, missing=page.missing)]
