"""Pick the operation; the others are dropped."""

from collections.abc import Mapping

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from router.plan.errors import UnknownOperation


def pick_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation of that name, or the only one.

    Raises:
        UnknownOperation: there is none, or without a name there are several.

    Source: https://spec.graphql.org/draft/#GetOperation()
    """
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is None:
        if len(operations) == 1:
            return operations[0]
        raise UnknownOperation("The document has several operations: say which one by its name.")
    for each in operations:
        if each.name is not None and each.name.value == name:
            return each
    raise UnknownOperation(f'The document has no operation named "{name}".')


def fragments_of(document: DocumentNode) -> Mapping[str, FragmentDefinitionNode]:
    """The fragments by name."""
    return {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
