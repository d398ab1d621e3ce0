"""What a reader of the figures keeps: the last part of driven."""

import re
from collections.abc import Callable, Mapping

from konectus.domain.roles import StaffRole
from tests.promises.driven import Act, Scene, leaves

MONTH = {"name": "Octubre", "path": "volume", "query": "period=2026-10"}


def view(scene: Scene) -> Act:
    http = scene.web.staff_as(StaffRole.ANALYST)
    return lambda: http.post("/views", data=MONTH)


def of_view(command: str, **typed: str) -> Callable[[Scene], Act]:
    def drive(scene: Scene) -> Act:
        http = scene.web.staff_as(StaffRole.ANALYST)
        http.post("/views", data=MONTH)
        [view_id] = set(re.findall(r"/views/([0-9a-f-]{36})/", http.get("/views").text))
        return lambda: http.post(f"/views/{view_id}/{command}", data=typed)

    return drive


VIEWS: Mapping[str, tuple[frozenset[str], Callable[[Scene], Act]]] = {
    "/views": (leaves("view.kept"), view),
    "/views/{view_id}/rename": (leaves("view.renamed"), of_view("rename", name="Otro")),
    "/views/{view_id}/delete": (leaves("view.dropped"), of_view("delete")),
}
