"""The body of a response, as it arrives."""

import zlib
from typing import Protocol

GZIP = zlib.MAX_WBITS | 16


class _Inflate(Protocol):
    """What zlib's decompressor does; it has no public name."""

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Body:
    """What has come so far, decompressed.

    Attributes:
        size: of what has come, as it came.
        too_large: there is more than allowed, which is not kept.
        garbled: it is not compressed in the way it says.
    """

    __slots__ = ("_inflate", "_inflated", "_max_bytes", "_parts", "garbled", "size", "too_large")

    def __init__(self, max_bytes: int) -> None:
        self.size = 0
        self.too_large = False
        self.garbled = False
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self._inflate: _Inflate | None = None
        self._inflated = 0

    def is_coded(self, encoding: bytes) -> None:
        """Take note of how it is compressed, before it comes."""
        if encoding in {b"gzip", b"x-gzip"}:
            self._inflate = zlib.decompressobj(GZIP)
        elif encoding not in {b"", b"identity"}:
            self.garbled = True

    def add(self, data: bytes) -> None:
        """Take what has come next."""
        self.size += len(data)
        if self._inflate is not None:
            data = self._inflated_part(self._inflate, data)
        if self.size > self._max_bytes or self._inflated > self._max_bytes:
            self.too_large = True
        else:
            self._parts.append(data)

    def end(self) -> bytes:
        """All of it, now that nothing more will come."""
        if self._inflate is not None and not self._inflate.eof:
            self.garbled = True
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _inflated_part(self, inflate: "_Inflate", data: bytes) -> bytes:
        try:
            part = inflate.decompress(data, self._max_bytes - self._inflated + 1)
        except (zlib.error, EOFError):
            self.garbled = True
            return b""
        self._inflated += len(part)
        return part
