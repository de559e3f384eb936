"""Field sets: the selections in `@key`, `@requires` and `@provides`."""

from functools import lru_cache

from graphql import GraphQLSyntaxError, OperationDefinitionNode, SelectionSetNode, Source, parse
from graphql.language import print_ast


@lru_cache(maxsize=4096)
def parse_field_set(text: str) -> SelectionSetNode:
    """The selections of `text`, whose outer braces may be left out; not to be changed, as the same text shares them.

    Raises:
        GraphQLSyntaxError: `text` is no selection.

    """
    wrapped = text if text.strip().startswith("{") else f"{{{text}}}"
    definitions = parse(wrapped, no_location=True).definitions
    operation = definitions[0]
    if len(definitions) != 1 or not isinstance(operation, OperationDefinitionNode):
        raise GraphQLSyntaxError(Source(text), 0, "Expected one selection")
    if _selects_nothing(operation.selection_set):
        raise GraphQLSyntaxError(Source(text), 0, "Expected a field, found none")
    return operation.selection_set


def _selects_nothing(selections: SelectionSetNode) -> bool:
    """Whether the braces, or some within, are empty."""
    inner = (getattr(selection, "selection_set", None) for selection in selections.selections)
    return not selections.selections or any(each is not None and _selects_nothing(each) for each in inner)


def print_field_set(selections: SelectionSetNode) -> str:
    """The selections on one line, without outer braces."""
    return " ".join(print_ast(selections).split())[2:-2]
