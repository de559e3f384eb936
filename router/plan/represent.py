"""How the objects of a fetch are described to its subgraph."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from router.federation.field_sets import parse_field_set
from router.federation.type_ref import NonNull
from router.plan.fetch_graph import Described, Step
from router.plan.nodes import Representation, RepresentationField
from router.plan.positions import Position, Positions
from router.plan.selections import TYPENAME, Selection


def representations_of(step: Step, positions: Positions) -> tuple[Representation, ...]:
    """The shapes of a step, types that are described alike in one."""
    shapes: dict[tuple[str | None, str, tuple[RepresentationField, ...]], set[str]] = {}
    # Where some fields come under other conditions than others, so may what they require.
    has_conditions = len({each.when for each in step.selected.emissions.values()}) > 1
    for type_name, described in step.described.items():
        fields = _fields(described, type_name, step.position, positions)
        if has_conditions:
            fields = tuple(map(_optional, fields))
        own = described.typename == type_name and type_name in step.position.possible
        typename = None if own else described.typename
        hidden = step.hidden_slot
        is_hidden = hidden is not None and type_name not in step.position.possible
        key = hidden.key if hidden is not None and is_hidden else step.position.typename_key
        shapes.setdefault((typename, key, fields), set()).add(type_name)
    return tuple(Representation(frozenset(on), typename, fields, key) for (typename, key, fields), on in shapes.items())


def _optional(required: RepresentationField) -> RepresentationField:
    """The same where all of it may be left out."""
    if required.is_key:
        return required
    return replace(required, selections=tuple(map(_optional, required.selections)), is_optional=True)


def derived_of(step: Step) -> tuple[tuple[str, frozenset[str]], ...]:
    """The response keys of what a step asks of its entities, with what each requires; none if none does."""
    found: dict[str, frozenset[str]] = {}
    for emission in step.selected.emissions.values():
        text = None if emission.edge is None else emission.edge.requires
        required = frozenset[str]() if text is None else frozenset(_names(parse_field_set(text)))
        found[emission.slot.key] = found.get(emission.slot.key, frozenset()) | required
    return tuple(found.items()) if any(found.values()) else ()


def _names(selected: SelectionSetNode) -> Iterator[str]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _names(node.selection_set)


def _fields(
    described: Described, type_name: str, position: Position, positions: Positions
) -> tuple[RepresentationField, ...]:
    found: dict[str, RepresentationField] = {}
    for selections, is_key in ((described.keys, True), (described.required, False)):
        for selection in selections:
            for each in _selected(selection, frozenset({type_name}), position, positions, is_key=is_key):
                known = found.get(each.name)
                found[each.name] = each if known is None else _merged(known, each)
    return tuple(found.values())


def _selected(
    selection: Selection, types: frozenset[str] | None, position: Position, positions: Positions, *, is_key: bool
) -> list[RepresentationField]:
    found: list[RepresentationField] = []
    for field in selection.fields:
        if types is not None and field.on is not None and not types & field.on:
            continue
        slot = positions.slot(position, field, types if types is not None else field.on)
        nested: Sequence[RepresentationField] = ()
        if field.selection is not None and slot.child is not None:
            nested = _selected(field.selection, None, slot.child, positions, is_key=is_key)
            if len(field.selection.possible) > 1 and all(each.name != TYPENAME for each in nested):
                nested = [RepresentationField(TYPENAME, slot.child.typename_key, is_key=is_key), *nested]
        on = field.on if types is None else None
        typename_key = TYPENAME if slot.child is None else slot.child.typename_key
        is_optional = not is_key and field.type is not None and not isinstance(field.type, NonNull)
        found.append(RepresentationField(field.name, slot.key, tuple(nested), on, typename_key, is_key, is_optional))
    return found


def _merged(left: RepresentationField, right: RepresentationField) -> RepresentationField:
    nested = list(left.selections)
    for each in right.selections:
        for index, known in enumerate(nested):
            if known.name == each.name and known.on == each.on:
                nested[index] = _merged(known, each)
                break
        else:
            nested.append(each)
    is_key = left.is_key or right.is_key
    is_optional = left.is_optional and right.is_optional
    return RepresentationField(left.name, left.key, tuple(nested), left.on, left.typename_key, is_key, is_optional)
