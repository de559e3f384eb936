"""Names for decoded JSON."""

from typing import Any, TypeAlias

JSONObject: TypeAlias = dict[str, Any]
"""An object of a response, keys in the order of the response."""

PathKey: TypeAlias = str | int
