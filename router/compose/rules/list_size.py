"""LIST_SIZE_APPLIED_TO_NON_LIST and LIST_SIZE_INVALID_*: a `@listSize` that cannot be reckoned with.

Source: https://ibm.github.io/graphql-specs/cost-spec.html#sec-The-List-Size-Directive
"""

from collections.abc import Iterator

from router.compose.model import Applied, Field, FieldsType, Schema
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.type_ref import ListOf, Named, base_name, nullable
from router.federation.values import Value


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at each `@listSize`."""
    yield from check_schema(subgraph.schema)


def check_schema(schema: Schema) -> Iterator[CompositionError]:
    """The same of any schema: merging may leave out an argument that `@listSize` names."""
    for type_ in schema.with_fields():
        for field in type_.fields.values():
            for applied in field.applied("listSize"):
                yield from _list(field, applied)
                yield from _assumed_size(field, applied)
                yield from _slicing_arguments(field, applied)
                yield from _sized_fields(schema, field, applied)


def _error(code: ErrorCode, applied: Applied, field: Field, why: str) -> CompositionError:
    message = f'@{applied.name} on "{field.coordinate}": {why}.'
    # what is merged stands where the field does
    return CompositionError(code, message, locations(applied.node or field.node))


def _is_list(field: Field) -> bool:
    return isinstance(nullable(field.type), ListOf)


def _strings(value: Value) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _list(field: Field, applied: Applied) -> Iterator[CompositionError]:
    if not applied.arguments.get("sizedFields") and not _is_list(field):
        yield _error(
            ErrorCode.LIST_SIZE_APPLIED_TO_NON_LIST,
            applied,
            field,
            "the field is no list; name its lists in sizedFields",
        )


def _assumed_size(field: Field, applied: Applied) -> Iterator[CompositionError]:
    size = applied.arguments.get("assumedSize")
    if isinstance(size, int) and size < 0:
        yield _error(
            ErrorCode.LIST_SIZE_INVALID_ASSUMED_SIZE, applied, field, "a list has no negative size; give 0 or more"
        )


def _slicing_arguments(field: Field, applied: Applied) -> Iterator[CompositionError]:
    for name in _strings(applied.arguments.get("slicingArguments")):
        argument = field.arguments.get(name)
        if argument is None:
            why = (
                f'the field has no argument "{name}"; declare it in every subgraph that has the field, or name another'
            )
            yield _error(ErrorCode.LIST_SIZE_INVALID_SLICING_ARGUMENT, applied, field, why)
        elif nullable(argument.type) != Named("Int"):
            yield _error(
                ErrorCode.LIST_SIZE_INVALID_SLICING_ARGUMENT,
                applied,
                field,
                f'"{name}" is no Int, as a size is; make it one',
            )


def _sized_fields(schema: Schema, field: Field, applied: Applied) -> Iterator[CompositionError]:
    names = _strings(applied.arguments.get("sizedFields"))
    if not names:
        return
    type_ = schema.composite(base_name(field.type))
    if type_ is None:
        why = f'"{field.type}" has no fields to be sized'
        yield _error(ErrorCode.LIST_SIZE_INVALID_SIZED_FIELD, applied, field, why)
        return
    for name in names:
        sized = type_.fields.get(name) if isinstance(type_, FieldsType) else None
        if sized is None:
            why = f'"{type_.name}" has no field "{name}"; name one that it has'
            yield _error(ErrorCode.LIST_SIZE_INVALID_SIZED_FIELD, applied, field, why)
        elif not _is_list(sized):
            yield _error(
                ErrorCode.LIST_SIZE_APPLIED_TO_NON_LIST,
                applied,
                field,
                f'"{sized.coordinate}" is no list; leave it out',
            )
