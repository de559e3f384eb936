"""Check a subgraph by itself, stage by stage: a later stage takes for granted what an earlier one found."""

from collections.abc import Callable, Iterator
from itertools import islice

from router.compose.rules import (
    auth_requirements_applied_on_interface,
    context,
    cost_applied_to_interface_field,
    definitions_match,
    external_collision_with_another_directive,
    external_on_interface,
    external_unused,
    field_sets,
    interface_key_not_on_implementation,
    interface_object_usage_error,
    invalid_graphql,
    invalid_shareable_usage,
    invalid_subgraph_name,
    list_size,
    provides_on_non_object_field,
    root_type_used,
)
from router.compose.rules.invalid_graphql import directives, duplicates, references
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, FederationError
from router.federation.features import LINK

_FOUND = 2_000  # errors of one rule: more than are told, so that it is said that there are more
Rule = Callable[[SubgraphSchema], Iterator[CompositionError]]


def _implicit_link_faults(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Without a link of its own, `@link` is only understood where nothing is wrong with what it links to."""
    itself = subgraph.links.by_identity.get(LINK)
    if itself is not None and itself.node is None:
        yield from (fault for fault in subgraph.faults[:1] if fault.code in _OF_LINKS)


def _faults(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    yield from subgraph.faults


_OF_LINKS = (ErrorCode.INVALID_LINK_DIRECTIVE_USAGE, ErrorCode.INVALID_LINK_IDENTIFIER)
_STAGES: tuple[tuple[Rule, ...], ...] = (
    (duplicates.check_types, references.check_directives),
    (_implicit_link_faults,),
    (duplicates.check, references.check_known, directives.check_schema_known),
    (_faults, references.check, directives.check_known, definitions_match.check),
    (invalid_subgraph_name.check,),
    invalid_graphql.SCHEMA,
)
_FEDERATION_2: tuple[tuple[Rule, ...], ...] = (
    # a field set cannot be judged where it is not known what it is about
    (provides_on_non_object_field.check, external_collision_with_another_directive.check),
    (
        root_type_used.check,
        field_sets.check,
        context.check,
        external_on_interface.check,
        external_unused.check,
        interface_key_not_on_implementation.check,
        interface_object_usage_error.check,
        invalid_shareable_usage.check,
        cost_applied_to_interface_field.check,
        list_size.check,
        auth_requirements_applied_on_interface.check,
    ),
)


def check_schema(subgraph: SubgraphSchema) -> None:
    """Check a subgraph as it was read.

    Raises:
        FederationError: with all that the first failing stage found.

    """
    _run(subgraph, _STAGES)
    _run(subgraph, ((root_type_used.check,),) if subgraph.is_federation_1 else _FEDERATION_2)


def check_upgraded(subgraph: SubgraphSchema) -> None:
    """Check a Federation 1 subgraph once it says what it means in Federation 2.

    Raises:
        FederationError: with all that the first failing stage found.

    """
    _run(subgraph, (invalid_graphql.SCHEMA, *_FEDERATION_2))


def _run(subgraph: SubgraphSchema, stages: tuple[tuple[Rule, ...], ...]) -> None:
    for rules in stages:
        errors = [error.within(subgraph.name) for rule in rules for error in islice(rule(subgraph), _FOUND)]
        if errors:
            raise FederationError(errors)
