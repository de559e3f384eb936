"""Colours, and whether text can be read upon them."""

import re
from typing import Final

from shared.errors import BadUserInput

READABLE: Final = 4.5
"""The least contrast of text of common size. Source: WCAG 2.2, success criterion 1.4.3 (AA)."""
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")
_LINEAR_BELOW: Final = 0.04045


def color(value: str, *, field: str) -> str:
    """A colour as ``#rrggbb``, in small letters."""
    small = value.strip().lower()
    if not _COLOR.fullmatch(small):
        raise BadUserInput(f"`{field}` is not a colour like #1a73e8", field=field)
    return small


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(value: str) -> float:
    """The relative luminance, 0 to 1. Source: WCAG 2.2, "relative luminance", with the constant of sRGB itself."""
    red, green, blue = (_linear(int(value[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= _LINEAR_BELOW else ((channel + 0.055) / 1.055) ** 2.4
