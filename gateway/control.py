"""A socket in the data folder through which commands on this machine reach the running gateway.

Who may open the data folder may give commands; it is created for the gateway's own user alone.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from gateway.errors import OperatorError

log = structlog.get_logger(__name__)

NAME = "control.sock"
LONGEST = 100
"""The kernel takes 108 bytes; longer paths go round through an open folder."""
WAIT_S = 60.0
MAX_LINE = 200

Commands = dict[str, Callable[[], Awaitable[Struct]]]


@contextlib.contextmanager
def _address(folder: Path) -> Iterator[str]:
    path = str(folder / NAME)
    if len(os.fsencode(path)) <= LONGEST:
        yield path
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{NAME}"
    finally:
        os.close(handle)


@contextlib.asynccontextmanager
async def listening(folder: Path, commands: Commands) -> AsyncIterator[None]:
    """Answer ``commands`` while the context lasts. What a gateway that died left behind is replaced."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            word = (await reader.readuntil(b"\n")).decode().strip()
            command = commands.get(word)
            answer = await command() if command else {"unknown": word}
            writer.write(msgspec.json.encode(answer) + b"\n")
            await writer.drain()
        writer.close()

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _address(folder) as address:
        with contextlib.suppress(FileNotFoundError):
            (folder / NAME).unlink()
        listener.bind(address)
    (folder / NAME).chmod(0o600)
    server = await asyncio.start_unix_server(serve, sock=listener, limit=MAX_LINE)
    try:
        yield
    finally:
        server.close()
        with contextlib.suppress(FileNotFoundError):
            (folder / NAME).unlink()


def ask(folder: Path, command: str) -> bytes:
    """Give ``command`` to the gateway whose data folder this is and return its answer (JSON).

    Raises:
        OperatorError: no gateway listens there, or it does not answer.
    """
    place = str(folder / NAME)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, _address(folder) as address:
            line.settimeout(WAIT_S)
            line.connect(address)
            line.sendall(command.encode() + b"\n")
            with line.makefile("rb") as answers:
                answer = answers.readline()
    except TimeoutError:
        raise OperatorError(place, f"the gateway did not answer within {WAIT_S:g} s", "look into its log") from None
    except OSError as error:
        remedy = "start the gateway, or run this as the gateway's user on its machine"
        raise OperatorError(place, f"no gateway listens there: {error.strerror or error}", remedy) from None
    if not answer:
        raise OperatorError(place, "the gateway closed the line", "it may be stopping; look into its log")
    return answer
