"""`python -m router config`: looks at a configuration without serving anything."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from router.serve.config.load import load_config
from router.serve.config.model import RouterConfig
from router.serve.config.nodes import ConfigurationError, Keys

if TYPE_CHECKING:
    # argparse gives this type no public name.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def add_commands(subparsers: "Subparsers") -> None:
    """Add `config`."""
    config = subparsers.add_parser("config", help="check a configuration file, or tell what one may say")
    actions = config.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="tell what is wrong with a file, with status 1 if anything is")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument(
        "--keys-only", action="store_true", help="look at keys and values alone, not at the files that they name"
    )
    check.set_defaults(run=_check)
    actions.add_parser("schema", help="print the JSON Schema of such files").set_defaults(run=_schema)
    actions.add_parser("keys", help="print all keys with their meaning, as Markdown").set_defaults(run=_keys)


def schema_text() -> str:
    """The JSON Schema as it is printed."""
    from router.serve.config.schema import schema_of

    return json.dumps(schema_of(RouterConfig), indent=2, ensure_ascii=False) + "\n"


def _check(arguments: argparse.Namespace) -> int:
    try:
        config = load_config(arguments.file, Keys({}, "the command line"))
        problem = None if arguments.keys_only else _problem(config)
    except ConfigurationError as error:
        problem = str(error)
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{arguments.file} is a configuration.\n")
    return 0


def _problem(config: RouterConfig) -> str | None:
    """Why a configuration whose keys are all right cannot be served; None if it can."""
    from router.serve.commands import REFUSED, check

    try:
        asyncio.run(check(config))
    except (*REFUSED, OSError) as error:
        return str(error)
    return None


def _schema(_: argparse.Namespace) -> int:
    sys.stdout.write(schema_text())
    return 0


def _keys(_: argparse.Namespace) -> int:
    from router.serve.config.documentation import reference

    sys.stdout.write(reference(RouterConfig) + "\n")
    return 0
