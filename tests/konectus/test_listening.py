"""Where a server of ours is found: pieces of an answer leave at once, and a taken port is told."""

import asyncio
import socket

import pytest

from konectus.listening import listen


def test_pieces_of_an_answer_leave_at_once() -> None:
    """Every page came 40 ms late: its body waited for the confirmation of its header."""

    async def told() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listen("127.0.0.1", 0) as listening:
            async with await asyncio.start_server(answer, sock=listening):
                _, writer = await asyncio.open_connection(*listening.getsockname())
                writer.close()
                return await found

    assert asyncio.run(told()) == 1


def test_a_taken_port_is_refused() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(OSError, match="in use"):
        listen(*first.getsockname())
