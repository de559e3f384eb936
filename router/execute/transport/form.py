"""An operation with files, as the form that brings them to a subgraph: read as it is written, never whole in memory.

Source: https://github.com/jaydenseric/graphql-multipart-request-spec
"""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from threading import Lock
from typing import Any, Final, cast

from starlette.datastructures import UploadFile

from router.execute.json import JSONObject
from router.execute.transport.payload import written

PIECE_BYTES: Final = 65_536

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}(?:; ?charset=[\w-]{1,40})?", re.ASCII)
_QUOTED: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A", "\0": "%00"})
"""Source: https://html.spec.whatwg.org/#multipart-form-data"""

_READING: Final = Lock()
"""A file may go to several subgraphs at once, and knows one position only."""


class FormParts:
    """The body of a request with files; it can be sent several times."""

    def __init__(self, operations: JSONObject, files: Mapping[UploadFile, Sequence[str]]) -> None:
        """Args: `operations` as JSON, null wherever a file belongs; `files` with the places of each."""
        self._boundary = secrets.token_hex(16)
        places = {str(number): list(paths) for number, paths in enumerate(files.values())}
        self._fields = b"".join(
            b"%b%b\r\n" % (self._head(f'form-data; name="{name}"', "application/json"), written(value))
            for name, value in (("operations", operations), ("map", places))
        )
        self._files = [
            (self._head(_disposition(str(number), file), _type(file)), file, _size(file))
            for number, file in enumerate(files)
        ]
        self._end = f"--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def size(self) -> int:
        """Bytes of all pieces together."""
        return len(self._fields) + sum(len(head) + size + 2 for head, _, size in self._files) + len(self._end)

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body.

        Raises:
            OSError: a file is no longer there, or no longer what it was.
        """
        yield self._fields
        for head, file, size in self._files:
            yield head
            position = 0
            while position < size:
                piece = await asyncio.to_thread(_read, file, position, min(PIECE_BYTES, size - position))
                position += len(piece)
                yield piece
            yield b"\r\n"
        yield self._end

    def _head(self, disposition: str, type_: str) -> bytes:
        return f"--{self._boundary}\r\ncontent-disposition: {disposition}\r\ncontent-type: {type_}\r\n\r\n".encode()


class FormMessage:
    """A request with files: what stands before its body, and the body. No other is equal to it."""

    __slots__ = ("head", "parts")

    def __init__(self, head: bytes, parts: FormParts) -> None:
        self.head = head
        self.parts = parts

    def __radd__(self, before: bytes) -> "FormMessage":
        return FormMessage(before + self.head, self.parts)


def form_of(parameters: JSONObject) -> FormParts | None:
    """The form of a request's parameters; None if there are no files in them."""
    files: dict[UploadFile, list[str]] = {}
    variables = _without(parameters.get("variables"), "variables", files)
    return FormParts({**parameters, "variables": variables}, files) if files else None


def _without(value: Any, path: str, files: dict[UploadFile, list[str]]) -> Any:
    """The value with nulls for its files, which are collected with their paths."""
    match value:
        case UploadFile():
            files.setdefault(value, []).append(path)
            return None
        case Mapping():
            items = cast("Mapping[str, Any]", value).items()
            return {name: _without(each, f"{path}.{name}", files) for name, each in items}
        case list() | tuple():
            items = enumerate(cast("Sequence[Any]", value))
            return [_without(each, f"{path}.{index}", files) for index, each in items]
        case _:
            return value


def _disposition(name: str, file: UploadFile) -> str:
    return f'form-data; name="{name}"; filename="{(file.filename or name).translate(_QUOTED)}"'


def _type(file: UploadFile) -> str:
    """What the client says it is, if that is a type at all."""
    given = file.content_type or ""
    return given if _MEDIA_TYPE.fullmatch(given) else "application/octet-stream"


def _size(file: UploadFile) -> int:
    with _READING:
        return file.file.seek(0, os.SEEK_END)


def _read(file: UploadFile, position: int, most: int) -> bytes:
    """Raises: OSError: there is nothing at the position."""
    try:
        with _READING:
            file.file.seek(position)
            piece = file.file.read(most)
    except ValueError as error:
        raise OSError("The file was closed.") from error
    if not piece:
        raise OSError("The file has become shorter.")
    return piece
