"""Read a supergraph's configuration, in the format of Rover.

Source: https://www.apollographql.com/docs/rover/commands/supergraphs#yaml-configuration-file
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from router.compose.subgraph import Subgraph


class ConfigError(Exception):
    """A configuration that subgraphs cannot be had from; the message is one sentence."""


def read_config(path: Path) -> list[Subgraph]:
    """The subgraphs that a configuration names; files are looked for beside it.

    Raises:
        ConfigError: something is missing or is not what it should be.

    """
    try:
        document: Any = yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    subgraphs = _mapping(_mapping(document, path, "it").get("subgraphs"), path, '"subgraphs"')
    if not subgraphs:
        raise ConfigError(f"{path} names no subgraphs.")
    return [_subgraph(path, name, _mapping(entry, path, f'subgraph "{name}"')) for name, entry in subgraphs.items()]


def _subgraph(path: Path, name: str, entry: Mapping[str, Any]) -> Subgraph:
    schema = _mapping(entry.get("schema"), path, f'"schema" of subgraph "{name}"')
    url = entry.get("routing_url", "")
    if not isinstance(url, str):
        raise ConfigError(f'{path}: "routing_url" of subgraph "{name}" must be a string.')
    match schema:
        case {"sdl": str(sdl)}:
            return Subgraph(name, url, sdl)
        case {"file": str(file)}:
            return Subgraph(name, url, _text(path.parent / file))
        case _:
            raise ConfigError(f'{path}: "schema" of subgraph "{name}" must have a "file" or an "sdl".')


def _mapping(value: Any, path: Path, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {what} must be a mapping.")
    return cast("Mapping[str, Any]", value)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8.") from error
