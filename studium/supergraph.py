"""The supergraph of a router whose subgraphs are behind HTTP: composed of what they say themselves, again and again."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from router.compose import Refused, Subgraph, compose
from router.serve.sources import Source, SourceError
from studium.embedded.errors import CannotStart
from studium.subgraphs_file import Headers, read_subgraphs


class RunningSubgraphs:
    """Where a router's supergraphs come from, as its reloader wants it."""

    def __init__(self, path: Path, headers: Headers) -> None:
        """Nothing has been looked at.

        Args:
            path: the configuration that names the subgraphs, in Rover's format; it is read anew each time.
            headers: of the requests to those that are asked themselves.
        """
        self._path = path
        self._headers = headers
        self._known: Sequence[Subgraph] = ()
        self._is_taken = False

    async def look(self) -> Source | None:
        """The supergraph, if it is another one than the last time, or this is the first time.

        Raises:
            SourceError: the configuration is none, a new subgraph does not answer, or they do not compose.
        """
        try:
            subgraphs = await read_subgraphs(self._path, self._headers, self._known)
        except CannotStart as error:
            raise SourceError(str(error)) from error
        if self._is_taken and subgraphs == self._known:
            return None
        self._known, self._is_taken = subgraphs, True
        return await asyncio.to_thread(composed, subgraphs)

    def forget(self) -> None:
        """Take what is there for another one than the last time, whatever it is."""
        self._is_taken = False

    async def aclose(self) -> None:
        """Nothing is kept open."""


def composed(subgraphs: Sequence[Subgraph]) -> Source:
    """The supergraph of some subgraphs.

    Raises:
        SourceError: they do not compose; a line for each reason.
    """
    outcome = compose(subgraphs)
    if isinstance(outcome, Refused):
        raise SourceError("\n".join(f"{error.code}: {error.message}" for error in outcome.errors))
    return Source(outcome.supergraph_sdl, {each.name: each.url for each in subgraphs})


def first(subgraphs: Sequence[Subgraph]) -> Source:
    """The same, where there is nothing else that could be served.

    Raises:
        CannotStart: they do not compose.
    """
    try:
        return composed(subgraphs)
    except SourceError as error:
        raise CannotStart(
            "The subgraphs do not compose into one graph.", details=tuple(str(error).splitlines())
        ) from error
