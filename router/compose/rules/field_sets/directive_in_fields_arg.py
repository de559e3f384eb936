"""KEY_, REQUIRES_ and PROVIDES_DIRECTIVE_IN_FIELDS_ARG: a directive inside of a field set."""

from collections.abc import Iterator

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from router.compose.rules.field_sets.application import Application
from router.federation.errors import CompositionError


def check(application: Application, selections: SelectionSetNode) -> Iterator[CompositionError]:
    """A field set is fixed: nothing in it can be skipped or included."""
    for selection in selections.selections:
        if selection.directives:
            shown = ", ".join(f"@{directive.name.value}" for directive in selection.directives)
            yield application.error("DIRECTIVE_IN_FIELDS_ARG", f"it can have no directives; leave {shown} out")
        if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
            yield from check(application, selection.selection_set)
