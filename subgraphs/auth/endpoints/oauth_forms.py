"""What browsers and apps send to the authorization servers, read strictly; and what every answer says of keeping it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

NO_STORE: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MOST_BYTES: Final = 32_768
_MOST_FIELDS: Final = 50
_TYPED: Final = frozenset({"email", "password"})
"""Fields that people fill in; all others are programs', in ASCII."""
_FORM_TYPE: Final = "application/x-www-form-urlencoded"


class BadRequest(Exception):
    """What was sent is not what is read here, or says something twice."""


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form that was sent.

    Raises:
        BadRequest: it is none, or too large.
    """
    if media_type(request) != _FORM_TYPE:
        raise BadRequest(f"Send a form: {_FORM_TYPE}")
    return read_fields((await read_body(request)).decode("latin-1"))


def media_type(request: Request) -> str:
    """Of what was sent, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request) -> bytes:
    """What was sent.

    Raises:
        BadRequest: it is too large, or ended early.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise BadRequest("That is too much")
    except ClientDisconnect as error:
        raise BadRequest("It ended early") from error
    return bytes(body)


def read_fields(text: str) -> dict[str, str]:
    """The fields of a form or a query; a field without a value counts as left out. Source: RFC 6749, section 3.1.

    Raises:
        BadRequest: they cannot be read, or one is there twice.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise BadRequest("There are too many fields") from error
    fields = {name: value for name, value in pairs if value}
    if len({name for name, _ in pairs}) < len(pairs):
        raise BadRequest("Each field may be there once")
    if not all(_is_plain(name, value) for name, value in fields.items()):
        raise BadRequest("Fields have to be printable ASCII")
    return fields


def _is_plain(name: str, value: str) -> bool:
    return name.isascii() and name.isprintable() and (name in _TYPED or (value.isascii() and value.isprintable()))
