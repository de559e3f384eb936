"""Cursors of things that are followed until they are settled: which one, and the version that was seen."""

from typing import Final
from uuid import UUID

from shared.errors import BadUserInput
from shared.graphql.pagination import Keyset

_BY_VERSION: Final = Keyset(tuple[UUID, int])


def version_cursor(id_: UUID, version: int) -> str:
    """The cursor of a version."""
    return _BY_VERSION.cursor((id_, version))


def version_in(cursor: str, id_: UUID) -> int:
    """Read the version that a cursor of `id_` stands for.

    Raises:
        BadUserInput: it is no cursor, or one of something else.
    """
    after = _BY_VERSION.page(1, cursor).after
    if after is None or after[0] != id_:
        raise BadUserInput("`after` is not a cursor of this subscription", field="after")
    return after[1]
