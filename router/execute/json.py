"""Names for decoded JSON, and how it is read and written without changing any number.

orjson reads whole numbers beyond 64 bits as floats and does not write them, msgspec does both.
"""

from typing import Any, TypeAlias

import msgspec
import orjson

JSONObject: TypeAlias = dict[str, Any]
"""An object of a response, keys in the order of the response."""

PathKey: TypeAlias = str | int

MAX_VALUES = 2_000_000
"""Most values of a text that is read: more would hold up everything else for seconds, and take gigabytes."""

_ALWAYS_READ = 1_000_000
"""Bytes of a text whose values nobody counts."""


def read_json(text: bytes | bytearray | str) -> Any:
    """What a text says.

    Raises:
        ValueError: it is not JSON, nested too deeply, or has too many values.
    """
    if len(text) > _ALWAYS_READ and not isinstance(text, str):
        _require_few_values(text)
    try:
        return msgspec.json.decode(text)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error


def write_json(value: Any) -> bytes:
    """The value as text.

    Raises:
        TypeError: there is something in it that JSON has no form for.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return msgspec.json.encode(value)


def _require_few_values(text: bytes | bytearray) -> None:
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MAX_VALUES:
        raise ValueError(f"The JSON has more than {MAX_VALUES} values.")
