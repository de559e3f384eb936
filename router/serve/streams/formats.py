"""In which formats a client takes answers of more than one part.

An `Accept` that names streams beside whole responses says what the client can read, not what it wants: a query gets one
response, unless the client takes nothing but streams.

Sources: https://www.rfc-editor.org/rfc/rfc9110#name-accept,
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol,
https://specs.apollo.dev/incremental/v0.2/
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from router.serve.errors import Refused
from router.serve.http.negotiate import negotiate

LONGEST_ACCEPT = 2_000
"""Longer headers are cut: no client needs them, and the outcome is kept per header."""


class Format(Enum):
    """How parts of an answer follow each other in one HTTP response."""

    EVENT_STREAM = "event stream"
    SUBSCRIPTION = "multipart, each event in an envelope"
    INCREMENTAL = "multipart, in the specification's format"
    INCREMENTAL_2022 = "multipart, in the format of 2022"


@dataclass(frozen=True, slots=True)
class Formats:
    """What a client takes that also takes streams.

    Attributes:
        events: of a subscription come in it; None if the client takes none for them.
        incremental: what is deferred comes in it; None likewise.
        whole: even one response has to come in it, as the client takes nothing else; None if it does.
    """

    events: Format | None
    incremental: Format | None
    whole: Format | None


@lru_cache(maxsize=1024)
def accepted_formats(accept: str | None) -> Formats | None:
    """The streams that an `Accept` names; None if there are none."""
    ranges = sorted(_ranges((accept or "")[:LONGEST_ACCEPT]), key=lambda each: -each[0])
    events = _first(ranges, _events_format)
    incremental = _first(ranges, _incremental_format)
    if events is None and incremental is None:
        return None
    if _takes_whole_response(accept):
        return Formats(events, incremental, None)
    alone = events or incremental
    return Formats(events, incremental or alone, alone)


Range = tuple[float, str, Mapping[str, str]]
"""Its quality, its type and its other parameters."""


def _ranges(accept: str) -> Iterator[Range]:
    for part in accept.lower().split(","):
        name, *rest = (each.strip() for each in part.split(";"))
        parameters = dict(_parameter(each) for each in rest)
        quality = _quality(parameters.pop("q", "1"))
        if quality > 0:
            yield quality, name, parameters


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip().strip('"')


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _first(ranges: list[Range], read: Callable[[str, Mapping[str, str]], Format | None]) -> Format | None:
    found = (read(name, parameters) for _, name, parameters in ranges)
    return next((each for each in found if each is not None), None)


def _events_format(name: str, parameters: Mapping[str, str]) -> Format | None:
    if name == "text/event-stream":
        return Format.EVENT_STREAM
    if name != "multipart/mixed" or "deferspec" in parameters or "incrementalspec" in parameters:
        return None
    return Format.SUBSCRIPTION if parameters.get("subscriptionspec", "1.0") in {"1", "1.0"} else None


def _incremental_format(name: str, parameters: Mapping[str, str]) -> Format | None:
    if name != "multipart/mixed" or "subscriptionspec" in parameters:
        return None
    if parameters.get("deferspec") == "20220824":
        return Format.INCREMENTAL_2022
    named = "deferspec" in parameters or "incrementalspec" in parameters
    return Format.INCREMENTAL if not named or parameters.get("incrementalspec") == "v0.2" else None


def _takes_whole_response(accept: str | None) -> bool:
    try:
        negotiate(accept)
    except Refused:
        return False
    return True
