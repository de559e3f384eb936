"""How much clients are told of subgraphs' errors: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Masking(Enum):
    """Of the errors of subgraphs, whose messages were perhaps never meant for clients."""

    NONE = "none"
    """They pass as they are."""

    INTERNALS = "internals"
    """Those are masked that show how the subgraph works: stack traces, SQL, addresses and paths of machines."""

    ALL = "all"
    """All are masked, but those whose code says that they are meant for clients."""


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """What clients are told of the errors of subgraphs. A masked error has an id, under which the log has the rest.

    Attributes:
        masking: of the errors of all subgraphs.
        subgraphs: what is different, by their names.
        codes: of errors that are meant for clients, and pass wherever all are masked.
        extensions: of masked errors, that clients get beside the code.
    """

    masking: Masking = Masking.INTERNALS
    subgraphs: Mapping[str, Masking] = field(default_factory=dict[str, Masking])
    codes: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()

    def of(self, subgraph: str) -> Masking:
        """What holds for one."""
        return self.subgraphs.get(subgraph, self.masking)
