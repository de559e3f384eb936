"""The cache keeps what was used last, within two bounds."""

from router.serve.cache import LruCache


def test_the_entry_used_longest_ago_goes_first() -> None:
    cache: LruCache[str, int] = LruCache(entries=2, weight=100)
    cache.put("a", 1, 1)
    cache.put("b", 2, 1)
    cache.get("a")
    cache.put("c", 3, 1)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_heavy_entries_push_out_several_light_ones() -> None:
    cache: LruCache[str, int] = LruCache(entries=10, weight=10)
    for key in "abcd":
        cache.put(key, 1, 2)
    cache.put("heavy", 1, 8)
    assert [cache.get(key) for key in ("c", "d", "heavy")] == [None, 1, 1]


def test_an_entry_heavier_than_the_cache_is_not_kept() -> None:
    cache: LruCache[str, int] = LruCache(entries=10, weight=10)
    cache.put("a", 1, 1)
    cache.put("b", 1, 11)
    assert (cache.get("a"), cache.get("b")) == (1, None)


def test_an_entry_put_again_counts_once() -> None:
    cache: LruCache[str, int] = LruCache(entries=10, weight=10)
    for value in range(100):
        cache.put("a", value, 6)
    cache.put("b", 1, 4)
    assert (len(cache), cache.get("a")) == (2, 99)
