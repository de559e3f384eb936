"""How often clients used what, as a JSON file: client, coordinate, count.

    {
      "web": {"Query.course": 1200, "Course.title": 1187, "Query.course(id:)": 1200, "Locale.DE": 3},
      "ios": {"Query.course": 40}
    }

A coordinate is a field, `Type.field`; arguments, input fields and enum values may be counted, too, and are then looked
at by themselves. What is not there was not used.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast


class UsageError(Exception):
    """A text that tells no usage; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts by coordinate, by client."""

    clients: Mapping[str, Mapping[str, int]]

    def uses(self, alternatives: Iterable[frozenset[str]]) -> Mapping[str, int]:
        """The clients that used any of the first set of coordinates that anybody used, each with its largest count."""
        for coordinates in alternatives:
            found = {client: self._count(counts, coordinates) for client, counts in sorted(self.clients.items())}
            used = {client: count for client, count in found.items() if count}
            if used or self._counts_like(coordinates):
                return used
        return {}

    def _count(self, counts: Mapping[str, int], coordinates: frozenset[str]) -> int:
        return max((counts.get(each, 0) for each in coordinates), default=0)

    def _counts_like(self, coordinates: frozenset[str]) -> bool:
        """Whether such things are counted at all: other arguments of a field, other values of an enum."""
        if len(coordinates) != 1:
            return False
        (coordinate,) = coordinates
        head = coordinate.partition("(")[0] + "(" if "(" in coordinate else coordinate.partition(".")[0] + "."
        return any(key.startswith(head) for counts in self.clients.values() for key in counts)


def read_usage(text: str) -> Usage:
    """Read a usage file.

    Raises:
        UsageError: it is not as it should be.

    """
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise UsageError(f"is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError('must be an object of clients: {"web": {"Query.me": 3}}')
    clients = cast("Mapping[str, Any]", document)
    for client, counts in clients.items():
        if not isinstance(counts, dict) or not all(
            type(count) is int and count >= 0 for count in cast("Mapping[str, Any]", counts).values()
        ):
            raise UsageError(f'must have an object of counts for the client "{client}": {{"Query.me": 3}}')
    return Usage(clients)
