"""Keyset pagination: what a store needs to read one page. The GraphQL shapes are in connection.py."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from shared.errors import BadUserInput

MAX_PAGE_SIZE = 100
_MAX_CURSOR_LENGTH = 512

KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True)
class PageRequest(Generic[KeyT]):
    """Read `first` rows after the row whose sort key is `after`; None starts at the beginning."""

    first: int
    after: KeyT | None

    @property
    def limit(self) -> int:
        """Rows to read: one more than asked for tells whether there is a next page."""
        return self.first + 1


class Keyset(Generic[KeyT]):
    """The sort key of a connection, and its form as an opaque cursor.

    Args:
        key: the key's type, a tuple of what is sorted by: ``Keyset(tuple[datetime, UUID])``. It must be unique.
    """

    def __init__(self, key: type[KeyT]) -> None:
        self._encode = msgspec.json.encode
        self._decoder = msgspec.json.Decoder(key)

    def cursor(self, key: KeyT) -> str:
        """Encode a row's key."""
        return urlsafe_b64encode(self._encode(key)).rstrip(b"=").decode()

    def page(self, first: int, after: str | None) -> PageRequest[KeyT]:
        """Check the arguments of a connection field.

        Raises:
            BadUserInput: `first` is not within 1..100 (it is refused, never cut), or `after` is no cursor of ours.
        """
        if not 1 <= first <= MAX_PAGE_SIZE:
            raise BadUserInput(f"first must be between 1 and {MAX_PAGE_SIZE}", field="first")
        return PageRequest(first=first, after=None if after is None else self._key(after))

    def _key(self, cursor: str) -> KeyT:
        refusal = BadUserInput("after is not a cursor of this connection", field="after")
        if len(cursor) > _MAX_CURSOR_LENGTH:
            raise refusal
        try:
            return self._decoder.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except ValueError as error:  # not base64, not JSON, or not of the key's type
            raise refusal from error
