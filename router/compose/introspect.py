"""Ask running subgraphs for their SDL.

Source: Apollo Federation subgraph specification, `Query._service`.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import aiohttp

from router.compose.subgraph import RunningSubgraph, Subgraph
from router.federation.errors import CompositionError, ErrorCode, FederationError

TIMEOUT = 30.0
"""Seconds a subgraph has to answer."""
_LARGEST = 64 * 2**20
_QUERY = "query SubgraphSdl { _service { sdl } }"


def introspect(running: Sequence[RunningSubgraph], *, timeout: float = TIMEOUT) -> list[Subgraph]:
    """The subgraphs with the SDL that each answers, asked all at once.

    Raises:
        FederationError: DOWNSTREAM_SERVICE_ERROR, for each that does not answer with an SDL.

    """
    return asyncio.run(_introspect(running, timeout))


async def _introspect(running: Sequence[RunningSubgraph], seconds: float) -> list[Subgraph]:
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        answers = await asyncio.gather(*(_ask(session, subgraph, seconds) for subgraph in running))
    errors = [answer for answer in answers if isinstance(answer, CompositionError)]
    if errors:
        raise FederationError(errors)
    return [answer for answer in answers if isinstance(answer, Subgraph)]


async def _ask(
    session: aiohttp.ClientSession, subgraph: RunningSubgraph, seconds: float
) -> Subgraph | CompositionError:
    try:
        request = session.post(subgraph.address, json={"query": _QUERY}, headers=subgraph.headers)
        async with request as response:
            body = await _read(response.content)
            status = response.status
    except TimeoutError:
        return _error(subgraph, f"did not answer within {seconds:g} s")
    except (aiohttp.ClientError, ValueError) as error:
        return _error(subgraph, f"cannot be reached: {_one_line(error)}")
    sdl = _sdl(body)
    if len(body) > _LARGEST:
        return _error(subgraph, f"answered with more than {_LARGEST:,} bytes")
    if sdl is None:
        return _error(subgraph, f"answered status {status} without an SDL: {_shown(body)}")
    return Subgraph(subgraph.name, subgraph.url, sdl)


async def _read(content: aiohttp.StreamReader) -> bytes:
    """All of an answer, or more than the largest there may be; a stream gives what has come so far."""
    body = bytearray()
    async for chunk in content.iter_chunked(2**16):
        body += chunk
        if len(body) > _LARGEST:
            break
    return bytes(body)


def _sdl(body: bytes) -> str | None:
    try:
        answer: Any = json.loads(body) if len(body) <= _LARGEST else None
    except (ValueError, RecursionError):
        return None
    for key in ("data", "_service", "sdl"):
        answer = cast("Mapping[str, Any]", answer).get(key) if isinstance(answer, dict) else None
    return answer if isinstance(answer, str) else None


def _error(subgraph: RunningSubgraph, why: str) -> CompositionError:
    message = f"{subgraph.address} {why}. It must run and answer {{ _service {{ sdl }} }}."
    return CompositionError(ErrorCode.DOWNSTREAM_SERVICE_ERROR, message, (), subgraph.name)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _shown(body: bytes) -> str:
    text = " ".join(body[:200].decode("utf-8", "replace").split())
    return text or "nothing"
