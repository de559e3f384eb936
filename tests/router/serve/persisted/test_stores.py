"""Documents are kept for a while, and a store for all processes costs nobody an answer."""

import asyncio
import logging

import pytest

from router.serve.persisted import LocalStore, SharedStore
from router.serve.persisted.automatic import hash_of
from router.serve.request import ANYBODY

TEXT = "{ whoami }"
HASH = hash_of(TEXT)


class Redis:
    """As much of a client as is needed; `broken` in one of two ways."""

    def __init__(self, broken: str = "") -> None:
        self.broken = broken
        self.kept: dict[str, tuple[str, int]] = {}
        self.asked = 0

    async def get(self, name: str) -> bytes | None:
        self.asked += 1
        await self._break()
        return self.kept[name][0].encode() if name in self.kept else None

    async def set(self, name: str, value: str, *, ex: int) -> object:
        await self._break()
        self.kept[name] = (value, ex)
        return True

    async def _break(self) -> None:
        if self.broken == "failing":
            raise ConnectionError("refused")
        if self.broken == "hanging":
            await asyncio.Event().wait()


def shared(redis: Redis) -> SharedStore:
    return SharedStore(redis, LocalStore(10, 1000), seconds=60, patience=0.01)


class TestLocal:
    async def test_what_was_used_last_is_kept(self) -> None:
        store = LocalStore(2, 1000)
        for hash_ in ("a", "b", "c"):
            await store.put(hash_, hash_, ANYBODY)
            await store.get("a", ANYBODY)
        assert [await store.get(hash_, ANYBODY) for hash_ in ("a", "b", "c")] == ["a", None, "c"]

    async def test_large_documents_do_not_fill_memory(self) -> None:
        store = LocalStore(1000, 100)
        for number in range(10):
            await store.put(str(number), "x" * 40, ANYBODY)
        await store.put("large", "x" * 101, ANYBODY)
        kept = [number for number in range(10) if await store.get(str(number), ANYBODY)]
        assert kept == [8, 9]
        assert await store.get("large", ANYBODY) is None


class TestShared:
    async def test_another_process_finds_what_one_has_kept(self) -> None:
        redis = Redis()
        await shared(redis).put(HASH, TEXT, ANYBODY)
        other = shared(redis)
        assert await other.get(HASH, ANYBODY) == TEXT
        assert await other.get(HASH, ANYBODY) == TEXT
        assert redis.asked == 1
        assert redis.kept == {f"apq:{HASH}": (TEXT, 60)}

    async def test_what_has_another_hash_is_not_believed(self) -> None:
        redis = Redis()
        redis.kept[f"apq:{HASH}"] = ('mutation { rename(id: 1, title: "x") { id } }', 60)
        assert await shared(redis).get(HASH, ANYBODY) is None

    @pytest.mark.parametrize("broken", ["failing", "hanging"])
    async def test_a_broken_store_is_as_good_as_none(self, broken: str, caplog: pytest.LogCaptureFixture) -> None:
        redis = Redis(broken)
        store = shared(redis)
        with caplog.at_level(logging.WARNING):
            assert await store.get(HASH, ANYBODY) is None
            await store.put(HASH, TEXT, ANYBODY)
        assert await store.get(HASH, ANYBODY) == TEXT
        assert len(caplog.records) == 2
