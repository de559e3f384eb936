"""A random schema in one piece: entities, value types, interfaces, unions, enums, inputs and roots.

Types are texts as SDL writes them (``"[T0!]!"``). What the data set must know beyond a schema stands here as well:
which objects a field of an abstract type may hold, what a derived field is derived from, and which fields never fail.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

LEAVES = ("String", "Int", "Float", "Boolean", "ID", "J")
CONTEXT = "above"
"""The context, if there is one."""

MISSING_KEY = "id"
"""Only entities known by this key alone may be referred to without being there."""

_LITERALS = {"Int": ("1", "2", "3"), "String": ('"r"',), "ID": ('"7"',), "E": ("B", "C")}
"""Of the types of arguments that a `@requires` gives."""


class Kind(Enum):
    """What a type is."""

    ROOT = auto()
    ENTITY = auto()
    VALUE = auto()
    INTERFACE = auto()
    UNION = auto()
    ENUM = auto()
    INPUT = auto()


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument, or a field of an input type.

    Attributes:
        default: a literal.
        context: the field of the nearest ancestor with a context that gives the value, instead of the client.
    """

    name: str
    type: str
    default: str | None = None
    context: str = ""

    def __str__(self) -> str:
        text = f"{self.name}: {self.type}" + (f" = {self.default}" if self.default is not None else "")
        return f'{text} @fromContext(field: "${CONTEXT} {{ {self.context} }}")' if self.context else text


@dataclass(frozen=True, slots=True)
class Field:
    """A field.

    Attributes:
        runtime: the object types that a value of an abstract type may have; empty for other types.
        requires: the selection of its object that its value is derived from.
        steady: something else depends on it, so that it never fails.
        is_key: part of a key of its type.
        interface_object: the interface whose interface object adds it.
    """

    name: str
    type: str
    arguments: tuple[Argument, ...] = ()
    runtime: tuple[str, ...] = ()
    requires: str = ""
    hidden: bool = False
    steady: bool = False
    is_key: bool = False
    interface_object: str = ""

    @property
    def base(self) -> str:
        return named(self.type)

    @property
    def signature(self) -> str:
        arguments = ", ".join(map(str, self.arguments))
        return f"{self.name}({arguments}): {self.type}" if arguments else f"{self.name}: {self.type}"


@dataclass(slots=True)
class Type:
    """A type of any kind.

    Attributes:
        members: of a union its members, of an interface the object types that implement it.
        keys: field sets, the first of which is the one that everybody knows.
        anchor: of an interface, the field that its implementations have everywhere.
        has_object: of an interface, that some subgraph has it as an interface object.
        hidden: of an enum, the values that clients do not see.
        missing: of an entity, that references to it may lead nowhere.
        parent: of an interface, the one that it implements.
        context: the field that it gives to what is below its objects.
    """

    name: str
    kind: Kind
    fields: dict[str, Field] = field(default_factory=dict[str, Field])
    members: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    inputs: tuple[Argument, ...] = ()
    anchor: str = ""
    has_object: bool = False
    missing: bool = False
    parent: str = ""
    context: str = ""

    def add(self, *fields: Field) -> None:
        self.fields.update({each.name: each for each in fields})


Schema = dict[str, Type]


def named(type_: str) -> str:
    """The named type inside the wrappers."""
    return type_.strip("[]!")


def of_kind(schema: Schema, *kinds: Kind) -> list[str]:
    """The names of all types of these kinds."""
    return [name for name, type_ in schema.items() if type_.kind in kinds]


def interfaces_of(schema: Schema, name: str) -> list[str]:
    """The interfaces that an object type implements."""
    return [each for each in of_kind(schema, Kind.INTERFACE) if name in schema[each].members]


def has_objects(schema: Schema) -> bool:
    """Whether there are interface objects.

    Nothing that must not be null is null then: in the answer of one subgraph such a null takes along the runtime type
    that another one needs.
    """
    return any(each.has_object for each in schema.values())


def draw_schema(chance: random.Random) -> Schema:
    """A schema in which every entity can be reached from a root."""
    return _Drawing(chance).draw()


class _Drawing:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._schema: Schema = {}

    def draw(self) -> Schema:
        self._declare()
        for name in of_kind(self._schema, Kind.ENTITY):
            self._add_keys(self._schema[name])
        for name in of_kind(self._schema, Kind.ENTITY, Kind.VALUE):
            self._add_fields(self._schema[name])
        for name in of_kind(self._schema, Kind.INTERFACE):
            if name.startswith("I"):
                self._add_interface_fields(self._schema[name])
        for name in of_kind(self._schema, Kind.ENTITY):
            self._add_derived(self._schema[name])
        for name in of_kind(self._schema, Kind.INTERFACE):
            self._add_derived_to_object(self._schema[name])
        self._add_roots()
        if self._chance.random() < 0.25:
            self._add_context()
        return self._schema

    def _declare(self) -> None:
        chance = self._chance
        self._schema["K"] = Type("K", Kind.VALUE)
        self._schema["K"].add(
            Field("a", "Int!", steady=True, is_key=True), Field("b", "String!", steady=True, is_key=True)
        )
        counts = {Kind.ENTITY: (2, 5), Kind.VALUE: (0, 3), Kind.INTERFACE: (0, 2), Kind.UNION: (0, 2)}
        letters = {Kind.ENTITY: "T", Kind.VALUE: "V", Kind.INTERFACE: "I", Kind.UNION: "U"}
        for kind, (least, most) in counts.items():
            for at in range(chance.randint(least, most)):
                self._schema[f"{letters[kind]}{at}"] = Type(f"{letters[kind]}{at}", kind)
        if chance.random() < 0.6:
            hidden = ("H",) if chance.random() < 0.25 else ()
            self._schema["E"] = Type("E", Kind.ENUM, values=("A", "B", "C", *hidden), hidden=hidden)
        if chance.random() < 0.5:
            self._schema["N"] = Type("N", Kind.INPUT, inputs=self._inputs())
        self._gather()

    def _inputs(self) -> tuple[Argument, ...]:
        enum = (Argument("e", "E", self._chance.choice((None, "B"))),) if "E" in self._schema else ()
        return (Argument("x", "Int", "3"), Argument("xs", "[Int!]"), Argument("n", "N"), Argument("id", "ID!"), *enum)

    def _gather(self) -> None:
        """Members of interfaces and unions."""
        chance = self._chance
        entities = of_kind(self._schema, Kind.ENTITY)
        values = [each for each in of_kind(self._schema, Kind.VALUE) if each != "K"]
        for name in of_kind(self._schema, Kind.INTERFACE):
            interface = self._schema[name]
            interface.has_object = chance.random() < 0.4
            pool = entities if interface.has_object or chance.random() < 0.7 else [*entities, *values]
            interface.members = tuple(sorted(chance.sample(pool, min(len(pool), chance.randint(1, 3)))))
            interface.anchor = "id" if set(interface.members) <= set(entities) else f"{name.lower()}x0"
            if not interface.has_object and chance.random() < 0.4:
                interface.parent = name.replace("I", "P")
        for child in [each for each in self._schema.values() if each.parent]:
            self._schema[child.parent] = Type(child.parent, Kind.INTERFACE, members=child.members, anchor=child.anchor)
        for name in of_kind(self._schema, Kind.UNION):
            pool = [*entities, *values]
            self._schema[name].members = tuple(sorted(chance.sample(pool, min(len(pool), chance.randint(1, 4)))))

    def _add_keys(self, type_: Type) -> None:
        chance = self._chance
        others = [each for each in of_kind(self._schema, Kind.ENTITY) if each > type_.name]
        further: list[tuple[str, ...]] = [(), (), ("code",), ("k { a b }",), ("code", "k { b }"), ("code k { a }",)]
        if others:
            further.append(("owner { id }",))
            further.append(("code owner { id }",))
        keys = ("id", *chance.choice(further))
        if len(keys) == 1 and chance.random() < 0.15 and not self._has_interface_object(type_.name):
            keys = ("id code",)
        type_.keys = keys
        type_.missing = keys == (MISSING_KEY,) and not has_objects(self._schema)
        type_.add(Field("id", "ID!", steady=True, is_key=True))
        words = " ".join(keys).split()
        if "code" in words:
            type_.add(Field("code", "String!", steady=True, is_key=True))
        if "k" in words:
            type_.add(Field("k", "K!", steady=True, is_key=True))
        if "owner" in words:
            type_.add(Field("owner", f"{chance.choice(others)}!", steady=True, is_key=True))

    def _has_interface_object(self, name: str) -> bool:
        return any(self._schema[each].has_object for each in interfaces_of(self._schema, name))

    def _add_fields(self, type_: Type) -> None:
        if type_.name != "K":
            for at in range(self._chance.randint(2, 5)):
                field_ = self._field(f"f{at}", type_)
                type_.add(replace(field_, hidden=self._chance.random() < 0.06 and at > 0))

    def _field(self, name: str, owner: Type | None = None) -> Field:
        chance = self._chance
        if chance.random() < 0.55:
            leaves = [*LEAVES, "E"] if "E" in self._schema else LEAVES
            arguments = self._arguments() if chance.random() < 0.3 else ()
            return Field(name, self._wrapped(chance.choice(leaves)), arguments)
        targets = of_kind(self._schema, Kind.ENTITY, Kind.ENTITY, Kind.VALUE, Kind.INTERFACE, Kind.UNION)
        if owner is not None and owner.kind is Kind.VALUE:
            targets = [each for each in targets if each[0] != "V" or each > owner.name]
        target = chance.choice(targets)
        arguments = self._arguments() if chance.random() < 0.15 else ()
        return Field(name, self._wrapped(target), arguments, self._runtime(target))

    def _runtime(self, target: str) -> tuple[str, ...]:
        members = self._schema[target].members
        return tuple(sorted(self._chance.sample(members, self._chance.randint(1, len(members))))) if members else ()

    def _wrapped(self, name: str) -> str:
        shapes = ("{}", "{}", "{}", "{}!", "[{}]", "[{}!]", "[{}!]!", "[[{}]]", "[[{}!]!]!")
        weights = (4, 4, 4, 4, 2, 2, 2, 1, 1)
        return self._chance.choices(shapes, weights)[0].format(name)

    def _arguments(self) -> tuple[Argument, ...]:
        pool = [Argument("x", "Int"), Argument("x", "Int", "3"), Argument("x", "Int!"), Argument("xs", "[Int!]")]
        pool += [Argument("s", "String", '"t"'), Argument("id", "ID"), Argument("j", "J")]
        pool += [Argument("e", "E"), Argument("e", "E!", "A")] if "E" in self._schema else []
        pool += [Argument("n", "N"), Argument("n", "N!"), Argument("ns", "[N!]")] if "N" in self._schema else []
        drawn = self._chance.sample(pool, self._chance.randint(1, 2))
        return tuple({each.name: each for each in drawn}.values())

    def _add_interface_fields(self, interface: Type) -> None:
        """Fields of an interface; implementations may be stricter about null."""
        if interface.anchor == "id":
            interface.add(Field("id", "ID!", steady=True, is_key=True))
        else:
            self._add_common(interface, Field(interface.anchor, self._wrapped("Int")))
        for at in range(1, self._chance.randint(2, 4)):
            self._add_common(interface, self._field(f"{interface.name.lower()}x{at}"))
        if interface.has_object:
            interface.keys = ("id",)
            for at in range(self._chance.randint(1, 2)):
                added = replace(self._field(f"{interface.name.lower()}z{at}"), interface_object=interface.name)
                interface.add(added)
                for name in interface.members:
                    self._schema[name].add(added)

        if interface.parent:
            inherited = [each for each in interface.fields.values() if self._chance.random() < 0.5]
            self._schema[interface.parent].add(interface.fields[interface.anchor], *inherited)

    def _add_common(self, interface: Type, common: Field) -> None:
        interface.add(common)
        for name in interface.members:
            stricter = not common.type.endswith("!") and self._chance.random() < 0.2
            self._schema[name].add(replace(common, type=f"{common.type}!") if stricter else common)

    def _add_derived(self, type_: Type) -> None:
        for at in range(self._chance.choice((0, 0, 1, 1, 2))):
            required = list(self._required(type_, 2))
            if required:
                type_.add(Field(f"r{at}", "String", requires=" ".join(required)))

    def _add_derived_to_object(self, interface: Type) -> None:
        """A field that an interface object derives from one that the interface's implementations have."""
        leaves = [
            each
            for each in interface.fields.values()
            if each.base not in self._schema and not each.is_key and self._can_be_required(interface, each)
        ]
        if interface.has_object and leaves and self._chance.random() < 0.6:
            required = self._chance.choice(leaves)
            name, given = f"{interface.name.lower()}d", self._given(required.arguments)
            derived = Field(name, "String", requires=f"{required.name}{given}", interface_object=interface.name)
            for each in (interface.name, *interface.members):
                type_ = self._schema[each]
                type_.add(derived, replace(type_.fields[required.name], steady=True))

    def _required(self, type_: Type, depth: int) -> Iterator[str]:
        """Some selections of a type, whose fields never fail from now on."""
        candidates = [each for each in type_.fields.values() if self._can_be_required(type_, each)]
        for each in self._chance.sample(candidates, min(len(candidates), self._chance.randint(1, 2))):
            below = self._required_below(each, depth)
            if below is not None:
                type_.add(replace(type_.fields[each.name], steady=True))
                yield f"{each.name}{self._given(each.arguments)}{below}"

    def _can_be_required(self, type_: Type, field_: Field) -> bool:
        """Where nothing can be null that must not be: how far such a null spreads depends on who is asked."""
        anchors = {self._schema[each].anchor for each in interfaces_of(self._schema, type_.name)}
        if field_.is_key or field_.requires or field_.interface_object or field_.name in anchors:
            return False
        if type_.missing and field_.type.endswith("!"):
            return False
        return all(each.type.strip("!") in _LITERALS or not each.type.endswith("!") for each in field_.arguments)

    def _required_below(self, field_: Field, depth: int) -> str | None:
        target = self._schema.get(field_.base)
        if target is None or target.kind is Kind.ENUM:
            return ""
        if depth == 0:
            return None
        below = list(self._required_of_any(target, field_, depth - 1))
        if below:
            for name in field_.runtime or (target.name,):
                self._hold(self._schema[name])
        return f" {{ {' '.join(below)} }}" if below else None

    def _hold(self, type_: Type) -> None:
        """Let no object of a type be lost by what is selected of it besides what is required."""
        type_.missing = False
        for each in [each for each in type_.fields.values() if each.type.endswith("!") and not each.is_key]:
            if not each.steady:
                type_.add(replace(each, steady=True))
                for name in each.runtime or (each.base,):
                    if name in self._schema:
                        self._hold(self._schema[name])

    def _required_of_any(self, target: Type, field_: Field, depth: int) -> Iterator[str]:
        if target.kind not in {Kind.INTERFACE, Kind.UNION}:
            yield from self._required(target, depth)
        for name in (
            self._chance.sample(field_.runtime, self._chance.randint(1, len(field_.runtime) or 1))
            if field_.runtime
            else ()
        ):
            below = list(self._required(self._schema[name], depth))
            if below:
                yield f"... on {name} {{ {' '.join(below)} }}"

    def _given(self, arguments: Sequence[Argument]) -> str:
        simple = [(each.name, each.type.strip("!")) for each in arguments if each.type.strip("!") in _LITERALS]
        given = [f"{name}: {self._chance.choice(_LITERALS[base])}" for name, base in simple]
        return f"({', '.join(given)})" if given else ""

    def _add_roots(self) -> None:
        chance = self._chance
        query, mutation = Type("Query", Kind.ROOT), Type("Mutation", Kind.ROOT)
        targets = of_kind(self._schema, Kind.ENTITY, Kind.INTERFACE, Kind.UNION, Kind.VALUE)
        for at, target in enumerate(chance.sample(targets, min(len(targets), chance.randint(2, 6)))):
            arguments = self._arguments() if chance.random() < 0.2 else ()
            query.add(Field(f"q{at}", self._wrapped(target), arguments, self._runtime(target)))
        query.add(self._field("f0"))
        self._schema["Query"] = query
        if chance.random() < 0.5:
            mutation.add(*(self._field(f"m{at}") for at in range(chance.randint(2, 4))))
            self._schema["Mutation"] = mutation

    def _add_context(self) -> None:
        """An entity that can be reached below those of another one only, and derives a field from them."""
        chance = self._chance
        giving = self._schema[chance.choice(of_kind(self._schema, Kind.ENTITY))]
        leaves = [each for each in giving.fields.values() if _can_be_given(each, self._schema)]
        if leaves:
            given = chance.choice(leaves)
            giving.context = given.name
            giving.missing &= not given.type.endswith("!")  # as for what is required: such a null would spread
            giving.add(replace(given, steady=True), Field("c", self._wrapped("C"), steady=True))
            argument = Argument("above", given.type.replace("!", ""), context=given.name)
            taking = self._schema["C"] = Type("C", Kind.ENTITY, keys=("id",))
            taking.add(Field("id", "ID!", steady=True, is_key=True), self._field("f0"), self._field("f1"))
            taking.add(Field("c0", self._wrapped("String"), (argument, *chance.choice(((), (Argument("x", "Int"),))))))


def _can_be_given(field_: Field, schema: Schema) -> bool:
    is_leaf = field_.base not in schema or schema[field_.base].kind is Kind.ENUM
    return is_leaf and not (field_.arguments or field_.is_key or field_.requires or field_.interface_object)
