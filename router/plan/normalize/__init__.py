"""From a document to one normalised selection, a pass a file.

`operation` picks the operation, `introspection` splits off what the router answers itself, `collect` inlines
fragments and gathers conditions, `merge` joins fields that share a response key, `defer` sets apart what comes later,
`deny` takes out what the caller may not see, `contexts` adds what arguments take from ancestors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql import DocumentNode, OperationDefinitionNode

from router.plan.nodes import OperationKind
from router.plan.normalize.contexts import ContextProvider
from router.plan.normalize.defer import Deferral, number_parts
from router.plan.normalize.introspection import split_introspection
from router.plan.normalize.merge import Normalizer
from router.plan.normalize.operation import fragments_of, pick_operation
from router.plan.selections import DeferUsage, Selection
from router.supergraph.access import Denied
from router.supergraph.model import Supergraph


@dataclass(frozen=True, slots=True)
class NormalizedOperation:
    """What is left to plan.

    Attributes:
        definition: the operation, for its variables.
        introspection: the part that the router answers itself, as a document of its own.
        parts: what comes later, each part with the deferred fragments that bring it.
    """

    kind: OperationKind
    definition: OperationDefinitionNode
    selection: Selection
    introspection: DocumentNode | None
    parts: Sequence[frozenset[DeferUsage]] = ()


def normalize(
    supergraph: Supergraph,
    document: DocumentNode,
    operation_name: str | None,
    deferral: Deferral | None = None,
    denied: Denied | None = None,
) -> NormalizedOperation:
    """Pick the operation of that name and normalise it; without `deferral`, nothing comes later.

    What is `denied` is left out, and noted where it would have been.

    Raises:
        UnknownOperation: there is no such operation.
    """
    definition = pick_operation(document, operation_name)
    fragments = fragments_of(document)
    kind = OperationKind(definition.operation.value)
    root = supergraph.roots[kind.value]
    if kind is OperationKind.SUBSCRIPTION:
        deferral = None  # each event has one answer
    selection = Normalizer(supergraph, fragments, deferral, denied).selection(root, [definition.selection_set])
    ContextProvider(supergraph).prepare(selection)
    introspection = split_introspection(document, definition, selection)
    parts = () if deferral is None else number_parts(selection)
    return NormalizedOperation(kind, definition, selection, introspection, parts)


__all__ = ["Deferral", "NormalizedOperation", "Normalizer", "normalize"]
