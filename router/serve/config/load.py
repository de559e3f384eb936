"""The configuration that a command runs with."""

import argparse
import os
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import TypeVar

from router.serve.config.convert import convert
from router.serve.config.environment import read_environment
from router.serve.config.model import RouterConfig
from router.serve.config.nodes import Items, Keys, Node, Text, merged
from router.serve.config.options import given_by
from router.serve.config.reading import read_file

T = TypeVar("T")


def settings_from(kind: type[T], *said: Node) -> T:
    """The settings of a dataclass whose keys are some of the router's; what is said later changes what was earlier.

    Raises:
        ConfigurationError: with all that is wrong.
    """
    return convert(kind, _with_common_traffic(reduce(merged, said)))


def load_config(path: Path | None, options: Node, environment: Mapping[str, str] = os.environ) -> RouterConfig:
    """What a file says, changed by the environment, changed by options.

    Raises:
        ConfigurationError: with all that is wrong.
    """
    file: Node = Keys({}, "the command line") if path is None else read_file(path, environment)
    return settings_from(RouterConfig, file, read_environment(environment), options)


def config_of(arguments: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> RouterConfig:
    """The same of a command line with the option `--config`.

    Raises:
        ConfigurationError: with all that is wrong.
    """
    return load_config(arguments.config, given_by(arguments), environment)


def _with_common_traffic(said: Node) -> Node:
    """The same, where each subgraph that has traffic of its own says only what differs from that of all."""
    match said:
        case Keys({"traffic": Keys({"all": Keys() as common, "subgraphs": Keys() as subgraphs}) as traffic}):
            entries = {name: _with(each, common) for name, each in subgraphs.entries.items()}
            inner = {**traffic.entries, "subgraphs": Keys(entries, subgraphs.where, subgraphs.places)}
            whole = {**said.entries, "traffic": Keys(inner, traffic.where, traffic.places)}
            return Keys(whole, said.where, said.places, said.problems)
        case Text() | Items() | Keys():
            return said


def _with(subgraph: Node, common: Keys) -> Node:
    match subgraph:
        case Keys({"traffic": Keys() as own}):
            entries = {**subgraph.entries, "traffic": merged(common, own)}
            return Keys(entries, subgraph.where, subgraph.places)
        case _:
            return subgraph
