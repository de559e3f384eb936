"""A subgraph's answer as text: its data, its errors, and the tags that it brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, TypeAlias, cast

import msgspec

from router.execute.json import JSONObject, write_json
from router.execute.transport.base import SubgraphRequest, SubgraphResponse
from router.execute.transport.connection import Reply
from router.execute.transport.http import parse_reply
from router.serve.caching.policy import NO_HEADERS, CacheHeaders
from router.serve.caching.tags import LONGEST_TAG

TAGS: Final = "apolloCacheTags"
"""An extension: tags of the root fields' data, a list."""

ENTITY_TAGS: Final = "apolloEntityCacheTags"
"""An extension: tags of entities, a list of lists in the order of the representations."""

_MOST_TAGS: Final = 100
"""Of one answer, or entity."""

Raw: TypeAlias = msgspec.Raw


_NULL: Final = msgspec.Raw(b"null")


class _Envelope(msgspec.Struct, gc=False):
    data: msgspec.Raw = _NULL
    errors: list[Any] | None = None
    extensions: dict[str, Any] | None = None


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_ENTITIES: Final = msgspec.json.Decoder(dict[str, list[msgspec.Raw] | None])


@dataclass(slots=True)
class Answer:
    """What came.

    Attributes:
        headers: what they say of keeping it.
        keepable: it is in order as a whole; even so it may have errors.
        data: as text; None if there is none.
        extensions: without those about tags.
        tagged: there are some.
        tags: of root fields.
        entity_tags: of entities; None if nobody can tell.
    """

    headers: CacheHeaders
    keepable: bool
    data: bytes | None
    errors: Sequence[Any]
    extensions: Mapping[str, Any]
    tagged: bool
    tags: Sequence[str] | None
    entity_tags: Sequence[Sequence[str] | None]

    def text(self) -> bytes:
        """What the executor gets of it."""
        return text_of(b"null" if self.data is None else self.data, self.errors, self.extensions)

    def entities(self) -> Mapping[str, list[Raw] | None] | None:
        """The entities by their group's key; None if the data has something else."""
        if self.data is None:
            return None
        try:
            return _ENTITIES.decode(self.data)
        except (ValueError, RecursionError):
            return None


def read_answer(response: SubgraphResponse, *, worth: bool) -> Answer | None:
    """What came, as text; None if nothing can be said of it.

    Of a subgraph in this process no text comes: it is made if it is `worth` that.
    """
    if isinstance(response.raw, Reply):
        return _read(response.raw.body, CacheHeaders.of(response.raw), keepable=True)
    if not worth:
        return None
    payload: JSONObject = {"data": response.data, "errors": response.errors or None, "extensions": response.extensions}
    try:
        text = write_json(payload)
    except TypeError:
        return None
    # What has a text came over HTTP, and not in order: else it would be there as a reply.
    return _read(text, NO_HEADERS, keepable=response.size == 0)


def handed_on(request: SubgraphRequest, response: SubgraphResponse, answer: Answer | None) -> SubgraphResponse:
    """What the executor gets of what came: all but tags.

    Raises:
        SubgraphFailure: it is no response.
    """
    if isinstance(response.raw, Reply):
        reply = reply_of(answer.text()) if answer is not None and answer.tagged else response.raw
        return parse_reply(request, reply)
    if response.extensions.keys().isdisjoint({TAGS, ENTITY_TAGS}):
        return response
    return replace(response, extensions={k: v for k, v in response.extensions.items() if k not in {TAGS, ENTITY_TAGS}})


def reply_of(text: bytes) -> Reply:
    """An answer that is to be read as if it had just come."""
    return Reply(HTTPStatus.OK, text)


def text_of(data: bytes, errors: Sequence[Any] = (), extensions: Mapping[str, Any] | None = None) -> bytes:
    """A response as JSON, of data that is JSON."""
    parts = [b'{"data":', data]
    if errors:
        parts += [b',"errors":', write_json(errors)]
    if extensions:
        parts += [b',"extensions":', write_json(extensions)]
    return b"".join([*parts, b"}"])


def _read(text: bytes, headers: CacheHeaders, *, keepable: bool) -> Answer | None:
    try:
        envelope = _ENVELOPE.decode(text)
    except (ValueError, RecursionError):
        return None
    extensions = dict(envelope.extensions or {})
    tagged = TAGS in extensions or ENTITY_TAGS in extensions
    tags, entity_tags = extensions.pop(TAGS, []), extensions.pop(ENTITY_TAGS, [])
    data = bytes(envelope.data)
    listed = cast("list[Any]", entity_tags) if isinstance(entity_tags, list) else [None]
    return Answer(
        headers=headers,
        keepable=keepable,
        data=None if data == b"null" else data,
        errors=envelope.errors or (),
        extensions=extensions,
        tagged=tagged,
        tags=_tags(tags),
        entity_tags=[_tags(each) for each in listed],
    )


def _tags(value: object) -> tuple[str, ...] | None:
    """The tags of a list; None if it is none, so that it cannot be told what they are."""
    given = cast("list[Any]", value) if isinstance(value, list) else None
    if given is None or len(given) > _MOST_TAGS:
        return None
    if all(isinstance(each, str) and len(each) <= LONGEST_TAG for each in given):
        return tuple(given)
    return None
