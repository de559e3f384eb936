"""Files that come with an operation, as a form: the files take the places of nulls in its variables.

The form is read as it comes; large files are kept on the disk until their operation has been answered.

Source: https://github.com/jaydenseric/graphql-multipart-request-spec
"""

from collections.abc import AsyncGenerator, Iterable, Mapping
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from router.serve.errors import Refused
from router.serve.http.body import too_large
from router.serve.http.config import Uploads
from router.serve.http.places import placed_files

FORM: Final = "multipart/form-data"

_FIELDS: Final = 2
"""The operations and the map; everything else is a file."""


class Form:
    """What was sent: operations as decoded JSON, with files in them, which are there until it is closed."""

    def __init__(self, operations: Any, files: Iterable["SpooledTemporaryFile[bytes]"]) -> None:
        self.operations = operations
        self._files = tuple(files)

    def close(self) -> None:
        """Forget the files."""
        for each in self._files:
            each.close()


def is_form(content_type: str | None) -> bool:
    """Whether the body is a form with files."""
    return content_type is not None and content_type[: len(FORM)].lower() == FORM


async def read_form(receive: Receive, headers: Mapping[str, str], policy: Uploads, largest_field: int) -> Form:
    """The form that a client sends.

    Raises:
        Refused: it is no form with operations, or more than the policy allows, or an operation has more than
            `largest_field` bytes; nothing is left of its files.
    """
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused.because("A form cannot come in a coding.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    parser = _Parser(headers, _pieces(receive, policy.total_bytes), policy, largest_field)
    try:
        return Form(placed_files(await parser.items_given()), parser.files)
    except BaseException as error:
        Form(None, parser.files).close()
        if isinstance(error, MultiPartException):
            raise Refused.because(error.message, status=HTTPStatus.BAD_REQUEST) from error
        raise


class _Parser(MultiPartParser):
    """Starlette's, with our limits; it keeps hold of all files, also of one that was cut off."""

    def __init__(
        self, headers: Mapping[str, str], pieces: AsyncGenerator[bytes], policy: Uploads, largest_field: int
    ) -> None:
        super().__init__(
            Headers(headers), pieces, max_files=policy.files, max_fields=_FIELDS, max_part_size=largest_field
        )
        self.spool_max_size = policy.memory_bytes
        self._ended = False

    def on_end(self) -> None:
        self._ended = True

    async def items_given(self) -> list[tuple[str, str | UploadFile]]:
        """The parts, by their names.

        Raises:
            MultiPartException: it is no form, or has too many parts, or no end.
        """
        form = await self.parse()
        if not self._ended:
            raise MultiPartException("The form has no end.")
        return form.multi_items()

    @property
    def files(self) -> "list[SpooledTemporaryFile[bytes]]":
        return self._files_to_close_on_error


async def _pieces(receive: Receive, most: int) -> AsyncGenerator[bytes]:
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused.because("The client went away.")
        body: bytes = message.get("body", b"")
        size += len(body)
        if size > most:
            raise too_large(most)
        yield body
        more = message.get("more_body", False)
