"""Answers of several subgraphs as text: merged data is checked, projected and written without being built anew.

The types of the projection become types of msgspec, as where one subgraph answers alone. Whatever they do not admit as
it is goes the usual way.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from router.execute.generated.passthrough import MAX_MISSES, object_type
from router.execute.json import JSONObject
from router.execute.shapes import ObjectShape


@dataclass(slots=True)
class Writing:
    """Writes the client's data from merged data."""

    type_: Any
    encoder: msgspec.json.Encoder
    _misses: int = 0

    @classmethod
    def of(cls, root: ObjectShape) -> "Writing":
        """Make the types of a projection.

        Raises:
            Unsuitable: the client's data is made in another way than by leaving out.
        """
        return cls(object_type(root), msgspec.json.Encoder())

    def write(self, data: JSONObject) -> bytes | None:
        """The client's data as text; None if that takes more. It counts nothing."""
        if self._misses >= MAX_MISSES:
            return None
        try:
            text = self.encoder.encode(msgspec.convert(data, self.type_))
        except (ValueError, RecursionError):
            self._misses += 1
            return None
        self._misses = 0
        return text
