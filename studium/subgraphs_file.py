"""Supergraph configuration in the format Rover reads: each subgraph's address, and where its SDL is found.

Source: https://www.apollographql.com/docs/rover/commands/supergraphs
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

from studium.embedded.errors import CannotStart

if TYPE_CHECKING:
    from router.compose import Subgraph

Headers: TypeAlias = Callable[[str], Mapping[str, str]]

_FEDERATION: Final = "=2.11.0"
_SDL_QUERY: Final = {"query": "{ _service { sdl } }"}
_ASK_SECONDS: Final = 10
_PATIENCE_SECONDS: Final = 150.0
_PAUSE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Source:
    """A subgraph's address, and its SDL: in a file, or asked of the subgraph itself."""

    routing_url: str
    file: Path | None = None


def print_sources(sources: Mapping[str, Source]) -> str:
    """The configuration as text."""
    subgraphs = {
        name: {
            "routing_url": source.routing_url,
            "schema": {"file": str(source.file)} if source.file else {"subgraph_url": source.routing_url},
        }
        for name, source in sources.items()
    }
    return yaml.safe_dump({"federation_version": _FEDERATION, "subgraphs": subgraphs}, sort_keys=False)


async def read_subgraphs(
    path: Path, headers: Headers = lambda _: {}, known: "Sequence[Subgraph]" = ()
) -> "list[Subgraph]":
    """The subgraphs a configuration names, with their SDL.

    Args:
        path: the configuration.
        headers: of the requests to subgraphs that are asked themselves, by name.
        known: what they were the last time: one that does not answer now, as it is being replaced, counts as it was.
            Any other is waited for, as it may still be starting.

    Raises:
        CannotStart: the file is not such a configuration, or a subgraph does not tell its SDL.
    """
    from router.compose.config import ConfigError, read_config

    addresses = await asyncio.to_thread(_asked, path)
    if addresses:
        before = {(each.name, each.url): each for each in known}
        asked = (_read(name, url, headers(name), before.get((name, url))) for name, url in addresses.items())
        return await asyncio.gather(*asked)
    try:
        return await asyncio.to_thread(read_config, path)
    except ConfigError as error:
        raise CannotStart(str(error)) from error


def routing_urls(path: Path) -> dict[str, str]:
    """Where the subgraphs that a configuration names are asked; none if it cannot be read, which others tell."""
    with suppress(OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        entries: dict[str, Any] = yaml.safe_load(path.read_text())["subgraphs"]
        return {name: str(entry["routing_url"]) for name, entry in entries.items()}
    return {}


def _asked(path: Path) -> dict[str, str]:
    """The addresses of the subgraphs, if the configuration says that they are to be asked."""
    with suppress(OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        entries: dict[str, Any] = yaml.safe_load(path.read_text())["subgraphs"]
        return {name: str(entry["schema"]["subgraph_url"]) for name, entry in entries.items()}
    return {}


async def _read(name: str, url: str, headers: Mapping[str, str], before: "Subgraph | None") -> "Subgraph":
    import aiohttp

    from router.compose import Subgraph

    try:
        return Subgraph(name, url, await _ask(url, headers, _PATIENCE_SECONDS if before is None else 0))
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        if before is not None:
            return before
        raise CannotStart(f"The subgraph {name} does not tell its SDL: {error!r}.") from error


async def _ask(url: str, headers: Mapping[str, str], patience_seconds: float) -> str:
    """What the subgraph says its SDL is, within some patience for one that is still starting."""
    import aiohttp

    deadline = asyncio.get_running_loop().time() + patience_seconds
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_SECONDS)) as http:
        while True:
            try:
                async with http.post(url, json=_SDL_QUERY, headers=headers) as answer:
                    return str((await answer.json())["data"]["_service"]["sdl"])
            except (aiohttp.ClientConnectionError, TimeoutError):  # one that listens may still be starting
                if asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(_PAUSE_SECONDS)
