"""Whether two answers say the same, but for what differs between any two answers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from tests.isolation.lookalikes import UUIDS

_MOMENTS: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(Z|[+-]\d\d:?\d\d)?")
_TOKENS: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_OPAQUE: Final = re.compile(r"[A-Za-z0-9_-]{32,}=*")
"""Codes, cursors and digests that an answer has made up."""

Said = dict[str, object]
"""What an answer says, by the path that leads to it."""


def said(body: object, tried: Sequence[str]) -> Said:
    """An answer as it would be whatever had been tried, and whenever: only its paths and what stands at them."""
    return dict(_flat(body, "", tried))


def differences(one: Said, *like: Said) -> list[str]:
    """What `one` says, and those that should be like it do not; that on which they differ among themselves is free."""
    first, *others = like
    free = {path for other in others for path in {*first, *other} if first.get(path) != other.get(path)}
    return sorted(
        f"{path}: {one.get(path, 'nothing')!r} instead of {first.get(path, 'nothing')!r}"
        for path in {*first, *one} - free
        if first.get(path, _flat) != one.get(path, _flat)
    )


def _flat(value: object, path: str, tried: Sequence[str]) -> Iterable[tuple[str, object]]:
    if isinstance(value, Mapping):
        yield path, "{}"
        for name, each in cast("Mapping[str, object]", value).items():
            yield from _flat(each, f"{path}.{name}", tried)
    elif isinstance(value, list):
        yield path, "[]"
        for number, each in enumerate(cast("list[object]", value)):
            yield from _flat(each, f"{path}.{number}", tried)
    else:
        yield path, _without(value, tried) if isinstance(value, str) else value


def _without(text: str, tried: Sequence[str]) -> str:
    for value in sorted(tried, key=len, reverse=True):
        text = text.replace(value, "<tried>")
    for pattern, name in ((_TOKENS, "<token>"), (UUIDS, "<id>"), (_MOMENTS, "<moment>"), (_OPAQUE, "<opaque>")):
        text = pattern.sub(name, text)
    return text


def leaked(text: str, secrets: Iterable[str], sent: Any) -> list[str]:
    """Which of some values an answer tells without having been told them."""
    told = str(sent)
    return [value for value in secrets if value in text and value not in told]
