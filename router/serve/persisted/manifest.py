"""Files of trusted documents.

Sources: https://www.apollographql.com/docs/graphos/platform/security/persisted-queries,
https://relay.dev/docs/guides/persisted-queries/
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import orjson

APOLLO_FORMAT = "apollo-persisted-query-manifest"


class ManifestError(Exception):
    """A file does not say which documents are trusted; the message says why."""


def read_manifests(paths: Iterable[Path]) -> dict[str, str]:
    """The documents of several files, by their ids.

    Raises:
        ManifestError: one of them cannot be read, or two give an id to different documents.
    """
    known: dict[str, str] = {}
    for path in paths:
        for id_, text in read_manifest(path).items():
            if known.setdefault(id_, text) != text:
                raise ManifestError(f"{path} gives the id {id_} to another document than a file before it.")
    return known


def read_manifest(path: Path) -> Mapping[str, str]:
    """The documents of one file, by their ids.

    Raises:
        ManifestError: it is neither Apollo's manifest nor a map of ids to texts.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ManifestError(f"Cannot read {path}: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise ManifestError(f"{path} is no JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ManifestError(f"{path} must hold a JSON object.")
    given = cast("Mapping[str, Any]", content)
    pairs = _apollo(given, path) if given.get("format") == APOLLO_FORMAT else given.items()
    return _checked(pairs, path)


def _apollo(content: Mapping[str, Any], path: Path) -> Iterable[tuple[Any, Any]]:
    operations = content.get("operations")
    if content.get("version") != 1 or not isinstance(operations, list):
        raise ManifestError(f"{path} is a manifest of another version than 1, or has no list of operations.")
    for each in cast("list[Any]", operations):
        if not isinstance(each, dict):
            raise ManifestError(f"{path} has an operation that is no object.")
        operation = cast("Mapping[str, Any]", each)
        yield operation.get("id"), operation.get("body")


def _checked(pairs: Iterable[tuple[Any, Any]], path: Path) -> Mapping[str, str]:
    documents: dict[str, str] = {}
    for id_, text in pairs:
        if not isinstance(id_, str) or not id_ or not isinstance(text, str) or not text:
            raise ManifestError(f"{path} has a document without an id or a text: {id_!r}.")
        if documents.setdefault(id_, text) != text:
            raise ManifestError(f"{path} gives the id {id_} to two documents.")
    return documents
