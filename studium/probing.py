"""Asking a process over HTTP whether it is well, with nothing but the standard library."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

from studium.embedded.child import Probe
from studium.embedded.ports import LOOPBACK

_OK: Final = b"200"
_HTTP: Final = 80


def answers(port: int, path: str, host: str = LOOPBACK) -> Probe:
    """A probe: GET `path` is answered with status 200."""

    async def probe() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            status = await reader.readline()
        finally:
            writer.close()
        if status.split()[1:2] != [_OK]:
            raise ConnectionError(f"{path} answered {status!r}")

    return probe


def listens(port: int, host: str = LOOPBACK) -> Probe:
    """A probe: a connection to `port` is accepted."""

    async def probe() -> None:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()

    return probe


async def is_alive() -> None:
    """The probe of a process that listens nowhere: that it runs is all there is to see."""


def is_well(url: str) -> bool:
    """Whether `url` is answered with status 200; for container health checks."""
    parts = urlsplit(url)
    try:
        asyncio.run(answers(parts.port or _HTTP, parts.path or "/", parts.hostname or LOOPBACK)())
    except (OSError, EOFError):
        return False
    return True
