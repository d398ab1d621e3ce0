"""One file for one hour, for channels that fetch what we send by its address. No sign-in: the token is the right.

What is not there, over, forged or of a suspended Client looks the same. Agents' files are `inbox.files`.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from backoffice.deps import TheInstallation
from konectus.domain.channels import FILE_LIMITS
from konectus.errors import NotFound
from konectus.files import sealed
from konectus.files.port import Files, NoSuchFile
from konectus.services import media_links
from konectus.store.queries import clients, stored_files
from konectus.store.roles import Role

router = APIRouter(include_in_schema=False)

PREFIX = "/media"
_UNKNOWN = "application/octet-stream"
# What any channel takes under its own type; nothing among them is run by a browser.
_TOLD = frozenset(one for limits in FILE_LIMITS.values() for types in limits.kinds.values() for one in types)


@router.get(PREFIX + "/{token}")
def show_media(request: Request, installation: TheInstallation, token: str) -> Response:
    """The bytes under the type that was told from them. Raises NotFound."""
    client_id, file_id = media_links.read(installation.keys, token, installation.clock.now())
    keys = installation.keys.of(client_id)
    with installation.database.session(Role.APP, client_id) as session:
        found = None if clients.access(session, client_id).send else stored_files.by_id(session, keys, file_id)
    if found is None:
        raise NotFound
    files: Files = request.app.state.files
    try:
        content = sealed.read(files, keys, found.id)
    except NoSuchFile:
        raise NotFound from None
    media_type = found.media_type if found.media_type in _TOLD else _UNKNOWN
    headers = {"Content-Disposition": "attachment", "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}
    return Response(content, media_type=media_type, headers=headers)
