"""The providers' doors: one endpoint per host, with faults, usage headers and the call log. Meaning lives elsewhere."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ingestion.simulator import bot_errors, calls, cdn, graph, graph_errors, login, speed, spoiled, telegram
from ingestion.simulator.bot_errors import BotError
from ingestion.simulator.calls import Call
from ingestion.simulator.faults import AFTER, SPOILED, Fault
from ingestion.simulator.graph_errors import GraphError
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json
from konectus.errors import Invalid, KonectusError

_CALLS_PER_PERCENT = 200
_CALLS_KEPT = 5000

Work = Callable[[], Awaitable[Json]]
Refusal = Callable[[Fault], Exception]


def routes(stage: Stage) -> list[Route]:
    """Every path under which a provider is played."""
    verbs = ["GET", "POST", "DELETE"]
    return [
        Route("/graph/{path:path}", _graph_door(stage, "messenger"), methods=verbs),
        Route("/instagram-graph/{path:path}", _graph_door(stage, "instagram"), methods=verbs),
        Route("/instagram-api/oauth/access_token", _code_door(stage), methods=["POST"]),
        Route("/login/{path:path}", _consent_door(stage)),
        Route("/instagram-login/{path:path}", _consent_door(stage)),
        Route("/telegram/file/bot{token}/{path:path}", cdn.bot_door(stage)),
        Route("/telegram/bot{token}/{name}", _bot_door(stage), methods=["GET", "POST"]),
        Route("/cdn/{key}", cdn.door(stage)),
    ]


def _graph_door(stage: Stage, host: graph.Host) -> Callable[[Request], Awaitable[Response]]:
    async def door(request: Request) -> Response:
        call = await calls.read(request, request.path_params["path"])
        name, trace = call.method, stage.world.mint.text(23, "trace", len(stage.calls))

        async def work() -> Json:
            speed.refuse_fast_graph(stage, call)
            return await graph.answer(stage, call)

        try:
            call.account = graph.identify(stage, call, host)
            response = await _with_faults(stage, call, work, graph_errors.from_fault)
        except GraphError as error:
            response = JSONResponse(error.body(trace), error.status)
            _note(stage, call.account, name, error.status, f"{error.code}/{error.subcode}")
        else:
            _note(stage, call.account, name, response.status_code, "")
        response.headers.update(_usage(stage, call.account))
        return response

    return door


async def _with_faults(stage: Stage, call: Call, work: Work, refusal: Refusal) -> Response:
    """Do the work unless a fault fits; then fail before it, spoil it after it, or only delay it."""
    account = call.account
    fault = stage.faults.take(account.channel, account.id, call.method) if account else None
    if fault is None:
        return JSONResponse(await work())
    if fault.fault == "timeout":
        await stage.sleep(fault.seconds)
        return spoiled.Dropped()
    if fault.fault not in AFTER:
        raise refusal(fault)
    call.is_silent = fault.fault == "no_echo"
    done = await work()
    if fault.fault == "drop_after_applying":
        return spoiled.Dropped()
    if fault.fault == "sent_anyway":
        raise refusal(fault)
    if fault.fault in SPOILED:
        return spoiled.instead(fault.fault)
    if fault.fault == "slow":
        await stage.sleep(fault.seconds)
    return JSONResponse(done)


def _note(stage: Stage, account: Account | None, method: str, status: int, error: str) -> None:
    channel, account_id = account.key if account else ("", "")
    told = {"channel": channel, "account": account_id, "method": method, "status": int(status), "error": error}
    stage.calls.append({"at": stage.clock.now().isoformat(), **told})
    del stage.calls[:-_CALLS_KEPT]
    if account is not None:
        account.calls[method] += 1


def _usage(stage: Stage, account: Account | None) -> dict[str, str]:
    """How much of its allowance the caller has used, as Meta says it in every answer."""
    tuning = stage.tuning
    percent = min(len(stage.calls) // _CALLS_PER_PERCENT, 99) if tuning.usage_percent is None else tuning.usage_percent
    shares = f'"call_count":{percent},"total_cputime":0,"total_time":{percent}'
    headers = {"X-App-Usage": f"{{{shares}}}", "facebook-api-version": "v26.0"}
    if account is not None:
        kind = "messenger" if account.channel == "messenger" else "instagram"
        told = f'{{"type":"{kind}",{shares},"estimated_time_to_regain_access":{tuning.regain_minutes}}}'
        headers["X-Business-Use-Case-Usage"] = f'{{"{account.id}":[{told}]}}'
    return headers


def _code_door(stage: Stage) -> Callable[[Request], Awaitable[Response]]:
    async def door(request: Request) -> Response:
        call = await calls.read(request, "oauth/access_token")
        try:
            return JSONResponse(login.exchange_instagram(stage, call))
        except GraphError as error:
            told = {"error_type": error.type, "code": int(error.status), "error_message": error.message}
            return JSONResponse(told, error.status)

    return door


def _consent_door(stage: Stage) -> Callable[[Request], Awaitable[Response]]:
    async def door(request: Request) -> Response:
        call = await calls.read(request, request.path_params["path"])
        try:
            return RedirectResponse(login.consent(stage, call), HTTPStatus.FOUND)
        except GraphError as error:
            return JSONResponse(error.body(""), error.status)
        except Invalid as error:
            return JSONResponse({"detail": str(error)}, HTTPStatus.BAD_REQUEST)

    return door


def _bot_door(stage: Stage) -> Callable[[Request], Awaitable[Response]]:
    async def door(request: Request) -> Response:
        name = request.path_params["name"]
        call = await calls.read(request, name)

        async def work() -> Json:
            bot = telegram.identify(stage, request.path_params["token"])
            speed.refuse_fast_bot(stage, bot, name, call)
            return await telegram.answer(stage, bot, name, call)

        try:
            call.account = telegram.identify(stage, request.path_params["token"])
            response = await _with_faults(stage, call, work, bot_errors.from_fault)
        except BotError as error:
            wait = error.parameters.get("retry_after")
            response = JSONResponse(error.body(), error.status, {"Retry-After": str(wait)} if wait else None)
            _note(stage, call.account, name, error.status, error.description)
        else:
            _note(stage, call.account, name, response.status_code, "")
        return response

    return door


async def refused(_: Request, error: Exception) -> Response:
    """How the control API says no: one line in `detail`."""
    if not isinstance(error, KonectusError):
        raise error
    status = {"not_found": HTTPStatus.NOT_FOUND, "conflict": HTTPStatus.CONFLICT}.get(
        error.code, HTTPStatus.BAD_REQUEST
    )
    return JSONResponse({"detail": str(error)}, status)
