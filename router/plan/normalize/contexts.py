"""Have ancestors give what arguments below them take from a context.

`field(a: String @fromContext(field: "$user { name }"))` takes `a` from the nearest ancestor whose type sets the context
`user`. Here the selections of such ancestors are made to include those fields, for the plan's own use, and the field
remembers where they are.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#fromcontext
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graphql import FieldNode, InlineFragmentNode, NamedTypeNode, NameNode, SelectionSetNode

from router.federation.field_sets import parse_field_set
from router.plan.conditions import ALWAYS, When, both, either
from router.plan.normalize.merge import Normalizer
from router.plan.selections import ContextSource, SelectedField, Selection
from router.supergraph.model import ContextArgument, Supergraph


class _Ancestor(NamedTuple):
    """A selection above a field.

    Attributes:
        types: runtime types of its objects below which the field is.
        when: conditions of the way from there to the field.
    """

    selection: Selection
    types: frozenset[str]
    when: When


class ContextProvider:
    """Prepares the selections of one operation."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._normalizer = Normalizer(supergraph, {})
        self._provided: dict[tuple[int, frozenset[str], str], tuple[SelectedField, ...]] = {}

    def prepare(self, selection: Selection) -> None:
        """Find the contextual fields anywhere below, and what they take."""
        if self._supergraph.contexts_by_type:
            self._walk(selection, [])

    def _walk(self, selection: Selection, ancestors: list[_Ancestor]) -> None:
        for field in list(selection.fields):
            when = field.when
            above = [each._replace(when=both(each.when, when) or each.when) for each in ancestors]
            for argument in self._contextual(selection, field):
                sources = tuple(self._sources(argument, above))
                if sources:
                    field.contexts = {**field.contexts, argument: sources}
            if field.selection is not None and not field.internal:
                types = selection.possible if field.on is None else field.on
                self._walk(field.selection, [*above, _Ancestor(selection, types, when)])
        for each in selection.deferred:
            self._walk(each, ancestors)

    def _contextual(self, selection: Selection, field: SelectedField) -> set[ContextArgument]:
        """The arguments that any subgraph takes from a context, whatever runtime type the object has."""
        types = {selection.type_name, *(selection.possible if field.on is None else field.on)}
        infos = (self._supergraph.types[each].fields.get(field.name) for each in types)
        return {
            argument
            for info in infos
            for join in (() if info is None else info.joins.values())
            for argument in join.context_arguments
        }

    def _sources(self, argument: ContextArgument, ancestors: list[_Ancestor]) -> Iterator[ContextSource]:
        """The places of the value, nearest ones first, up to the first that is there in any case."""
        for levels, ancestor in enumerate(reversed(ancestors), 1):
            setting = frozenset(
                each
                for each in ancestor.types
                if argument.context in self._supergraph.contexts_by_type.get(each, frozenset())
            )
            if setting:
                yield from self._sources_at(argument, levels, ancestor, setting)
            if setting == ancestor.types:
                return

    def _sources_at(
        self, argument: ContextArgument, levels: int, ancestor: _Ancestor, setting: frozenset[str]
    ) -> Iterator[ContextSource]:
        for field in self._provide(ancestor, setting, argument.selection):
            types = setting if field.on is None else field.on & setting
            yield ContextSource(levels, None if types == ancestor.types else types, tuple(_chain(field)))

    def _provide(self, ancestor: _Ancestor, types: frozenset[str], text: str) -> tuple[SelectedField, ...]:
        """The fields that `text` selects of an ancestor, added to what is selected of it anyway."""
        selection = ancestor.selection
        key = (id(selection), types, text)
        known = self._provided.get(key)
        if known is None:
            selected = self._of_types(selection.type_name, types, parse_field_set(text))
            known = self._provided[key] = tuple(self._normalizer.selection(selection.type_name, selected).fields)
            for each in known:
                each.internal, each.when = True, ancestor.when
                each.on = types if each.on is None else each.on & types
                each.on = None if each.on == selection.possible else each.on
                selection.fields.append(each)
        else:
            for each in known:
                each.when = either(each.when, ancestor.when) if each.when else ALWAYS
        return known

    def _of_types(
        self, type_name: str, types: frozenset[str], selected: SelectionSetNode
    ) -> Sequence[SelectionSetNode]:
        """The selection for objects of a type, or for those of some of its types where it lacks a field itself."""
        fields = self._supergraph.types[type_name].fields
        if all(each.name.value in fields for each in selected.selections if isinstance(each, FieldNode)):
            return (selected,)
        return [_only_on(each, selected) for each in sorted(types)]


def _only_on(type_name: str, selected: SelectionSetNode) -> SelectionSetNode:
    condition = NamedTypeNode(name=NameNode(value=type_name))
    return SelectionSetNode(selections=(InlineFragmentNode(type_condition=condition, selection_set=selected),))


def _chain(field: SelectedField) -> Iterator[SelectedField]:
    """The field and those below it, down to the leaf."""
    while True:
        yield field
        if field.selection is None:
            return
        field = field.selection.fields[0]
