"""The rules of field sets: KEY_*, REQUIRES_* and PROVIDES_*, a module per rule.

Source: https://specs.apollo.dev/federation/v2.0#scalar-FieldSet
"""

from collections.abc import Iterator
from typing import get_args

from graphql import SelectionSetNode

from router.compose.rules.field_sets import (
    directive_in_fields_arg,
    fields_has_args,
    fields_missing_external,
    invalid_fields,
    unsupported_on_interface,
)
from router.compose.rules.field_sets.application import Application, Meaning, applications
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, FederationError


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at each field set: first whether it selects anything sensible, then whether it may."""
    for meaning in get_args(Meaning):
        for application in applications(subgraph, meaning):
            yield from unsupported_on_interface.check(application)
            try:
                selections = invalid_fields.parse(application)
            except FederationError as refused:
                yield from refused.errors
                continue
            yield from _check(application, selections)


def _check(application: Application, selections: SelectionSetNode) -> Iterator[CompositionError]:
    yield from directive_in_fields_arg.check(application, selections)
    if application.meaning != "requires":
        yield from fields_has_args.check(application, selections)
    if application.meaning != "key":
        yield from fields_missing_external.check(application, selections)
