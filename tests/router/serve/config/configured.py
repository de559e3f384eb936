"""Configurations from options, files and variables, as the command reads them."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from router.serve.commands import add_commands
from router.serve.config.load import config_of
from router.serve.config.model import RouterConfig
from router.serve.config.nodes import ConfigurationError


def configured(
    *options: str, environment: Mapping[str, str] | None = None, supergraph: str | None = "supergraph.graphql"
) -> RouterConfig:
    """What `serve` runs with."""
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    source = [] if supergraph is None else ["--supergraph", supergraph]
    return config_of(parser.parse_args(["serve", *source, *options]), environment or {})


def in_file(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> RouterConfig:
    """The same with a file that says where the supergraph is and then `text`."""
    path = folder / "router.yaml"
    path.write_text(f"supergraph: {{file: supergraph.graphql}}\n{text}")
    return configured("--config", str(path), environment=environment, supergraph=None)


def problems(error: ConfigurationError, folder: Path) -> list[str]:
    """What is wrong, without the folder of the file."""
    return [str(each).removeprefix(f"{folder}/") for each in error.problems]
