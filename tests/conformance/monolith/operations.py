"""Random operations over a schema: nearly all of them valid, and many with names chosen to get in a planner's way."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

ALIASES = (
    "id",
    "code",
    "k",
    "owner",
    "__typename",
    "f0",
    "f1",
    "r0",
    "_entities",
    "representations",
    "_0_id",
    "_e0",
    "a",
)
"""Names that a planner is likely to need itself."""

LABELS = ("l0", "l1")
"""Those of progressive overrides that requests name."""

VARIABLES = ("x", "y", "representations", "r0", "_r0", "id")


class Operation(NamedTuple):
    """A document with one operation, and its variables.

    Attributes:
        labels: of `@override` that hold for it.
        share: where it stands from 0 to 100 among requests that get a percentage.
    """

    query: str
    variables: Mapping[str, Any]
    labels: frozenset[str] = frozenset()
    share: float = 100


@dataclass(slots=True)
class Entry:
    """What a response key stands for on objects of one type."""

    parent: str
    signature: str
    type: str
    below: "Scope | None" = None


@dataclass(slots=True)
class Scope:
    """The response keys of one place of the answer."""

    keys: dict[str, list[Entry]] = field(default_factory=dict[str, list[Entry]])


class Operations:
    """Makes operations over one schema."""

    def __init__(self, schema: GraphQLSchema, chance: random.Random, most: int = 24) -> None:
        """Args: `most` is about how many fields an operation has at most."""
        self._most = most
        self._schema = schema
        self._chance = chance
        self._left = 0
        self._variables: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._fragments: dict[str, tuple[str, str]] = {}

    def draw(self) -> Operation:
        """An operation."""
        chance = self._chance
        self._left = chance.randint(2, self._most)
        self._variables, self._values, self._fragments = {}, {}, {}
        is_mutation = self._schema.mutation_type is not None and chance.random() < 0.15
        root = self._schema.mutation_type if is_mutation else self._schema.query_type
        assert root is not None
        body = self._selection(root, Scope(), chance.randint(2, 5))
        head = "mutation" if is_mutation else "query"
        if self._variables:
            head += f" O({', '.join(f'${name}: {type_}' for name, type_ in self._variables.items())})"
        fragments = [f"fragment {name} on {on} {text}" for name, (on, text) in self._fragments.items()]
        labels = frozenset(each for each in LABELS if chance.random() < 0.5)
        return Operation("\n".join([f"{head} {body}", *fragments]), self._values, labels, chance.choice((20, 80)))

    def _selection(self, type_: Any, scope: Scope, depth: int) -> str:
        chance = self._chance
        parts: list[str] = []
        if not isinstance(type_, GraphQLUnionType):
            parts += self._fields(type_, scope, depth)
        if is_abstract_type(type_):
            for possible in self._schema.get_possible_types(type_):
                if chance.random() < 0.5:
                    parts.append(self._fragment(possible, scope, depth))
            if chance.random() < 0.15:
                parts += self._on_other(type_, scope, depth)
        elif chance.random() < 0.15 and isinstance(type_, GraphQLObjectType):
            others = [type_, *type_.interfaces]
            parts.append(self._fragment(chance.choice(others), scope, depth))
        if chance.random() < (0.35 if is_abstract_type(type_) else 0.15):
            parts.append(self._typename(type_, scope))
        if self._schema.query_type is type_ and chance.random() < 0.05:
            parts.append(chance.choice(_INTROSPECTION))
        chance.shuffle(parts)
        return f"{{ {' '.join(parts) or self._typename(type_, scope)} }}"

    def _on_other(self, type_: Any, scope: Scope, depth: int) -> list[str]:
        """A fragment on another abstract type that has a possible type in common."""
        possible = set(self._schema.get_possible_types(type_))
        others = [
            each
            for each in self._schema.type_map.values()
            if isinstance(each, GraphQLInterfaceType | GraphQLUnionType)
            and possible & set(self._schema.get_possible_types(each))
        ]
        return [self._fragment(self._chance.choice(others), scope, depth)] if others else []

    def _fragment(self, type_: Any, scope: Scope, depth: int) -> str:
        chance = self._chance
        known = [name for name, (on, _) in self._fragments.items() if on == type_.name]
        if known and chance.random() < 0.15:
            return f"...{chance.choice(known)}{self._condition()}"
        text = self._selection(type_, scope, depth)
        if chance.random() < 0.2:
            name = f"F{len(self._fragments)}"
            self._fragments[name] = (type_.name, text)
            return f"...{name}{self._condition()}"
        condition = self._condition()
        return f"... on {type_.name}{condition} {text}"

    def _fields(self, type_: GraphQLObjectType | GraphQLInterfaceType, scope: Scope, depth: int) -> list[str]:
        found: list[str] = []
        is_root = type_ in {self._schema.query_type, self._schema.mutation_type}
        for name, each in type_.fields.items():
            wanted = self._chance.random() < (0.6 if is_root else 0.4)
            if wanted and self._left > 0 and (depth > 0 or is_leaf_type(get_named_type(each.type))):
                found.append(self._field(type_.name, name, each, scope, depth))
                if self._chance.random() < 0.06:
                    found.append(self._field(type_.name, name, each, scope, depth))
        return found

    def _field(self, parent: str, name: str, definition: GraphQLField, scope: Scope, depth: int) -> str:
        self._left -= 1
        arguments = self._arguments(definition.args)
        key, entry = self._key(parent, name, f"{name}{arguments}", str(definition.type), scope)
        text = f"{name}{arguments}" if key == name else f"{key}: {name}{arguments}"
        text += self._condition()
        target = get_named_type(definition.type)
        if is_leaf_type(target):
            return text
        entry.below = entry.below or Scope()
        return f"{text} {self._selection(target, entry.below, depth - 1)}"

    def _typename(self, type_: Any, scope: Scope) -> str:
        key, _ = self._key(type_.name, "__typename", "__typename", "String!", scope)
        return "__typename" if key == "__typename" else f"{key}: __typename"

    def _key(self, parent: str, name: str, signature: str, type_: str, scope: Scope) -> tuple[str, Entry]:
        """A response key that does not conflict with those that are there already."""
        wanted = self._chance.choice(ALIASES) if self._chance.random() < 0.15 else name
        for key in (wanted, name, *(f"a{at}" for at in range(99))):
            known = scope.keys.setdefault(key, [])
            same = next((each for each in known if each.signature == signature and each.type == type_), None)
            if all(self._agree(each, parent, signature, type_) for each in known):
                entry = Entry(parent, signature, type_, same.below if same is not None else None)
                known.append(entry)
                return key, entry
        raise AssertionError("there is always a key left")

    def _agree(self, entry: Entry, parent: str, signature: str, type_: str) -> bool:
        if entry.signature == signature and entry.type == type_:
            return True
        both = self._schema.type_map[entry.parent], self._schema.type_map[parent]
        distinct = entry.parent != parent and all(isinstance(each, GraphQLObjectType) for each in both)
        named = type_.strip("[]!")
        return distinct and entry.type == type_ and is_leaf_type(self._schema.type_map[named])

    def _condition(self) -> str:
        chance = self._chance
        if chance.random() > 0.07:
            return ""
        given = chance.choice(("true", "false")) if chance.random() < 0.2 else self._variable("Boolean!", None)
        again = f" @{chance.choice(('skip', 'include'))}(if: {given})"
        return again if chance.random() < 0.85 else f" @skip(if: false){again}" if "@skip" not in again else again

    def _arguments(self, arguments: Mapping[str, GraphQLArgument]) -> str:
        given = [
            f"{name}: {self._value(each.type, has_default=each.default_value is not Undefined)}"
            for name, each in arguments.items()
            if (isinstance(each.type, GraphQLNonNull) and each.default_value is Undefined)
            or self._chance.random() < 0.6
        ]
        return f"({', '.join(given)})" if given else ""

    def _value(self, type_: Any, *, has_default: bool = False) -> str:
        if self._chance.random() < 0.35:
            return self._variable(str(type_), type_, has_default=has_default)
        return self._literal(type_)

    def _variable(self, type_: str, of: Any, *, has_default: bool = False) -> str:
        """A variable of a type, given a value or left to its default."""
        chance = self._chance
        known = [name for name, each in self._variables.items() if each.split(" = ")[0] == type_]
        if known and chance.random() < 0.6:
            return f"${chance.choice(known)}"
        name = next(
            each for each in (chance.choice(VARIABLES), *(f"v{at}" for at in range(99))) if each not in self._variables
        )
        default = chance.random() < 0.25
        if default:
            type_ += f" = {chance.choice(('true', 'false')) if of is None else self._literal(of, plain=True)}"
        self._variables[name] = type_
        is_required = type_.endswith("!") and not default
        if is_required or chance.random() < 0.7:
            self._values[name] = chance.random() < 0.5 if of is None else self._json(of)
        return f"${name}"

    def _literal(self, type_: Any, *, plain: bool = False) -> str:  # noqa: PLR0911 - a kind of type, a line
        chance = self._chance
        match type_:
            case GraphQLNonNull():
                return self._literal(type_.of_type, plain=plain)
            case _ if chance.random() < 0.08:
                return "null" if not plain else self._literal(GraphQLNonNull(type_), plain=plain)
            case GraphQLList():
                if chance.random() < 0.2:
                    return self._literal(GraphQLNonNull(cast("Any", get_named_type(type_))), plain=plain)
                items = (self._literal(type_.of_type, plain=plain) for _ in range(chance.randint(0, 2)))
                return f"[{', '.join(items)}]"
            case GraphQLInputObjectType():
                return self._object_literal(type_, plain=plain)
            case GraphQLEnumType():
                return chance.choice(list(type_.values))
            case _:
                return _LITERALS[type_.name][chance.randrange(2)]

    def _object_literal(self, type_: GraphQLInputObjectType, *, plain: bool) -> str:
        given: list[str] = []
        for name, each in type_.fields.items():
            if isinstance(each.type, GraphQLNonNull) or self._chance.random() < 0.3:
                value = self._literal(each.type, plain=True) if plain else self._value(each.type)
                given.append(f"{name}: {value}")
        return f"{{{', '.join(given)}}}"

    def _json(self, type_: Any) -> Any:
        chance = self._chance
        match type_:
            case GraphQLNonNull():
                return self._json_present(type_.of_type)
            case _ if chance.random() < 0.1:
                return None
            case _:
                return self._json_present(type_)

    def _json_present(self, type_: Any) -> Any:
        chance = self._chance
        match type_:
            case GraphQLList():
                return [self._json(type_.of_type) for _ in range(chance.randint(0, 2))]
            case GraphQLInputObjectType():
                return {
                    name: self._json(each.type)
                    for name, each in type_.fields.items()
                    if isinstance(each.type, GraphQLNonNull) or chance.random() < 0.3
                }
            case GraphQLEnumType():
                return chance.choice(list(type_.values))
            case _:
                return json.loads(_VALUES[type_.name][chance.randrange(2)])


_LITERALS = {
    "Int": ("1", "2"),
    "Float": ("1.5", "2"),
    "String": ('"a"', '"b\\"c"'),
    "Boolean": ("true", "false"),
    "ID": ('"i1"', "7"),
    "J": ('{a: [1, "x"]}', '"j"'),
}
_VALUES = {**_LITERALS, "J": ('{"a": [1, null]}', "3")}
_INTROSPECTION = (
    "__schema { queryType { name } }",
    '__type(name: "T0") { name kind fields { name } }',
    "s: __schema { types { kind } }",
)
