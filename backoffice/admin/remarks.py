"""Remarks on the charts of the figures: which stand, writing and withdrawing one. Analysts read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqladmin import expose
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backoffice.admin import given as read
from backoffice.admin import shell
from backoffice.admin.given import Typed
from backoffice.admin.pieces import Asked, Field, id_of
from backoffice.admin.roles import REMARK, WITHDRAW_REMARK, WRITE
from backoffice.admin.shell import list_of
from backoffice.admin.view import StaffView, in_work
from konectus.domain.suspension import MIN_REASON
from konectus.errors import Forbidden, NotFound
from konectus.i18n import gettext
from konectus.services import remarks
from konectus.services.remarks import LONGEST, NewRemark
from konectus.services.work import Work
from konectus.store.models.readers import Annotation
from konectus.store.queries import remarks as stored
from konectus.store.queries.remarks import Remark

SEE_OTHER, UNREADABLE = 303, 422
MOST = 200


@dataclass(frozen=True)
class RemarksPage:
    """Those that stand, and the form with what was typed. `withdrawing` is the one whose reason was refused."""

    identity: str
    standing: tuple[Remark, ...]
    fields: tuple[Field, ...]
    withdrawing: str = ""
    refused: str = ""


class RemarkAdmin(StaffView, model=Annotation):
    """One page; a remark has none of its own."""

    name: ClassVar[str] = "remark"
    list_template: ClassVar[str] = "admin/remarks.html"

    def read_list(self, work: Work, asked: Asked) -> Any:
        del asked
        return _page(work, Typed(), {})

    def read_details(self, work: Work, asked: Asked) -> Any:
        del work, asked
        raise NotFound

    @expose("/write", methods=["POST"])
    async def write(self, request: Request) -> Response:
        """Asks for its own grant first, as the next one: sqladmin's `expose` does not."""
        _require(request, WRITE)
        typed = Typed.of(await request.form())

        def do(work: Work) -> RemarksPage | None:
            problems = _problems(work, typed)
            if problems:
                return _page(work, typed, problems)
            new = NewRemark(read.day(typed["day"]), typed["words_es"], typed["words_en"])
            remarks.write(work, new, reason=typed.why)
            return None

        return await self._answer(request, await in_work(request, do))

    @expose("/withdraw/{pk}", methods=["POST"])
    async def withdraw(self, request: Request) -> Response:
        _require(request, WITHDRAW_REMARK)
        typed, remark_id = Typed.of(await request.form()), id_of(request.path_params["pk"])

        def do(work: Work) -> RemarksPage | None:
            if len(typed.why) < MIN_REASON:
                return _page(work, Typed(), {}, withdrawing=str(remark_id), refused=_too_short())
            remarks.withdraw(work, remark_id, reason=typed.why)
            return None

        return await self._answer(request, await in_work(request, do))

    async def _answer(self, request: Request, page: RemarksPage | None) -> Response:
        if page is None:
            return RedirectResponse(list_of(REMARK), SEE_OTHER)
        return await self.templates.TemplateResponse(request, self.list_template, {"page": page}, UNREADABLE)


def _require(request: Request, action: str) -> None:
    if not shell.may(request, REMARK, action):
        raise Forbidden


def _problems(work: Work, typed: Typed) -> dict[str, str]:
    found: dict[str, str] = {}
    read.problem(found, "day", lambda: read.day(typed["day"], most=read.today(work.now)))
    read.problem(found, "words_es", lambda: read.line(typed["words_es"], most=LONGEST))
    read.problem(found, "words_en", lambda: read.line(typed["words_en"], most=LONGEST))
    if len(typed.why) < MIN_REASON:
        found["why"] = _too_short()
    return found


def _too_short() -> str:
    return gettext("Give the reason in at least ten characters")


def _page(
    work: Work, typed: Typed, problems: Mapping[str, str], *, withdrawing: str = "", refused: str = ""
) -> RemarksPage:
    no_client = gettext("Analysts read it: never name a Client or a person. At most {n} characters.", n=LONGEST)
    fields = (
        Field("day", gettext("Day it happened"), typed["day"], "day", most=read.today(work.now).isoformat()),
        Field("words_es", gettext("In Spanish"), typed["words_es"], hint=no_client, longest=LONGEST),
        Field("words_en", gettext("In English"), typed["words_en"], hint=no_client, longest=LONGEST),
        Field(
            "why", gettext("Reason"), typed.why, "area", hint=gettext("It stays in Audit with your name."), is_wide=True
        ),
    )
    told = tuple(field.with_error(problems.get(field.name, "")) for field in fields)
    return RemarksPage(REMARK, tuple(stored.standing(work.session, most=MOST)), told, withdrawing, refused)
