"""The merged data as the plan sees it: positions that hold objects, and slots that hold the values of fields.

A slot has one response key in every fetch that fills it. Keys are settled last: whatever refers to a value refers to
its slot, so that a slot can be renamed while the plan is built.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from router.plan.nodes import Each, Key, OnTypes, PathStep, ResponsePath
from router.plan.selections import TYPENAME, SelectedField, Selection
from router.supergraph.model import list_depth


@dataclass(slots=True, eq=False)
class Slot:
    """The value of a field at a position.

    Attributes:
        key: response key in the merged data.
        on: runtime types of the object that have it; None for all.
        shape: tells apart fields whose types differ.
        internal: the plan itself needs it, the client did not select it.
    """

    key: str
    field: SelectedField
    on: frozenset[str] | None
    shape: str
    position: "Position"
    child: "Position | None" = None
    internal: bool = False

    def is_same(self, other: "Slot") -> bool:
        """Whether the two hold the same value wherever both are."""
        return self.field.name == other.field.name and self.field.signature == other.field.signature


@dataclass(slots=True, eq=False)
class Position:
    """A place that holds objects: the root, or the values of a slot.

    Attributes:
        possible: runtime types the objects may have.
        client_keys: response keys that the client uses here, which reserved aliases must not take.
    """

    slot: Slot | None
    possible: frozenset[str]
    slots: list[Slot] = field(default_factory=list[Slot])
    client_keys: set[str] = field(default_factory=set[str])
    by_field: dict[int, Slot] = field(default_factory=dict[int, Slot])

    @property
    def parent(self) -> "Position | None":
        return None if self.slot is None else self.slot.position

    def path(self) -> ResponsePath:
        """The steps from the root."""
        steps: list[PathStep] = []
        for position in reversed(list(self._lineage())):
            if position.slot is not None:
                steps += steps_to(position.slot)
        return tuple(steps)

    def _lineage(self) -> "Iterator[Position]":
        position: Position | None = self
        while position is not None:
            yield position
            position = position.parent

    @property
    def typename_key(self) -> str:
        """Where the runtime type of the objects is, or would be."""
        for slot in self.slots:
            if slot.field.name == TYPENAME and not slot.field.signature and slot.on is None:
                return slot.key
        key = TYPENAME
        while key in self.client_keys:  # it is not fetched, and nothing else must be taken for it
            key = f"_{key}"
        return key


class Positions:
    """Makes positions and slots, and hands out reserved aliases."""

    def __init__(self, selection: Selection) -> None:
        self._aliases = 0
        self._shared: list[SelectedField] = []
        self.root = Position(None, selection.possible)
        self.open(self.root, selection)

    def open(self, position: Position, selection: Selection) -> None:
        """Give every field that the client selects here its slot."""
        for each in selection.fields:
            if each.internal:
                continue
            position.client_keys.add(each.key)
            slot = Slot(each.key, each, each.on, shape_of(each), position)
            position.slots.append(slot)
            position.by_field[id(each)] = slot
            if each.selection is not None:
                slot.child = Position(slot, each.selection.possible)
                self.open(slot.child, each.selection)
        for each in selection.fields:
            if each.internal:
                self._open_internal(position, each)
        for each in selection.deferred:
            self.open(position, each)

    def _open_internal(self, position: Position, selected: SelectedField) -> None:
        """Give a field that the plan itself needs its slot before anything is planned: its paths are asked for."""
        slot = self.slot(position, selected, selected.on)
        position.by_field[id(selected)] = slot
        if selected.selection is not None and slot.child is not None:
            for each in selected.selection.fields:
                self._open_internal(slot.child, each)

    def slot(self, position: Position, selected: SelectedField, types: frozenset[str] | None) -> Slot:
        """The slot of a field that the client selected, or that the plan itself needs."""
        known = position.by_field.get(id(selected))
        if known is not None:
            return known
        if types is not None and (position.possible <= types or not types <= position.possible):
            types = None  # all there can be, or an interface that stands for all
        shape = shape_of(selected)
        for slot in position.slots:
            same = slot.field.name == selected.name and slot.field.signature == selected.signature
            if same and slot.shape == shape and self._covers(slot, types, position):
                return slot
        return self._reserve(position, selected, types, shape)

    def share(self, position: Position, known: SelectedField, other: SelectedField) -> None:
        """Have the slot of a field hold the values of another one as well."""
        self._shared.append(other)  # an identity belongs to a field for as long as that lives
        position.by_field[id(other)] = position.by_field[id(known)]

    def reserved(self, position: Position, selected: SelectedField) -> Slot:
        """A slot that nothing else uses."""
        slot = Slot(self._alias(position, selected.name), selected, None, shape_of(selected), position, internal=True)
        position.slots.append(slot)
        return slot

    def rename(self, slot: Slot) -> None:
        """Move the value to a reserved alias."""
        slot.key = self._alias(slot.position, slot.field.name)

    def _covers(self, slot: Slot, types: frozenset[str] | None, position: Position) -> bool:
        """Whether the slot holds for the types, or can be made to."""
        if slot.on is None or (types is not None and types <= slot.on):
            return True
        if not slot.internal:
            return False
        slot.on = None if types is None else slot.on | types
        return True

    def _reserve(self, position: Position, selected: SelectedField, types: frozenset[str] | None, shape: str) -> Slot:
        key = selected.name
        if key in position.client_keys or any(slot.key == key for slot in position.slots):
            key = self._alias(position, key)
        slot = Slot(key, selected, types, shape, position, internal=True)
        position.slots.append(slot)
        if selected.selection is not None:
            slot.child = Position(slot, selected.selection.possible)
        return slot

    def _alias(self, position: Position, name: str) -> str:
        taken = position.client_keys | {slot.key for slot in position.slots}
        while True:
            alias = f"_{self._aliases}_{name.lstrip('_')}"
            self._aliases += 1
            if alias not in taken:
                return alias


def steps_to(slot: Slot) -> list[PathStep]:
    """From an object at the slot's position to the values that the slot holds."""
    steps: list[PathStep] = [] if slot.on is None else [OnTypes(slot.on, slot.position.typename_key)]
    steps.append(Key(slot.key))
    steps += [Each()] * (0 if slot.field.type is None else list_depth(slot.field.type))
    return steps


def shape_of(selected: SelectedField) -> str:
    """Equal for fields of one type."""
    return "String!" if selected.type is None else str(selected.type)


def join_paths(left: ResponsePath, right: ResponsePath) -> ResponsePath | None:
    """One path that leads to what both lead to, and nowhere else; None if there is none."""
    if len(left) != len(right):
        return None
    joined = False
    found: list[PathStep] = []
    for one, other in zip(left, right, strict=True):
        if one == other:
            found.append(one)
        elif isinstance(one, OnTypes) and isinstance(other, OnTypes) and one.typename_key == other.typename_key:
            if joined:
                return None
            joined = True
            found.append(OnTypes(one.types | other.types, one.typename_key))
        else:
            return None
    return tuple(found)
