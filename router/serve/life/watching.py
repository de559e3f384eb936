"""Where supergraphs come from, and how it is noticed that there is another one."""

import asyncio
import json
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol, cast

import aiohttp

from router.serve.config.model import SupergraphSource
from router.serve.sources import Source, SourceError, of_entries, of_list, of_sdl

_CHUNK: Final = 1 << 16
_ANSWER: Final = "What the supergraph's URL answers"


class Origin(Protocol):
    """A place that has one supergraph at a time."""

    async def look(self) -> Source | None:
        """The supergraph, if it is another one than the last time, or this is the first time.

        Raises:
            SourceError: it cannot be had, or is none.
        """
        ...

    def forget(self) -> None:
        """Take what is there for another one than the last time, whatever it is."""
        ...

    async def aclose(self) -> None: ...


class FileOrigin:
    """A file, looked at by its path: whoever writes another one should put it in its place as a whole."""

    def __init__(self, source: SupergraphSource) -> None:
        self._path = cast("Path", source.file or source.subgraphs)
        self._read = of_sdl if source.file is not None else of_list
        self._seen: object = None
        self._hash = b""

    async def look(self) -> Source | None:
        return await asyncio.to_thread(self._look)

    def _look(self) -> Source | None:
        try:
            found = self._path.stat()
            state = (found.st_ino, found.st_mtime_ns, found.st_size)
            if state == self._seen:
                return None
            text = self._path.read_bytes().decode()
        except OSError as error:
            raise SourceError(f"Cannot read {self._path}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise SourceError(f"Cannot read {self._path}: {error}.") from error
        self._seen = state
        if (hash_ := sha256(text.encode()).digest()) == self._hash:
            return None
        self._hash = hash_
        return self._read(text, str(self._path))

    def forget(self) -> None:
        self._seen, self._hash = None, b""

    async def aclose(self) -> None:
        """A file is not kept open."""


class UrlOrigin:
    """A URL that answers a supergraph's text, or JSON with `supergraphSdl` or `subgraphs`, and perhaps an `id`."""

    def __init__(self, source: SupergraphSource) -> None:
        assert source.url is not None  # noqa: S101  # the caller looked
        self._url = source.url
        self._settings = source
        self._http: aiohttp.ClientSession | None = None
        self._tags: dict[str, str] = {}
        self._last = b""

    async def look(self) -> Source | None:
        try:
            content = await self._fetch()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SourceError(f"The supergraph cannot be had from its URL: {type(error).__name__} {error}") from error
        if content is None or (hash_ := sha256(content).digest()) == self._last:
            return None
        self._last = hash_
        return await asyncio.to_thread(_read, content)

    def forget(self) -> None:
        self._tags, self._last = {}, b""

    async def _fetch(self) -> bytes | None:
        """What is there; None if that is what was there before."""
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=self._settings.timeout_seconds)
            self._http = aiohttp.ClientSession(timeout=timeout)
        async with self._http.get(self._url, headers=self._headers(), allow_redirects=False) as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED and self._tags:
                return None
            if answer.status != HTTPStatus.OK:
                raise ValueError(f"with status {answer.status}")
            content = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                content += chunk
                if len(content) > self._settings.most_bytes:
                    raise ValueError(f"with more than {self._settings.most_bytes} bytes")
            self._tags = _tags(answer.headers)
            return bytes(content)

    def _headers(self) -> Mapping[str, str]:
        token = self._settings.token
        return self._tags if token is None else {**self._tags, "authorization": f"Bearer {token}"}

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None


def origin_of(source: SupergraphSource) -> Origin:
    """Where a configuration says that supergraphs come from."""
    return FileOrigin(source) if source.url is None else UrlOrigin(source)


def _tags(headers: Mapping[str, str]) -> dict[str, str]:
    """What to ask with for something else than there was.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-13
    """
    asked = {"if-none-match": headers.get("etag"), "if-modified-since": headers.get("last-modified")}
    return {name: value for name, value in asked.items() if value is not None}


def _read(content: bytes) -> Source:
    try:
        text = content.decode()
        if not text.lstrip().startswith(("{", "[")):
            return of_sdl(text, _ANSWER)
        found: Any = json.loads(text)
    except ValueError as error:
        raise SourceError(f"The supergraph's URL answers what cannot be read: {error}") from error
    if isinstance(found, dict):
        entry = cast("Mapping[str, Any]", found)
        if isinstance(entry.get("supergraphSdl"), str):
            return of_sdl(entry["supergraphSdl"], _ANSWER)
    return of_entries(found, _ANSWER)
