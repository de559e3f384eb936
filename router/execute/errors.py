"""Errors of subgraphs, and the router's own, as the client reads them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

from router.execute.json import JSONObject, PathKey
from router.execute.paths import Position, keys_of
from router.execute.transport.base import SubgraphFailure

DOWNSTREAM_CODE = "DOWNSTREAM_SERVICE_ERROR"
"""Code of a subgraph's error that brings none."""

INTERNALS = frozenset({"exception", "stacktrace", "stackTrace", "debug"})
"""Extensions that frameworks add in development, and that no client may see."""

MAX_ERRORS = 1_000
"""Most errors that one fetch, or the projection, adds to an answer: beyond, they tell nobody more."""


def subgraph_error(error: Mapping[str, Any], subgraph: str, path: Sequence[PathKey]) -> JSONObject:
    """A subgraph's error at a path of the merged data; its locations are dropped, as they speak of another document."""
    given: Any = error.get("extensions")
    extensions: JSONObject = {"code": DOWNSTREAM_CODE}
    if isinstance(given, dict):
        extensions.update({key: value for key, value in given.items() if key not in INTERNALS})  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]  # JSON of a subgraph
    extensions["serviceName"] = subgraph
    return {"message": error["message"], "path": list(path), "extensions": extensions}


def failure_error(failure: SubgraphFailure, subgraph: str, path: Sequence[PathKey]) -> JSONObject:
    """The error that stands for all the data of a fetch that failed as a whole."""
    return {
        "message": str(failure),
        "path": list(path),
        "extensions": {"code": failure.code, "serviceName": subgraph},
    }


Positions: TypeAlias = Sequence[Sequence[Position | None]]
"""Per representation, where the objects are that it describes."""


def entity_errors(
    errors: Iterable[Mapping[str, Any]],
    subgraph: str,
    positions: Mapping[str, Positions],
    fallback: Sequence[Sequence[PathKey]],
) -> list[JSONObject]:
    """Errors under entities, moved to every object that the failing representation describes.

    Args:
        errors: as the subgraph gave them.
        subgraph: its name.
        positions: by response key of the group of entities.
        fallback: the places that an error concerns which names no entity.
    """
    return list(islice(_entity_errors(errors, subgraph, positions, fallback), MAX_ERRORS))


def _entity_errors(
    errors: Iterable[Mapping[str, Any]],
    subgraph: str,
    positions: Mapping[str, Positions],
    fallback: Sequence[Sequence[PathKey]],
) -> Iterator[JSONObject]:
    for error in errors:
        match error.get("path"):
            case [str(alias), int(index), *rest] if 0 <= index < len(positions.get(alias, ())):
                keys = [key for key in rest if isinstance(key, str | int)]
                for position in positions[alias][index]:
                    yield subgraph_error(error, subgraph, [*keys_of(position), *keys])
            case _:
                for place in fallback:
                    yield subgraph_error(error, subgraph, place)


def root_errors(errors: Iterable[Mapping[str, Any]], subgraph: str) -> list[JSONObject]:
    """Errors of a root fetch: their paths are those of the merged data already."""
    found: list[JSONObject] = []
    for error in islice(errors, MAX_ERRORS):
        path: Any = error.get("path")
        keys = [key for key in path if isinstance(key, str | int)] if isinstance(path, list) else []  # pyright: ignore[reportUnknownVariableType]  # JSON of a subgraph
        found.append(subgraph_error(error, subgraph, keys))
    return found


def errors_at(errors: Sequence[JSONObject], targets: Iterable[tuple[JSONObject, Position | None]]) -> list[JSONObject]:
    """Errors whose paths begin at an object, at every object that they concern."""
    found = ({**error, "path": [*keys_of(position), *error["path"]]} for _, position in targets for error in errors)
    return list(islice(found, MAX_ERRORS))
