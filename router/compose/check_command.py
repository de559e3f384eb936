"""`python -m router check`."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLSchema,
    LoneSchemaDefinitionRule,
    UniqueArgumentDefinitionNamesRule,
    UniqueDirectiveNamesRule,
    UniqueEnumValueNamesRule,
    UniqueFieldDefinitionNamesRule,
    UniqueOperationTypesRule,
    UniqueTypeNamesRule,
    build_ast_schema,
    parse,
)
from graphql.validation.validate import validate_sdl

from router.compose.changes import Change, Severity, Usage, UsageError, find_changes, read_usage
from router.compose.commands import Subparsers, add_limits_option, add_subgraph_option, replacements
from router.compose.config import ConfigError, read_config, read_text
from router.compose.pipeline import Refused, compose
from router.federation.errors import FederationError
from router.supergraph.api_schema import build_api_schema
from router.supergraph.machinery import Machinery

_DEFAULT = Path("supergraph.yaml")
_ONLY_ONCE: Final = (
    LoneSchemaDefinitionRule,
    UniqueOperationTypesRule,
    UniqueTypeNamesRule,
    UniqueFieldDefinitionNamesRule,
    UniqueArgumentDefinitionNamesRule,
    UniqueEnumValueNamesRule,
    UniqueDirectiveNamesRule,
)
"""Of what is defined twice one would be compared and the other not."""


def add_commands(subparsers: Subparsers) -> None:
    """Add `check`."""
    parser = subparsers.add_parser("check", help="tell what a new schema breaks for clients of an old one")
    parser.add_argument("--against", type=Path, required=True, metavar="FILE", help="the old supergraph or API schema")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--config", type=Path, default=_DEFAULT, metavar="FILE", help="compose the new one from this")
    source.add_argument("--supergraph", type=Path, metavar="FILE", help="the new supergraph or API schema")
    add_subgraph_option(parser)
    add_limits_option(parser)
    parser.add_argument("--usage", type=Path, metavar="FILE", help="JSON: by client, how often it used Type.field")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    """1, if there are breaking changes, of what is in use where usage is known, or nothing to compare."""
    try:
        usage = None if arguments.usage is None else _usage(arguments.usage)
        old = _read(arguments.against)
        new = _compose(arguments) if arguments.supergraph is None else _read(arguments.supergraph)
    except (ConfigError, FederationError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    changes = find_changes(old, new, usage)
    breaks = any(change.severity is Severity.BREAKING and change.in_use for change in changes)
    sys.stdout.write(_json(changes, breaks=breaks) if arguments.format == "json" else _text(changes, usage))
    return int(breaks)


def _usage(path: Path) -> Usage:
    try:
        return read_usage(read_text(path))
    except UsageError as error:
        raise ConfigError(f"{path} {error}.") from error


def _compose(arguments: argparse.Namespace) -> GraphQLSchema:
    outcome = compose(read_config(arguments.config, replacements(arguments)), limits=arguments.limits)
    if isinstance(outcome, Refused):
        raise FederationError(outcome.errors)
    return build_api_schema(parse(outcome.supergraph_sdl, no_location=True))


def _read(path: Path) -> GraphQLSchema:
    """The API schema in a file, be it that of a supergraph."""
    try:
        document = parse(read_text(path))
        if twice := validate_sdl(document, rules=_ONLY_ONCE):
            raise twice[0]
        if "join" in Machinery.of(document).namespaces:
            return build_api_schema(document)
        return build_ast_schema(document, assume_valid_sdl=True)
    except GraphQLError as error:
        where = "".join(f" (at {at.line}:{at.column})" for at in error.locations or ())
        raise ConfigError(f"{path} is no schema: {error.message}{where}") from error
    except (TypeError, KeyError) as error:
        raise ConfigError(f"{path} is no schema: {' '.join(str(error).split())}") from error


def _text(changes: Sequence[Change], usage: Usage | None) -> str:
    breaking = [change for change in changes if change.severity is Severity.BREAKING]
    used = f" ({sum(change.in_use for change in breaking)} in use)" if usage is not None else ""
    summary = f"{len(breaking)} breaking{used}, {len(changes) - len(breaking)} dangerous"
    return "".join(f"{line}\n" for line in (*changes, summary))


def _json(changes: Sequence[Change], *, breaks: bool) -> str:
    told = {severity.lower(): [_entry(each) for each in changes if each.severity is severity] for severity in Severity}
    return json.dumps({"ok": not breaks, **told}, indent=2) + "\n"


def _entry(change: Change) -> Mapping[str, Any]:
    entry = {"type": change.type, "coordinate": change.coordinate, "message": change.description}
    return entry if change.usage is None else {**entry, "inUse": change.in_use, "usage": change.usage}
