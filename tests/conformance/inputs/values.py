"""JSON that nobody expects."""

import random
from collections.abc import Callable
from typing import Any, Final, cast

STRANGE: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63, 2**64 - 1, 0.1, 1e308, -0.0, 1.0),
    *("", "a", "1", "true", "\x00", "\u2028", "é", "\U0001f600", "x" * 2_000, "__proto__", "POETRY", "NOTHING"),
    *([], {}, [[]], [None], {"": None}, {"__proto__": {"a": 1}}, {"constructor": 1}, [[[[[]]]]], {"a": {"b": [1]}}),
)

NUMBERS: Final = (
    b"1e999",
    b"-1e999",
    b"1" * 400,
    b"-" + b"7" * 5_000,
    b"0.1e-9999",
    b"18446744073709551616",
    b"1E400",
    b"-0",
    b"01",
    b"NaN",
)
"""As they stand in a text, where a number can have any size."""


def changed(value: Any, chance: random.Random, deep: int = 6) -> Any:
    """The value with something else in one place."""
    if deep and isinstance(value, dict) and value and chance.random() < 0.8:
        entries = dict(cast("dict[str, Any]", value))
        key = chance.choice(list(entries))
        match chance.randrange(8):
            case 0:
                del entries[key]
            case 1:
                entries[chance.choice(("x", "", "__proto__", key.upper(), "\x00", "k" * 300))] = entries[key]
            case _:
                entries[key] = changed(entries[key], chance, deep - 1)
        return entries
    if deep and isinstance(value, list) and value and chance.random() < 0.8:
        items = list(cast("list[Any]", value))
        at = chance.randrange(len(items))
        items[at] = changed(items[at], chance, deep - 1)
        return items * chance.choice((1, 1, 1, 2))
    return strange(chance)


def strange(chance: random.Random) -> Any:
    """Any value."""
    roll = chance.random()
    if roll < 0.02:
        return _nested(chance.choice((10, 49, 60, 200)), chance)
    if roll < 0.03:
        return list(range(chance.choice((100, 5_000))))
    return chance.choice(STRANGE)


def with_numbers(text: bytes, chance: random.Random) -> bytes:
    """A text in which some number is of a kind that Python's values cannot have."""
    digits = [at for at, each in enumerate(text) if 48 <= each <= 57]
    if not digits:
        return text
    at = chance.choice(digits)
    return text[:at] + chance.choice(NUMBERS) + text[at + 1 :]


def deep_text(chance: random.Random) -> bytes:
    """A text nested deeper than recursion goes."""
    depth = chance.choice((100, 900, 1_100, 50_000))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return opening * depth + b"1" + closing * depth


def _nested(depth: int, chance: random.Random) -> Any:
    wrap: Callable[[Any], Any] = chance.choice((lambda inner: [inner], lambda inner: {"a": inner}))
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return value


def storable(value: Any) -> Any:
    """The value with question marks for halves of surrogate pairs, which no text in UTF-8 has."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {storable(key): storable(each) for key, each in entries.items()}
    return [storable(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value
