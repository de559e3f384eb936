"""What the platform asks of a vector engine."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from shared.caller import Caller

DIMENSIONS: Final = 256

Vector: TypeAlias = Sequence[float]
"""`DIMENSIONS` numbers of any length but zero: only the direction counts."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A vector near the one asked for; `similarity` is the cosine of the angle between them, 1 for the same."""

    id: UUID
    similarity: float


class VectorIndex(Protocol):
    """The vectors of each tenant, apart from every other tenant's."""

    async def upsert(self, caller: Caller, vectors: Mapping[UUID, Vector], *, released: Collection[UUID] = ()) -> None:
        """Add or replace vectors; those in `released` are of what is meant for everybody."""
        ...

    async def query(self, caller: Caller, vector: Vector, *, limit: int, released_only: bool) -> Sequence[Neighbour]:
        """Find the vectors nearest to `vector`, the nearest first, at most `limit` of them.

        If `released_only`, the others are passed over and don't count towards the limit.
        """
        ...

    async def delete(self, caller: Caller, ids: Sequence[UUID]) -> None:
        """Forget vectors; unknown ids are ignored."""
        ...

    async def ping(self) -> None:
        """Return if the engine can be reached, else raise."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
