"""Whether two answers to one operation are the same, as far as the specification determines them.

Which errors are raised below a value that is null in the end depends on what is executed first, so errors are compared
by the place of the null that they explain.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Data, and where errors are.

    Attributes:
        is_lossy: in it are objects that are only referred to.
    """

    data: dict[str, Any] | None
    errors: Sequence[Mapping[str, Any]] = ()
    is_lossy: bool = False


def difference(expected: Answer, got: Answer) -> str | None:
    """How the second answer differs, if it does."""
    if json.dumps(expected.data) != json.dumps(got.data):
        kind = "the order of keys differs" if expected.data == got.data else "data differs"
        return (
            f"{kind}\n  expected {json.dumps(expected.data)}\n  got      {json.dumps(got.data)}\n  errors {got.errors}"
        )
    wanted, found = places(expected), places(got)
    if wanted != found:
        return (
            f"errors differ\n  expected {sorted(map(str, wanted))}\n  got      {sorted(map(str, found))}\n {got.errors}"
        )
    return None


def places(answer: Answer) -> set[Place]:
    """The nulls that errors explain."""
    return set(_places(answer.data, answer.errors))


def _places(data: Any, errors: Iterable[Mapping[str, Any]]) -> Iterable[Place]:
    for error in errors:
        value, place = data, list[str | int]()
        for key in cast("list[str | int]", error.get("path", ())):
            if value is None:
                break
            place.append(key)
            value = _below(value, key)
        yield tuple(place)


def _below(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return cast("dict[str | int, Any]", value).get(key)
    if isinstance(value, list) and isinstance(key, int):
        items = cast("list[Any]", value)
        return items[key] if key < len(items) else None
    return None
