"""Merge fields: one for each response key and group of runtime types that select the same under it.

Source: https://spec.graphql.org/draft/#MergeSelectionSets()
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from graphql import FragmentDefinitionNode, SelectionSetNode

from router.federation.type_ref import TypeRef, base_name
from router.plan.conditions import ALWAYS, When, both, either, without
from router.plan.errors import TooManyFields
from router.plan.normalize.collect import Collector, Occurrence
from router.plan.normalize.defer import Deferral, outermost, set_apart
from router.plan.normalize.deny import Placed, Split, split
from router.plan.selections import TYPENAME, DeferUsage, SelectedField, Selection, signature_of
from router.supergraph.access import Denied
from router.supergraph.model import Kind, Supergraph

MAX_FIELDS = 20_000
"""Of a normalised operation. Fragments within fragments on many types multiply: few lines can ask for billions."""


class Part(NamedTuple):
    """One of the places that select something of a value, with its conditions and the deferred fragment it is in."""

    selections: SelectionSetNode
    when: When
    usage: DeferUsage | None = None


class Normalizer:
    """Normalises selections of one document, or of a field set."""

    def __init__(
        self,
        supergraph: Supergraph,
        fragments: Mapping[str, FragmentDefinitionNode],
        deferral: Deferral | None = None,
        denied: Denied | None = None,
    ) -> None:
        """Args: `deferral` says which fragments come later; without it, all come at once. `denied` is taken out."""
        self._supergraph = supergraph
        self._types = supergraph.types
        self._possible_types = supergraph.possible_types
        self._fragments = fragments
        self._deferral = deferral
        self._denied = denied
        self._left = MAX_FIELDS
        self._known_shapes: dict[tuple[str, frozenset[str]], Mapping[str, frozenset[str]]] = {}

    def selection(self, type_name: str, selections: Sequence[SelectionSetNode]) -> Selection:
        """The selections of a value of that type, merged.

        Raises:
            TooManyFields: fields on some types times fields on others come to too many.
        """
        self._left = MAX_FIELDS
        return self._selection(type_name, [Part(each, ALWAYS) for each in selections], ALWAYS, is_root=True)

    def _selection(
        self,
        type_name: str,
        parts: Sequence[Part],
        guard: When,
        usages: frozenset[DeferUsage] = frozenset(),
        *,
        is_root: bool = False,
    ) -> Selection:
        """Merge the selections of a value.

        Args:
            type_name: of the value.
            parts: their conditions are relative to `guard`.
            guard: holds wherever there is such a value.
            usages: the deferred fragments that bring the value.
            is_root: it is the root.
        """
        possible = self._possible_types[type_name]
        collector = Collector(self._possible_types, self._fragments, possible, self._deferral)
        for selections, when, usage in parts:
            collector.collect(selections, type_name, None, when, usage)
        self._left -= len(collector.found)
        if self._left < 0:
            raise TooManyFields(f"The operation comes to more than {MAX_FIELDS} fields of different types.")
        result = Selection(type_name, possible, introduced=collector.introduced)
        if self._denied is None:
            result.fields = self._merge(enumerate(collector.found), possible, guard)
        else:
            found = split(collector.found, possible, self._denied, is_root=is_root)
            self._take_out(result, found, guard, usages)
        result.has_union = any(
            self._types[each.selection.type_name].kind is Kind.UNION or each.selection.has_union
            for each in result.fields
            if each.selection is not None
        )
        if self._deferral is not None:
            set_apart(result, usages)
        return result

    def _take_out(self, result: Selection, found: Split, guard: When, usages: frozenset[DeferUsage]) -> None:
        """Leave to a selection what may be seen; where that depends on runtime types, those are asked for."""
        result.fields = self._merge(found.allowed, result.possible, guard)
        result.denied = self._merge(found.denied, result.possible, guard)
        result.unseen, result.hidden = found.unseen, found.hidden
        if found.depends_on_type:
            result.fields.append(
                SelectedField(TYPENAME, TYPENAME, (), "", None, ALWAYS, None, internal=True, usages=usages)
            )

    def _merge(self, occurrences: Iterable[Placed], possible: frozenset[str], guard: When) -> list[SelectedField]:
        by_key: dict[str, list[Placed]] = {}
        for index, each in occurrences:
            node = each.node
            by_key.setdefault((node.alias or node.name).value, []).append((index, each))
        found: list[SelectedField] = []
        for key, group in by_key.items():
            for on, members in self._by_types(group, possible):
                field = self._field(key, on, possible, [each for _, each in members], guard)
                if field is None:
                    continue
                field.place = members[0][0]
                if len(members) > 1 and members[0][1].when:
                    field.turns = _turns(members)
                found.append(field)
        found.sort(key=lambda each: each.place)
        return found

    def _by_types(
        self, group: list[tuple[int, Occurrence]], possible: frozenset[str]
    ) -> list[tuple[frozenset[str] | None, list[tuple[int, Occurrence]]]]:
        """Group the runtime types that have the same occurrences and the same type of the field."""
        first = group[0][1]
        if len(possible) <= 1 or (len(group) == 1 and first.on is not None and len(first.on) == 1):
            return [(first.on, group)]
        everywhere = [number for number, (_, each) in enumerate(group) if each.on is None]
        special = _special(group, everywhere)
        atoms: dict[tuple[tuple[int, ...], str], list[str]] = {}
        for type_name, numbers in special.items():
            applying = _counting(group, numbers)
            info = self._types[type_name].fields.get(group[applying[0]][1].node.name.value)
            atoms.setdefault((applying, "" if info is None else info.shape), []).append(type_name)
        if everywhere:
            applying = _counting(group, everywhere)
            name = group[applying[0]][1].node.name.value
            for shape, types in self._shapes(name, possible.difference(special)).items():
                atoms.setdefault((applying, shape), []).extend(types)
        ordered = atoms.items() if len(atoms) == 1 else sorted(atoms.items(), key=_first_type)
        return [
            (None if len(types) == len(possible) else frozenset(types), [group[number] for number in applying])
            for (applying, _), types in ordered
        ]

    def _shapes(self, name: str, types: frozenset[str]) -> Mapping[str, frozenset[str]]:
        """The types by the shape of their field of that name."""
        known = self._known_shapes.get((name, types))
        if known is None:
            by_shape: dict[str, set[str]] = {}
            for each in types:
                info = self._types[each].fields.get(name)
                by_shape.setdefault("" if info is None else info.shape, set()).add(each)
            known = self._known_shapes[name, types] = {shape: frozenset(of) for shape, of in by_shape.items()}
        return known

    def _field(
        self,
        key: str,
        on: frozenset[str] | None,
        possible: frozenset[str],
        occurrences: list[Occurrence],
        guard: When,
    ) -> SelectedField | None:
        """One field of several occurrences; None if its conditions contradict those around it."""
        node, parent, _, when, _ = occurrences[0]
        name = node.name.value
        for other in occurrences[1:]:
            when = either(when, other.when)
        total = both(guard, when)
        if total is None:
            return None
        type_ = None if name.startswith("__") else self._type_of(name, parent, possible if on is None else on)
        arguments = node.arguments or ()
        relative = ALWAYS if total == guard else when
        merged = SelectedField(key, name, arguments, signature_of(arguments), on, relative, type_)
        if self._deferral is not None:
            merged.usages = outermost(each.usage for each in occurrences)
        if type_ is not None and node.selection_set is not None:
            parts = [
                Part(each.node.selection_set, ALWAYS if each.when == when else each.when, each.usage)
                for each in occurrences
                if each.node.selection_set is not None
            ]
            merged.selection = self._selection(base_name(type_), parts, total, merged.usages)
        return merged

    def _type_of(self, name: str, parent: str, on: frozenset[str]) -> TypeRef:
        """The field's type: that of the runtime types, which agree here, rather than that of their interface."""
        for type_name in on:
            own = self._types[type_name].fields.get(name)
            if own is not None:
                return own.type
        return self._types[parent].fields[name].type


def _special(group: Sequence[Placed], everywhere: Sequence[int]) -> dict[str, list[int]]:
    """The runtime types that some occurrence is on in particular, each with the numbers of all that apply to it."""
    found: dict[str, list[int]] = {}
    for number, (_, each) in enumerate(group):
        for type_name in each.on or ():
            found.setdefault(type_name, []).append(number)
    if everywhere:
        for numbers in found.values():
            numbers[:] = sorted([*numbers, *everywhere])
    return found


def _counting(group: Sequence[Placed], numbers: Sequence[int]) -> tuple[int, ...]:
    """Of the occurrences that apply, those that count: the first is enough for a leaf that is there anyway."""
    earliest = group[numbers[0]][1]
    is_there = earliest.when == ALWAYS and earliest.usage is None and earliest.node.selection_set is None
    return tuple(numbers[:1] if is_there else numbers)


def _first_type(atom: tuple[object, list[str]]) -> str:
    return min(atom[1])


def _turns(members: Sequence[tuple[int, Occurrence]]) -> tuple[tuple[int, When], ...]:
    """The places of a field, each with the conditions that hold there and at none before it."""
    before = members[0][1].when
    found = [(members[0][0], before)]
    for place, occurrence in members[1:]:
        own = without(occurrence.when, before)
        if own is not None:
            found.append((place, own))
        before = either(before, occurrence.when)
    return tuple(found)
