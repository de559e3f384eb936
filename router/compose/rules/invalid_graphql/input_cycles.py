"""Input objects can be written down: none holds itself through required fields alone.

Source: https://spec.graphql.org/October2021/#sec-Input-Objects.Circular-References
"""

from collections.abc import Iterator

from router.compose.model import InputType, InputValue, Schema
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError
from router.federation.type_ref import Named, NonNull, base_name

_SHOWN = 20  # fields of a cycle that a message names


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Follow required fields from each input object."""
    done: set[str] = set()
    for type_ in subgraph.schema.types.values():
        if isinstance(type_, InputType) and type_.name not in done:
            yield from _follow(subgraph.schema, type_, done)


def _follow(schema: Schema, start: InputType, done: set[str]) -> Iterator[CompositionError]:
    """Depth first; each type is followed once, so that each way back into the path is told once."""
    path: dict[str, Iterator[InputValue]] = {start.name: _required(start)}
    by: list[InputValue] = []
    done.add(start.name)
    while path:
        name, remaining = next(reversed(path.items()))
        field = next(remaining, None)
        inner = None if field is None else schema.types.get(base_name(field.type))
        if field is None:
            del path[name]
            if by:
                by.pop()
        elif isinstance(inner, InputType) and inner.name in path:
            yield _cycle(inner.name, [*by[list(path).index(inner.name) :], field])
        elif isinstance(inner, InputType) and inner.name not in done:
            done.add(inner.name)
            path[inner.name] = _required(inner)
            by.append(field)


def _required(type_: InputType) -> Iterator[InputValue]:
    return (
        field for field in type_.fields.values() if isinstance(field.type, NonNull) and isinstance(field.type.of, Named)
    )


def _cycle(name: str, fields: list[InputValue]) -> CompositionError:
    shown = ".".join(field.name for field in fields[:_SHOWN]) + ("…" if len(fields) > _SHOWN else "")
    nodes = [field.node for field in fields[:_SHOWN]]
    return invalid(f'Input "{name}" holds itself through required fields: "{shown}".', *nodes)
