"""Subgraphs as in Federation 1: without `@link`, and where nobody says what is shared."""

import random

from tests.conformance.monolith.parts import Part
from tests.conformance.monolith.schema import Kind, Schema, interfaces_of
from tests.conformance.monolith.sdl import Printer


def grow_old(schema: Schema, parts: list[Part], chance: random.Random) -> None:
    """Choose some of the subgraphs that Federation 1 has words for."""
    printer = Printer(schema, parts)
    for part in parts:
        part.is_old = chance.random() < 0.8 and _can_be_old(schema, part, parts, printer)
        if part.is_old:
            part.extends = {
                name for name in sorted(part.keys) if _is_elsewhere(name, part, parts) and chance.random() < 0.6
            }


def _can_be_old(schema: Schema, part: Part, parts: list[Part], printer: Printer) -> bool:
    taken = {each for other in parts for each in other.overrides.values()}
    if part.overrides or part.objects or part.name in taken:
        return False
    if not all(is_resolvable for keys in part.keys.values() for _, is_resolvable in keys):
        return False
    return all(_is_old(schema, part, parts, name, printer) for name in part.types)


def _is_old(schema: Schema, part: Part, parts: list[Part], name: str, printer: Printer) -> bool:
    """Whether the subgraph has nothing of a type that is new, or that others resolve as well."""
    type_ = schema[name]
    if type_.has_object or type_.hidden or type_.context or any(part.lacks[name]):
        return False
    if any(each.has_object for each in (schema[interface] for interface in interfaces_of(schema, name))):
        return False
    fields = [type_.fields[each] for each in printer.present(part, type_)] if type_.kind is not Kind.INTERFACE else []
    if any(each.hidden or any(argument.context for argument in each.arguments) for each in fields):
        return False
    own = [each for each in fields if not each.is_key and each.name not in part.external[name]]
    shared = (printer.is_shared(type_, each) for each in own)
    return type_.kind not in {Kind.ENTITY, Kind.ROOT} or not any(shared)


def _is_elsewhere(name: str, part: Part, parts: list[Part]) -> bool:
    """Whether another subgraph has the entity, and does not say the same."""
    return any(name in each.keys and name not in each.extends for each in parts if each is not part)
