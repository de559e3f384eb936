"""The headers of a request, each once.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-field-order
"""

from collections.abc import Iterable
from http import HTTPStatus

from router.serve.errors import Refused

SINGLE = frozenset({"authorization", "content-length", "content-type", "host"})
"""Headers with one value: of several, every reader on the way might believe another."""


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case; a header given in several lines is one list.

    Raises:
        Refused: one that has a single value is given twice.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif name in SINGLE:
            raise Refused.because(f"The header {name} is given twice.", status=HTTPStatus.BAD_REQUEST)
        else:
            headers[name] += ("; " if name == "cookie" else ", ") + value
    return headers
