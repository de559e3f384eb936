"""What a client gets for one operation, or for one event of a subscription."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.execute.json import JSONObject, write_json


@dataclass(slots=True)
class Response:
    """A GraphQL response, not yet written.

    Attributes:
        executed: False for a request that was refused before execution: the response then has no `data` entry.
        raw: the data as text, for who asked for it so; `data` is None then.
        headers: what goes beside it where it is sent over HTTP, by names in lower case.
    """

    data: JSONObject | None = None
    errors: list[JSONObject] = field(default_factory=list[JSONObject])
    extensions: JSONObject = field(default_factory=dict)
    executed: bool = True
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_bytes(self) -> bytes:
        """The response as JSON."""
        if self.raw is None:
            return write_json(self.as_json())
        if self.extensions:
            return b'{"data":%b,"extensions":%b}' % (self.raw, write_json(self.extensions))
        return b'{"data":%b}' % self.raw

    def as_json(self) -> JSONObject:
        """The response as the specification lays it out, errors first so that readers of a log see them.

        Source: https://spec.graphql.org/draft/#sec-Response-Format
        """
        payload: JSONObject = {}
        if self.errors:
            payload["errors"] = self.errors
        if self.executed:
            payload["data"] = self.data
        if self.extensions:
            payload["extensions"] = self.extensions
        return payload
