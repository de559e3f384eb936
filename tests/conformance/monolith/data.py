"""The data set: what every field of every object is, worked out from the object, the field and the arguments alone.

No object is stored: a value follows from a digest of what is asked. So each subgraph, and the graph in one piece, know
the same world without sharing anything. In it are nulls, fields that fail, and references that lead nowhere.
"""

import json
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, cast

from graphql import SelectionSetNode

from tests.conformance.monolith.schema import Field, Kind, Schema, Type, named
from tests.conformance.monolith.selections import digest, known_of, selection

SIZE = 3
"""Objects of each entity type."""


class Thing(NamedTuple):
    """An object; `is_missing` if it is only referred to, `above` where it was met."""

    type_name: str
    ident: str
    is_missing: bool = False
    above: "Thing | None" = None


def below(thing: Thing, value: Any) -> Any:
    """The value of a field of a thing, its own things knowing where they were met."""
    if isinstance(value, Thing):
        return value._replace(above=thing)
    if isinstance(value, list):
        return [below(thing, each) for each in cast("list[Any]", value)]
    return value


class Failed(Exception):
    """The field fails."""


class Dice:
    """Choices that follow from a text."""

    def __init__(self, text: str) -> None:
        self._left = int.from_bytes(blake2b(text.encode(), digest_size=16).digest())

    def below(self, bound: int) -> int:
        self._left, drawn = divmod(self._left, bound)
        return drawn


class World:
    """All objects of a schema.

    Attributes:
        done: the mutations so far, on which the results of further ones depend.
        lost: whether a reference that leads nowhere has been met.
    """

    def __init__(self, schema: Schema, seed: int) -> None:
        self.schema = schema
        self._seed = seed
        self.done: list[str] = []
        self.lost = False

    def value(self, thing: Thing, name: str, arguments: Mapping[str, Any]) -> Any:
        """The value of a field: JSON, things, or lists of either.

        Raises:
            Failed: the field fails.
        """
        field = self.schema[thing.type_name].fields[name]
        arguments = self._with_context(thing, field, arguments)
        if field.is_key:
            return self._key_value(thing, field)
        if thing.is_missing:
            return None
        if field.requires:
            return digest(name, known_of(self, thing, self.requirement(field.requires)))
        given = json.dumps(arguments, sort_keys=True)
        text = f"{self._seed} {thing.type_name} {thing.ident} {name} {given}"
        if thing.type_name == "Mutation":
            self.done.append(f"{name} {given}")
            text += " ".join(self.done)
        if not field.steady and Dice(f"fail {text}").below(40) == 0:
            raise Failed(f"{thing.type_name}.{name} fails.")
        return self._make(field.type, field, text)

    def _with_context(self, thing: Thing, field: Field, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """With what an ancestor gives, unless that has been found already."""
        missing = [each for each in field.arguments if each.context and each.name not in arguments]
        return {**arguments, **{each.name: self._given_above(thing, each.context) for each in missing}}

    def _given_above(self, thing: Thing, name: str) -> Any:
        above = thing.above
        while above is not None and not self.schema[above.type_name].context:
            above = above.above
        assert above is not None, f"nothing gives {name} to {thing}"
        return self.value(above, name, {})

    def visible(self, thing: Thing, name: str, arguments: Mapping[str, Any]) -> Any:
        """The value as clients see it: enum values that are hidden from them are null.

        Raises:
            Failed: the field fails.
        """
        value = self.value(thing, name, arguments)
        enum = self.schema.get(self.schema[thing.type_name].fields[name].base)
        return value if enum is None or not enum.hidden else _without(value, enum.hidden)

    def things(self, type_name: str) -> list[Thing]:
        """The entities of an object type, or of the types that implement an interface."""
        members = self.schema[type_name].members or (type_name,)
        return [Thing(name, f"{name}-{at}") for name in members for at in range(SIZE)]

    def fits(self, type_name: str, condition: str) -> bool:
        """Whether objects of a type are of what a fragment is on."""
        return type_name == condition or type_name in self.schema[condition].members

    def requirement(self, text: str) -> SelectionSetNode:
        """A `@requires` as a selection."""
        return selection(text)

    def _key_value(self, thing: Thing, field: Field) -> Any:
        number = int(thing.ident.rpartition("-")[2])
        match field.name:
            case "id":
                return thing.ident
            case "code":
                return f"code of {thing.ident}"
            case "a":
                return number
            case "b":
                return f"b{number}"
            case "k":
                return Thing("K", thing.ident)
            case _:
                return Thing(field.base, f"{field.base}-{number}")

    def _make(self, type_: str, field: Field, text: str) -> Any:
        if type_.endswith("!"):
            return self._present(type_[:-1], field, text)
        return None if Dice(f"null {text}").below(8) == 0 else self._present(type_, field, text)

    def _present(self, type_: str, field: Field, text: str) -> Any:
        if type_.startswith("["):
            inner = type_[1:-1]
            return [self._make(inner, field, f"{text} {at}") for at in range(Dice(f"size {text}").below(4))]
        if type_ in self.schema:
            return self._of_type(self.schema[type_], field, Dice(text), text)
        return _leaf(named(type_), Dice(text))

    def _of_type(self, type_: Type, field: Field, dice: Dice, text: str) -> Any:
        match type_.kind:
            case Kind.ENUM:
                return type_.values[dice.below(len(type_.values))]
            case Kind.INTERFACE | Kind.UNION:
                return self._of_type(self.schema[field.runtime[dice.below(len(field.runtime))]], field, dice, text)
            case Kind.VALUE:
                return Thing(type_.name, f"{blake2b(text.encode(), digest_size=6).hexdigest()}-{dice.below(9)}")
            case _:
                number = dice.below(SIZE)
                is_missing = type_.missing and dice.below(12) == 0
                self.lost |= is_missing
                return Thing(type_.name, f"{type_.name}-{number + (SIZE if is_missing else 0)}", is_missing)


def _without(value: Any, hidden: Collection[str]) -> Any:
    if isinstance(value, list):
        return [_without(each, hidden) for each in cast("list[Any]", value)]
    return None if value in hidden else value


def _leaf(type_: str, dice: Dice) -> Any:
    number = dice.below(1000)
    match type_:
        case "Int":
            return number - 500
        case "Float":
            return number / 4
        case "Boolean":
            return number % 2 == 0
        case "ID":
            return f"id{number}"
        case "J":
            return ({"id": number, "list": [number, None]}, [number, "x"], f"j{number}", number)[dice.below(4)]
        case _:
            return f"s{number}"
