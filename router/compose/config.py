"""Read a supergraph's configuration, in the format of Rover.

Source: https://www.apollographql.com/docs/rover/commands/supergraphs#yaml-configuration-file
"""

import os
import re
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.error import MarkedYAMLError

from router.compose.subgraph import RunningSubgraph, Subgraph

_VARIABLE = re.compile(r"\$\{env\.(\w+)\}")


class ConfigError(Exception):
    """A configuration that subgraphs cannot be had from; the message is one sentence."""


def read_config(path: Path, replaced: Mapping[str, Path] | None = None) -> list[Subgraph]:
    """The subgraphs that a configuration names; files are looked for beside it, running subgraphs are asked.

    Args:
        path: of the configuration.
        replaced: by subgraph, the file to read instead of what the configuration says.

    Raises:
        ConfigError: something is missing or is not what it should be.
        FederationError: DOWNSTREAM_SERVICE_ERROR, where a running subgraph does not tell its SDL.

    """
    entries = _mapping(_mapping(_document(path), path, "it").get("subgraphs"), path, '"subgraphs"')
    if not entries:
        raise ConfigError(f"{path} names no subgraphs.")
    entries = {str(name): entry for name, entry in entries.items()}
    _check_replaced(path, entries, replaced or {})
    found = [
        _subgraph(path, name, _mapping(entry, path, f'subgraph "{name}"'), replaced or {})
        for name, entry in entries.items()
    ]
    return _asked(found)


class _Loader(yaml.SafeLoader):
    """Refuses a second value for a key, of which YAML's own loader silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - as it is called
        """Read a mapping, each key once."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise MarkedYAMLError(problem=f'"{key.value}" is there twice', problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _document(path: Path) -> Any:
    try:
        return yaml.load(read_text(path), _Loader)  # noqa: S506 - no more than the safe loader makes
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (at {mark.line + 1}:{mark.column + 1})" if mark else ""
        raise ConfigError(f"{path} is no YAML: {error.problem}{where}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from error


def _check_replaced(path: Path, entries: Mapping[str, Any], replaced: Mapping[str, Path]) -> None:
    for name in replaced:
        if name not in entries:
            raise ConfigError(f'{path} has no subgraph "{name}"; it has {", ".join(entries)}.')


def _asked(found: Sequence[Subgraph | RunningSubgraph]) -> list[Subgraph]:
    """What was found, with the SDL of running subgraphs."""
    running = [each for each in found if isinstance(each, RunningSubgraph)]
    given = {each.name: each for each in found if isinstance(each, Subgraph)}
    if running:
        # an HTTP client is slow to load and seldom needed
        from router.compose.introspect import introspect

        given |= {each.name: each for each in introspect(running)}
    return [given[each.name] for each in found]


def _subgraph(
    path: Path, name: str, entry: Mapping[str, Any], replaced: Mapping[str, Path]
) -> Subgraph | RunningSubgraph:
    schema = _mapping(entry.get("schema"), path, f'"schema" of subgraph "{name}"')
    url = _text_of(path, name, entry, "routing_url")
    if name in replaced:
        return Subgraph(name, url or _text_of(path, name, schema, "subgraph_url"), read_text(replaced[name]))
    match schema:
        case {"sdl": str(sdl)}:
            return Subgraph(name, url, sdl)
        case {"file": str(file)}:
            return Subgraph(name, url, read_text(path.parent / _expand(path, file)))
        case {"subgraph_url": str()}:
            address = _text_of(path, name, schema, "subgraph_url")
            return RunningSubgraph(name, url or address, address, _headers(path, name, schema))
        case _:
            raise ConfigError(
                f'{path}: "schema" of subgraph "{name}" must have a "file", an "sdl" or a "subgraph_url".'
            )


def _headers(path: Path, name: str, schema: Mapping[str, Any]) -> Mapping[str, str]:
    what = f'"introspection_headers" of subgraph "{name}"'
    headers = _mapping(schema.get("introspection_headers") or {}, path, what)
    return {str(header): _expand(path, str(value)) for header, value in headers.items()}


def _text_of(path: Path, name: str, entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key) or ""
    if not isinstance(value, str):
        raise ConfigError(f'{path}: "{key}" of subgraph "{name}" must be a string.')
    return _expand(path, value)


def _expand(path: Path, text: str) -> str:
    """Put the environment's variables in, written `${env.NAME}`."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in os.environ:
            raise ConfigError(f"{path} uses the environment variable {name}, which is not set.")
        return os.environ[name]

    return _VARIABLE.sub(value, text)


def _mapping(value: Any, path: Path, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {what} must be a mapping.")
    return cast("Mapping[str, Any]", value)


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        ConfigError: it cannot be read.

    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8.") from error
