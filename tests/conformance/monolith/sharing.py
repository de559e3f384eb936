"""What subgraphs provide, what they take over from others, and what they leave to them."""

import random
from collections.abc import Iterator

from tests.conformance.monolith.operations import LABELS
from tests.conformance.monolith.parts import Part, can_mention, can_own, nodes
from tests.conformance.monolith.schema import Field, Kind, Schema, Type, interfaces_of, of_kind
from tests.conformance.monolith.selections import selection


def share(schema: Schema, parts: list[Part], chance: random.Random) -> None:
    """Draw it for all parts."""
    sharing = _Sharing(schema, parts, chance)
    sharing.provide()
    sharing.override()
    sharing.leave()


class _Sharing:
    def __init__(self, schema: Schema, parts: list[Part], chance: random.Random) -> None:
        self._schema = schema
        self._parts = parts
        self._chance = chance

    def provide(self) -> None:
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
            elif can_mention(self._schema, part, each) and self._chance.random() < 0.3:
                below = self._provision(part, each, depth - 1)
                if below:
                    part.external[target.name] |= set[str]() if is_own else {each.name}
                    found.append(f"{each.name} {{ {below} }}")
        return " ".join(found)

    def override(self) -> None:
        """Take a field from a subgraph that has it still."""
        for part in self._parts:
            for name in [each for each in sorted(part.owned) if self._schema[each].kind is Kind.ENTITY]:
                for each in sorted(part.owned[name]):
                    if self._chance.random() < 0.06:
                        self._override_field(part, name, self._schema[name].fields[each])

    def _override_field(self, part: Part, name: str, field_: Field) -> None:
        owners = [each for each in self._parts if field_.name in each.owned[name]]
        is_plain = not (field_.is_key or field_.requires or field_.interface_object)
        is_plain &= field_.name != self._schema[name].context and not any(each.context for each in field_.arguments)
        from_ = [
            each
            for each in self._parts
            if each is not part
            and field_.name not in each.external[name]
            and name in each.types
            and can_own(self._schema, each, field_)
        ]
        if is_plain and owners == [part] and from_:
            old = self._chance.choice(from_)
            old.owned[name].add(field_.name)
            part.overrides[name, field_.name] = old.name
            if self._chance.random() < 0.5:
                part.labels[name, field_.name] = self._chance.choice((*LABELS, "percent(50)"))

    def leave(self) -> None:
        """Leave fields of value types out where whoever else resolves the same values has them."""
        for name in of_kind(self._schema, Kind.VALUE):
            if name != "K" and not interfaces_of(self._schema, name) and not self._is_inside(name):
                for part in self._parts:
                    for each in list(self._schema[name].fields)[1:]:
                        if self._chance.random() < 0.4 and self._can_lack(part, name, each):
                            part.lacks[name].add(each)

    def _is_inside(self, name: str) -> bool:
        """Whether values of the type may be met as something else, or below other values."""
        abstract = of_kind(self._schema, Kind.UNION, Kind.INTERFACE)
        values = [self._schema[each] for each in of_kind(self._schema, Kind.VALUE)]
        is_member = any(name in self._schema[each].members for each in abstract)
        return is_member or any(each.base == name for value in values for each in value.fields.values())

    def _can_lack(self, part: Part, name: str, field_: str) -> bool:
        places = [
            (owner, each)
            for owner in part.owned
            for each in part.owned[owner]
            if self._schema[owner].fields[each].base == name
        ]
        others = [each for each in self._parts if each is not part and field_ not in each.lacks[name]]
        is_elsewhere = all(any(each in other.owned[owner] for other in others) for owner, each in places)
        return is_elsewhere and bool(places) and (name, field_) not in set(self._selected(part))

    def _selected(self, part: Part) -> Iterator[tuple[str, str]]:
        """What the part's field sets speak of."""
        for owner in part.owned:
            for each in part.owned[owner]:
                field_ = self._schema[owner].fields[each]
                if field_.requires:
                    yield from (
                        (at, node.name.value) for at, node in nodes(self._schema, owner, selection(field_.requires))
                    )
        for (owner, each), text in part.provided.items():
            base = self._schema[owner].fields[each].base
            yield from ((at, node.name.value) for at, node in nodes(self._schema, base, selection(text)))
