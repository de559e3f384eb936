"""Entries in this process, bounded by their bytes."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from router.serve.caching.counts import StoreState
from router.serve.caching.store import EVERY_TYPE, MOST_TYPES, Entry, Found

_OVERHEAD: Final = 500
"""Bytes of an entry beside its body and its tags, about."""

_MOST_TAG_MARKS: Final = 20_000
"""Tags whose invalidation is remembered for answers that were under way; with more, the older half is forgotten, and
no answer is kept that was asked for before."""

_MOST_TYPE_MARKS: Final = 50_000
"""The same of types, which are remembered for what is kept. With more, everything is forgotten."""

_AT_ONCE: Final = 1_000
"""Entries that are forgotten before others get their turn."""

_Place = tuple[str, str]
"""A tenant and a tag, or a tenant and a subgraph."""


class MemoryStore:
    """Keeps what was used last.

    Its clock stands still between invalidations, as that of Redis does.
    """

    def __init__(self, most_bytes: int, clock: Callable[[], float] = time.time) -> None:
        """Args: `clock` in seconds since the epoch."""
        self._most = most_bytes
        self._clock = clock
        self._moment = 0
        self._bytes = 0
        self._known: dict[bytes, tuple[str, Entry]] = {}
        self._tagged: dict[_Place, set[bytes]] = {}
        self._tag_marks: dict[_Place, int] = {}
        self._type_marks: dict[_Place, dict[str, int]] = {}
        self._type_marks_count = 0
        self._begun = 0

    def __len__(self) -> int:
        return len(self._known)

    @property
    def weight(self) -> int:
        """Bytes of all that is kept."""
        return self._bytes

    async def look(self, tenant: str, subgraphs: Sequence[str], keys: Sequence[bytes]) -> Found | None:
        marks = {each: known for each in subgraphs if (known := self._type_marks.get((tenant, each)))}
        return Found(self._moment, [self._get(key) for key in keys], marks)

    async def keep(self, tenant: str, entries: Sequence[tuple[bytes, Entry]]) -> None:
        for key, entry in entries:
            if entry.moment >= self._begun and not self._was_marked(tenant, entry):
                self._put(tenant, key, entry)
        while self._bytes > self._most:
            self._forget(next(iter(self._known)))

    async def invalidate_tags(self, tenant: str, tags: Sequence[str]) -> int:
        for tag in tags:
            self._tag_marks.pop((tenant, tag), None)
            self._tag_marks[tenant, tag] = self._next()
        while len(self._tag_marks) > _MOST_TAG_MARKS:
            for place in list(self._tag_marks)[: _MOST_TAG_MARKS // 2]:
                self._begun = self._tag_marks.pop(place)
        keys = list({key for tag in tags for key in self._tagged.get((tenant, tag), ())})
        for number, key in enumerate(keys, 1):
            self._forget(key)
            if not number % _AT_ONCE:
                await asyncio.sleep(0)  # what is given away meanwhile is so before anybody is told that it is not
        return len(keys)

    async def invalidate_types(self, tenant: str, subgraph: str, types: Sequence[str]) -> None:
        marks = self._type_marks.setdefault((tenant, subgraph), {})
        before = len(marks)
        marks.update(dict.fromkeys(types, self._next()))
        if EVERY_TYPE in types or len(marks) > MOST_TYPES:
            marks.clear()
            marks[EVERY_TYPE] = self._moment
        self._type_marks_count += len(marks) - before
        if self._type_marks_count > _MOST_TYPE_MARKS:
            self._forget_all()

    @property
    def state(self) -> StoreState:
        return StoreState(len(self._known), self._bytes)

    async def aclose(self) -> None:
        """Nothing is to be closed."""

    def _next(self) -> int:
        self._moment += 1
        return self._moment

    def _get(self, key: bytes) -> Entry | None:
        found = self._known.get(key)
        if found is None:
            return None
        entry = found[1]
        if self._clock() >= entry.stored + entry.seconds:
            self._forget(key)
            return None
        del self._known[key]
        self._known[key] = found
        return entry

    def _put(self, tenant: str, key: bytes, entry: Entry) -> None:
        weight = _weight(entry)
        if weight > self._most:
            return
        self._forget(key)
        self._known[key] = (tenant, entry)
        self._bytes += weight
        for tag in entry.tags:
            self._tagged.setdefault((tenant, tag), set()).add(key)

    def _forget(self, key: bytes) -> None:
        found = self._known.pop(key, None)
        if found is None:
            return
        tenant, entry = found
        self._bytes -= _weight(entry)
        for tag in entry.tags:
            keys = self._tagged.get((tenant, tag))
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._tagged[tenant, tag]

    def _forget_all(self) -> None:
        for known in (self._known, self._tagged, self._type_marks):
            known.clear()
        self._bytes = self._type_marks_count = 0
        self._begun = self._next()

    def _was_marked(self, tenant: str, entry: Entry) -> bool:
        return any(self._tag_marks.get((tenant, tag), 0) > entry.moment for tag in entry.tags)


def _weight(entry: Entry) -> int:
    return len(entry.body) + _OVERHEAD + sum(len(each) + _OVERHEAD for each in entry.tags)
