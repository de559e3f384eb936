"""Input objects can be written down: none holds itself through required fields alone.

Source: https://spec.graphql.org/October2021/#sec-Input-Objects.Circular-References
"""

from collections.abc import Iterator

from router.compose.model import InputType, InputValue, Schema
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError
from router.federation.type_ref import Named, NonNull


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Follow required fields from each input object."""
    done: set[str] = set()
    for type_ in subgraph.schema.types.values():
        if isinstance(type_, InputType):
            yield from _follow(subgraph.schema, type_, [], done)


def _follow(
    schema: Schema, type_: InputType, path: list[tuple[str, InputValue]], done: set[str]
) -> Iterator[CompositionError]:
    """Depth first, with an explicit path; a type is followed once."""
    stack = [(type_, path)]
    while stack:
        current, trail = stack.pop()
        names = [name for name, _ in trail]
        if current.name in names:
            cycle = trail[names.index(current.name) :]
            shown = ".".join(field.name for _, field in cycle)
            yield invalid(
                f'Input "{current.name}" holds itself through required fields: "{shown}".',
                *(field.node for _, field in cycle),
            )
            continue
        if current.name in done:
            continue
        done.add(current.name)
        for field in current.fields.values():
            if isinstance(field.type, NonNull) and isinstance(field.type.of, Named):
                inner = schema.types.get(field.type.of.name)
                if isinstance(inner, InputType):
                    stack.append((inner, [*trail, (current.name, field)]))
