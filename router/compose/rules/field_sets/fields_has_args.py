"""KEY_ and PROVIDES_FIELDS_HAS_ARGS: a field with arguments in a key or a provision."""

from collections.abc import Iterator

from graphql import SelectionSetNode

from router.compose.facts import walk_fields
from router.compose.model import Field
from router.compose.rules.field_sets.application import Application
from router.federation.errors import CompositionError


def check(application: Application, selections: SelectionSetNode) -> Iterator[CompositionError]:
    """What identifies an entity, or comes with it, does not depend on arguments."""
    found: list[Field] = []
    walk_fields(application.subgraph.schema, application.start, selections, found.append)
    for field in found:
        if field.arguments:
            why = f'"{field.coordinate}" takes arguments, which nobody could give here; leave it out'
            yield application.error("FIELDS_HAS_ARGS", why)
