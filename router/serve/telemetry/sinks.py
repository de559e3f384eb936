"""Where reports go."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson

from router.execute.json import JSONObject
from router.serve.telemetry.config import Reporting

WRITE_SECONDS = 10.0
"""How long a report may take to be written."""


class Sink(Protocol):
    """Keeps records. What it has failed to keep is given to it again, so that it may have some of them twice."""

    async def write(self, records: Sequence[JSONObject]) -> None:
        """Keep all of them, or raise."""
        ...

    async def aclose(self) -> None: ...


class JsonLines:
    """Adds a line for each record to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def write(self, records: Sequence[JSONObject]) -> None:
        lines = b"".join(orjson.dumps(each) + b"\n" for each in records)
        await asyncio.get_running_loop().run_in_executor(None, self._append, lines)

    async def aclose(self) -> None:
        """Nothing is open."""

    def _append(self, lines: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(lines)


class RedisStream:
    """Adds an entry for each record to a stream of Redis, with the record as JSON in its field `record`."""

    def __init__(self, url: str, stream: str, entries: int) -> None:
        from redis.asyncio import Redis

        self._redis: Any = Redis.from_url(url, socket_connect_timeout=WRITE_SECONDS)  # pyright: ignore[reportUnknownMemberType]  # redis-py leaves arguments open
        self._stream = stream
        self._entries = entries

    async def write(self, records: Sequence[JSONObject]) -> None:
        async with asyncio.timeout(WRITE_SECONDS), self._redis.pipeline(transaction=True) as pipe:
            for each in records:
                pipe.xadd(self._stream, {"record": orjson.dumps(each)}, maxlen=self._entries, approximate=True)
            await pipe.execute()

    async def aclose(self) -> None:
        await self._redis.aclose()


def sink_of(reporting: Reporting) -> Sink:
    """The one that the configuration names."""
    if reporting.file is not None:
        return JsonLines(reporting.file)
    assert reporting.redis_url is not None  # noqa: S101  # a Reporting has one or the other
    return RedisStream(reporting.redis_url, reporting.stream, reporting.stream_entries)
