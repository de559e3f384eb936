"""What caches of answers have done so far, for whoever looks at the router."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from router.serve.caching.store import Entry

ROOTS: Final = "roots"
ENTITIES: Final = "entities"
ANSWERS: Final = "answers"


@dataclass(slots=True)
class KindCounts:
    """Of what is kept of one kind.

    Attributes:
        hits: what was there and could be taken.
        misses: what was looked for and had to be asked for.
        stored: what was given to the store, which may refuse it.
        stored_bytes: of that, without tags.
    """

    hits: int = 0
    misses: int = 0
    stored: int = 0
    stored_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the caches of one router.

    Attributes:
        kinds: root fields' answers, entities, and whole answers to clients.
        invalidations: how many tags, types, and subgraphs as a whole were to be forgotten.
    """

    kinds: Mapping[str, KindCounts] = field(
        default_factory=lambda: {ROOTS: KindCounts(), ENTITIES: KindCounts(), ANSWERS: KindCounts()}
    )
    invalidations: dict[str, int] = field(default_factory=lambda: {"tags": 0, "types": 0, "subgraphs": 0})

    def look(self, kind: str, *, found: int, missing: int) -> None:
        """Count what a look has brought."""
        counts = self.kinds[kind]
        counts.hits += found
        counts.misses += missing

    def store(self, kind: str, entries: Sequence[tuple[bytes, "Entry"]]) -> None:
        """Count what is given to the store."""
        counts = self.kinds[kind]
        counts.stored += len(entries)
        counts.stored_bytes += sum(len(entry.body) for _, entry in entries)


class StoreState(NamedTuple):
    """How a store is.

    Attributes:
        entries: that this process has; 0 where it keeps none itself.
        bytes: likewise.
        failures: how often the store could not be reached so far.
        damaged: entries so far that were not what had been kept, and were taken for missing.
        is_down: it could not be reached when it was tried last.
    """

    entries: int = 0
    bytes: int = 0
    failures: int = 0
    damaged: int = 0
    is_down: bool = False
