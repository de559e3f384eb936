"""Parts of one supergraph that are shown as if there were nothing else; planning and subgraphs know the whole."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from graphql import (
    EnumTypeDefinitionNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLSchema,
    is_list_type,
    is_non_null_type,
    parse,
)

from router.compose import Refused
from router.compose.contracts import apply_contract
from router.plan.nodes import DeferredSelections, ProjectedField, QueryPlan
from router.serve.variants.policy import ContractTags
from router.supergraph.api_schema import build_api_schema, with_defer
from router.supergraph.machinery import Machinery


class ContractError(Exception):
    """A contract leaves nothing that could be served; the message says why, a line for each reason."""


@dataclass(frozen=True, slots=True)
class PublicPart:
    """What clients see of a supergraph under a contract.

    Attributes:
        hidden_values: of enums, those that are hidden; where a subgraph gives one, clients get null.
    """

    schema: GraphQLSchema
    hidden_values: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    def restrict(self, plan: QueryPlan) -> QueryPlan:
        """A plan of an operation that is valid here: what it shows, and no more than that, may be of these types."""
        return replace(
            plan,
            projection=self._fields(plan.projection),
            deferred_selections=self._deferred(plan.deferred_selections),
            inaccessible_enum_values=self.hidden_values or None,
        )

    def _fields(self, fields: Sequence[ProjectedField]) -> tuple[ProjectedField, ...]:
        return tuple(
            replace(
                each,
                type=self._type(each.type),
                selections=self._fields(each.selections),
                deferred=self._deferred(each.deferred),
            )
            for each in fields
        )

    def _deferred(self, deferred: Sequence[DeferredSelections]) -> tuple[DeferredSelections, ...]:
        return tuple(replace(each, selections=self._fields(each.selections)) for each in deferred)

    def _type(self, whole: GraphQLOutputType) -> GraphQLOutputType:
        """What this schema has under the name of a type of the whole one."""
        if is_non_null_type(whole):
            return GraphQLNonNull(cast("Any", self._type(whole.of_type)))
        if is_list_type(whole):
            return GraphQLList(self._type(whole.of_type))
        named = cast("Any", whole)
        return cast("GraphQLOutputType", self.schema.type_map.get(named.name, named))


@dataclass(frozen=True, slots=True)
class Contracts:
    """Makes the parts of one supergraph; each takes some tenths of a second."""

    supergraph_sdl: str
    defer: bool = False

    def part(self, tags: ContractTags) -> PublicPart:
        """What clients see under a contract.

        Raises:
            ContractError: that is nothing that could be served.
        """
        outcome = apply_contract(self.supergraph_sdl, tags.contract())
        if isinstance(outcome, Refused):
            raise ContractError("\n".join(str(error) for error in outcome.errors))
        document = parse(outcome.supergraph_sdl, no_location=True)
        machinery = Machinery.of(document)
        hidden = {
            node.name.value: frozenset(each.name.value for each in node.values or () if machinery.is_inaccessible(each))
            for node in document.definitions
            if isinstance(node, EnumTypeDefinitionNode)
        }
        schema = build_api_schema(document)
        return PublicPart(with_defer(schema) if self.defer else schema, {name: of for name, of in hidden.items() if of})
