"""Errors for clients that may not see the schema: they name what the client has sent, and nothing of the schema.

graphql-core's rules name the types, arguments and fields that they would have liked to see. Here each error says what
is wrong with which part of the client's own document instead. Rules whose messages repeat only what the document has
are listed; every other rule, of today or to come, is kept from saying more.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, Final, cast

from graphql import (
    ArgumentNode,
    ASTValidationRule,
    DirectiveNode,
    ExecutableDefinitionsRule,
    FieldNode,
    FieldsOnCorrectTypeRule,
    FragmentDefinitionNode,
    FragmentsOnCompositeTypesRule,
    FragmentSpreadNode,
    GraphQLError,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    LoneAnonymousOperationRule,
    NameNode,
    Node,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    ObjectFieldNode,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    SelectionSetNode,
    SingleFieldSubscriptionsRule,
    UniqueArgumentNamesRule,
    UniqueDirectivesPerLocationRule,
    UniqueFragmentNamesRule,
    UniqueInputFieldNamesRule,
    UniqueOperationNamesRule,
    UniqueVariableNamesRule,
    ValidationContext,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VariableNode,
    VariablesAreInputTypesRule,
    VariablesInAllowedPositionRule,
)

Rule = type[ASTValidationRule]

REPEATING: Final[frozenset[Rule]] = frozenset(
    {
        ExecutableDefinitionsRule,
        FragmentsOnCompositeTypesRule,
        KnownDirectivesRule,
        KnownFragmentNamesRule,
        KnownTypeNamesRule,
        LoneAnonymousOperationRule,
        NoFragmentCyclesRule,
        NoUndefinedVariablesRule,
        NoUnusedFragmentsRule,
        NoUnusedVariablesRule,
        SingleFieldSubscriptionsRule,
        UniqueArgumentNamesRule,
        UniqueDirectivesPerLocationRule,
        UniqueFragmentNamesRule,
        UniqueInputFieldNamesRule,
        UniqueOperationNamesRule,
        UniqueVariableNamesRule,
        VariablesAreInputTypesRule,
    }
)
"""Rules that, with suggestions hidden, repeat what the document has."""

REASONS: Final[Mapping[Rule, str]] = {
    FieldsOnCorrectTypeRule: "{} cannot be queried here.",
    KnownArgumentNamesRule: "{} is unknown here.",
    PossibleFragmentSpreadsRule: "{} can never apply here.",
    ProvidedRequiredArgumentsRule: "{} lacks a required argument.",
    ScalarLeafsRule: "{} must have a selection of subfields.",
    ValuesOfCorrectTypeRule: "{} does not fit the type that is expected here.",
    VariablesInAllowedPositionRule: "{} does not fit the type that is expected where it is used.",
}
"""What may be said of a part of the document that does not keep a rule."""

OTHERWISE: Final = "{} is not allowed here."
UNFIT_VARIABLE: Final = "The value does not fit its type."

_NAMED: Final[Mapping[type[Node], str]] = {
    FieldNode: "Field '{}'",
    ArgumentNode: "Argument '{}'",
    DirectiveNode: "Directive '@{}'",
    FragmentSpreadNode: "Fragment '{}'",
    FragmentDefinitionNode: "Fragment '{}'",
    ObjectFieldNode: "Field '{}'",
    VariableNode: "Variable '${}'",
}
_UNNAMED: Final[Mapping[type[Node], str]] = {SelectionSetNode: "A selection of subfields"}


def discreet_rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, none of which names anything of the schema that the document does not."""
    return tuple(each if each in REPEATING else _discreet(each) for each in rules)


def discreet_variables(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """Errors about variables, with the place in the client's value and without what was expected there."""
    return [GraphQLError(_before_reason(each), each.nodes) for each in errors]


def _discreet(rule: Rule) -> Rule:
    """The rule, made with a context of its own, as rules report by several ways."""

    def made(context: ValidationContext) -> ASTValidationRule:
        def report(error: GraphQLError) -> None:
            context.report_error(_told(rule, error))

        own: Any = copy(context)
        own.on_error = report
        return rule(own)

    return cast("Rule", made)


def _told(rule: Rule, error: GraphQLError) -> GraphQLError:
    node = error.nodes[0] if error.nodes else None
    reason = OTHERWISE if isinstance(node, SelectionSetNode) else REASONS.get(rule, OTHERWISE)
    return GraphQLError(reason.format(_called(node)), error.nodes)


def _called(node: Node | None) -> str:
    """What the client calls a part of its document."""
    if isinstance(node, VariableDefinitionNode):
        node = node.variable
    name = getattr(node, "name", None)
    if node is not None and isinstance(name, NameNode):
        return _NAMED.get(type(node), "'{}'").format(name.value)
    return _UNNAMED.get(type(node), "What stands here") if node is not None else "The document"


def _before_reason(error: GraphQLError) -> str:
    reason = error.original_error
    if not isinstance(reason, GraphQLError) or not error.message.endswith(reason.message):
        return UNFIT_VARIABLE
    return error.message.removesuffix(reason.message) + UNFIT_VARIABLE
