"""How generated code hands its work to the interpreter."""

from collections.abc import Callable
from typing import Any

from router.execute.shapes import INVALID


class Unsure(Exception):
    """Something is not in order, or not simple: the interpreter knows what to make of it."""


def admitted(admit: Callable[[Any], Any], value: Any) -> Any:
    """What the client gets for a leaf that does not look as expected.

    Raises:
        Unsure: its type does not admit it.
    """
    result = admit(value)
    if result is INVALID:
        raise Unsure
    return result


def admitted_value(admit: Callable[[Any], Any], value: Any) -> Any:
    """The same where null is not allowed."""
    result = None if value is None else admitted(admit, value)
    if result is None:
        raise Unsure
    return result
