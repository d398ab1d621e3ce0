"""A tap on the line to the channels, a program of its own: passes every byte on and notes which addresses were asked.

    python -m tests.promises.wiretap PORT UPSTREAM FILE

Each request becomes a line of FILE: method, a blank, the target. Tests read it with `targets`.
"""

import asyncio
import re
import sys
from pathlib import Path

_REQUEST = re.compile(rb"(?:^|\r\n)(GET|POST|DELETE|PUT|HEAD|PATCH) (/\S*) HTTP/1\.1\r\n")
_BLOCK = 65536


def targets(file: Path) -> list[bytes]:
    """The targets that were asked for, in order."""
    lines = file.read_bytes().splitlines() if file.exists() else []
    return [line.partition(b" ")[2] for line in lines]


async def _listen(port: int, upstream: int, file: Path) -> None:
    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", upstream)
        await asyncio.gather(_pass(reader, far_writer, file), _pass(far_reader, writer, None))

    server = await asyncio.start_server(line, "127.0.0.1", port)
    await server.serve_forever()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, file: Path | None) -> None:
    """Until one side hangs up; then the other is hung up too."""
    try:
        while block := await reader.read(_BLOCK):
            if file is not None:
                _note(block, file)
            writer.write(block)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def _note(block: bytes, file: Path) -> None:
    """The head of a request comes in one block: our clients write it at once."""
    found = _REQUEST.findall(block)
    if found:
        with file.open("ab") as out:
            out.writelines(method + b" " + target + b"\n" for method, target in found)


if __name__ == "__main__":
    asyncio.run(_listen(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
