"""What `serve` serves: a supergraph, where its subgraphs are, and how each of them sends its subscriptions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from router.compose import Refused, Subgraph, compose
from router.execute import Subscriptions
from router.supergraph import Supergraph, SupergraphError


class SourceError(Exception):
    """There is nothing that could be served; the message says why, a line for each reason."""


@dataclass(frozen=True, slots=True)
class Source:
    """A supergraph and what it does not say itself.

    Attributes:
        urls: by the names of the subgraphs.
        subscriptions: by the names of subgraphs that have a protocol other than the usual one.
    """

    supergraph_sdl: str
    urls: Mapping[str, str]
    subscriptions: Mapping[str, Subscriptions] = field(default_factory=dict[str, Subscriptions])

    @property
    def id(self) -> str:
        """Tells the supergraph from others."""
        return sha256(self.supergraph_sdl.encode()).hexdigest()[:16]


def of_supergraph(path: Path) -> Source:
    """A composed supergraph's file.

    Raises:
        SourceError: it cannot be read, or is none.
    """
    return of_sdl(text_of(path), str(path))


def of_sdl(sdl: str, name: str) -> Source:
    """A composed supergraph; `name` is what problems are told of.

    Raises:
        SourceError: it is none.
    """
    try:
        supergraph = Supergraph.from_sdl(sdl)
    except SupergraphError as error:
        told = str(error).replace("GraphQL request", name, 1)
        raise SourceError(told if name in told else f"{name}: {told}") from error
    return Source(sdl, {name: each.url for name, each in supergraph.subgraphs.items()})


def of_subgraphs(path: Path) -> Source:
    """A JSON list of subgraphs, `{"name", "url", "sdl"}` each and perhaps `"subscription"`, which are composed.

    Raises:
        SourceError: the file is not such a list, or its subgraphs do not compose.
    """
    return of_list(text_of(path), str(path))


def of_list(text: str, name: str) -> Source:
    """The same of the file's text; `name` is what problems are told of.

    Raises:
        SourceError: as above.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise SourceError(f"{name} must be a JSON list of {{name, url, sdl}}, and is not: {error}") from error
    return of_entries(content, name)


def of_entries(content: Any, name: str) -> Source:
    """Subgraphs as such a file has them; `name` is what problems are told of.

    Raises:
        SourceError: as above.
    """
    try:
        entries = _entries(content)
        subgraphs = [Subgraph(each["name"], each["url"], each["sdl"]) for each in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{name} must be a JSON list of {{name, url, sdl}}, and is not: {error}") from error
    composed = compose(subgraphs)
    if isinstance(composed, Refused):
        raise SourceError("\n".join([f"{name} does not compose:", *map(str, composed.errors)]))
    protocols = {each["name"]: _protocol(each["subscription"]) for each in entries if "subscription" in each}
    return Source(composed.supergraph_sdl, {each.name: each.url for each in subgraphs}, protocols)


def _entries(content: Any) -> Sequence[Mapping[str, str]]:
    """The subgraphs of a list, or of an object that has them as `subgraphs`.

    Raises:
        ValueError: the content is neither, or an entry holds something else than strings.
    """
    listed: Any = cast("Mapping[str, Any]", content).get("subgraphs") if isinstance(content, dict) else content
    if not isinstance(listed, list) or not listed:
        raise ValueError("there is no list of subgraphs")
    for entry in cast("list[Any]", listed):
        values = cast("Mapping[str, Any]", entry).values() if isinstance(entry, dict) else (None,)
        if not all(isinstance(value, str) for value in values):
            raise ValueError("a subgraph is an object of strings")
    return cast("list[Mapping[str, str]]", listed)


def _protocol(name: str) -> Subscriptions:
    try:
        return Subscriptions(name)
    except ValueError as error:
        known = ", ".join(each.value for each in Subscriptions)
        raise SourceError(f"There is no protocol {name!r} for subscriptions; there are {known}.") from error


def text_of(path: Path) -> str:
    """What a file says.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"Cannot read {path}: {error}.") from error
