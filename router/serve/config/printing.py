"""Settings as the YAML file that they could come from, without their secrets."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

from router.serve.config.kinds import choices, is_enum, is_settings, item_kind, optional, settings_of, value_kind

MASK: Final = "********"

_CREDENTIALS: Final = re.compile(r"(?<=://)[^/?#\s]+(?=@)")
_QUERY: Final = re.compile(r"(?<=://)([^?#\s]*\?)([^#\s]+)")
_VALUE: Final = re.compile(r"([^&=]*=)?[^&]+")


def printed(settings: Any) -> str:
    """The whole configuration, defaults included."""
    return yaml.safe_dump(plain(type(settings), settings), sort_keys=False, allow_unicode=True)


def plain(kind: Any, value: Any) -> Any:
    """A value as YAML and JSON have it; secrets are masked, and so are credentials and queries' values in URLs."""
    kind, _ = optional(kind)
    if value is None:
        return None
    if (classes := choices(kind)) is not None:
        name = next(name for name, each in classes.items() if isinstance(value, each))
        return {name: plain(classes[name], value)}
    if is_settings(kind):
        return {
            name: MASK if each.secret and getattr(value, name) else plain(each.kind, getattr(value, name))
            for name, each in settings_of(kind).items()
        }
    return _inner(kind, value)


def _inner(kind: Any, value: Any) -> Any:
    if (item := item_kind(kind)) is not None:
        return [plain(item, each) for each in value]
    if (inner := value_kind(kind)) is not None:
        return {name: plain(inner, each) for name, each in value.items()}
    if is_enum(kind):
        return value.value
    if kind is float:
        return float(value)
    return _masked(str(value)) if kind in {str, Path} else value


def _masked(text: str) -> str:
    """A text, where URLs in it have neither credentials nor values in their queries."""

    def without_values(found: re.Match[str]) -> str:
        return found[1] + _VALUE.sub(lambda each: (each[1] or "") + MASK, found[2])

    return _QUERY.sub(without_values, _CREDENTIALS.sub(MASK, text))
