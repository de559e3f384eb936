"""Writes messages of Protocol Buffers, as far as they are needed here, without generated code.

Source: https://protobuf.dev/programming-guides/encoding/
"""

import struct
from typing import Final

_VARINT: Final = 0
_FIXED64: Final = 1
_LENGTH: Final = 2

_MORE: Final = 0x80
"""The bit of a byte that says that another one follows."""


class Message:
    """A message; what is empty or zero is left out, as the third version of the language has it."""

    def __init__(self) -> None:
        self._content = bytearray()

    def number(self, field: int, value: int, *, present: bool = False) -> None:
        """Add a number that is not negative; with `present`, even zero."""
        if value or present:
            self._tag(field, _VARINT)
            self._varint(value)

    def double(self, field: int, value: float) -> None:
        """Add a number of 64 bits."""
        self._tag(field, _FIXED64)
        self._content += struct.pack("<d", value)

    def text(self, field: int, value: str) -> None:
        """Add a string."""
        if value:
            self._bytes(field, value.encode())

    def message(self, field: int, value: "Message") -> None:
        """Add a message, even an empty one."""
        self._bytes(field, value.written())

    def written(self) -> bytes:
        """What goes over the wire."""
        return bytes(self._content)

    def _bytes(self, field: int, value: bytes) -> None:
        self._tag(field, _LENGTH)
        self._varint(len(value))
        self._content += value

    def _tag(self, field: int, kind: int) -> None:
        self._varint(field << 3 | kind)

    def _varint(self, value: int) -> None:
        while value >= _MORE:
            self._content.append(value % _MORE | _MORE)
            value >>= 7
        self._content.append(value)
