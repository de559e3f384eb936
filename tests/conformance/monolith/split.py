"""A schema split at random into subgraphs, each of which can resolve its own part of it and no more."""

import random
from collections.abc import Iterable, Iterator

from graphql import SelectionSetNode

from tests.conformance.monolith.old import grow_old
from tests.conformance.monolith.parts import Part, can_mention, can_own, may_have, nodes
from tests.conformance.monolith.schema import Field, Kind, Schema, Type, interfaces_of, named, of_kind
from tests.conformance.monolith.sdl import Printer
from tests.conformance.monolith.selections import fields_of, selection
from tests.conformance.monolith.sharing import share


def split(schema: Schema, chance: random.Random) -> dict[str, str]:
    """The SDL of each subgraph."""
    parts = _Splitting(schema, chance).split()
    printer = Printer(schema, parts)
    return {part.name: sdl for part in parts if (sdl := printer.sdl(part))}


class _Splitting:
    def __init__(self, schema: Schema, chance: random.Random) -> None:
        self._schema = schema
        self._chance = chance
        self._parts = [Part(f"s{at}") for at in range(chance.randint(2, 6))]
        self._objects: dict[str, Part] = {}
        self._mains: dict[str, Part] = {}

    def split(self) -> list[Part]:
        self._place_interface_objects()
        for name in of_kind(self._schema, Kind.ENTITY):
            self._own(name)
        for name in of_kind(self._schema, Kind.ROOT):
            self._own_root(name)
        self._declare_interfaces()
        self._drop_unfounded()
        for part in self._parts:
            self._mention(part)
        share(self._schema, self._parts, self._chance)
        for part in self._parts:
            self._close(part)
            self._choose_keys(part)
        grow_old(self._schema, self._parts, self._chance)
        return self._parts

    def _place_interface_objects(self) -> None:
        for name in of_kind(self._schema, Kind.INTERFACE):
            self._mains[name] = self._chance.choice(self._parts)
            for child in [each for each in self._schema.values() if each.parent == name]:
                self._mains[name] = self._mains[child.name]
            if self._schema[name].has_object:
                part = self._chance.choice([each for each in self._parts if each is not self._mains[name]])
                self._objects[name] = part
                part.objects.add(name)
                if not self._all_have_a_place():
                    self._give_up_object(name, part)
        for name, part in self._objects.items():
            for each in list(self._schema[name].fields.values()):
                if each.interface_object and can_own(self._schema, part, each):
                    part.owned[name].add(each.name)
                elif each.interface_object:
                    self._drop_common(name, each.name)

    def _all_have_a_place(self) -> bool:
        entities = of_kind(self._schema, Kind.ENTITY)
        return all(any(may_have(self._schema, part, name) for part in self._parts) for name in entities)

    def _give_up_object(self, name: str, part: Part) -> None:
        part.objects.discard(name)
        del self._objects[name]
        self._schema[name].has_object = False
        for each in list(self._schema[name].fields.values()):
            if each.interface_object:
                self._drop_common(name, each.name)

    def _own(self, name: str) -> None:
        """Give every field of an entity to one subgraph or two."""
        type_ = self._schema[name]
        allowed = [each for each in self._parts if may_have(self._schema, each, name)]
        homes = [each for each in allowed if self._chance.random() < 0.6] or [self._chance.choice(allowed)]
        for home in homes:
            home.types.add(name)
        for each in list(type_.fields.values()):
            if not each.is_key and not each.interface_object and not each.requires:
                self._own_field(type_, each, homes, allowed)
        for each in list(type_.fields.values()):
            if each.requires and not each.interface_object:
                self._own_derived(type_, each, homes, allowed)

    def _own_field(self, type_: Type, field_: Field, homes: list[Part], allowed: list[Part]) -> None:
        fitting = [each for each in homes if can_own(self._schema, each, field_)]
        if any(each.context for each in field_.arguments):
            allowed = fitting = [each for each in allowed if self._gives_context(each) and each in fitting]
        fitting = fitting or [each for each in allowed if can_own(self._schema, each, field_)]
        if not fitting:
            self._drop(type_, field_)
            return
        main = next((self._mains[each] for each in interfaces_of(self._schema, type_.name)), None)
        is_common = any(field_.name in self._schema[each].fields for each in interfaces_of(self._schema, type_.name))
        is_needed = field_.name in self._needed_by_objects(type_)
        if (
            is_common
            and main in allowed
            and can_own(self._schema, main, field_)
            and (is_needed or self._chance.random() < 0.6)
        ):
            fitting = [main]
        is_value = field_.base in of_kind(self._schema, Kind.VALUE)
        count = self._chance.choice((1, 2) if is_value else (1, 1, 1, 2))
        for owner in self._chance.sample(fitting, min(len(fitting), count)):
            owner.owned[type_.name].add(field_.name)
            owner.types.add(type_.name)

    def _gives_context(self, part: Part) -> bool:
        return any(each.context and each.context in part.owned[each.name] for each in self._schema.values())

    def _needed_by_objects(self, type_: Type) -> set[str]:
        """The fields that interface objects derive others from."""
        derived = [each for each in type_.fields.values() if each.interface_object and each.requires]
        return {node.name.value for each in derived for node in fields_of(selection(each.requires))}

    def _drop_unfounded(self) -> None:
        """An interface object derives only from what the interface lists elsewhere."""
        for name, part in self._objects.items():
            main = self._mains[name]
            needed = self._needed_by_objects(self._schema[name])
            is_listed = name in main.types and all(needed <= main.owned[each] for each in self._schema[name].members)
            for each in list(self._schema[name].fields.values()):
                if each.interface_object and each.requires and not is_listed:
                    self._drop_common(name, each.name)
                    part.owned[name].discard(each.name)

    def _own_derived(self, type_: Type, field_: Field, homes: list[Part], allowed: list[Part]) -> None:
        required = {each.name.value for each in fields_of(selection(field_.requires))}
        if not required <= type_.fields.keys() or not self._is_whole(type_, selection(field_.requires)):
            self._drop(type_, field_)
            return
        for pool in (homes, allowed):
            fitting = [
                each
                for each in pool
                if not required & each.owned[type_.name]
                and all(
                    can_mention(self._schema, each, self._schema[at].fields[name])
                    for at, name in self._paths(type_, field_)
                )
            ]
            if fitting:
                owner = self._chance.choice(fitting)
                owner.owned[type_.name].add(field_.name)
                owner.types.add(type_.name)
                return
        self._drop(type_, field_)

    def _is_whole(self, type_: Type, selected: SelectionSetNode) -> bool:
        """Whether all that is selected is still there."""
        selections = nodes(self._schema, type_.name, selected)
        return all(node.name.value in self._schema[at].fields for at, node in selections)

    def _paths(self, type_: Type, field_: Field) -> list[tuple[str, str]]:
        return [(at, node.name.value) for at, node in nodes(self._schema, type_.name, selection(field_.requires))]

    def _drop(self, type_: Type, field_: Field) -> None:
        """Nobody can have the field; an interface that has it lets go of it, too."""
        type_.fields.pop(field_.name, None)
        for name in interfaces_of(self._schema, type_.name):
            self._schema[name].fields.pop(field_.name, None)

    def _drop_common(self, interface: str, field_: str) -> None:
        for name in (interface, *self._schema[interface].members):
            self._schema[name].fields.pop(field_, None)

    def _own_root(self, name: str) -> None:
        type_ = self._schema[name]
        for each in list(type_.fields.values()):
            fitting = [part for part in self._parts if can_own(self._schema, part, each)]
            count = self._chance.choice((1, 1, 2)) if name == "Query" else 1
            for owner in self._chance.sample(fitting, min(count, len(fitting))):
                owner.owned[name].add(each.name)
                owner.types.add(name)
            if not fitting:
                self._drop(type_, each)

    def _declare_interfaces(self) -> None:
        """Every interface is declared, with all its implementations, in its main subgraph at least."""
        for name in of_kind(self._schema, Kind.INTERFACE):
            fitting = [each for each in self._parts if may_have(self._schema, each, name) and name not in each.objects]
            main = self._mains[name]
            for part in [main] if main in fitting else fitting[:1]:
                part.types |= {name, *self._schema[name].members}

    def _mention(self, part: Part) -> None:
        """The external fields that derived ones need."""
        for name in sorted(part.owned):
            for each in sorted(part.owned[name]):
                field_ = self._schema[name].fields[each]
                if field_.requires:
                    self._mention_selected(part, name, selection(field_.requires))

    def _mention_selected(self, part: Part, name: str, selected: SelectionSetNode) -> None:
        for at, node in nodes(self._schema, name, selected):
            field_ = self._schema[at].fields.get(node.name.value)
            is_entity = self._schema[at].kind is Kind.ENTITY or at in part.objects
            if field_ is not None and is_entity and not field_.is_key and field_.name not in part.owned[at]:
                part.external[at].add(field_.name)
            part.types.add(at)

    def _close(self, part: Part) -> None:
        """Add every type that those which are there lead to."""
        todo = [*part.types, *(name for each in (part.owned, part.external) for name, names in each.items() if names)]
        part.types.clear()
        while todo:
            name = todo.pop()
            if name in part.types or name not in self._schema:
                continue
            part.types.add(name)
            todo += self._next_to(part, self._schema[name])

    def _next_to(self, part: Part, type_: Type) -> Iterator[str]:
        for name in self._local(part, type_):
            each = type_.fields[name]
            yield each.base
            if each.base not in part.objects:
                yield from each.runtime
            yield from (named(argument.type) for argument in each.arguments)
        yield from (each.name for each in self._schema.values() if each.parent == type_.name)
        if type_.kind is Kind.INTERFACE and type_.name not in part.objects and type_.has_object:
            yield from type_.members  # an interface with a key knows everything that implements it
        yield from (named(each.type) for each in type_.inputs)

    def _local(self, part: Part, type_: Type) -> Iterable[str]:
        if type_.kind is Kind.VALUE:
            return [each for each in type_.fields if each not in part.lacks[type_.name]]
        keys = {each.name for each in type_.fields.values() if each.is_key}
        known = part.owned[type_.name] | part.external[type_.name]
        known |= keys if type_.kind is Kind.ENTITY else set[str]()
        return [each for each in type_.fields if each in known]

    def _choose_keys(self, part: Part) -> None:
        for name in of_kind(self._schema, Kind.ENTITY):
            if name not in part.types:
                continue
            type_ = self._schema[name]
            is_first = any(self._schema[each].has_object for each in interfaces_of(self._schema, name))
            chosen = [each for each in type_.keys if self._chance.random() < 0.75] or [self._chance.choice(type_.keys)]
            if is_first and type_.keys[0] not in chosen:
                chosen.insert(0, type_.keys[0])
            owned = [type_.fields[each] for each in part.owned[name]]
            must_enter = any(each.requires or any(given.context for given in each.arguments) for each in owned)
            part.keys[name] = [
                (each, (is_first and each == type_.keys[0]) or must_enter or self._chance.random() < 0.9)
                for each in chosen
            ]
