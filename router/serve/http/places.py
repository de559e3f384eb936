"""Where the files of a form belong: in the places of nulls in variables, where the schema expects them.

Source: https://github.com/jaydenseric/graphql-multipart-request-spec
"""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    is_scalar_type,
    type_from_ast,
)
from starlette.datastructures import UploadFile

from router.serve.errors import BAD_USER_INPUT, Refused
from router.serve.http.parse import parse_json

MOST_PLACES: Final = 10
"""Of one file."""

_INDEX: Final = re.compile("[0-9]{1,6}")


def placed_files(items: Sequence[tuple[str, str | UploadFile]]) -> Any:
    """The operations of a form, each file in its places.

    Raises:
        Refused: the map does not say for all files where they belong, or says anything else.
    """
    parts = dict(items)
    if len(parts) < len(items):
        raise _bad("The form has two parts of one name.")
    operations, places = (_json(parts.pop(name, None), name) for name in ("operations", "map"))
    if not isinstance(places, dict) or places.keys() != parts.keys():
        raise _bad("The map must say for all files, and for nothing else, where they belong.")
    for name, paths in cast("dict[str, Any]", places).items():
        if not isinstance(paths, list) or not 0 < len(cast("list[Any]", paths)) <= MOST_PLACES:
            raise _bad(f"The map must give a file a list of places, at most {MOST_PLACES}.")
        for path in cast("list[Any]", paths):
            _place(operations, path, parts[name])
    return operations


def _place(operations: Any, path: object, file: object) -> None:
    """Put a file where a null is, within the variables of an operation."""
    steps = path.split(".") if isinstance(path, str) else []
    depth = 1 if isinstance(operations, list) else 0
    if len(steps) < depth + 2 or steps[depth] != "variables" or not isinstance(file, UploadFile):
        raise _bad("The map must name places within variables, for files.")
    container: Any = operations
    for step in steps[:-1]:
        container = _within(container, step)
    if _within(container, steps[-1]) is not None:
        raise _bad("The map must name places that are null.")
    last = steps[-1]
    container[int(last) if isinstance(container, list) else last] = file


def _within(container: Any, step: str) -> Any:
    """Raises: Refused: there is no such place."""
    if isinstance(container, dict) and step in container:
        return cast("dict[str, Any]", container)[step]
    if isinstance(container, list) and _INDEX.fullmatch(step):
        items = cast("list[Any]", container)
        if int(step) < len(items):
            return items[int(step)]
    raise _bad("The map names a place that is not there.")


def check_places(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None, scalar: str
) -> None:
    """Let files be values of one scalar alone: others would be sent on as whatever JSON makes of them.

    Raises:
        Refused: a file has another place.
    """
    types: dict[str, Any] = {
        each.variable.name.value: type_from_ast(schema, each.type) for each in operation.variable_definitions or ()
    }
    values: list[tuple[Any, Any]] = [(value, types.get(name)) for name, value in (variables or {}).items()]
    while values:
        value, type_ = values.pop()
        inner = get_nullable_type(type_)
        match value:
            case UploadFile():
                while is_list_type(inner):  # a single value may stand for a list of one
                    inner = get_nullable_type(inner.of_type)
                if not is_scalar_type(inner) or inner.name != scalar:
                    raise Refused.because(f"A file can only be a value of the scalar {scalar}.", BAD_USER_INPUT)
            case dict():
                fields: Mapping[str, Any] = inner.fields if is_input_object_type(inner) else {}
                for name, each in cast("dict[str, Any]", value).items():
                    values.append((each, fields[name].type if name in fields else None))
            case list():
                of_type = inner.of_type if is_list_type(inner) else None
                values.extend((each, of_type) for each in cast("list[Any]", value))
            case _:
                pass


def _json(text: object, name: str) -> Any:
    if not isinstance(text, str):
        raise _bad(f"The form needs a field {name}.")
    return parse_json(text, f"The field {name}")


def _bad(message: str) -> Refused:
    return Refused.because(message, status=HTTPStatus.BAD_REQUEST)
