"""Resolving references by `id`, for the `resolve_references` of most entities."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from aiodataloader import DataLoader

from shared.errors import BadUserInput, parse_id
from shared.graphql.entities import Reference

RowT = TypeVar("RowT")
NodeT = TypeVar("NodeT")


async def resolve_by_id(
    references: Sequence[Reference], loader: DataLoader[UUID, RowT | None], of: Callable[[RowT], NodeT]
) -> list[NodeT | BadUserInput | None]:
    """Load what the references name, in one batch.

    Returns:
        One value per reference, in order: `of` the row, None where there is none, and the error to report where the id
        is malformed.
    """

    async def resolve(reference: Reference) -> NodeT | BadUserInput | None:
        try:
            id_ = parse_id(reference["id"])
        except BadUserInput as refusal:
            return refusal
        row = await loader.load(id_)
        return None if row is None else of(row)

    return await asyncio.gather(*(resolve(reference) for reference in references))
