"""What a subgraph's directives amount to: which fields it resolves, shares, only knows of, and makes use of."""

from collections.abc import Callable, Iterator
from functools import cached_property

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, SelectionSetNode

from router.compose.model import Applied, CompositeType, Field, FieldsType, InterfaceType, ObjectType, Schema
from router.federation.field_sets import parse_field_set
from router.federation.type_ref import base_name


class Facts:
    """Facts about the fields of one subgraph, each worked out when first asked for.

    Fields are known by their coordinates.
    """

    def __init__(self, schema: Schema, *, is_federation_1: bool) -> None:
        self._schema = schema
        self._is_federation_1 = is_federation_1

    def is_external(self, field: Field) -> bool:
        """Whether the field is another subgraph's, and only declared here to be spoken of."""
        return field.coordinate in self._external

    def is_fake_external(self, field: Field) -> bool:
        """Whether `@external` means nothing here: on key fields of an extension, it is Federation 1's manner."""
        return field.coordinate in self._fake_external

    def is_fully_external(self, field: Field) -> bool:
        """Whether the field is never resolved here, not even where a `@provides` says so."""
        return field.coordinate in self._external and field.coordinate not in self._provided

    def is_partially_external(self, field: Field) -> bool:
        """Whether the field is resolved here under some `@provides` only."""
        return field.coordinate in self._external and field.coordinate in self._provided

    def is_shareable(self, field: Field) -> bool:
        """Whether other subgraphs may resolve the field too."""
        return field.coordinate in self._shareable

    def is_used(self, field: Field) -> bool:
        """Whether some directive or interface of this subgraph needs the field."""
        return field.coordinate in self._used

    @cached_property
    def _fake_external(self) -> frozenset[str]:
        return frozenset(
            target.coordinate
            for type_ in self._schema.with_fields()
            for key in type_.applied("key")
            if key.extension is not None or type_.has("extends")
            for target in target_fields(self._schema, type_, key)
            if target.has("external")
        )

    @cached_property
    def _external(self) -> frozenset[str]:
        return frozenset(
            field.coordinate
            for type_ in self._schema.with_fields()
            for field in type_.fields.values()
            if (field.has("external") or self._is_external_type(type_)) and field.coordinate not in self._fake_external
        )

    def _is_external_type(self, type_: FieldsType) -> bool:
        return not self._is_federation_1 and isinstance(type_, ObjectType) and type_.has("external")

    @cached_property
    def _provided(self) -> frozenset[str]:
        return frozenset(target.coordinate for target in self._targets_of("provides"))

    @cached_property
    def _shareable(self) -> frozenset[str]:
        found: set[str] = set()
        for type_ in self._schema.with_fields():
            for key in type_.applied("key"):
                found.update(target.coordinate for target in self._targets(type_, key))
        if not self._is_federation_1:
            found.update(self._declared_shareable())
        found.update(self._provided & self._external)
        return frozenset(found)

    def _declared_shareable(self) -> Iterator[str]:
        for type_ in self._schema.objects():
            declarations = [applied.extension for applied in type_.applied("shareable")]
            for field in type_.fields.values():
                if field.has("shareable") or field.extension in declarations:
                    yield field.coordinate

    @cached_property
    def _used(self) -> frozenset[str]:
        found = {
            target.coordinate for meaning in ("key", "requires", "provides") for target in self._targets_of(meaning)
        }
        found.update(self._used_by_contexts())
        found.update(self._used_by_interfaces())
        return frozenset(found)

    def _used_by_interfaces(self) -> Iterator[str]:
        for type_ in self._schema.objects():
            for name in type_.interfaces:
                interface = self._schema.types.get(name)
                if isinstance(interface, InterfaceType):
                    yield from (type_.fields[each].coordinate for each in interface.fields if each in type_.fields)

    def _used_by_contexts(self) -> Iterator[str]:
        contexts: dict[str, list[CompositeType]] = {}
        for type_ in self._schema.types.values():
            if isinstance(type_, CompositeType):
                for applied in type_.applied("context"):
                    contexts.setdefault(str(applied.arguments.get("name")), []).append(type_)
        if not contexts:
            return
        for type_ in self._schema.with_fields():
            for field in type_.fields.values():
                for argument in field.arguments.values():
                    for applied in argument.applied("fromContext"):
                        context, selection = parse_context(applied.arguments.get("field"))
                        for start in contexts.get(context, ()):
                            yield from (target.coordinate for target in selected_fields(self._schema, start, selection))

    def _targets_of(self, meaning: str) -> Iterator[Field]:
        for type_ in self._schema.with_fields():
            if meaning == "key":
                for applied in type_.applied(meaning):
                    yield from self._targets(type_, applied)
                continue
            for field in type_.fields.values():
                for applied in field.applied(meaning):
                    start = type_ if meaning == "requires" else self._schema.composite(base_name(field.type))
                    if start is not None:
                        yield from self._targets(start, applied)

    def _targets(self, start: CompositeType, applied: Applied) -> Iterator[Field]:
        """The fields `applied` names, and for a field of an interface those that implement it."""
        return target_fields(self._schema, start, applied, implementations=True)


def target_fields(
    schema: Schema, start: CompositeType, applied: Applied, *, implementations: bool = False
) -> Iterator[Field]:
    """The fields that a directive's field set names, at every depth and up to the first that does not exist.

    Args:
        schema: where `start` is from.
        start: the type the field set is about.
        applied: a directive with an argument `fields`; nothing is named by one that cannot be read.
        implementations: whether a field of an interface brings those that implement it.

    """
    return selected_fields(schema, start, applied.arguments.get("fields"), implementations=implementations)


def selected_fields(
    schema: Schema, start: CompositeType, text: object, *, implementations: bool = True
) -> Iterator[Field]:
    """The fields that the selections in `text` name, up to the first that does not exist; none, where it is none."""
    if not isinstance(text, str):
        return
    try:
        selections = parse_field_set(text)
    except GraphQLSyntaxError:
        return
    seen: list[Field] = []
    walk_fields(schema, start, selections, seen.append)
    for field in seen:
        yield field
        owner = schema.types.get(field.parent)
        if implementations and isinstance(owner, InterfaceType):
            for each in schema.runtime_types(owner):
                if field.name in each.fields:
                    yield each.fields[field.name]


def walk_fields(
    schema: Schema, type_: CompositeType, selections: SelectionSetNode, visit: Callable[[Field], None]
) -> bool:
    """Call `visit` on each field of `selections`, up to the first that does not exist; say whether all do."""
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            if selection.name.value == "__typename":
                continue
            field = None if not isinstance(type_, FieldsType) else type_.fields.get(selection.name.value)
            if field is None:
                return False
            visit(field)
            inner = schema.composite(base_name(field.type))
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            inner = type_ if condition is None else schema.composite(condition.name.value)
            if inner is None:
                return False
        else:
            return False
        deeper = None if inner is None else selection.selection_set
        if inner is not None and deeper is not None and not walk_fields(schema, inner, deeper, visit):
            return False
    return True


def parse_context(text: object) -> tuple[str, str]:
    """The context's name and the selection in `$context { selection }`; empty strings, where it is neither."""
    if not isinstance(text, str):
        return "", ""
    head, _, tail = text.strip(" \t\r\n,").partition("$")
    if head:
        return "", ""
    tail = tail.lstrip(" \t\r\n,")
    end = next((at for at, char in enumerate(tail) if not (char.isalnum() or char == "_")), len(tail))
    return tail[:end], tail[end:]
