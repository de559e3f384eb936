"""Keyset pagination: what a store needs to read one page. The GraphQL shapes are in connection.py."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar, cast

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
            key = self._decoder.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            return cast("KeyT", tuple(_comparable(part) for part in cast("tuple[object, ...]", key)))
        except (ValueError, OverflowError) as error:  # not base64, not JSON, not of the key's type, or out of range
            raise refusal from error


def _comparable(part: object) -> object:
    """Give a part of a key the form in which a database compares it: instants are kept in UTC, from year 1 to 9999.

    Raises:
        ValueError: an instant does not say its offset.
        OverflowError: an instant lies outside those years.
    """
    if not isinstance(part, datetime):
        return part
    if part.tzinfo is None:
        raise ValueError("no offset")
    return part.astimezone(UTC)
