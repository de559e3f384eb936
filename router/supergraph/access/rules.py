"""What is needed for each field of each object type.

The rule for a field depends on the object that has it, and not on the way a query takes to it: through an interface, a
union, `node` or a type condition, the same field of the same object has the same rule. Composition gives interfaces the
rules of all that implement them; those say nothing more. Rules that an interface has on top of that, which older
composers let pass, hold for every object that implements it: the stricter one wins.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from router.federation.field_sets import parse_field_set
from router.supergraph.access.conjunction import is_conjunction
from router.supergraph.access.read import Stated, read_access
from router.supergraph.access.requirements import AccessKind, Denied, Requirement, Requirements
from router.supergraph.model import FieldInfo, Kind, Supergraph, TypeInfo

_NONE: Requirements = frozenset()
Rules = dict[tuple[str, str], Requirements]


class AccessRules:
    """The rules of one supergraph.

    Attributes:
        types: of object types, what is needed to see any of their objects.
        fields: of object types, what is needed beside that, by type and field: by the field itself, by the leaf that
            it is, and by whatever is fetched on its behalf.
    """

    def __init__(self, supergraph: Supergraph) -> None:
        """Read and work out.

        Raises:
            SupergraphError: a directive does not say what it asks for.
        """
        self._supergraph = supergraph
        self._objects = [each for each in supergraph.types.values() if each.kind is Kind.OBJECT]
        stated = read_access(supergraph.document)
        self.types: Mapping[str, Requirements] = self._of_types(stated) if stated else {}
        self.fields: Mapping[tuple[str, str], Requirements] = self._of_fields(stated) if stated else {}

    def __bool__(self) -> bool:
        """Whether anything is protected."""
        return bool(self.types or self.fields)

    @cached_property
    def policies(self) -> bool:
        """Whether any policy has to be asked for."""
        needed = frozenset[Requirement]().union(*self.types.values(), *self.fields.values())
        return any(each.kind is AccessKind.POLICIES for each in needed)

    def touched(self, type_name: str, field: str) -> Requirements:
        """What a selection of that field may need, whatever object of a type it meets, and whatever that leads to."""
        found = set[Requirement]()
        for name in self._supergraph.possible_types.get(type_name, ()):
            found |= self.fields.get((name, field), _NONE)
            info = self._supergraph.types[name].fields.get(field)
            if info is not None:
                found |= self.below(info.type_name)
        return frozenset(found)

    def below(self, type_name: str) -> Requirements:
        """What may be needed to see an object of a composite type."""
        possible = self._supergraph.possible_types.get(type_name, frozenset())
        return _NONE.union(*(self.types.get(name, _NONE) for name in possible))

    def denied(self, failing: Requirements) -> Denied:
        """What a caller may not see who does not meet these."""
        types = frozenset(name for name, needed in self.types.items() if needed & failing)
        fields = {place for place, needed in self.fields.items() if needed & failing}
        if types:
            fields |= {
                (info.name, field.name)
                for info in self._objects
                for field in info.fields.values()
                if (possible := self._supergraph.possible_types.get(field.type_name)) and possible <= types
            }
        return Denied(types, frozenset(fields))

    def _of_types(self, stated: Stated) -> Mapping[str, Requirements]:
        found: dict[str, Requirements] = {}
        for name, needed in stated.types.items():
            for each in self._bound_by(name, needed, {one: stated.types.get(one, _NONE) for one in self._below(name)}):
                found[each] = found.get(each, _NONE) | needed
        return found

    def _of_fields(self, stated: Stated) -> Mapping[tuple[str, str], Requirements]:
        found: Rules = {}
        for (name, field), needed in stated.fields.items():
            own = {one: stated.fields.get((one, field), _NONE) for one in self._below(name)}
            for each in self._bound_by(name, needed, own):
                found[each, field] = found.get((each, field), _NONE) | needed
        for info in self._objects:
            for field in info.fields.values():
                needed = _NONE if self._is_composite(field) else stated.types.get(field.type_name, _NONE)
                if needed:
                    found[info.name, field.name] = found.get((info.name, field.name), _NONE) | needed
        self._add_fetched(found)
        return found

    def _is_composite(self, field: FieldInfo) -> bool:
        return field.type_name in self._supergraph.possible_types

    def _below(self, name: str) -> frozenset[str]:
        return self._supergraph.possible_types.get(name, frozenset())

    def _bound_by(self, name: str, needed: Requirements, own: Mapping[str, Requirements]) -> Iterator[str]:
        """The object types that a rule of a type binds: itself, or what implements it and says something else."""
        if name in own:
            yield name
        elif not is_conjunction(needed, own.values()):
            yield from own

    def _add_fetched(self, found: Rules) -> None:
        """Add to each field the rules of what is fetched for it, and of what is fetched for that."""
        fetching = {
            (info.name, name): fetched
            for info in self._objects
            for name in info.fields
            if (fetched := set(self._fetched(info, name)))
        }
        grown = bool(found or self.types)
        while grown:
            grown = False
            for place, others in fetching.items():
                needed = found.get(place, _NONE)
                total = needed.union(*(found.get(each, _NONE) | self.types.get(each[0], _NONE) for each in others))
                if total != needed:
                    found[place], grown = total, True

    def _fetched(self, info: TypeInfo, field: str) -> Iterator[tuple[str, str]]:
        """The fields, by object type, that `@requires` and `@fromContext` have fetched.

        What an interface object resolves is told of its interface alone.
        """
        owners = (info, *(self._supergraph.types[each] for each in info.interfaces))
        for join in (join for owner in owners if field in owner.fields for join in owner.fields[field].joins.values()):
            if join.requires:
                yield from self._selected(info.name, parse_field_set(join.requires))
            for argument in join.context_arguments:
                for name, contexts in self._supergraph.contexts_by_type.items():
                    if argument.context in contexts:
                        yield from self._selected(name, parse_field_set(argument.selection))

    def _selected(self, type_name: str, selections: SelectionSetNode) -> Iterator[tuple[str, str]]:
        for node in selections.selections:
            if isinstance(node, InlineFragmentNode):
                condition = type_name if node.type_condition is None else node.type_condition.name.value
                yield from self._selected(condition, node.selection_set)
            elif isinstance(node, FieldNode):
                for name in self._below(type_name):
                    yield name, node.name.value
                    info = self._supergraph.types[name].fields.get(node.name.value)
                    if info is not None and node.selection_set is not None:
                        yield from self._selected(info.type_name, node.selection_set)
