"""A schema split at random into subgraphs, each of which can resolve its own part of it and no more."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from tests.conformance.monolith.schema import Field, Kind, Schema, Type, interfaces_of, named, of_kind
from tests.conformance.monolith.selections import fields_of, selection

HEADER = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external", '
    '"@requires", "@provides", "@override", "@interfaceObject", "@inaccessible"])'
)


@dataclass(slots=True)
class Part:
    """What one subgraph has.

    Attributes:
        owned: the fields it resolves, by type.
        external: the fields that it only mentions, by type.
        provided: what its fields provide, by type and field.
        overrides: the subgraph that a field is taken from, by type and field.
        types: all types that it mentions.
        keys: of each entity, with whether the subgraph can be entered by it.
        objects: the interfaces that it has as interface objects.
    """

    name: str
    owned: dict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))
    external: dict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))
    provided: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    overrides: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    types: set[str] = field(default_factory=set[str])
    keys: dict[str, list[tuple[str, bool]]] = field(default_factory=dict[str, list[tuple[str, bool]]])
    objects: set[str] = field(default_factory=set[str])


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
        self._provide()
        self._override()
        for part in self._parts:
            self._close(part)
            self._choose_keys(part)
        return self._parts

    def _place_interface_objects(self) -> None:
        for name in of_kind(self._schema, Kind.INTERFACE):
            self._mains[name] = self._chance.choice(self._parts)
            if self._schema[name].has_object:
                part = self._chance.choice([each for each in self._parts if each is not self._mains[name]])
                self._objects[name] = part
                part.objects.add(name)
                if not self._all_have_a_place():
                    self._give_up_object(name, part)
        for name, part in self._objects.items():
            for each in list(self._schema[name].fields.values()):
                if each.interface_object and self._can_own(part, each):
                    part.owned[name].add(each.name)
                elif each.interface_object:
                    self._drop_common(name, each.name)

    def _all_have_a_place(self) -> bool:
        entities = of_kind(self._schema, Kind.ENTITY)
        return all(any(self.may_have(part, name) for part in self._parts) for name in entities)

    def _give_up_object(self, name: str, part: Part) -> None:
        part.objects.discard(name)
        del self._objects[name]
        self._schema[name].has_object = False
        for each in list(self._schema[name].fields.values()):
            if each.interface_object:
                self._drop_common(name, each.name)

    def may_have(self, part: Part, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a subgraph can mention a type: none has an interface object and what it stands for."""
        type_ = self._schema.get(name)
        if type_ is None or name in seen:
            return True
        seen |= {name}
        match type_.kind:
            case Kind.ENTITY:
                owners = [each.base for each in type_.fields.values() if each.is_key and each.base in self._schema]
                is_hidden = any(each in part.objects for each in interfaces_of(self._schema, name))
                return not is_hidden and all(self.may_have(part, each, seen) for each in owners)
            case Kind.VALUE:
                bases = {each for field in type_.fields.values() for each in (field.base, *field.runtime)}
                return all(self.may_have(part, each, seen) for each in bases)
            case Kind.INTERFACE:
                return name in part.objects or all(self.may_have(part, each, seen) for each in type_.members)
            case _:
                return True

    def _can_own(self, part: Part, field_: Field) -> bool:
        if field_.base in part.objects:
            return True
        return all(self.may_have(part, each) for each in (field_.base, *field_.runtime))

    def _can_mention(self, part: Part, field_: Field) -> bool:
        return field_.base not in part.objects and self._can_own(part, field_)

    def _own(self, name: str) -> None:
        """Give every field of an entity to one subgraph or two."""
        type_ = self._schema[name]
        allowed = [each for each in self._parts if self.may_have(each, name)]
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
        fitting = [each for each in homes if self._can_own(each, field_)]
        fitting = fitting or [each for each in allowed if self._can_own(each, field_)]
        if not fitting:
            self._drop(type_, field_)
            return
        main = next((self._mains[each] for each in interfaces_of(self._schema, type_.name)), None)
        is_common = any(field_.name in self._schema[each].fields for each in interfaces_of(self._schema, type_.name))
        is_needed = field_.name in self._needed_by_objects(type_)
        if is_common and main in allowed and self._can_own(main, field_) and (is_needed or self._chance.random() < 0.6):
            fitting = [main]
        for owner in self._chance.sample(fitting, min(len(fitting), self._chance.choice((1, 1, 1, 2)))):
            owner.owned[type_.name].add(field_.name)
            owner.types.add(type_.name)

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
                    self._can_mention(each, self._schema[at].fields[name]) for at, name in self._paths(type_, field_)
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
        for at, node in _nodes(self._schema, type_.name, selected):
            if node.name.value not in self._schema[at].fields:
                return False
        return True

    def _paths(self, type_: Type, field_: Field) -> list[tuple[str, str]]:
        return [(at, node.name.value) for at, node in _nodes(self._schema, type_.name, selection(field_.requires))]

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
            fitting = [part for part in self._parts if self._can_own(part, each)]
            count = self._chance.choice((1, 1, 2)) if name == "Query" else 1
            for owner in self._chance.sample(fitting, min(count, len(fitting))):
                owner.owned[name].add(each.name)
                owner.types.add(name)
            if not fitting:
                self._drop(type_, each)

    def _declare_interfaces(self) -> None:
        """Every interface is declared, with all its implementations, in its main subgraph at least."""
        for name in of_kind(self._schema, Kind.INTERFACE):
            fitting = [each for each in self._parts if self.may_have(each, name) and name not in each.objects]
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
        for at, node in _nodes(self._schema, name, selected):
            field_ = self._schema[at].fields.get(node.name.value)
            is_entity = self._schema[at].kind is Kind.ENTITY or at in part.objects
            if field_ is not None and is_entity and not field_.is_key and field_.name not in part.owned[at]:
                part.external[at].add(field_.name)
            part.types.add(at)

    def _provide(self) -> None:
        for part in self._parts:
            for name in sorted(part.owned):
                for each in sorted(part.owned[name]):
                    if self._chance.random() < 0.15:
                        self._provide_below(part, name, self._schema[name].fields[each])

    def _provide_below(self, part: Part, name: str, field_: Field) -> None:
        provided = self._provision(part, field_, 2)
        if provided:
            part.provided[name, field_.name] = provided

    def _provision(self, part: Part, field_: Field, depth: int) -> str:
        """What the field's values bring along that is external to the subgraph otherwise; perhaps nothing."""
        target = self._schema.get(field_.base)
        if target is None or depth == 0 or target.name in part.objects:
            return ""
        if target.kind is Kind.ENTITY:
            return self._provision_of(part, target, depth)
        members = [self._schema[each] for each in field_.runtime if self._schema[each].kind is Kind.ENTITY]
        found = ((each.name, self._provision_of(part, each, depth)) for each in members)
        return " ".join(f"... on {name} {{ {below} }}" for name, below in found if below)

    def _provision_of(self, part: Part, target: Type, depth: int) -> str:
        found: list[str] = []
        anchors = {self._schema[each].anchor for each in interfaces_of(self._schema, target.name)}
        for each in self._chance.sample(list(target.fields.values()), len(target.fields)):
            if (
                each.name in anchors
                or each.is_key
                or each.requires
                or each.interface_object
                or each.arguments
                or len(found) == 2
            ):
                continue
            is_own = each.name in part.owned[target.name]
            if each.base not in self._schema or self._schema[each.base].kind is Kind.ENUM:
                if not is_own and self._chance.random() < 0.5:
                    part.external[target.name].add(each.name)
                    found.append(each.name)
            elif self._can_mention(part, each) and self._chance.random() < 0.3:
                below = self._provision(part, each, depth - 1)
                if below:
                    part.external[target.name] |= set[str]() if is_own else {each.name}
                    found.append(f"{each.name} {{ {below} }}")
        return " ".join(found)

    def _override(self) -> None:
        """Take a field from a subgraph that has it still."""
        for part in self._parts:
            for name in [each for each in sorted(part.owned) if self._schema[each].kind is Kind.ENTITY]:
                for each in sorted(part.owned[name]):
                    if self._chance.random() < 0.06:
                        self._override_field(part, name, self._schema[name].fields[each])

    def _override_field(self, part: Part, name: str, field_: Field) -> None:
        owners = [each for each in self._parts if field_.name in each.owned[name]]
        is_plain = not field_.is_key and not field_.requires and not field_.interface_object
        from_ = [
            each
            for each in self._parts
            if each is not part
            and field_.name not in each.external[name]
            and name in each.types
            and self._can_own(each, field_)
        ]
        if is_plain and owners == [part] and from_:
            old = self._chance.choice(from_)
            old.owned[name].add(field_.name)
            part.overrides[name, field_.name] = old.name

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
        if type_.kind is Kind.INTERFACE and type_.name not in part.objects and type_.has_object:
            yield from type_.members  # an interface with a key knows everything that implements it
        yield from (named(each.type) for each in type_.inputs)

    def _local(self, part: Part, type_: Type) -> Iterable[str]:
        if type_.kind is Kind.VALUE:
            return list(type_.fields)
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
            must_enter = any(type_.fields[each].requires for each in part.owned[name])
            part.keys[name] = [
                (each, (is_first and each == type_.keys[0]) or must_enter or self._chance.random() < 0.9)
                for each in chosen
            ]


def _nodes(schema: Schema, name: str, selected: SelectionSetNode) -> Iterator[tuple[str, FieldNode]]:
    """Every field of a selection at any depth, with the type it is of."""
    for node in selected.selections:
        if isinstance(node, InlineFragmentNode) and node.type_condition is not None:
            yield from _nodes(schema, node.type_condition.name.value, node.selection_set)
        elif isinstance(node, FieldNode):
            yield name, node
            field_ = schema[name].fields.get(node.name.value)
            if node.selection_set is not None and field_ is not None:
                yield from _nodes(schema, field_.base, node.selection_set)


class Printer:
    """Writes the SDL of parts."""

    def __init__(self, schema: Schema, parts: list[Part]) -> None:
        self._schema = schema
        self._parts = parts
        self._provided = {
            (at, node.name.value)
            for part in parts
            for (name, field), text in part.provided.items()
            for at, node in _nodes(schema, schema[name].fields[field].base, selection(text))
        }

    def sdl(self, part: Part) -> str:
        """The SDL; empty if there is nothing in it."""
        definitions = [self._definition(part, self._schema[name]) for name in self._schema if name in part.types]
        written = [each for each in definitions if each]
        if any(" J" in each or "[J" in each for each in written):
            written.append("scalar J")
        return "\n".join([HEADER, *written, ""]) if written else ""

    def _definition(self, part: Part, type_: Type) -> str:  # noqa: PLR0911 - a kind of type, a line
        match type_.kind:
            case Kind.ROOT:
                return self._object(part, type_) if part.owned[type_.name] else ""
            case Kind.ENTITY | Kind.VALUE:
                return self._object(part, type_)
            case Kind.INTERFACE if type_.name in part.objects:
                names = [each for each in type_.fields if each in part.owned[type_.name] | part.external[type_.name]]
                fields = ["id: ID!", *(self._field(part, type_, type_.fields[each]) for each in names)]
                return f'type {type_.name} @key(fields: "id") @interfaceObject {{ {" ".join(fields)} }}'
            case Kind.INTERFACE:
                return self._interface(part, type_)
            case Kind.UNION:
                return f"union {type_.name} = {' | '.join(each for each in type_.members if each in part.types)}"
            case Kind.ENUM:
                values = (f"{each} @inaccessible" if each in type_.hidden else each for each in type_.values)
                return f"enum {type_.name} {{ {' '.join(values)} }}"
            case Kind.INPUT:
                return f"input {type_.name} {{ {' '.join(map(str, type_.inputs))} }}"

    def _object(self, part: Part, type_: Type) -> str:
        interfaces = [each for each in interfaces_of(self._schema, type_.name) if self.declares(part, each)]
        head = f"type {type_.name}"
        if interfaces:
            head += f" implements {' & '.join(interfaces)}"
        for key, is_resolvable in part.keys.get(type_.name, ()):
            head += f' @key(fields: "{key}"{"" if is_resolvable else ", resolvable: false"})'
        if type_.kind is Kind.VALUE:
            head += " @shareable"
        fields = [self._field(part, type_, type_.fields[each]) for each in self.present(part, type_)]
        return f"{head} {{ {' '.join(fields)} }}"

    def declares(self, part: Part, interface: str) -> bool:
        return interface in part.types and interface not in part.objects

    def present(self, part: Part, type_: Type) -> list[str]:
        """The names of the fields that the subgraph has of a type."""
        if type_.kind is Kind.VALUE:
            return list(type_.fields)
        wanted = part.owned[type_.name] | part.external[type_.name]
        for key, _ in part.keys.get(type_.name, ()):
            wanted = wanted | {each.name.value for each in fields_of(selection(key))}
        for each in interfaces_of(self._schema, type_.name):
            if self.declares(part, each):
                wanted = wanted | {self._schema[each].anchor}
        if any(type_.name == self._schema[each].fields["owner"].base for each in self._owned_by_key(part)):
            wanted = wanted | {"id"}
        return [each for each in type_.fields if each in wanted]

    def _owned_by_key(self, part: Part) -> list[str]:
        """The entities that a key describes by another one."""
        return [name for name, keys in part.keys.items() if any("owner" in key for key, _ in keys)]

    def _field(self, part: Part, type_: Type, field_: Field) -> str:
        text = field_.signature
        place = (type_.name, field_.name)
        if field_.name in part.external[type_.name]:
            return f"{text} @external"
        if field_.requires:
            text += f' @requires(fields: "{field_.requires}")'.replace('"r"', '\\"r\\"').replace('"7"', '\\"7\\"')
        if place in part.provided:
            text += f' @provides(fields: "{part.provided[place]}")'
        if place in part.overrides:
            text += f' @override(from: "{part.overrides[place]}")'
        if type_.kind is not Kind.VALUE and self._is_shared(type_, field_):
            text += " @shareable"
        return f"{text} @inaccessible" if field_.hidden else text

    def _is_shared(self, type_: Type, field_: Field) -> bool:
        having = [each for each in self._parts if type_.name in each.types and field_.name in self.present(each, type_)]
        resolving = [each for each in having if field_.name not in each.external[type_.name]]
        return len(resolving) > 1 or (type_.name, field_.name) in self._provided

    def _interface(self, part: Part, type_: Type) -> str:
        """With the fields that all its implementations have here."""
        here = [self._schema[each] for each in type_.members if each in part.types]
        common = [
            each
            for each in type_.fields
            if all(each in self.present(part, member) and each not in part.external[member.name] for member in here)
            and here
        ]
        key = ' @key(fields: "id")' if type_.has_object else ""
        fields = " ".join(type_.fields[each].signature for each in common)
        return f"interface {type_.name}{key} {{ {fields} }}"
