"""P7: too large is refused while it is read, deep and long-numbered bodies cost nothing, coded ones are refused."""

import asyncio
import gzip
import json

import pytest

from konectus.domain.channels import Channel
from tests.ingestion.stored import Stored
from tests.promises.running import DOOR, Running, said
from tests.promises.test_p05_wrongly_signed_is_refused import signature
from tests.promises.watching import burnt, forget_peak, peak, resident
from tests.support.processes import until
from tests.support.traffic_ledger import Ledger, Place

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
LIMIT = 4 * 1024 * 1024
MIB = 1024 * 1024
AT_ONCE = 8
# Of processor time for one odd body; the promise is 50 ms, the ticks that are counted in are 10 ms long.
CHEAP = 0.12


async def post(port: int, body: bytes, headers: dict[str, str], *, length: int | None = None) -> tuple[int, int]:
    """The status, and how many bytes were taken before it came. A server that has seen enough stops reading."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"POST {DOOR} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    lines.append(f"Content-Length: {length or len(body)}" if length != -1 else "Transfer-Encoding: chunked")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answer = asyncio.create_task(reader.readline())
    sent = 0
    try:
        for start in range(0, len(body), 65536):
            if answer.done():
                break
            piece = body[start : start + 65536]
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if length == -1 else piece)
            await writer.drain()
            await asyncio.sleep(0)  # an answer that is there is seen before more is sent
            sent += len(piece)
        if length == -1 and not answer.done():
            writer.write(b"0\r\n\r\n")
    except ConnectionError:
        pass
    line = await asyncio.wait_for(answer, 20)
    writer.close()
    return int(line.split()[1]), sent


def signed(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": signature(body), "Content-Type": "application/json"}


def padded(place: Place, size: int) -> bytes:
    """A real body of exactly that size."""
    body = said(place, 1, "grande").raw
    return body + b" " * (size - len(body))


def test_a_body_of_the_limit_is_taken_and_one_above_it_is_not(intake: Running) -> None:
    place = intake.client((Channel.MESSENGER,))[0]
    sizes = {LIMIT: 200, LIMIT + 1: 413}
    found = {n: asyncio.run(post(intake.site.port, b := padded(place, n), signed(b)))[0] for n in sizes}

    assert found == sizes


@pytest.mark.parametrize("length", [200 * MIB, -1], ids=["announced", "in pieces"])
def test_too_large_is_refused_while_it_is_read_and_memory_stays(intake: Running, length: int) -> None:
    """Eight senders of 32 MiB each: what the process holds grows by the limit and a MiB each, not by what they send."""
    intake.client((Channel.MESSENGER,))
    web = intake.site.pid("web")
    before, body = resident(web), b"x" * (32 * MIB)
    forget_peak(web)

    async def all_at_once() -> list[tuple[int, int]]:
        return list(
            await asyncio.gather(*(post(intake.site.port, body, signed(b"x"), length=length) for _ in range(AT_ONCE)))
        )

    answers = asyncio.run(all_at_once())

    assert {status for status, _ in answers} <= {413, 503}
    # On a busy machine one may have pushed everything into the network's buffers before it sees its answer.
    assert min(sent for _, sent in answers) < 32 * MIB
    assert peak(web) - before <= AT_ONCE * (LIMIT + MIB)


ODD = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 100 kB": b'{"object":"page","entry":[{"id":' + b"9" * 100_000 + b"}]}",
    "a fraction of 100 kB": b'{"object":"page","entry":[{"id":0.' + b"1" * 100_000 + b"}]}",
    "a long key": b'{"' + b"k" * 1_000_000 + b'":1}',
    "many keys": json.dumps({f"k{n}": n for n in range(20_000)}).encode(),
    "many equal keys": b"{" + b'"object":"page",' * 50_000 + b'"entry":[]}',
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_body_costs_next_to_nothing_and_stops_nobody(intake: Running, name: str) -> None:
    place = intake.client((Channel.MESSENGER,))[0]
    pids = [intake.site.pid("web"), *workers(intake)]
    intake.settle()
    before = [burnt(pid) for pid in pids]
    status, _ = asyncio.run(post(intake.site.port, ODD[name], signed(ODD[name])))
    intake.settle()
    spent = [burnt(pid) - used for pid, used in zip(pids, before, strict=True)]
    ledger = Ledger()
    postman = intake.postman(ledger)
    asyncio.run(postman.carry([said(place, 2, "todo sigue")]))

    assert status == 200
    assert max(spent) < CHEAP + idle(pids), spent
    until(lambda: Stored(intake.installation, place.client_id).texts() == ["todo sigue"], seconds=15, what="it goes on")
    assert [intake.site.pid("web"), *workers(intake)] == pids


def workers(intake: Running) -> list[int]:
    return [intake.site.pid(name) for name in intake.site.names("worker")]


def idle(pids: list[int]) -> float:
    """What polling costs them anyhow in the time that a body takes."""
    return 0.05 * len(pids)


def test_a_coded_body_is_refused(intake: Running) -> None:
    place = intake.client((Channel.MESSENGER,))[0]
    body = gzip.compress(said(place, 1, "comprimido").raw)
    status, _ = asyncio.run(post(intake.site.port, body, signed(body) | {"Content-Encoding": "gzip"}))

    assert status == 415


def test_equal_keys_and_numbers_that_are_none_are_read_in_one_way(intake: Running) -> None:
    """Of equal keys the last one counts; NaN and Infinity are no numbers, their item is set aside or lives without."""
    place = intake.client((Channel.MESSENGER,))[0]
    body = said(place, 3, "la primera").raw.replace(
        b'"text": "la primera"', b'"text": "la primera", "text": "la segunda"'
    )
    odd = said(place, 4, "con NaN").raw.replace(b'"time": 1', b'"time": NaN')
    for raw in (body, odd):
        assert asyncio.run(post(intake.site.port, raw, signed(raw)))[0] == 200
    intake.settle()

    assert sorted(Stored(intake.installation, place.client_id).texts(), key=str) == ["con NaN", "la segunda"]
