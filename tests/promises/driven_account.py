"""Registered data, papers of authority, the address of the Notices: the rest of the people's half of driven."""

from collections.abc import Callable, Mapping
from uuid import UUID

import httpx

from konectus.domain.roles import StaffRole, UserRole
from konectus.services import (
    authority,
    credentials,
    documents,
    email_changes,
    ending_sweeps,
    registration,
    terminations,
)
from konectus.services.email_changes import Wish
from konectus.services.identity import Credentials, sign_in_user
from konectus.services.work import Actor
from konectus.store.queries import registered
from tests.promises.driven import PASSWORD, Act, Scene, leaves, owner_posts
from tests.support.factories import STAFF
from tests.support.papers import PDF

WHY = "Visto hoy con el expediente completo"


def asked(scene: Scene) -> tuple[UUID, UUID]:
    """A Client that was asked for its papers, and an owner of it."""
    client_id = scene.new()
    with scene.installation.works.staff(STAFF) as work:
        documents.request_authority(work, client_id, "Poder notarial", reason=WHY)
    return client_id, scene.make.user(client_id, role=UserRole.OWNER)


def handed_in(scene: Scene) -> tuple[UUID, UUID]:
    """The same with a paper; the Client and the paper."""
    client_id, owner = asked(scene)
    with scene.installation.works.system(Actor("agent", str(owner), "Dueña")) as work:
        return client_id, authority.hand_in(work, client_id, owner, "poder.pdf", PDF)


def hand_in(scene: Scene) -> Act:
    owner = scene.owner(asked(scene)[0])
    given = [("papers", ("poder.pdf", PDF, "application/pdf"))]
    return lambda: owner.post("/account/documents/authority", files=given)


def take_back(scene: Scene) -> Act:
    client_id, paper = handed_in(scene)
    owner = scene.owner(client_id)
    return lambda: owner.post(f"/account/documents/authority/{paper}/withdraw")


def open_paper(scene: Scene) -> Act:
    _, paper = handed_in(scene)
    legal = scene.web.staff_as(StaffRole.LEGAL)
    return lambda: legal.post(f"/admin/authority-document/bytes/{paper}", data={"why": WHY})


def correct(scene: Scene) -> Act:
    client_id = scene.new()
    owner = scene.owner(client_id)
    with scene.installation.works.system() as work:
        found = registered.of_client(work.session, client_id)
    form = {"trade_name": "Ñandú", "zone": found.zone, "language": "es", "industry": found.industry}
    return lambda: owner.post("/account/details", data=form | {"version": str(found.version)})


def proven(scene: Scene) -> tuple[UUID, UUID, str]:
    """A Client, an owner of it with a password, and the e-mail they sign in with."""
    client_id, address = scene.new(), scene.email()
    with scene.installation.works.system() as work:
        user = registration.add_user(work, client_id, address, "Lucía Sanz", UserRole.OWNER)
        work.session.flush()  # the link points at it
        link = credentials.link_for_user(work, user.id)
    scene.secrets.add(link)
    credentials.set_user_password(scene.installation.works, link, PASSWORD)
    return client_id, user.id, address


def ask_address(scene: Scene) -> Act:
    _, _, address = proven(scene)
    token = sign_in_user(scene.installation.works, Credentials(address, PASSWORD, "192.0.2.9"))
    owner: httpx.Client = scene.web.browser(agent=token)
    given = {"email": scene.email(), "password": PASSWORD}
    return lambda: owner.post("/account/details/email", data=given)


def wished(scene: Scene) -> tuple[UUID, str]:
    """A wish for another address; the Client and the secret of its link."""
    client_id, user_id, address = proven(scene)
    wish = Wish(client_id, user_id, scene.email(), Credentials(address, PASSWORD, "192.0.2.9"))
    letter = email_changes.ask(scene.installation.works, Actor("agent", str(user_id), "Lucía Sanz"), wish)
    assert letter.secret is not None
    scene.secrets.add(letter.secret)
    return client_id, letter.secret


def withdraw_address(scene: Scene) -> Act:
    client_id, _ = wished(scene)
    owner = scene.owner(client_id)
    return lambda: owner.post("/account/details/email/withdraw")


def confirm_address(scene: Scene) -> Act:
    _, secret = wished(scene)
    return lambda: scene.web.browser().post(f"/confirm-email/{secret}")


def come_back(scene: Scene) -> Act:
    client_id = scene.new()
    owner_id = scene.make.user(client_id, role=UserRole.OWNER)
    with scene.installation.works.tenant(client_id, Actor("agent", str(owner_id), "Dueña")) as work:
        terminations.cancel(work, client_id, at_once=True)
    ending_sweeps.terminate_effective(scene.installation)
    plan, owner = scene.books.plan(150_000, seats=5), scene.owner(client_id)
    with scene.installation.works.system() as work:
        version = documents.terms_in_force(work).id
    given = {"plan": str(plan.id), "version": str(version), "accepted": "true"}
    return lambda: owner.post("/account/return", data=given)


# As driven.PEOPLE; the last is the staff's.
ACCOUNT: Mapping[str, tuple[frozenset[str], Callable[[Scene], Act]]] = {
    "/account/documents/authority": (leaves("authority_document.handed_in"), hand_in),
    "/account/documents/authority/{paper_id}/withdraw": (leaves("authority_document.taken_back"), take_back),
    "/account/details": (leaves("client.corrected"), correct),
    "/account/details/confirm": (leaves("client.details_confirmed"), owner_posts("/account/details/confirm")),
    "/account/details/wanted": (
        leaves("client.details_wanted"),
        owner_posts("/account/details/wanted", wanted="El RFC es otro"),
    ),
    "/account/details/email": (leaves("email_change.asked"), ask_address),
    "/account/details/email/withdraw": (leaves("email_change.taken_back"), withdraw_address),
    "/account/return": (
        leaves("client.came_back", "termination.reactivated", "subscription.started"),
        come_back,
    ),
    "/confirm-email/{token}": (leaves("client.email_changed", "email_change.confirmed"), confirm_address),
}
OF_STAFF: Mapping[str, tuple[frozenset[str], Callable[[Scene], Act]]] = {
    "/authority-document/bytes/{pk}": (leaves("authority_document.opened"), open_paper),
}
